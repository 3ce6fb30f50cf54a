"""From replies to figures: scores, each condition with intervals, effective windows, the JSON.

`long-context.json` holds every figure, every reply and what was asked, the same when run again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from askpod.answering.refusal import is_refusal
from askpod.evals.gold import GoldQuestion, Stretch, seconds, shared
from askpod.evals.intervals import Interval, intervals
from askpod.evals.long_context import (
    BASE,
    DEPTHS,
    KEPT,
    SEED,
    Arm,
    Condition,
    Window,
    effective_window,
    in_k,
    in_words,
)
from askpod.evals.long_context.run import Outcome, Plan, why_left_out
from askpod.evals.measures import harmonic_mean
from askpod.evals.measures.facts import FactMatcher, fact_scores
from askpod.evals.records import rounded, rounded_floats, value_order

# In the order in which they are shown. F1 leads: recall alone rewards a model that says everything
# (Gupta et al., EMNLP 2024, industry track).
FACTS = ("fact_f1", "fact_precision", "fact_recall")
CITATIONS = ("citation_f1", "citation_precision", "citation_recall")
FAULTS = ("malformed", "refused")
MEASURES = (*FACTS, *CITATIONS, *FAULTS)
LABELS: Mapping[str, str] = {
    name: name.replace("fact_", "facts ").replace("citation_", "citations ").replace("f1", "F1")
    for name in MEASURES
}

ALL = "all"
HEADLINES = ("fact_f1", "citation_f1")  # of which there are windows
# Of the tokens counted here: vocabularies differ by less, so a service that counts fewer has cut
# the prompt. Some do so in silence.
CUT = 0.6

Figures = Mapping[str, Interval]  # by measure
Values = list[tuple[GoldQuestion, dict[str, float]]]  # of each question its scores

FILE = "long-context.json"


def score(outcome: Outcome, question: GoldQuestion, matcher: FactMatcher) -> dict[str, float]:
    """Every measure of one reply, from 0 to 1; those of facts only where the gold set has some.

    A reply that refuses, fails or is empty scores 0: the evidence was in the prompt.
    """
    refused = is_refusal(outcome.text)
    scores = {"malformed": float(malformed(outcome)), "refused": float(refused)}
    if question.facts:
        scores |= dict.fromkeys(FACTS, 0.0)
        if outcome.text.strip() and not refused:
            found, _ = fact_scores(matcher, question.facts, outcome.text)
            scores |= {name: found[name].value for name in FACTS}
    cited, unknown = (outcome.cited, len(outcome.unknown)) if not refused else ((), 0)
    return scores | citation_scores(cited, unknown, question.stretches)


def citation_scores(
    cited: Sequence[Stretch], unknown: int, evidence: Sequence[Stretch]
) -> dict[str, float]:
    """Precision, recall and F1 of the cited turns.

    Precision is the share of them that touch the evidence; `unknown` numbers, which the prompt
    does not hold, touch none. Recall is the share of the evidence's seconds that they hold.
    Without citations all are 0.
    """
    all_cited = len(cited) + unknown
    right = sum(stretch.touches(evidence) for stretch in cited)
    precision = right / all_cited if all_cited else 0.0
    recall = shared(cited, evidence) / seconds(evidence) if cited else 0.0
    f1 = harmonic_mean(precision, recall)
    return {"citation_precision": precision, "citation_recall": recall, "citation_f1": f1}


def malformed(outcome: Outcome) -> bool:
    """Whether a reply failed, is empty or broken off, or neither refuses nor cites readably."""
    whole = not outcome.problem and outcome.text.strip() and outcome.finish == "stop"
    return not whole or not (outcome.cited or is_refusal(outcome.text))


class Row(NamedTuple):
    """Which replies a row of figures is of. Without an arm: those with retrieved evidence."""

    arm: Arm | None = None
    length: int | None = None
    position: str = ALL  # of DEPTHS, or ALL: then the mean of a question's positions
    difficulty: str = ALL  # of the gold set


@dataclass(frozen=True, slots=True)
class Result:
    """All that a run of the eval found out."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    scores: tuple[Mapping[str, float], ...]  # of each outcome
    rows: Mapping[Row, Figures]
    windows: Mapping[tuple[Arm, str], Window]  # by arm and measure
    notes: tuple[str, ...]  # what a person must know to read the figures

    @property
    def headline(self) -> str:
        """The measure that leads: facts F1, or where the gold set has no facts citations F1."""
        return next(name for name in HEADLINES if name in self.rows[Row()])

    @property
    def failed(self) -> int:
        """Requests without a reply."""
        return sum(bool(outcome.problem) for outcome in self.outcomes)


def make_result(plan: Plan, outcomes: Sequence[Outcome], matcher: FactMatcher) -> Result:
    """Scores every outcome and sums them up."""
    questions = {question.id: question for question in plan.questions}
    scores = [score(outcome, questions[outcome.question], matcher) for outcome in outcomes]
    asked = defaultdict[Row, Values](list)
    for outcome, found in zip(outcomes, scores, strict=True):
        at = outcome.condition
        row = Row(at.arm, at.length, at.position) if at else Row()
        asked[row].append((questions[outcome.question], found))
    pooled = _pooled(plan, asked)
    values = {Row(): asked[Row()], **pooled, **asked, **_by_difficulty(pooled)}
    return Result(
        plan=plan,
        outcomes=tuple(outcomes),
        scores=tuple(scores),
        rows={row: _figures(each) for row, each in values.items()},
        windows=_windows(plan, pooled),
        notes=(*why_left_out(plan.left_out), *_cut_prompts(outcomes)),
    )


