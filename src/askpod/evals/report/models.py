"""`models.html`: models side by side, quality against latency, throughput by level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from askpod.evals.intervals import Interval
from askpod.evals.models.figures import Level, ModelFigures
from askpod.evals.models.load import MOST_REQUESTS
from askpod.evals.models.rows import groups
from askpod.evals.report.figures import Panel, svg
from askpod.evals.report.page import page
from askpod.evals.report.plots import interval_bars, lines, scatter

# What the plots show of quality: the first that any model has. Not every set names facts.
QUALITIES = {"fact_f1": "fact F1", "citation_precision": "citation precision"}
LATENCIES = {
    "first_text_p50": "seconds to the first text, p50",
    "whole_p50": "seconds to the whole answer, p50",
}


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
        setup=list(_setup(measured)),
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
    return lines(series, "requests at a time", "completion tokens per second", log_x=True)


def _measured(level: Level) -> Interval:
    """One measured figure, as a point of a plot."""
    value = level.tokens_per_second
    return Interval(value, value, value, level.requests, level.requests)


def _setup(measured: Sequence[ModelFigures]) -> Iterator[tuple[str, str]]:
    """Each model with where it is served and how many questions reached it."""
    for each in measured:
        yield each.model, f"{each.service}, asked {each.asked:,} of {each.questions:,} questions"
