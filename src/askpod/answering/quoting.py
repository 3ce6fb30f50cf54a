"""Which sentences are quoted: runs of them, and what each needs to be understood.

A listener wants connected speech, so runs of sentences are quoted, each from one turn: the runs
whose relevance lies furthest above the ordinary (maximum-sum segments). A run then goes on to the
end of its thought, and begins earlier where it leans on what was said before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from askpod.answering.sentences import FEWEST, Judged, Scores, Sentence

WORDS = 140  # of speech that is chosen
WORDS_IN_ALL = 200  # with what the chosen runs are widened by
LONGEST_RUN = 60  # words, as chosen; one sentence may be longer
SHORTEST_RUN = 8  # words; less ("Yeah, exactly.") says nothing by itself
SHORT_TURN = 40  # words; of a shorter turn all is quoted, where there is room
FURTHER = 3  # sentences by which a run goes on
MOST_RUNS = 6
ORDINARY = 1.7  # the sentences that are above the ordinary hold this many times WORDS
LEAST_WORTH = 0.15  # of the best run's worth, below which a run is left out


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive sentences of one turn."""

    sentences: tuple[Sentence, ...]
    worth: float  # how far their relevance, summed, lies above the ordinary
    best: float  # the greatest relevance of a sentence
    asked: str = ""  # the question that it answers, where it leans on that

    @property
    def words(self) -> int:
        """How many words its sentences have."""
        return sum(sentence.words for sentence in self.sentences)

    @property
    def text(self) -> str:
        """Its sentences, joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)


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
    allowed = [i for i, each in enumerate(judged.sentences) if each.inside and not each.asks]
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

    A short turn is quoted whole; a run that leans on the sentence before it begins there; each
    goes on for FURTHER sentences. One that still leans says what was asked.
    """
    turns: dict[tuple[int, int], list[Sentence]] = defaultdict(list)
    for sentence in judged.sentences:
        turns[sentence.passage, sentence.turn].append(sentence)
    widening = _Widening(words - sum(run.words for run in runs), runs)
    widened = []
    for run in runs:
        first = run.sentences[0]
        turn = turns[first.passage, first.turn]
        sentences = widening.widened(run, turn)
        before = turns.get((first.passage, first.turn - 1), [])
        asked = _question_before(sentences[0], turn[0], before)
        widened.append(Run(tuple(sentences), run.worth, run.best, asked))
    return widened


class _Widening:
    """Gives sentences out once each, as long as there is room."""

    def __init__(self, room: int, runs: Sequence[Run]) -> None:
        self._room = room
        self._used = {_place(sentence) for run in runs for sentence in run.sentences}

    def widened(self, run: Run, turn: Sequence[Sentence]) -> list[Sentence]:
        """A run, wider, within its turn."""
        first, last = turn.index(run.sentences[0]), turn.index(run.sentences[-1])
        whole = sum(sentence.words for sentence in turn) <= SHORT_TURN
        while first and (whole or turn[first].leans) and self._takes(turn[first - 1]):
            first -= 1
        end = len(turn) if whole else min(len(turn), last + 1 + FURTHER)
        while last + 1 < end and self._takes(turn[last + 1]):
            last += 1
        return list(turn[first : last + 1])

    def _takes(self, sentence: Sentence) -> bool:
        if sentence.asks or sentence.words > self._room or _place(sentence) in self._used:
            return False
        self._room -= sentence.words
        self._used.add(_place(sentence))
        return True


def _place(sentence: Sentence) -> tuple[str, int, int]:
    return sentence.episode, sentence.turn, sentence.begin


def _question_before(first: Sentence, opening: Sentence, before: Sequence[Sentence]) -> str:
    """What somebody else asked right before, where a quotation leans on that."""
    if first != opening or not first.leans or not before:
        return ""
    last = before[-1]
    asks = last.asks and last.words >= FEWEST and last.span.speaker != first.span.speaker
    return last.text if asks else ""


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
            if worth > 0 and words >= SHORTEST_RUN:
                best = float(judged.relevance[first : last + 1].max())
                found.append(Run(sentences[first : last + 1], worth, best))
            last += 1
    return found
