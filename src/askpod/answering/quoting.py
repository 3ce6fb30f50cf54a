"""Quotations: which sentences of what was retrieved are quoted, and the answer that they make.

A listener wants connected speech, so runs of sentences are quoted, each from one turn: the runs
whose relevance lies furthest above the ordinary (maximum-sum segments). A run then goes on to the
end of its thought, and begins earlier where it leans on what was said before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

import numpy as np

from askpod.answering.citations import cite
from askpod.answering.refusal import NEAREST
from askpod.answering.sentences import FEWEST, Judged, Run, Scores, Sentence
from askpod.errors import ModelError
from askpod.late_chunking import Packed
from askpod.links import second_link
from askpod.model import Answer, Basis, Citation, Episode, Filters, Passage, Usage
from askpod.retrieval.evidence import TurnsOf
from askpod.retrieval.retriever import Found
from askpod.times import clock

WORDS = 140  # of speech that is chosen
WORDS_IN_ALL = 200  # with what the chosen runs are widened by
LONGEST_RUN = 60  # words, as chosen; one sentence may be longer
SHORTEST_RUN = 8  # words; less ("Yeah, exactly.") says nothing by itself
SHORTEST_TURN = 5  # words; a turn that has no more to say may be the answer
SHORT_TURN = 40  # words; of a shorter turn all is quoted, where there is room
NEAR_BEGINNING = 15  # words; with no more before it a run begins where its turn does
FURTHER = 3  # sentences by which a run goes on
MOST_RUNS = 6
ORDINARY = 1.7  # the sentences that are above the ordinary hold this many times WORDS
LEAST_WORTH = 0.15  # of the best run's worth, below which a run is left out
PASSAGES = 10  # that are read for an answer
LONGEST_ASKED = 140  # characters of a question before a quotation that leans on it

VectorsOf = Callable[[str, int, int], dict[int, Packed]]  # as TurnsOf: of the sentences, by turn
Search = Callable[[str, int, Filters], Found]


@dataclass(frozen=True, slots=True)
class Lookups:
    """What an answer asks of its archive."""

    search: Search
    turns: TurnsOf
    sentence_vectors: VectorsOf
    episodes: Callable[[Sequence[str]], Mapping[str, Episode]]  # by their ids, without turns
    listed: Callable[[Filters], list[Episode]]  # those that filters leave


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A question with what was found for it, and where more can be had."""

    found: Found
    filters: Filters  # what the listener restricted the question to
    archive: Lookups
    episodes: Mapping[str, Episode] = field(default_factory=dict)  # of the passages, by id
    usage: Usage = field(default_factory=Usage)  # what making the question whole has cost
    told: tuple[str, ...] = ()  # what the answer before has quoted already
    searched: tuple[str, ...] = ()  # what was searched for besides the question
    failure: ModelError | None = None  # why a model that was asked for that cannot be reached


def in_pieces(answer: Answer) -> Generator[str | Answer]:
    """An answer that is there at once, as a stream: paragraph by paragraph."""
    for number, paragraph in enumerate(answer.text.split("\n\n")):
        yield f"\n\n{paragraph}" if number else paragraph
    yield answer


@dataclass(frozen=True, slots=True)
class Quotations:
    """What an answer is made of."""

    runs: Sequence[Run]  # in the order in which they are shown
    passages: tuple[Passage, ...]
    episodes: Mapping[str, Episode]
    basis: Basis


def choose(judged: Judged, *, words: int = WORDS, most: int = MOST_RUNS) -> list[Run]:
    """The best runs that `words` allow, best first; at most `most`.

    Of several questions in one, the best run of all comes first, then those of each in turn.
    """
    if not judged.to_clauses:
        return _fitting(_worthy(judged, judged.relevance, words), words, most)
    first = _worthy(judged, np.max(judged.to_clauses, axis=0), words)[:1]
    each = [
        _fitting(_worthy(judged, relevance, words), words, most) for relevance in judged.to_clauses
    ]
    in_turn = (run for rank in zip_longest(*each) for run in rank if run is not None)
    return _fitting([*first, *in_turn], words, most)


