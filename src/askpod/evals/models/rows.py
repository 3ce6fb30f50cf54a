"""Models side by side as rows of text: the same in the terminal and in the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from askpod.evals.intervals import Interval
from askpod.evals.measures import BY_NAME
from askpod.evals.models.estimate import dollars
from askpod.evals.models.figures import HEADLINES, Level, ModelFigures
from askpod.evals.models.load import LEVELS
from askpod.evals.report.plots.svg import figure_text, interval_text, known

NOTHING = "–"
LATENCY = {
    "first_text_p50": "first text, p50",
    "first_text_p95": "first text, p95",
    "whole_p50": "whole answer, p50",
    "whole_p95": "whole answer, p95",
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

    def row(label: str, cell: Callable[[ModelFigures], Cell], meaning: str = "") -> Row:
        return Row(label, tuple(map(cell, measured)), meaning)

    quality = (
        row(BY_NAME[name].label, partial(_quality, name), BY_NAME[name].meaning)
        for name in HEADLINES
    )
    seconds = (row(label, partial(_seconds, name)) for name, label in LATENCY.items())
    throughput = (row(f"{each} at a time", partial(_throughput, each)) for each in LEVELS)
    errors = (row(f"{each} at a time", partial(_errors, each)) for each in LEVELS)
    per_question = (
        row("cost", _cost),
        row("prompt tokens", _prompt_tokens),
        row("completion tokens", _completion_tokens),
    )
    return (
        Group("quality", tuple(quality)),
        Group("seconds at the model", tuple(seconds)),
        Group("tokens per second", tuple(throughput)),
        Group("requests that failed", tuple(errors)),
        Group("per question", per_question),
    )


def _quality(name: str, model: ModelFigures) -> Cell:
    return _interval(model.quality.get(name))


def _seconds(name: str, model: ModelFigures) -> Cell:
    return _interval(model.latency.get(name))


def _interval(interval: Interval | None) -> Cell:
    if interval is None or not known(interval):
        return Cell(NOTHING)
    return Cell(figure_text(interval.value), interval_text(interval))


def _throughput(parallel: int, model: ModelFigures) -> Cell:
    level = _level(parallel, model)
    if level is None or level.failed == level.requests:
        return Cell(NOTHING)
    return Cell(figure_text(level.tokens_per_second), f"{level.requests} sent")


def _errors(parallel: int, model: ModelFigures) -> Cell:
    level = _level(parallel, model)
    if level is None:
        return Cell(NOTHING)
    return Cell(f"{level.error_rate:.0%}", f"{level.failed} of {level.requests}")


def _level(parallel: int, model: ModelFigures) -> Level | None:
    return next((each for each in model.levels if each.parallel == parallel), None)


def _cost(model: ModelFigures) -> Cell:
    if not model.latency:
        return Cell(NOTHING)
    if model.cost is None:
        return Cell("price unknown")
    return Cell(dollars(model.cost.value), f"{dollars(model.cost.low)}–{dollars(model.cost.high)}")


def _prompt_tokens(model: ModelFigures) -> Cell:
    return Cell(f"{model.prompt_tokens:,.0f}" if model.latency else NOTHING)


def _completion_tokens(model: ModelFigures) -> Cell:
    return Cell(f"{model.completion_tokens:,.0f}" if model.latency else NOTHING)
