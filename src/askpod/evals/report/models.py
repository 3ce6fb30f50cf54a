"""Models side by side, in the terminal, as `models.html` and `models.json`: the same figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup
from rich.table import Table
from rich.text import Text

from askpod.evals.intervals import Interval
from askpod.evals.measures import BY_NAME
from askpod.evals.models import HEADLINES, LEVELS, MOST_REQUESTS, Level, ModelFigures, dollars
from askpod.evals.records import rounded_floats
from askpod.evals.report.page import Panel, figure_text, interval_text, page
from askpod.evals.report.plots import interval_bars, lines
from askpod.evals.run import UNWRITTEN, make_folder
from askpod.files import writable
from askpod.text import visible

FIGURES = "models.json"
REPORT = "models.html"
NOTHING = "–"
LATENCY = {
    "first_text_p50": "first text, p50",
    "first_text_p95": "first text, p95",
    "whole_p50": "whole answer, p50",
    "whole_p95": "whole answer, p95",
}

FEW = 3  # models in one table: with their intervals they fit 100 columns
WIDEST = 20  # characters of a model's column; a longer name goes on in the next line

# What the plots show of quality: the first that any model has. Not every set names facts.
QUALITIES = {"fact_f1": "fact F1", "citation_precision": "citation precision"}
LATENCIES = {
    "first_text_p50": "seconds to the first text, p50",
    "whole_p50": "seconds to the whole answer, p50",
}


class Cell(NamedTuple):
    """A figure, and what stands smaller behind it: its interval, or how many requests."""

    figure: str = NOTHING
    behind: str = ""


Groups = Mapping[str, Mapping[str, Sequence[Cell]]]  # group -> figure -> each model's


def groups(measured: Sequence[ModelFigures]) -> Groups:
    """All that is shown of models; a figure that a model does not have is a dash."""

    def at_levels(cell: Callable[[Level], Cell]) -> dict[str, Sequence[Cell]]:
        return {
            f"{parallel} at a time": [
                next((cell(at) for at in each.levels if at.parallel == parallel), Cell())
                for each in measured
            ]
            for parallel in LEVELS
        }

    return {
        "quality": {
            BY_NAME[name].label: [_interval(each.quality.get(name)) for each in measured]
            for name in HEADLINES
        },
        "seconds at the model": {
            label: [_interval(each.latency.get(name)) for each in measured]
            for name, label in LATENCY.items()
        },
        "tokens per second": at_levels(
            lambda at: (
                Cell(figure_text(at.tokens_per_second), f"{at.requests} sent")
                if at.failed < at.requests
                else Cell()
            )
        ),
        "requests that failed": at_levels(
            lambda at: Cell(f"{at.error_rate:.0%}", f"{at.failed} of {at.requests}")
        ),
        "per question": {
            "cost": [_cost(each) for each in measured],
            **{
                f"{way} tokens": [
                    Cell(f"{getattr(each, f'{way}_tokens'):,.0f}") if each.latency else Cell()
                    for each in measured
                ]
                for way in ("prompt", "completion")
            },
        },
    }


def _interval(interval: Interval | None) -> Cell:
    return Cell(figure_text(interval.value), interval_text(interval)) if interval else Cell()


def _cost(model: ModelFigures) -> Cell:
    if not model.latency:
        return Cell()
    if model.cost is None:
        return Cell("price unknown")
    return Cell(dollars(model.cost.value), f"{dollars(model.cost.low)}–{dollars(model.cost.high)}")


def tables(measured: Sequence[ModelFigures]) -> Iterator[Table]:
    """A table for every FEW models."""
    for begin in range(0, len(measured), FEW):
        few = measured[begin : begin + FEW]
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        table.add_column("", no_wrap=True)
        for each in few:
            table.add_column(visible(each.model), max_width=WIDEST, overflow="fold")
        for name, rows in groups(few).items():
            table.add_row(Text(name, "bold"))
            for label, cells in rows.items():
                table.add_row(f"  {label}", *map(_cell, cells))
        yield table


def _cell(cell: Cell) -> Text:
    if not cell.behind:
        return Text(cell.figure)
    return Text.assemble(f"{cell.figure:>5} ", (f"({cell.behind})", "dim"))


def models_report(gold: str, measured: Sequence[ModelFigures]) -> str:
    """The report of at least one model as HTML: a file that needs nothing from elsewhere."""
    shown = next(
        (name for name in QUALITIES if any(name in each.quality for each in measured)), "fact_f1"
    )
    label = QUALITIES[shown]
    begun = f"{label[:1].upper()}{label[1:]}"
    bars = interval_bars([(each.model, each.quality.get(shown)) for each in measured])
    return page(
        f"{gold}: models side by side",
        "models",
        gold=gold,
        questions=measured[0].questions,
        measured=measured,
        groups=groups(measured),
        quality=label,
        panels=[
            *(
                Panel(f"{begun} by {words}", _by_latency(measured, shown, name))
                for name, words in LATENCIES.items()
            ),
            Panel(f"{begun} of each model", bars),
        ],
        throughput=Panel("By requests at a time", _throughput(measured)),
        failed=any(each.problems for each in measured),
        most=MOST_REQUESTS,
        setup=[
            (each.model, f"{each.service}, asked {each.asked:,} of {each.questions:,} questions")
            for each in measured
        ],
    )


def write_models(folder: Path, gold: str, measured: Sequence[ModelFigures]) -> dict[str, Any]:
    """Writes `models.json`, which it gives, and `models.html`. Raises StoreUnwritable."""
    whole = {"gold": gold, "models": [rounded_floats(asdict(each)) for each in measured]}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    make_folder(folder)
    with writable(folder, *UNWRITTEN):
        (folder / FIGURES).write_text(f"{text}\n", encoding="utf-8")
        (folder / REPORT).write_text(models_report(gold, measured), encoding="utf-8")
    return whole


def _by_latency(measured: Sequence[ModelFigures], shown: str, latency: str) -> Markup:
    points = {
        each.model: [(each.latency[latency].value, each.quality[shown])]
        for each in measured
        if latency in each.latency and shown in each.quality
    }
    return lines(points, LATENCIES[latency], QUALITIES[shown])


def _throughput(measured: Sequence[ModelFigures]) -> Markup:
    """Tokens per second over requests at a time; one measurement, so without an interval."""
    series = {
        each.model: [
            (float(at.parallel), Interval(speed := at.tokens_per_second, speed, speed, 1, 1))
            for at in each.levels
        ]
        for each in measured
    }
    return lines(series, "requests at a time", "completion tokens per second")