def _worthy(judged: Judged, relevance: Scores, words: int) -> list[Run]:
    """The runs that are worth quoting, best first."""
    allowed = [i for i, each in enumerate(judged.sentences) if each.inside and each.tells]
    ordinary = _ordinary(judged.sentences, relevance, allowed, ORDINARY * words)
    runs = sorted(_runs(judged, relevance, allowed, ordinary), key=lambda run: -run.worth)
    return [run for run in runs if run.worth >= LEAST_WORTH * runs[0].worth]


def _fitting(runs: Iterable[Run], words: int, most: int) -> list[Run]:
    """The first of the runs that `words` allow, none of them twice; at most `most`."""
    fitting: list[Run] = []
    used: set[Sentence] = set()
    for run in runs:
        if len(fitting) < most and run.words <= words and used.isdisjoint(run.sentences):
            fitting.append(run)
            used.update(run.sentences)
            words -= run.words
    return fitting


def widen(runs: Sequence[Run], judged: Judged, words: int = WORDS_IN_ALL) -> list[Run]:
    """The runs with what they need to be understood, as far as `words` go.

    A short turn is quoted whole; a run near the beginning of its turn, where "Yes." and "Titus."
    stand, begins there; one that leans on the sentence before it begins there; each goes on for
    FURTHER sentences. One that still leans says what was asked.
    """
    turns: dict[tuple[int, int], list[Sentence]] = defaultdict(list)
    fits: dict[tuple[int, int, int], float] = {}
    for sentence, relevance in zip(judged.sentences, judged.relevance.tolist(), strict=True):
        turns[sentence.passage, sentence.turn].append(sentence)
        fits[sentence.passage, sentence.turn, sentence.begin] = relevance
    widening = _Widening(words - sum(run.words for run in runs), runs)
    widened = []
    for run in runs:
        first = run.sentences[0]
        turn = turns[first.passage, first.turn]
        sentences = widening.widened(run, turn)
        before = turns.get((first.passage, first.turn - 1), [])
        opening = next(
            (s for s in turn if s.tells or s == sentences[0]), turn[0]
        )  # "In training? Nine."
        last = _said_before(sentences[0], opening, before)
        after = last.text if last else ""
        short = sentences[0].leans or sentences[0].words < FEWEST
        asked = after if short and last and last.asks else ""
        fit = tuple(fits[each.passage, each.turn, each.begin] for each in sentences)
        widened.append(Run(tuple(sentences), run.worth, fit, asked, after))
    return widened


def connected(runs: Sequence[Run]) -> list[Run]:
    """The runs, those that follow on each other in a turn as one, where the better one stood."""
    left = list(runs)
    for better in range(len(left)):
        for other in range(better + 1, len(left)):
            one, two = sorted((left[better], left[other]), key=lambda run: run.sentences[0].begin)
            last, first = one.sentences[-1], two.sentences[0]
            same = last.place[:2] == first.place[:2] and last.end <= first.begin
            if same and not last.span.text[last.end : first.begin].strip():
                both = one.sentences + two.sentences
                fit = one.relevance + two.relevance
                left[better] = replace(left[better], sentences=both, relevance=fit, asked=one.asked)
                del left[other]
                return connected(left)
    return left


class _Widening:
    """Gives sentences out once each, as long as there is room."""

    def __init__(self, room: int, runs: Sequence[Run]) -> None:
        self._room = room
        self._used = {sentence.place for run in runs for sentence in run.sentences}

    def widened(self, run: Run, turn: Sequence[Sentence]) -> list[Sentence]:
        first, last = turn.index(run.sentences[0]), turn.index(run.sentences[-1])
        whole = sum(sentence.words for sentence in turn) <= SHORT_TURN
        near = whole or sum(sentence.words for sentence in turn[:first]) <= NEAR_BEGINNING
        while first and (near or turn[first].leans) and self._takes(turn[first - 1], FEWEST):
            first -= 1  # also with what takes up the question: "Juno? She's in Cardiff."
        end = len(turn) if whole else min(len(turn), last + 1 + FURTHER)
        while last + 1 < end and self._takes(turn[last + 1]):
            last += 1
        return list(turn[first : last + 1])

    def _takes(self, sentence: Sentence, fewest: int = 0) -> bool:
        may = sentence.tells or sentence.words < fewest
        if not may or sentence.words > self._room or sentence.place in self._used:
            return False
        self._room -= sentence.words
        self._used.add(sentence.place)
        return True


