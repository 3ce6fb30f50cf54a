"""What all plots are drawn with: SVG elements as text, scales and ticks.

A plot is as wide as its place on the page, and as high as it says: across it is drawn in
percent, down in pixels. So its letters have the same size on a phone and on a desk. Colours
are classes; the page's style sheet gives them their values for light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape as html_escape
from typing import TypeGuard

from askpod.evals.intervals import Interval
from askpod.text import visible

SERIES = 6  # colours; a seventh series has the first one's again, with another mark
LETTER = 7.2  # pixels that a letter of a label takes, on the generous side
PHONE = 330  # pixels that a plot has on a narrow phone

LEFT, RIGHT = 9.0, 97.0  # percent across, between which points stand


def escape(text: str) -> str:
    """Text as it may stand in an element or between double quotes."""
    return html_escape(visible(text, kept="\t\n"), quote=True)


def number(value: float) -> str:
    """A coordinate, as short as it can be."""
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short in ("-0", "") else short


def percent(value: float) -> str:
    """A share of the width, such as `12.5%`."""
    return f"{number(value)}%"


def figure(height: float, title: str, facts: Iterable[str], parts: Iterable[str]) -> str:
    """A whole plot. `facts` are what it shows in words, for those who do not see it."""
    told = escape("; ".join(facts))
    return (
        f'<svg class="plot" width="100%" height="{number(height)}" role="img" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title><desc>{told}</desc>{''.join(parts)}</svg>"
    )


def stretched(top: float, height: float, parts: Iterable[str]) -> str:
    """A part of the plot that is drawn from 0 to 100 both across and down: for paths."""
    return (
        f'<svg x="0" y="{number(top)}" width="100%" height="{number(height)}" '
        f'viewBox="0 0 100 100" preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    """Words at `x` percent and `y` pixels; `anchor` is start, middle or end."""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{percent(x)}" y="{number(y)}"{_css(css)}{place}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A line; x in percent of the width, y in pixels."""
    return (
        f'<line x1="{percent(x1)}" y1="{number(y1)}" x2="{percent(x2)}" y2="{number(y2)}"'
        f"{_css(css)}/>"
    )


def bar(x: float, y: float, width: float, height: float, css: str) -> str:
    """A rectangle; x and width in percent of the width, y and height in pixels."""
    return (
        f'<rect x="{percent(x)}" y="{number(y)}" width="{percent(max(0.0, width))}" '
        f'height="{number(height)}"{_css(css)}/>'
    )


def mark(x: float, y: float, series: int = 0) -> str:
    """A series' mark: a disc, a square, a diamond or a ring, by its number."""
    shape = series % 4
    at = f'x="{percent(x)}" y="{number(y)}" overflow="visible"'
    drawn = {
        0: '<circle r="4"/>',
        1: '<rect x="-3.6" y="-3.6" width="7.2" height="7.2"/>',
        2: '<path d="M0-5.2 5.2 0 0 5.2-5.2 0z"/>',
        3: '<circle r="3.4" class="ring"/>',
    }[shape]
    return f'<svg {at} width="1" height="1" class="mark s{series % SERIES}">{drawn}</svg>'


def whisker(x: float, high: float, low: float, series: int = 0) -> str:
    """An interval that stands upright at `x` percent, from pixel `high` down to pixel `low`."""
    at = f'x="{percent(x)}" y="0" overflow="visible"'
    path = f"M0 {number(high)}V{number(low)}M-4 {number(high)}H4M-4 {number(low)}H4"
    css = f"whisker s{series % SERIES}"
    return f'<svg {at} width="1" height="1" class="{css}"><path d="{path}"/></svg>'


def known(interval: Interval | None) -> TypeGuard[Interval]:
    """Whether there is a figure to draw."""
    return interval is not None and math.isfinite(interval.value)


def bounds(interval: Interval) -> tuple[float, float]:
    """Its low and high; the value itself where one of them is not finite."""
    low, high = interval.low, interval.high
    return (
        low if math.isfinite(low) else interval.value,
        high if math.isfinite(high) else interval.value,
    )


def figure_text(value: float) -> str:
    """A figure as people read it: 0.52, 3.1, 42, 1,250."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def interval_text(interval: Interval) -> str:
    """Both bounds of an interval, such as `0.61–0.74`; "" of one question, which has none."""
    low, high = bounds(interval)
    return "" if interval.questions < 2 else f"{figure_text(low)}–{figure_text(high)}"


def told(label: str, interval: Interval | None) -> str:
    """A row of the plot in words."""
    if not known(interval):
        return f"{label}: no figure"
    low, high = bounds(interval)
    between = f" ({figure_text(low)} to {figure_text(high)})" if interval.questions > 1 else ""
    return f"{label}: {figure_text(interval.value)}{between}"


def _css(names: str) -> str:
    return f' class="{names}"' if names else ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` as places from `begin` to `end`."""

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where a value stands, in percent of the width."""
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


def across(values: Sequence[float]) -> Scale:
    """A scale from the least to the largest value across; of logarithms where none is 0."""
    low, high = min(values), max(values)
    return Scale(low, high, LEFT + 3, RIGHT - 3, log=low > 0)


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
