"""Scales and ticks: where a value stands, and which round values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from askpod.evals.intervals import Interval
from askpod.evals.report.plots.svg import bounds, figure_text, line, text

LEFT, RIGHT = 9.0, 97.0  # percent across, between which points stand


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` as places from `begin` to `end`."""

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        share = (at - low) / (high - low) if high > low else 0.5
        return self.begin + share * (self.end - self.begin)


def top_of(intervals: Iterable[Interval]) -> float:
    """Where an axis from 0 ends: 1 for shares, else the next round value."""
    highest = max((bounds(each)[1] for each in intervals), default=1.0)
    return 1.0 if highest <= 1 else ticks(highest)[-1]


def ticks(highest: float) -> list[float]:
    """Four to six round values from 0, the last of which is not below `highest` (above 0)."""
    rough = max(highest, 1e-9) / 4  # denormal numbers have no logarithm after a division
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= rough * 0.999)
    return [step * each for each in range(math.ceil(highest / step - 1e-9) + 1)]


def across(values: Sequence[float], log: bool) -> Scale:
    """The scale of the values that points have across, from the least to the largest."""
    low, high = min(values), max(values)
    return Scale(low, high, LEFT + 3, RIGHT - 3, log and low > 0)


def upright(top: float, first: float, last: float) -> Scale:
    """The scale from 0, at pixel `last`, to `top`, at pixel `first`."""
    return Scale(0.0, top, last, first)


def tick_text(value: float) -> str:
    """A round value: 0, 0.25, 20, 1,500."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def thousands(values: Sequence[float]) -> Callable[[float], str]:
    """How the values along an axis are written: 250 and 1,000, but 4k and 128k."""
    if max(values, default=0) < 10_000:
        return lambda value: tick_text(round(value, 2))
    return lambda value: f"{value / 1000:,.4g}k" if value >= 1000 else figure_text(value)


def spread(values: Sequence[float], place: Scale, room: float) -> list[float]:
    """The values whose labels fit side by side, each `room` percent wide; the last one always."""
    kept: list[float] = []
    for value in sorted(set(values), reverse=True):
        if not kept or place(kept[-1]) - place(value) >= room:
            kept.append(value)
    return kept[::-1]


def grid(scale: Scale, values: Sequence[float]) -> str:
    """A line across for every value, with the value above its left end."""
    drawn = [line(0, scale(value), 100, scale(value), "grid") for value in values]
    drawn += [text(0, scale(value) - 4, tick_text(value), "tick") for value in values]
    return "".join(drawn)