def _pooled(plan: Plan, asked: Mapping[Row, Values]) -> dict[Row, Values]:
    """Each question's mean over the positions, where all of them were asked."""
    pooled: dict[Row, Values] = {}
    for arm, length in product(plan.arms, plan.lengths):
        rows = [Row(arm, length, position) for position in DEPTHS]
        if all(row in asked for row in rows):
            pooled[Row(arm, length)] = [
                (
                    several[0][0],
                    {
                        name: sum(each[name] for _, each in several) / len(rows)
                        for name in several[0][1]
                    },
                )
                for several in zip(*(asked[row] for row in rows), strict=True)
            ]
    return pooled


def _by_difficulty(pooled: Mapping[Row, Values]) -> dict[Row, Values]:
    return {
        row._replace(difficulty=kind): [each for each in values if each[0].difficulty == kind]
        for row, values in pooled.items()
        if row.arm == BASE
        for kind in sorted(
            {each.difficulty for each, _ in values if each.difficulty}, key=value_order
        )
    }


def _figures(values: Values) -> Figures:
    names = [name for name in MEASURES if any(name in found for _, found in values)]
    homes = [question.home for question, _ in values]
    table = np.array([[found.get(name, 0.0) for name in names] for _, found in values])
    weights = np.array([[float(name in found) for name in names] for _, found in values])
    return dict(zip(names, intervals(table, weights, homes), strict=True))


def _windows(plan: Plan, pooled: Mapping[Row, Values]) -> dict[tuple[Arm, str], Window]:
    windows = {}
    for arm in plan.arms:
        lengths = [length for length in plan.lengths if Row(arm, length) in pooled]
        planned = {each.length for each in (*plan.conditions, *plan.left_out) if each.arm == arm}
        if plan.lengths[0] not in lengths or planned != set(plan.lengths):
            continue  # nothing to hold the others against, or varied at one of them alone
        columns = [pooled[Row(arm, length)] for length in lengths]
        for name in HEADLINES:
            if all(name in found for _, found in columns[0]):
                table = [[found[name] for _, found in column] for column in columns]
                homes = [question.home for question, _ in columns[0]]
                windows[arm, name] = effective_window(lengths, np.array(table).T, homes)
    return windows


def _cut_prompts(outcomes: Sequence[Outcome]) -> list[str]:
    """Lengths at which the service seems to have dropped a part of the prompt in silence."""
    cut: dict[int, list[int]] = defaultdict(list)
    for outcome in outcomes:
        counted, condition = outcome.counted, outcome.condition
        if condition and counted is not None and counted < CUT * outcome.tokens:
            cut[condition.length].append(counted)
    return [
        f"{in_k(length)}: in {len(counts)} replies the service counted {max(counts):,} prompt "
        "tokens or fewer; it seems to cut prompts, so the figures there are not the model's. "
        "Raise the context that it is served with (Ollama: num_ctx)"
        for length, counts in sorted(cut.items())
    ]


def write_document(folder: Path, result: Result, setup: Mapping[str, Any]) -> dict[str, Any]:
    """Writes `long-context.json`, and gives all of it but the replies. Raises OSError.

    `setup` says what was run; it must be JSON.
    """
    whole: dict[str, Any] = {
        "setup": {**setup, "seed": SEED, "kept": KEPT},
        "lengths": result.plan.lengths,
        "questions": [question.id for question in result.plan.questions],
        "headline": result.headline,
        "failed": result.failed,
        "notes": result.notes,
        "windows": [
            {**_arm(arm), "measure": measure, **_window(window)}
            for (arm, measure), window in result.windows.items()
        ],
        "rows": [
            {
                **_place(row),
                "difficulty": row.difficulty,
                "figures": {name: asdict(rounded(each)) for name, each in figures.items()},
            }
            for row, figures in result.rows.items()
        ],
        "left_out": [_place(condition) for condition in result.plan.left_out],
    }
    whole = rounded_floats(whole)
    # In plain ASCII: a reply can hold halves of characters, which no file takes.
    replies = [*map(_reply, result.outcomes, result.scores)]
    text = json.dumps({**whole, "replies": replies}, indent=1)
    (folder / FILE).write_text(f"{text}\n", encoding="ascii")
    return whole


def _arm(arm: Arm | None) -> dict[str, Any]:
    """Without an arm: retrieved evidence."""
    return {"row": arm.label if arm else "retrieved", "condition": asdict(arm) if arm else None}


def _place(at: Row | Condition | None) -> dict[str, Any]:
    names = ("length", "position")
    return {**_arm(at.arm if at else None), **{name: getattr(at, name, None) for name in names}}


def _window(window: Window) -> dict[str, Any]:
    return {
        "length": window.length,
        "low": window.low,
        "high": window.high,
        "longest_asked": window.is_longest,
        "scores": dict(zip(window.lengths, window.scores, strict=True)),
        "shares": window.shares,
        "words": in_words(window),
    }


def _reply(outcome: Outcome, scores: Mapping[str, float]) -> dict[str, Any]:
    return {
        "question": outcome.question,
        **_place(outcome.condition),
        "prompt_tokens": outcome.tokens,
        "counted_by_service": outcome.counted,
        "depth": rounded_floats(outcome.depth),
        "text": outcome.text,
        "finish": outcome.finish,
        "cited": [asdict(stretch) for stretch in outcome.cited],
        "unknown_numbers": outcome.unknown,
        "problem": outcome.problem,
        "scores": rounded_floats(scores),
    }