def _said_before(first: Sentence, opening: Sentence, before: Sequence[Sentence]) -> Sentence | None:
    """What somebody else asked or said right before a quotation that begins its turn."""
    if first != opening or not before:
        return None
    last = before[-1]
    fewest = FEWEST - 1 if last.asks else FEWEST  # "How many seats?"
    another = last.span.speaker != first.span.speaker
    return last if another and last.words >= fewest else None


def _ordinary(
    sentences: Sequence[Sentence], relevance: Scores, allowed: Sequence[int], words: float
) -> float:
    """The relevance above which the sentences hold that many words."""
    held = 0
    for place in sorted(allowed, key=lambda place: -relevance[place]):
        held += sentences[place].words
        if held >= words:
            return float(relevance[place])
    # Of so few none is ordinary: the only sentence of an archive may be the answer.
    return min((float(relevance[place]) for place in allowed), default=0.0) - 1e-6


def _runs(judged: Judged, relevance: Scores, allowed: Sequence[int], ordinary: float) -> list[Run]:
    """All runs whose sentences lie above the ordinary, summed."""
    found = []
    sentences, may = judged.sentences, set(allowed)
    for first in allowed:
        worth, words, last = 0.0, 0, first
        while last in may and sentences[last].span is sentences[first].span:
            worth += float(relevance[last]) - ordinary
            words += sentences[last].words
            if words > LONGEST_RUN and last > first:
                break
            text = sentences[first].span.text
            whole = text[sentences[first].begin : sentences[last].end] == text.strip()
            if worth > 0 and words >= (SHORTEST_TURN if whole else SHORTEST_RUN):
                fit = tuple(judged.relevance[first : last + 1].tolist())
                found.append(Run(sentences[first : last + 1], worth, fit))
            last += 1
    return found


def composed(question: str, quoted: Quotations, opening: str) -> Answer:
    """The answer that quotations make, with a paragraph before them."""
    runs = connected(quoted.runs)
    citations = tuple(_citation(n, run, quoted.episodes) for n, run in enumerate(runs, start=1))
    statements = [_statement(one, run.asked) for one, run in zip(citations, runs, strict=True)]
    heading = NEAREST if quoted.basis == "nearest" else ""
    text = "\n\n".join(part for part in (opening, heading, *statements) if part)
    return Answer(
        question=question,
        text=text,
        citations=citations,
        passages=quoted.passages,
        refused=False,
        mode="extractive",
        basis=quoted.basis,
    )


def numbered_after(answer: Answer, others: int) -> Answer:
    """An answer of quotations whose numbers go on after so many citations of another text."""
    text = answer.text
    for each in reversed(answer.citations):
        quotation = f"“{each.quote}” "
        text = text.replace(f"{quotation}[{each.number}]", f"{quotation}[{each.number + others}]")
    moved = [replace(each, number=each.number + others) for each in answer.citations]
    return replace(answer, text=text, citations=tuple(moved))


def _citation(number: int, run: Run, episodes: Mapping[str, Episode]) -> Citation:
    first, last = run.sentences[0], run.sentences[-1]
    episode = episodes[first.episode]

    def link(_: str, second: float | None) -> str:
        return second_link(episode.youtube, episode.links, second)

    # Supported: the quotation is the claim.
    return cite(
        number,
        (episode.id, episode.title),
        first.span,
        _without_stray_marks(first.span.text, first.begin, last.end),
        link,
        supported=True,
        untimed=episode.untimed,
    )


def _without_stray_marks(text: str, begin: int, end: int) -> tuple[int, int]:
    """The part of a text without a quotation mark at an end whose other one lies beyond it."""
    said = text[begin:end]
    more, odd = said.count("“") - said.count("”"), said.count('"') % 2
    if (more > 0 and said.startswith("“")) or (odd and said.startswith('"')):
        return begin + 1, end
    if (more < 0 and said.endswith("”")) or (odd and said.endswith('"')):
        return begin, end - 1
    return begin, end


def _statement(citation: Citation, asked: str) -> str:
    """One quotation, with who says it and when, and what was asked if it leans on that."""
    when = clock(citation.start)
    who = f"{citation.speaker} ({when})" if citation.speaker else when
    if asked and len(asked) <= LONGEST_ASKED and citation.speaker:
        who = f"Asked ‘{asked}’, {who}"
    return f"{who}: “{citation.quote}” [{citation.number}]"
