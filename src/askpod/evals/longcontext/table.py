"""The terminal's table: lengths as columns, a figure with its interval below it.

"packed" is the column of the prompts with retrieved evidence, which have a length of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from askpod.evals.intervals import Interval
from askpod.evals.longcontext.cells import BASE, DEPTHS, in_k
from askpod.evals.longcontext.figures import Figures, Result
from askpod.evals.longcontext.scoring import LABELS, MEASURES
from askpod.evals.longcontext.window import in_words


def table(result: Result) -> Group:
    """The headline by factor, the other measures of the base condition, and the windows.

    It takes at most eighty columns for six lengths.
    """
    parts: list[Table | Text] = [_by_factor(result), Text(""), _by_measure(result), Text("")]
    for (condition, measure), window in result.windows.items():
        if condition == BASE or measure == result.headline:
            words = f"{condition.label}, {LABELS[measure]}: {in_words(window)}"
            parts.append(Text(words))
    parts += [Text(note, "yellow") for note in result.notes]
    return Group(*parts)


def _by_factor(result: Result) -> Table:
    name, lengths = result.headline, result.plan.lengths
    grid = _grid(LABELS[name], result)
    _add(grid, "retrieved", name, [result.figures()])
    for condition in result.plan.conditions:
        pooled = [result.figures(condition, length) for length in lengths]
        _add(grid, condition.label, name, [None, *pooled])
        for position in DEPTHS if condition == BASE else ():
            there = [result.figures(BASE, length, position) for length in lengths]
            _add(grid, f"  {position}", name, [None, *there])
    return grid


def _by_measure(result: Result) -> Table:
    grid = _grid("base", result)
    figures = [result.figures(), *(result.figures(BASE, each) for each in result.plan.lengths)]
    for name in MEASURES:
        if name != result.headline and any(each and name in each for each in figures):
            _add(grid, LABELS[name], name, figures)
    return grid


def _grid(title: str, result: Result) -> Table:
    grid = Table(box=None, padding=(0, 0, 0, 1), show_edge=False, pad_edge=False)
    grid.add_column(title, no_wrap=True)
    grid.add_column("packed", justify="right", no_wrap=True)
    for length in result.plan.lengths:
        grid.add_column(in_k(length), justify="right", no_wrap=True)
    return grid


def _add(grid: Table, label: str, name: str, figures: Sequence[Figures | None]) -> None:
    grid.add_row(label, *(_cell(each.get(name) if each else None) for each in figures))


def _cell(interval: Interval | None) -> Text:
    if interval is None:
        return Text("")
    between = f"\n{_short(interval.low)}–{_short(interval.high)}"
    return Text.assemble(f"{interval.value:.2f}", (between, "dim"))


def _short(share: float) -> str:
    """A share in three characters: ".07", "1.0"."""
    return f"{share:.2f}"[1:] if share < 0.995 else "1.0"
