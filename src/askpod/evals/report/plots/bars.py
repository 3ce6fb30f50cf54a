"""Bars that lie, one under another: a figure each, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from askpod.evals.intervals import Interval
from askpod.evals.report.plots.axes import Scale, tick_text, ticks
from askpod.evals.report.plots.svg import (
    bar,
    bounds,
    escape,
    figure,
    figure_text,
    interval_text,
    known,
    line,
    number,
    percent,
    text,
    told,
)

ROW = 38  # pixels of a row: its label, and the bar below
LABEL, MIDDLE, THICK = 15, 27, 9
FOOT = 20
LONGEST_LABEL = 34  # letters that stand beside the figure on a phone


def interval_bars(
    rows: Sequence[tuple[str, Interval | None]],
    *,
    title: str = "Figures with their 95 % intervals",
    top: float = 1.0,
    reference: float | None = None,
) -> str:
    """A bar for each (label, interval), from 0 to `top`; a row without a figure has a dash.

    `reference` is a value that a dotted line marks in all rows, such as the figure of them all.
    """
    scale = Scale(0.0, top, 0.0, 100.0)
    height = ROW * len(rows)
    values = ticks(top)
    parts = []
    for place, (label, interval) in enumerate(rows):
        parts += [_across(scale(value), place * ROW, "grid") for value in values]
        parts.append(_row(label, interval, place * ROW, scale))
        if reference is not None:
            parts.append(_across(scale(reference), place * ROW, "reference"))
    parts += [_tick(value, scale, height + FOOT - 3) for value in values]
    return figure(height + FOOT, title, (told(*row) for row in rows), parts)


def _across(x: float, y: float, css: str) -> str:
    """A line behind a row's bar, but not behind its words."""
    return line(x, y + MIDDLE - 8, x, y + MIDDLE + 8, css)


def strip(interval: Interval) -> str:
    """One share of 1 as a thin line, without words: goes beside a figure that says them."""
    low, high = (100 * min(max(bound, 0.0), 1.0) for bound in bounds(interval))
    parts = (
        bar(0, 4, 100, 3, "track"),
        bar(low, 2, high - low, 7, "spread s0"),
        bar(min(100 * interval.value, 100) - 0.6, 0, 1.2, 11, "tick-at s0"),
    )
    return f'<svg class="plot" width="100%" height="11" aria-hidden="true">{"".join(parts)}</svg>'


def _row(label: str, interval: Interval | None, y: float, scale: Scale) -> str:
    short = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    parts = [text(0, y + LABEL, short, "label")]
    if interval is None or not known(interval):
        return "".join([*parts, text(100, y + LABEL, "–", "soft", "end")])
    low, high = (scale(bound) for bound in bounds(interval))
    middle = y + MIDDLE
    parts += [
        _figure_of(interval, y + LABEL),
        bar(0, middle - THICK / 2, scale(interval.value), THICK, "bar s0"),
        line(low, middle, high, middle, "interval s0"),
        line(low, middle - 4, low, middle + 4, "interval s0"),
        line(high, middle - 4, high, middle + 4, "interval s0"),
        f'<circle cx="{percent(scale(interval.value))}" cy="{number(middle)}" r="3.5" '
        'class="dot s0"/>',
    ]
    return f"<g><title>{escape(told(label, interval))}</title>{''.join(parts)}</g>"


def _figure_of(interval: Interval, y: float) -> str:
    """The figure and its interval in numbers, at the right."""
    return (
        f'<text x="100%" y="{number(y)}" text-anchor="end"><tspan class="value">'
        f'{figure_text(interval.value)}</tspan><tspan dx="6" class="soft">'
        f"{interval_text(interval)}</tspan></text>"
    )


def _tick(value: float, scale: Scale, y: float) -> str:
    place = scale(value)
    anchor = "start" if place < 5 else "end" if place > 95 else "middle"
    return text(place, y, tick_text(value), "tick", anchor)
