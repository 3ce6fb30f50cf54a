"""From outcomes to figures: each cell with intervals, what pools them, the effective windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askpod.evals.gold import GoldQuestion
from askpod.evals.intervals import Interval, intervals
from askpod.evals.longcontext.cells import BASE, DEPTHS, Cell, Condition, in_k
from askpod.evals.longcontext.plan import Plan, why_left_out
from askpod.evals.longcontext.running import Outcome
from askpod.evals.longcontext.scoring import MEASURES, score
from askpod.evals.longcontext.window import Window, effective_window
from askpod.evals.measures.facts import FactMatcher

ALL = "all"
HEADLINES = ("fact_f1", "citation_f1")  # of which there are windows
# Of the tokens counted here: vocabularies differ by less, so a service that counts fewer has cut
# the prompt. Some do so in silence.
CUT = 0.6

Figures = Mapping[str, Interval]  # by measure
Values = list[tuple[GoldQuestion, dict[str, float]]]  # of each question its scores


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of a set of replies. Without a condition they are those of retrieved evidence."""

    condition: Condition | None
    length: int | None
    position: str  # of DEPTHS, or ALL: then the mean of a question's positions
    difficulty: str  # of the gold set, or ALL
    figures: Figures


@dataclass(frozen=True, slots=True)
class Result:
    """All that a run of the eval found out."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    scores: tuple[Mapping[str, float], ...]  # of each outcome
    rows: tuple[Row, ...]
    windows: Mapping[tuple[Condition, str], Window]  # by condition and measure
    notes: tuple[str, ...]  # what a person must know to read the figures

    @property
    def headline(self) -> str:
        """The measure that leads: facts F1, or where the gold set has no facts citations F1."""
        return next(name for name in HEADLINES if name in self.rows[0].figures)

    @property
    def failed(self) -> int:
        """Requests that brought no reply."""
        return sum(bool(outcome.problem) for outcome in self.outcomes)

    def figures(
        self,
        condition: Condition | None = None,
        length: int | None = None,
        position: str = ALL,
        difficulty: str = ALL,
    ) -> Figures | None:
        """The figures of one row; None where it was left out."""
        wanted = condition, length, position, difficulty
        for row in self.rows:
            if (row.condition, row.length, row.position, row.difficulty) == wanted:
                return row.figures
        return None


def make_result(plan: Plan, outcomes: Sequence[Outcome], matcher: FactMatcher) -> Result:
    """Scores every outcome and sums them up."""
    questions = {question.id: question for question in plan.questions}
    scores = [score(outcome, questions[outcome.question], matcher) for outcome in outcomes]
    by_cell: dict[Cell | None, Values] = defaultdict(list)
    for outcome, found in zip(outcomes, scores, strict=True):
        by_cell[outcome.cell].append((questions[outcome.question], found))
    pooled = _pooled(plan, by_cell)
    rows = [Row(None, None, ALL, ALL, _figures(by_cell[None]))]
    for (condition, length), values in pooled.items():
        rows.append(Row(condition, length, ALL, ALL, _figures(values)))
    for cell in plan.cells:
        figures = _figures(by_cell[cell])
        rows.append(Row(cell.condition, cell.length, cell.position, ALL, figures))
    return Result(
        plan=plan,
        outcomes=tuple(outcomes),
        scores=tuple(scores),
        rows=(*rows, *_by_difficulty(pooled)),
        windows=_windows(plan, pooled),
        notes=(*why_left_out(plan.left_out), *_cut_prompts(outcomes)),
    )


def _pooled(
    plan: Plan, by_cell: Mapping[Cell | None, Values]
) -> dict[tuple[Condition, int], Values]:
    """Each question's mean over the positions, where all of them were asked.

    Three replies to one question say less than three to different ones: the question is the unit
    of which the intervals are made.
    """
    pooled: dict[tuple[Condition, int], Values] = {}
    for condition in plan.conditions:
        for length in plan.lengths:
            cells = [by_cell.get(Cell(condition, length, position)) for position in DEPTHS]
            there = [cell for cell in cells if cell]
            if len(there) == len(DEPTHS):
                pooled[condition, length] = [_mean(several) for several in zip(*there, strict=True)]
    return pooled


def _mean(
    several: Sequence[tuple[GoldQuestion, dict[str, float]]],
) -> tuple[GoldQuestion, dict[str, float]]:
    question = several[0][0]
    names = several[0][1]
    return question, {
        name: sum(scores[name] for _, scores in several) / len(several) for name in names
    }


def _by_difficulty(pooled: Mapping[tuple[Condition, int], Values]) -> list[Row]:
    rows = []
    for (condition, length), values in pooled.items():
        kinds = {question.difficulty for question, _ in values if question.difficulty}
        for kind in sorted(kinds, key=_how_hard) if condition == BASE else ():
            those = [(each, found) for each, found in values if each.difficulty == kind]
            rows.append(Row(condition, length, ALL, kind, _figures(those)))
    return rows


def _how_hard(difficulty: str) -> tuple[int, str]:
    """To sort by: the usual names from easy to hard, then any others."""
    usual = ("easy", "medium", "hard")
    return usual.index(difficulty) if difficulty in usual else len(usual), difficulty


def _figures(values: Values) -> dict[str, Interval]:
    names = [name for name in MEASURES if any(name in found for _, found in values)]
    table = np.array([[found.get(name, 0.0) for name in names] for _, found in values])
    weights = np.array([[float(name in found) for name in names] for _, found in values])
    return dict(zip(names, intervals(table, weights, _clusters(values)), strict=True))


def _clusters(values: Values) -> list[str]:
    return [question.stretches[0].episode for question, _ in values]


def _windows(
    plan: Plan, pooled: Mapping[tuple[Condition, int], Values]
) -> dict[tuple[Condition, str], Window]:
    windows = {}
    for condition in plan.conditions:
        lengths = [length for length in plan.lengths if (condition, length) in pooled]
        if plan.lengths[0] not in lengths:
            continue  # nothing to hold the others against
        columns = [pooled[condition, length] for length in lengths]
        for name in HEADLINES:
            if all(name in found for _, found in columns[0]):
                table = _table(columns, name)
                windows[condition, name] = effective_window(lengths, table, _clusters(columns[0]))
    return windows


def _table(columns: Sequence[Values], name: str) -> NDArray[np.float64]:
    """Questions x lengths."""
    return np.array([[found[name] for _, found in column] for column in columns]).T


def _cut_prompts(outcomes: Sequence[Outcome]) -> list[str]:
    """Lengths at which the service seems to have dropped a part of the prompt in silence."""
    cut: dict[int, list[int]] = defaultdict(list)
    for outcome in outcomes:
        counted, cell = outcome.counted, outcome.cell
        if cell and counted is not None and counted < CUT * outcome.tokens:
            cut[cell.length].append(counted)
    return [
        f"{in_k(length)}: in {len(counts)} replies the service counted {max(counts):,} prompt "
        "tokens or fewer; it seems to cut prompts, so the figures there are not the model's. "
        "Raise the context that it is served with (Ollama: num_ctx)"
        for length, counts in sorted(cut.items())
    ]
