"""`report.html` of a run: its figures, and every question with all that it was scored by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from askpod.evals.measures import BUDGETS
from askpod.evals.records import Record
from askpod.evals.report.figures import (
    budgets_panel,
    episode_panels,
    episode_rows,
    group_panels,
    has,
    headlines,
    slices,
)
from askpod.evals.report.page import page
from askpod.evals.report.questions import SHOWN, WORTH, question_of, worst
from askpod.evals.summary import Summary

WORST = 10  # questions that stand first
MODES = {
    "retrieval": "retrieval only, no answers",
    "extractive": "answered in quotations, without a model",
}


def run_report(summary: Summary, records: Sequence[Record]) -> str:
    """The report as HTML, byte for byte the same for the same run."""
    figures = summary.figures["all"]["all"]
    questions = [question_of(number, each) for number, each in enumerate(records, start=1)]
    titles = dict(_titles(records))
    columns, rows = episode_rows(summary, titles)
    return page(
        f"{summary.gold}: {_answered_by(summary.setup)}",
        "run",
        script="run",
        gold=summary.gold,
        answered=_answered_by(summary.setup),
        total=summary.questions,
        setup=list(_flat(summary.setup)),
        headlines=headlines(figures),
        budgets=budgets_panel(figures),
        groups=group_panels(figures),
        slices=slices(summary),
        episode_panels=episode_panels(summary, titles),
        episode_columns=columns,
        episode_rows=rows,
        worst=worst(questions, WORST),
        worth=[name for name in WORTH if has(figures, name)],
        questions=questions,
        types=sorted({record.slices.get("type", "") for record in records} - {""}),
        failed=sum(bool(record.problems) for record in records),
        words=BUDGETS,
        shown=SHOWN,
    )


def _answered_by(setup: Mapping[str, Any]) -> str:
    """What was run, in words: a model's name, or what stood in for one."""
    model = setup.get("model")
    if model:
        return str(model)
    mode = str(setup.get("mode", ""))
    return MODES.get(mode, mode or "a run")


def _titles(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Episodes' ids with their titles, as far as the records have them."""
    for record in records:
        for each in (*record.retrieved, *record.gold["evidence"]):
            yield str(each["episode"]), str(each["title"] or each["episode"])


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Settings as names and values; those inside others have both names."""
    for name, value in values.items():
        path = f"{above} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, path)
        elif isinstance(value, (list, tuple)):
            yield path, ", ".join(map(str, value))
        elif value is not None:
            counted = isinstance(value, int) and not isinstance(value, bool)
            yield path, f"{value:,}" if counted else str(value)
