"""Plots as SVG: bars with intervals, a heat map, lines with bands. And figures as people read them.

Laid out in templates/plots.svg: across it is drawn in percent, down in pixels, so that letters have
the same size on a phone and on a desk. Colours are classes of the page's style sheet. Each `<desc>`
says what a plot shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from jinja2.environment import TemplateModule
from markupsafe import Markup

from askpod.evals.intervals import Interval
from askpod.evals.report.page import TEMPLATES, environment, figure_text

LETTER = 7.2  # pixels that a letter of a label takes, on the generous side
PHONE = 330  # pixels that a plot has on a narrow phone
LEFT, RIGHT = 12.0, 94.0  # percent across, between which points stand
PLOT = 230  # pixels from the top of the upright axis to its foot
LEGEND = 20  # pixels of a row of it

Points = Sequence[tuple[float, Interval]]
Scale = Callable[[float], float]  # a value's place


@cache
def _macros() -> TemplateModule:
    source = (TEMPLATES / "plots.svg").read_text(encoding="utf-8")
    return environment().from_string("".join(map(str.strip, source.splitlines()))).module


def _drawn(plot: str, *values: object) -> Markup:
    """What a macro of the template makes of values, escaped by its environment."""
    drawn: Markup = getattr(_macros(), plot)(*values)
    return drawn


def ticks(highest: float) -> list[float]:
    """Four to six round values from 0, the last of which is not below `highest` (above 0)."""
    rough = max(highest, 1e-9) / 4  # denormal numbers have no logarithm after a division
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= rough * 0.999)
    return [step * each for each in range(math.ceil(highest / step - 1e-9) + 1)]


def strip(interval: Interval) -> Markup:
    """One share of 1 as a thin line, without words: goes beside a figure that says them."""
    low, high = (100 * min(max(bound, 0.0), 1.0) for bound in (interval.low, interval.high))
    return _drawn("strip", min(100 * interval.value, 100), low, high)


def interval_bars(
    rows: Sequence[tuple[str, Interval | None]],
    *,
    title: str = "Figures with their 95 % intervals",
    low: float = 0.0,
    top: float = 1.0,
    reference: float | None = None,
) -> Markup:
    """A bar for each (label, interval), from 0; a row without a figure has a dash.

    The scale goes from `low`, the lowest figure that there can be, to `top`. `reference` is a value
    that a dotted line marks in all rows, such as the figure of them all.
    """
    values = [*([-each for each in ticks(-low)[:0:-1]] if low < 0 else []), *ticks(top)]
    facts = [_told(*row) for row in rows]
    axis = [(value, _tick(value)) for value in values]
    scale = _scale(low, top, 0.0, 100.0)
    return _drawn("interval_bars", rows, facts, axis, scale, title, reference)


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Interval | None],
    *,
    title: str = "Heat map",
) -> Markup:
    """A cell for each row and column, the darker the nearer its figure is to 1.

    `cells` is by (row, column); one without a figure is empty but for a dash.
    """
    left = min((LETTER * max(map(len, rows), default=0) + 8) * 100 / PHONE, 32.0)
    wide = (100 - left) / max(1, len(columns))
    across = {row: [(each, cells.get((row, each))) for each in columns] for row in rows}
    told = [_told(f"{row}, {each}", cell) for row in rows for each, cell in across[row]]
    return _drawn("heat_map", across, columns, told, left, wide, title)


def lines(series: Mapping[str, Points], x_label: str, y_label: str, *, title: str = "") -> Markup:
    """A line for each of `series` (its name -> points (x, interval)), with its intervals.

    Up and down goes from 0 to 1, or to the next round value where figures are larger; across by
    logarithms, unless a point stands at 0.
    """
    values = [x for points in series.values() for x, _ in points]
    highest = max((each.high for points in series.values() for _, each in points), default=1.0)
    top = 1.0 if highest <= 1 else ticks(highest)[-1]
    widest = 24 + LETTER * max(map(len, series), default=0)
    columns = max(1, min(4, len(series), int(PHONE / widest)))
    first = LEGEND * -(-len(series) // columns) + 40  # pixels above the plot
    lowest = min(values, default=0.0)
    place = _scale(lowest, max(values, default=0.0), LEFT, RIGHT, log=lowest > 0)
    write = _thousands(values)
    points_of = series.items()
    return _drawn(
        "lines",
        {
            name: [(place(x), _told(f"{x:,g}", y), y) for x, y in points]
            for name, points in points_of
        },
        [_told(f"{name} at {write(x)}", y) for name, points in points_of for x, y in points],
        columns,
        first,
        [(value, _tick(value)) for value in ticks(top)],
        _scale(0.0, top, first + PLOT, first),
        lambda value: 100 - 100 * min(max(value, 0.0), top) / top,
        _foot(values, place, write),
        x_label,
        y_label,
        title or f"{y_label} by {x_label}",
    )


def _foot(
    values: Sequence[float], place: Scale, write: Callable[[float], str]
) -> list[tuple[float, str]]:
    """The values across, as many as stand side by side on a phone; the last one always."""
    room = (LETTER * max((len(write(value)) for value in values), default=0) + 8) * 100 / PHONE
    kept: list[float] = []
    for value in sorted(set(values), reverse=True):
        if not kept or place(kept[-1]) - place(value) >= room:
            kept.append(value)
    return [(place(value), write(value)) for value in kept]


def _scale(low: float, high: float, begin: float, end: float, *, log: bool = False) -> Scale:
    """Values from `low` to `high` as places from `begin` to `end`."""
    of = math.log if log else float

    def place(value: float) -> float:
        at = min(max(value, low), high)
        share = (of(at) - of(low)) / (of(high) - of(low)) if high > low else 0.5
        return begin + share * (end - begin)

    return place


def _told(label: str, interval: Interval | None) -> str:
    if interval is None:
        return f"{label}: no figure"
    low, high = figure_text(interval.low), figure_text(interval.high)
    between = f" ({low} to {high})" if interval.questions > 1 else ""
    return f"{label}: {figure_text(interval.value)}{between}"


def _tick(value: float) -> str:
    """A round value: 0, 0.25, 20, 1,500."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _thousands(values: Sequence[float]) -> Callable[[float], str]:
    """How the values along an axis are written: 250 and 1,000, but 4k and 128k."""
    if max(values, default=0) < 10_000:
        return lambda value: _tick(round(value, 2))
    return lambda value: f"{value / 1000:,.4g}k" if value >= 1000 else figure_text(value)
