"""Makes the Record of a question: its scores beside all that a person needs to check them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from askpod.evals.gold import GoldQuestion
from askpod.evals.measures import BUDGETS
from askpod.evals.records import Record
from askpod.evals.scoring import Scorers, score_question
from askpod.evals.sources import Sources
from askpod.evals.stretches import Stretch, union
from askpod.model import Answer, Passage

LEAST_PASSAGES = 10  # as many as nDCG at 10 looks at, however long they are
THIRDS = ("first third", "middle third", "last third")
OF_ONE_MACHINE = ("retrieval_seconds", "model_seconds", "first_text_seconds")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What asking a question brought."""

    passages: tuple[Passage, ...]  # best first
    answer: Answer | None = None  # None where none was asked for
    problems: tuple[str, ...] = ()


def record(
    question: GoldQuestion, outcome: Outcome, sources: Sources, scorers: Scorers | None
) -> Record:
    """The Record of a question. `scorers` are needed where there is an answer."""
    passages = within_budget(outcome.passages)
    scores, details = score_question(question, passages, outcome.answer, scorers)
    return Record(
        id=question.id,
        question=question.question,
        cluster=_home(question) or question.id,
        slices=_slices(question, sources),
        scores=scores,
        gold=_gold(question, sources),
        retrieved=tuple(_retrieved(passage) for passage in passages),
        answer=None if outcome.answer is None else _answer(outcome.answer),
        problems=outcome.problems,
        details=details,
    )


def within_budget(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The first passages, as many as fill the largest budget of words."""
    words = 0
    for number, passage in enumerate(passages):
        if words >= BUDGETS[-1] and number >= LEAST_PASSAGES:
            return tuple(passages[:number])
        words += len(passage.text.split())
    return tuple(passages)


def _home(question: GoldQuestion) -> str | None:
    """The episode that a question belongs to, if any."""
    return question.evidence[0].episode if question.evidence else question.episode


def _slices(question: GoldQuestion, sources: Sources) -> dict[str, str]:
    slices = {"type": question.type}
    if question.difficulty is not None:
        slices["difficulty"] = question.difficulty
    if question.answerable:
        slices["position"] = THIRDS[int(3 * _place(question, sources))]
    return {**slices, "episode": _home(question) or "none"}


def _place(question: GoldQuestion, sources: Sources) -> float:
    """Where in its first episode the middle of the evidence lies, from 0 up to but without 1."""
    home = question.evidence[0].episode
    there = [stretch for stretch in question.stretches if stretch.episode == home]
    weighted = sum(each.seconds * (each.start + each.end) / 2 for each in there)
    middle = weighted / sum(each.seconds for each in there)
    return min(middle / (sources.length(home) or middle), 0.999)


def _gold(question: GoldQuestion, sources: Sources) -> dict[str, Any]:
    return {
        "answer": question.answer,
        "facts": list(question.facts or ()),
        "evidence": [_evidence(stretch, sources) for stretch in _in_their_order(question)],
    }


def _in_their_order(question: GoldQuestion) -> Iterator[Stretch]:
    """Each stretch of evidence, the first episode's first."""
    for episode in dict.fromkeys(each.episode for each in question.evidence):
        yield from union(each for each in question.stretches if each.episode == episode)


def _evidence(stretch: Stretch, sources: Sources) -> dict[str, Any]:
    return {
        "episode": stretch.episode,
        "title": sources.title(stretch.episode),
        "start": stretch.start,
        "end": stretch.end,
        "url": sources.url(stretch),
        "text": sources.speech(stretch),
    }


def _retrieved(passage: Passage) -> dict[str, Any]:
    return {
        "episode": passage.episode_id,
        "title": passage.title,
        "start": passage.start,
        "end": passage.end,
        "words": len(passage.text.split()),
        "score": round(passage.score, 6),
        "url": passage.url,
        "text": passage.text,
    }


def _answer(answer: Answer) -> Mapping[str, Any]:
    """All of it but the passages, which stand beside it, and what differs from run to run."""
    whole = replace(answer, passages=(), evidence=()).to_dict()
    usage = asdict(answer.usage)
    whole["usage"] = {name: usage[name] for name in usage if name not in OF_ONE_MACHINE}
    kept = {name: whole[name] for name in whole if name not in ("passages", "evidence")}
    return cast("dict[str, Any]", json.loads(json.dumps(kept)))  # lists, as when it is read again
