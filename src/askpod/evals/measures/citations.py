"""Whether citations hold, against the turns they name (ALCE) and against the gold evidence.

Also whether the right questions are refused, and whether a reply can be used at all. What is
judged is the model's own reply, before our checks marked or dropped anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from askpod.answering.citations import LONGEST_CLAIM
from askpod.answering.claims import ends_before, needs_source, plain_claim
from askpod.answering.llm_answer import FALLBACK
from askpod.answering.markers import Marker, MarkerReader
from askpod.answering.refusal import is_refusal
from askpod.evals.gold import Stretch, seconds, shared
from askpod.evals.records import Score
from askpod.model import Answer, EvidenceTurn

# Stands for a range that runs backwards or too far. No evidence has it: they count from 1.
UNREADABLE = 0

Supports = Callable[[str, Sequence[EvidenceTurn]], bool]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a reply that states something, or cites."""

    text: str  # without its markers
    numbers: tuple[int, ...]  # those it cites, each once, in their order


def sentences(reply: str) -> tuple[Sentence, ...]:
    """The sentences of a model's reply that state something or cite, with what they cite.

    Cut as in an answer that is shown: a marker behind a full stop belongs to the sentence before
    it. Headings, questions, lead-ins and fragments are left out unless they cite. Of a very long
    sentence the end is judged.
    """
    found = (
        Sentence(plain_claim(part.words[-LONGEST_CLAIM:]), tuple(part.numbers))
        for part in _parts(reply)
        if part.numbers or needs_source(part.words[:LONGEST_CLAIM])
    )
    return tuple(sentence for sentence in found if sentence.text)


def alce(
    sentences: Sequence[Sentence], turns: Mapping[int, EvidenceTurn], supports: Supports
) -> dict[str, Score]:
    """Citation recall and precision of one answer, with our support check in place of NLI.

        citation_recall     share of the sentences that all turns they cite, together, support
        citation_precision  share of the citations whose sentence has recall 1, and that are not
                            irrelevant: to be irrelevant a turn must fail to support the sentence
                            alone while the others support it without this one

    `turns` are those that the model was shown, by their numbers. A sentence without citations
    has recall 0. A number that nobody was shown voids its sentence: recall 0, and precision 0
    for each of its citations. An answer without citations has precision 0, one without sentences
    both 0.
    Source: Gao et al., Enabling Large Language Models to Generate Text with Citations, EMNLP
    2023, section 3.
    """
    right = [_right_citations(sentence, turns, supports) for sentence in sentences]
    cited = sum(len(sentence.numbers) for sentence in sentences)
    supported = sum(number is not None for number in right)
    needed = sum(number or 0 for number in right)
    return {
        "citation_recall": Score(supported / len(sentences) if sentences else 0.0),
        "citation_precision": Score(needed / cited if cited else 0.0),
    }


def against_gold(cited: Sequence[Stretch], evidence: Sequence[Stretch]) -> dict[str, Score]:
    """How near the cited stretches of one answer lie to the gold evidence.

        cited_inside  seconds cited that are evidence / seconds cited, every second once
        cited_hit     share of the citations that share a second with evidence
        seconds_off   mean distance of the citations to the nearest evidence of their episode,
                      in seconds; 0 where they touch. Citations of episodes without evidence are
                      no number of seconds off: they are left out, and lower the other two.

    An answer that cites nothing has 0 for the first two and no `seconds_off`.
    """
    gaps = [min((one.gap(other) for other in evidence), default=float("inf")) for one in cited]
    near = [gap for gap in gaps if isfinite(gap)]
    length = seconds(cited)
    hits = sum(one.touches(evidence) for one in cited)
    scores = {
        "cited_inside": Score(min(1.0, shared(cited, evidence) / length) if length else 0.0),
        "cited_hit": Score(hits / len(cited) if cited else 0.0),
    }
    if near:
        scores["seconds_off"] = Score(sum(near) / len(near))
    return scores


def _right_citations(
    sentence: Sentence, turns: Mapping[int, EvidenceTurn], supports: Supports
) -> int | None:
    """How many citations of a sentence are right; None if it has recall 0."""
    numbers = sentence.numbers
    if not numbers or any(number not in turns for number in numbers):
        return None
    cited = [turns[number] for number in numbers]
    if not supports(sentence.text, cited):
        return None
    if len(cited) == 1:
        return 1
    return sum(
        not _irrelevant(sentence.text, cited, place, supports) for place in range(len(cited))
    )


def _irrelevant(text: str, cited: Sequence[EvidenceTurn], place: int, supports: Supports) -> bool:
    others = [turn for other, turn in enumerate(cited) if other != place]
    return not supports(text, [cited[place]]) and supports(text, others)


@dataclass(slots=True)
class _Part:
    """A sentence of a reply while it is read."""

    words: str = ""  # without markers
    space: str = ""  # white space since the last word
    numbers: dict[int, None] = field(default_factory=dict)

    def ends_before(self, character: str) -> bool:
        if not self.space and not self.words.endswith(("。", "！", "？")):
            return False  # only Chinese and Japanese need no white space
        return ends_before(self.words[-LONGEST_CLAIM:], self.space, character)


def _parts(reply: str) -> Iterator[_Part]:
    """All sentences of a reply; the same cuts as answering/citations.py makes."""
    part = _Part()
    for piece in _pieces(reply):
        if isinstance(piece, Marker):
            part.numbers.update(dict.fromkeys(piece.numbers))
            if piece.unusable:
                part.numbers[UNREADABLE] = None
            continue
        for character in piece:
            if character.isspace():
                part.space += character
                continue
            if part.ends_before(character):
                yield part
                part = _Part()
            part.words += part.space + character
            part.space = ""
    yield part


def _pieces(reply: str) -> Iterator[str | Marker]:
    reader = MarkerReader()
    yield from reader.feed(reply)
    yield reader.finish()


CUT = "may be cut"  # in the warnings of a reply that the service ended before its time


def refusals(answerable: bool, refused: bool) -> dict[str, Score]:
    """One question's part in the precision and recall of refusals.

        refusal_precision  of the refusals, the share whose question has no answer in the archive
        refusal_recall     of the questions without an answer, the share that is refused

    A question that is not refused has no part in the first, one with an answer none in the
    second. Source: precision and recall of a class, here "unanswerable".
    """
    scores: dict[str, Score] = {}
    if refused:
        scores["refusal_precision"] = Score(float(not answerable))
    if not answerable:
        scores["refusal_recall"] = Score(float(refused))
    return scores


def malformed(answer: Answer) -> dict[str, Score]:
    """1 if a model's reply is of no use, else 0.

    That is one which is empty, failed or broke off, or which neither refuses in the words it was
    told nor cites any turn it was shown. Where no model was asked there is no score.
    """
    if any(warning.startswith(FALLBACK) for warning in answer.warnings):
        return {"malformed": Score(1.0)}
    if answer.mode != "llm":
        return {}
    reply = answer.reply or ""
    cut = any(warning.endswith(CUT) for warning in answer.warnings)
    usable = not cut and (is_refusal(reply) or _cites_what_was_shown(reply, answer))
    return {"malformed": Score(float(not usable))}


def _cites_what_was_shown(reply: str, answer: Answer) -> bool:
    shown = {turn.number for turn in answer.evidence}
    markers = (part for part in MarkerReader().feed(reply) if isinstance(part, Marker))
    return any(not shown.isdisjoint(marker.numbers) for marker in markers)
