"""Runs side by side: a row for each, the measures that tell most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from askpod.cli.output import harmless

if TYPE_CHECKING:
    from rich.table import Table

    from askpod.evals.summary import Summary

HEADLINES = (
    "recall@500",
    "fact_f1",
    "citation_recall",
    "citation_precision",
    "cited_hit",
    "refusal_recall",
    "malformed",
)


def side_by_side(summaries: Mapping[str, Summary]) -> Table:
    """A table of the HEADLINES that any of the runs has."""
    from rich.table import Table

    from askpod.evals.measures import BY_NAME

    figures = {name: summary.figures["all"]["all"] for name, summary in summaries.items()}
    shown = [each for each in HEADLINES if any(each in run for run in figures.values())]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", no_wrap=True)
    for each in shown:
        table.add_column(BY_NAME[each].label, justify="right")
    for name, run in figures.items():
        cells = [f"{run[each].value:.3f}" if each in run else "–" for each in shown]
        table.add_row(harmless(name), *cells)
    return table
