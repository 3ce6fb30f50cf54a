"""Models side by side, in the terminal and as `models.html`: the same rows in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from askpod.evals.intervals import Interval
from askpod.evals.measures import BY_NAME
from askpod.evals.models import (
    HEADLINES,
    LEVELS,
    MOST_REQUESTS,
    Level,
    ModelFigures,
    dollars,
)
from askpod.evals.report.page import Panel, page, svg
from askpod.evals.report.plots import interval_bars, lines, scatter
from askpod.evals.report.svg import figure_text, interval_text, known
from askpod.text import visible

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


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, and what stands smaller behind it: its interval, or how many requests."""

    figure: str
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of every model, in the models' order."""

    label: str
    cells: tuple[Cell, ...]
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together."""

    name: str
    rows: tuple[Row, ...]


def groups(measured: Sequence[ModelFigures]) -> tuple[Group, ...]:
    """All that is shown of models; a figure that a model does not have is a dash."""

    def row(label: str, cells: Iterable[Cell], meaning: str = "") -> Row:
        return Row(label, tuple(cells), meaning)

    def at_levels(cell: Callable[[Level], Cell]) -> Iterator[Row]:
        for parallel in LEVELS:
            there = ([at for at in each.levels if at.parallel == parallel] for each in measured)
            cells = (cell(levels[0]) if levels else Cell(NOTHING) for levels in there)
            yield row(f"{parallel} at a time", cells)

    quality = (
        row(
            BY_NAME[name].label,
            (_interval(each.quality.get(name)) for each in measured),
            BY_NAME[name].meaning,
        )
        for name in HEADLINES
    )
    seconds = (
        row(label, (_interval(each.latency.get(name)) for each in measured))
        for name, label in LATENCY.items()
    )
    per_question = (
        row("cost", map(_cost, measured)),
        row("prompt tokens", (_tokens(each, each.prompt_tokens) for each in measured)),
        row("completion tokens", (_tokens(each, each.completion_tokens) for each in measured)),
    )
    return (
        Group("quality", tuple(quality)),
        Group("seconds at the model", tuple(seconds)),
        Group("tokens per second", tuple(at_levels(_throughput_of))),
        Group("requests that failed", tuple(at_levels(_errors))),
        Group("per question", per_question),
    )


def _interval(interval: Interval | None) -> Cell:
    if not known(interval):
        return Cell(NOTHING)
    return Cell(figure_text(interval.value), interval_text(interval))


def _throughput_of(level: Level) -> Cell:
    if level.failed == level.requests:
        return Cell(NOTHING)
    return Cell(figure_text(level.tokens_per_second), f"{level.requests} sent")


def _errors(level: Level) -> Cell:
    return Cell(f"{level.error_rate:.0%}", f"{level.failed} of {level.requests}")


def _cost(model: ModelFigures) -> Cell:
    if not model.latency:
        return Cell(NOTHING)
    if model.cost is None:
        return Cell("price unknown")
    return Cell(dollars(model.cost.value), f"{dollars(model.cost.low)}–{dollars(model.cost.high)}")


def _tokens(model: ModelFigures, mean: float) -> Cell:
    return Cell(f"{mean:,.0f}" if model.latency else NOTHING)


def tables(measured: Sequence[ModelFigures]) -> Iterator[Table]:
    """A table for every FEW models."""
    for begin in range(0, len(measured), FEW):
        yield _table(measured[begin : begin + FEW])


def _table(measured: Sequence[ModelFigures]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for model in measured:
        table.add_column(visible(model.model), justify="left", max_width=WIDEST, overflow="fold")
    for group in groups(measured):
        table.add_row(Text(group.name, "bold"))
        for row in group.rows:
            table.add_row(f"  {row.label}", *(_cell(cell) for cell in row.cells))
    return table


def _cell(cell: Cell) -> Text:
    if not cell.behind:
        return Text(cell.figure)
    return Text.assemble(f"{cell.figure:>5} ", (f"({cell.behind})", "dim"))


def models_report(gold: str, measured: Sequence[ModelFigures]) -> str:
    """The report as HTML: a file of its own that needs nothing from elsewhere.

    `measured` holds at least one model.
    """
    shown = next(
        (name for name in QUALITIES if any(name in each.quality for each in measured)), "fact_f1"
    )
    label = QUALITIES[shown]
    return page(
        f"{gold}: models side by side",
        "models",
        gold=gold,
        questions=measured[0].questions,
        measured=measured,
        groups=groups(measured),
        quality=label,
        bars=Panel(
            f"{_begun(label)} of each model",
            svg(interval_bars([(each.model, each.quality.get(shown)) for each in measured])),
        ),
        scatters=[
            Panel(
                f"{_begun(label)} by {words}",
                svg(scatter(_points(measured, shown, name), words, label)),
            )
            for name, words in LATENCIES.items()
        ],
        throughput=Panel("By requests at a time", svg(_throughput(measured))),
        failed=any(each.problems for each in measured),
        most=MOST_REQUESTS,
        setup=[
            (each.model, f"{each.service}, asked {each.asked:,} of {each.questions:,} questions")
            for each in measured
        ],
    )


def _begun(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _points(
    measured: Sequence[ModelFigures], shown: str, latency: str
) -> list[tuple[str, float, Interval]]:
    return [
        (each.model, each.latency[latency].value, each.quality[shown])
        for each in measured
        if latency in each.latency and shown in each.quality
    ]


def _throughput(measured: Sequence[ModelFigures]) -> str:
    series: Mapping[str, list[tuple[float, Interval]]] = {
        each.model: [(float(level.parallel), _measured(level)) for level in each.levels]
        for each in measured
    }
    return lines(series, "requests at a time", "completion tokens per second")


def _measured(level: Level) -> Interval:
    """One measured figure, as a point of a plot."""
    value = level.tokens_per_second
    return Interval(value, value, value, level.requests, level.requests)
