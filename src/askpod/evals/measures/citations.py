"""Whether citations hold, against the turns they name (ALCE) and against the gold evidence.

Judged is the model's own reply, before our checks marked or dropped anything; and whether the right
questions are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from askpod.answering.citations import LONGEST_CLAIM
from askpod.answering.claims import ends_before, needs_source, plain_claim
from askpod.answering.llm_answer import FALLBACK
from askpod.answering.refusal import UNSUPPORTED, is_refusal
from askpod.answering.replies import Marker, markers_and_text
from askpod.evals.gold import Stretch, seconds, shared
from askpod.evals.measures import BASES, Score
from askpod.model import Answer, Basis, EvidenceTurn

# Stands for a range that runs backwards or too far. No evidence has it: they count from 1.
UNREADABLE = 0

RIGHT = 0.5  # of the vital facts, from which on an answer is right
CLAUSE_WORDS = 4  # fewer are no statement

_CLAUSE = re.compile(
    r"[;:–—]\s+|,?\s+(?:and|but|while|whereas|because|so that|which)\s+", re.IGNORECASE
)

Supports = Callable[[str, Sequence[EvidenceTurn]], bool]

CUT = "may be cut"  # in the warnings of a reply that the service ended before its time


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


def support(
    sentences: Sequence[Sentence], turns: Mapping[int, EvidenceTurn], supports: Supports
) -> dict[str, Score]:
    """Support in three grades, and what is wrong with sentences that have none.

        support        mean over the sentences: 1 where all turns that it cites, together, support
                       it; 0.5 where they support one of its clauses; else 0
        misattributed  share of the sentences that cite, whose turns support no part of them, and
                       which another turn that was shown supports
        invented       share of the sentences that no turn supports which was shown

    A number that nobody was shown voids its sentence. Without sentences support is 0, and nothing
    is misattributed or invented.
    Source: support graded full, partial, none and weighed 1, 0.5, 0 is that of the TREC 2024 RAG
    track (Thakur et al., SIGIR 2025); the check of ours stands in for its judges.
    """
    grades = [_grade(sentence, turns, supports) for sentence in sentences]
    lost = [one for one, grade in zip(sentences, grades, strict=True) if not grade]
    elsewhere = [one for one in lost if any(supports(one.text, [turn]) for turn in turns.values())]
    misattributed = sum(bool(one.numbers) for one in elsewhere)
    every = len(sentences) or 1
    return {
        "support": Score(sum(grades) / every),
        "misattributed": Score(misattributed / every),
        "invented": Score((len(lost) - len(elsewhere)) / every),
    }


def _grade(sentence: Sentence, turns: Mapping[int, EvidenceTurn], supports: Supports) -> float:
    if not sentence.numbers or any(number not in turns for number in sentence.numbers):
        return 0.0
    cited = [turns[number] for number in sentence.numbers]
    if supports(sentence.text, cited):
        return 1.0
    clauses = [each for each in _CLAUSE.split(sentence.text) if len(each.split()) >= CLAUSE_WORDS]
    partly = len(clauses) > 1 and any(supports(clause, cited) for clause in clauses)
    return 0.5 if partly else 0.0


def offered_and_cited(
    offered: Sequence[Stretch], cited: Sequence[Stretch], evidence: Sequence[Stretch]
) -> dict[str, Score]:
    """Whether an answer's material held evidence, and whether it was used. 1 or 0 each.

        evidence_offered  something that the answer could be made from touches evidence
        evidence_cited    one of its citations does
        first_right       its first citation does: what a listener hears first

    Where the first is 1 and the second 0 the choice of sentences has lost what search had found.
    """
    hits = [one.touches(evidence) for one in cited]
    return {
        "evidence_offered": Score(float(any(one.touches(evidence) for one in offered))),
        "evidence_cited": Score(float(any(hits))),
        "first_right": Score(float(any(hits[:1]))),
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
    return sum(
        len(cited) == 1
        or supports(sentence.text, [turn])
        or not supports(sentence.text, [other for other in cited if other is not turn])
        for turn in cited
    )


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
    for piece in markers_and_text(reply):
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


def refusals(*, answerable: bool, refused: bool) -> dict[str, Score]:
    """One question's part in the precision and recall of refusals.

        refusal_precision  of the refusals, the share whose question has no answer in the archive
        refusal_recall     of the questions without an answer, the share that is refused

    Refused is also a question of which the answer says that only the nearest was found.
    A question that is not refused has no part in the first, one with an answer none in the
    second. Source: precision and recall of a class, here "unanswerable".
    """
    scores: dict[str, Score] = {}
    if refused:
        scores["refusal_precision"] = Score(float(not answerable))
    if not answerable:
        scores["refusal_recall"] = Score(float(refused))
    return scores


def basis_scores(basis: Basis) -> dict[str, Score]:
    """What an answer was shown as: 1 for one of BASES, 0 for the others."""
    return {f"basis_{name}": Score(float(name == basis)) for name in BASES}


def crag(basis: Basis, fact_recall: float | None, *, answerable: bool) -> dict[str, Score]:
    """1 for a right answer, 0 for one that is missing, -1 for a wrong one.

    Right is an answer that states at least half of the vital facts, and saying of a question
    without an answer that it is not stated. Missing is the same of one that can be answered.
    An answerable question without facts has no score.
    Source: Yang et al., CRAG, NeurIPS 2024, whose judges are replaced by the fact matcher; there
    a refusal is never right.
    """
    if basis != "answered":
        return {"crag": Score(float(not answerable))}
    if not answerable:
        return {"crag": Score(-1.0)}
    if fact_recall is None:
        return {}
    return {"crag": Score(1.0 if fact_recall >= RIGHT else -1.0)}


def malformed(answer: Answer) -> dict[str, Score]:
    """1 if a model's reply is of no use, else 0.

    That is one which is empty, failed or broke off, or which neither refuses in the words it was
    told, nor cites any turn it was shown, nor says anything that one of them is found to support.
    Where no model was asked there is no score.
    """
    if broke_off(answer):
        return {"malformed": Score(1.0)}
    if answer.mode != "llm":
        return {}
    reply = answer.reply or ""
    written = answer.basis == "answered" and UNSUPPORTED not in answer.text
    attributed = written and bool(answer.citations)  # a source was found for what it says
    shown = {turn.number for turn in answer.evidence}
    cited = (part.numbers for part in markers_and_text(reply) if isinstance(part, Marker))
    usable = is_refusal(reply) or attributed or any(not shown.isdisjoint(each) for each in cited)
    return {"malformed": Score(float(not usable))}


def broke_off(answer: Answer) -> bool:
    """Whether the model's reply failed, or was ended before its time."""
    return any(each.startswith(FALLBACK) or each.endswith(CUT) for each in answer.warnings)
