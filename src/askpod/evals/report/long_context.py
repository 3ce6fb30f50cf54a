"""A long-context eval in the terminal and as `long-context.html`: figures as prompts grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from askpod.evals.intervals import Interval
from askpod.evals.long_context import BASE, DEPTHS, KEPT, Arm, in_k, in_words
from askpod.evals.long_context.results import (
    ALL,
    HEADLINES,
    LABELS,
    MEASURES,
    Figures,
    Result,
    Row,
)
from askpod.evals.report.page import Panel, page
from askpod.evals.report.plots import heat_map, lines

FILE = "long-context.html"
TOKENS = "tokens of the prompt"

Points = list[tuple[float, Interval]]


def table(result: Result) -> Group:
    """The headline by factor, the other measures of the base arm, and the windows.

    It takes at most eighty columns for six lengths.
    """
    parts: list[Table | Text] = [_by_factor(result), Text(""), _by_measure(result), Text("")]
    for (arm, measure), window in result.windows.items():
        if arm == BASE or measure == result.headline:
            parts.append(Text(f"{arm.label}, {LABELS[measure]}: {in_words(window)}"))
    parts += [Text(note, "yellow") for note in result.notes]
    return Group(*parts)


def _by_factor(result: Result) -> Table:
    name, lengths, rows = result.headline, result.plan.lengths, result.rows
    grid = _grid(LABELS[name], result)
    _add(grid, "retrieved", name, [rows[Row()]])
    for arm in result.plan.arms:
        _add(grid, arm.label, name, [{}, *(rows.get(Row(arm, length), {}) for length in lengths)])
        for position in DEPTHS if arm == BASE else ():
            there = (rows.get(Row(BASE, length, position), {}) for length in lengths)
            _add(grid, f"  {position}", name, [{}, *there])
    return grid


def _by_measure(result: Result) -> Table:
    grid = _grid("base", result)
    figures = [result.rows[Row()]]
    figures += [result.rows.get(Row(BASE, each), {}) for each in result.plan.lengths]
    for name in MEASURES:
        if name != result.headline and any(name in each for each in figures):
            _add(grid, LABELS[name], name, figures)
    return grid


def _grid(title: str, result: Result) -> Table:
    grid = Table(box=None, padding=(0, 0, 0, 1), show_edge=False, pad_edge=False)
    grid.add_column(title, no_wrap=True)
    grid.add_column("packed", justify="right", no_wrap=True)
    for length in result.plan.lengths:
        grid.add_column(in_k(length), justify="right", no_wrap=True)
    return grid


def _add(grid: Table, label: str, name: str, figures: Sequence[Figures]) -> None:
    grid.add_row(label, *(_cell(each.get(name)) for each in figures))


def _cell(interval: Interval | None) -> Text:
    if interval is None:
        return Text("")
    between = f"\n{_short(interval.low)}–{_short(interval.high)}"
    return Text.assemble(f"{interval.value:.2f}", (between, "dim"))


def _short(share: float) -> str:
    """A share in three characters: ".07", "1.0"."""
    return f"{share:.2f}"[1:] if share < 0.995 else "1.0"


def long_context_report(result: Result, gold: str, setup: Mapping[str, Any]) -> str:
    """The report as HTML, byte for byte the same for the same result."""
    plan = result.plan
    columns = [name for name in MEASURES if name in result.rows[Row()]]
    return page(
        f"{setup.get('model', 'a model')}: long context",
        "long-context",
        model=str(setup.get("model", "a model")),
        gold=gold,
        questions=len(plan.questions),
        episodes=len({question.home for question in plan.questions}),
        shortest=in_k(plan.lengths[0]),
        longest=in_k(plan.lengths[-1]),
        kept=f"{KEPT * 100:.0f}",
        windows=result.windows,
        in_words=in_words,
        in_k=in_k,
        labels=LABELS,
        heats=[_heat(result, name) for name in HEADLINES if name in columns],
        factors=list(_factors(result)),
        columns=columns,
        rows=result.rows,
        notes=result.notes,
        failed=result.failed,
        setup=[(name.replace("_", " "), str(value)) for name, value in setup.items()],
    )


def _heat(result: Result, name: str) -> Panel:
    lengths = result.plan.lengths
    cells = {
        (position, in_k(length)): figures[name]
        for position in DEPTHS
        for length in lengths
        if (figures := result.rows.get(Row(BASE, length, position)))
    }
    label = LABELS[name]
    title = f"{label} by length of the prompt and place of the evidence"
    columns = [in_k(length) for length in lengths]
    return Panel(label, heat_map(list(DEPTHS), columns, cells, title=title))


def _points(result: Result, arm: Arm, name: str, difficulty: str = ALL) -> Points:
    return [
        (float(length), figures[name])
        for length in result.plan.lengths
        if (figures := result.rows.get(Row(arm, length, difficulty=difficulty)))
    ]


def _factors(result: Result) -> Iterator[Panel]:
    name = result.headline
    asked = set(result.plan.arms)
    factors: dict[str, dict[str, Arm]] = {
        "Other episodes around": {"same guest or topic": BASE, "random": Arm(negatives="random")},
        "Place of the instruction": {
            "after": BASE,
            "before": Arm(instruction="before"),
            "before and after": Arm(instruction="both"),
        },
        "Formatting": {"plain": BASE, "Markdown": Arm(formatting="markdown")},
    }
    drawn = {}
    for title, values in factors.items():
        drawn[title] = {
            label: _points(result, each, name) for label, each in values.items() if each in asked
        }
    kinds = [kind for kind in dict.fromkeys(row.difficulty for row in result.rows) if kind != ALL]
    drawn["Difficulty of the question"] = {
        kind: _points(result, BASE, name, kind) for kind in kinds
    }
    for title, series in drawn.items():
        if len(series) > 1:
            label = f"{LABELS[name]} by {title.lower()}"
            yield Panel(title, lines(series, TOKENS, LABELS[name], title=label))
