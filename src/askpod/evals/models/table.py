"""Models side by side in a terminal: a column for each, at most FEW beside one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from askpod.evals.models.figures import ModelFigures
from askpod.evals.models.rows import Cell, groups

FEW = 3  # models in one table: with their intervals they fit 100 columns
WIDEST = 20  # characters of a model's column; a longer name goes on in the next line


def tables(
    measured: Sequence[ModelFigures], harmless: Callable[[str], str] = str
) -> Iterator[Table]:
    """A table for every FEW models. `harmless` is what the models' names go through."""
    for begin in range(0, len(measured), FEW):
        yield _table(measured[begin : begin + FEW], harmless)


def _table(measured: Sequence[ModelFigures], harmless: Callable[[str], str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for model in measured:
        table.add_column(harmless(model.model), justify="left", max_width=WIDEST, overflow="fold")
    for group in groups(measured):
        table.add_row(Text(group.name, "bold"))
        for row in group.rows:
            table.add_row(f"  {row.label}", *(_cell(cell) for cell in row.cells))
    return table


def _cell(cell: Cell) -> Text:
    if not cell.behind:
        return Text(cell.figure)
    return Text.assemble(f"{cell.figure:>5} ", (f"({cell.behind})", "dim"))
