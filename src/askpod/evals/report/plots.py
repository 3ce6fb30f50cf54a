"""Plots as SVG: bars with intervals, a heat map, lines with bands, a scatter of models.

Pure functions of figures with their intervals; they need the style sheet of `page.py` for their
colours. Each says in words, in its `<desc>`, what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from askpod.evals.intervals import Interval
from askpod.evals.report.svg import (
    LETTER,
    PHONE,
    SERIES,
    Scale,
    across,
    bar,
    bounds,
    escape,
    figure,
    figure_text,
    grid,
    interval_text,
    known,
    line,
    mark,
    number,
    percent,
    spread,
    stretched,
    text,
    thousands,
    tick_text,
    ticks,
    told,
    top_of,
    upright,
    whisker,
)

ROW = 38  # pixels of a row: its label, and the bar below
LABEL, MIDDLE, THICK = 15, 27, 9
BARS_FOOT = 20
LONGEST_LABEL = 34  # letters that stand beside the figure on a phone

CELL = 46  # pixels down
HEAD = 22
ABOVE = 20  # a row's name where it stands above the row
MOST_BESIDE = 13  # letters of a row's name that fit beside it on a phone
STEPS = 9  # shades, from h0 to h8; from h5 on letters are of the paper's colour

PLOT = 230  # pixels from the top of the upright axis to its foot
LEGEND = 20  # pixels of a row of it
FOOT = 40

Points = Sequence[tuple[float, Interval]]

SCATTER = 260
ABOVE_POINTS = 36
LEFT, RIGHT = 11.0, 96.0
LINE = 16  # pixels between two labels
LONGEST = 26  # letters of a label

Point = tuple[str, float, Interval]
_Label = tuple[float, float, str, str]  # x percent, y pixels, words, anchor


def interval_bars(
    rows: Sequence[tuple[str, Interval | None]],
    *,
    title: str = "Figures with their 95 % intervals",
    low: float = 0.0,
    top: float = 1.0,
    reference: float | None = None,
) -> str:
    """A bar for each (label, interval), from 0; a row without a figure has a dash.

    Args:
        rows: the labels and their figures, None where there is none.
        title: what the plot is called for those who cannot see it.
        low: where the scale begins: 0, or the lowest figure that there can be.
        top: where it ends.
        reference: a value that a dotted line marks in all rows, such as the figure of them all.
    """
    scale = Scale(low, top, 0.0, 100.0)
    height = ROW * len(rows)
    values = [*([-each for each in ticks(-low)[:0:-1]] if low < 0 else []), *ticks(top)]
    parts = []
    for place, (label, interval) in enumerate(rows):
        parts += [_mark_across(scale(value), place * ROW, "grid") for value in values]
        parts.append(_row(label, interval, place * ROW, scale))
        if reference is not None:
            parts.append(_mark_across(scale(reference), place * ROW, "reference"))
    parts += [_tick(value, scale, height + BARS_FOOT - 3) for value in values]
    return figure(height + BARS_FOOT, title, (told(*row) for row in rows), parts)


def _mark_across(x: float, y: float, css: str) -> str:
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
    if not known(interval):
        return "".join([*parts, text(100, y + LABEL, "–", "soft", "end")])
    low, high = (scale(bound) for bound in bounds(interval))
    zero, value, middle = scale(0.0), scale(interval.value), y + MIDDLE
    parts += [
        _figure_of(interval, y + LABEL),
        bar(min(zero, value), middle - THICK / 2, abs(value - zero), THICK, "bar s0"),
        *(_whisker_across(low, high, middle) if interval.questions > 1 else ()),
        f'<circle cx="{percent(value)}" cy="{number(middle)}" r="3.5" class="dot s0"/>',
    ]
    return f"<g><title>{escape(told(label, interval))}</title>{''.join(parts)}</g>"


def _whisker_across(low: float, high: float, y: float) -> tuple[str, ...]:
    return (
        line(low, y, high, y, "interval s0"),
        line(low, y - 4, low, y + 4, "interval s0"),
        line(high, y - 4, high, y + 4, "interval s0"),
    )


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


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Interval | None],
    *,
    title: str = "Heat map",
) -> str:
    """A cell for each row and column, the darker the nearer its figure is to 1.

    `cells` is by (row, column). A cell without a figure is empty but for a dash. Under a cell's
    number a line goes from the low to the high end of its interval, from 0 at the left to 1.
    """
    beside = max((len(row) for row in rows), default=0) <= MOST_BESIDE
    left = (LETTER * max((len(row) for row in rows), default=0) + 8) * 100 / PHONE if beside else 0
    left = min(left, 32.0)
    wide = (100 - left) / max(1, len(columns))
    step = CELL if beside else CELL + ABOVE
    parts = [
        text(left + wide * (at + 0.5), HEAD - 8, column, "tick", "middle")
        for at, column in enumerate(columns)
    ]
    for down, row in enumerate(rows):
        y = HEAD + down * step
        parts.append(text(0, y + (CELL / 2 + 4 if beside else 14), row, "label"))
        y += 0 if beside else ABOVE
        for at, column in enumerate(columns):
            cell = cells.get((row, column))
            parts.append(_cell(f"{row}, {column}", cell, left + wide * at, y, wide))
    facts = (
        told(f"{row}, {column}", cells.get((row, column))) for row in rows for column in columns
    )
    return figure(HEAD + step * len(rows), title, facts, parts)


def _cell(name: str, interval: Interval | None, x: float, y: float, wide: float) -> str:
    middle = x + wide / 2
    if not known(interval):
        empty = bar(x, y, wide, CELL, "cell empty")
        return empty + text(middle, y + CELL / 2 + 4, "–", "soft", "middle")
    shade = _shade(interval.value)
    low, high = (x + wide * (0.12 + 0.76 * _share(bound)) for bound in bounds(interval))
    dark = "on" if shade >= 5 else ""
    parts = [
        f"<title>{escape(told(name, interval))}</title>",
        bar(x, y, wide, CELL, f"cell h{shade}"),
        text(middle, y + 19, figure_text(interval.value), f"value {dark}".strip(), "middle"),
        text(middle, y + 32, interval_text(interval), f"fine {dark}".strip(), "middle"),
        line(x + wide * 0.12, y + 39, x + wide * 0.88, y + 39, f"scale {dark}".strip()),
        line(low, y + 39, high, y + 39, f"range {dark}".strip()),
    ]
    return f"<g>{''.join(parts)}</g>"


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _shade(share: float) -> int:
    return min(STEPS - 1, int(_share(share) * STEPS))


def lines(series: Mapping[str, Points], x_label: str, y_label: str, *, title: str = "") -> str:
    """A line for each of `series` (its name -> points (x, interval)), with its intervals.

    Up and down goes from 0 to 1, or to the next round value where figures are larger; across by
    logarithms, unless a point stands at 0.
    """
    drawn = {name: [each for each in points if known(each[1])] for name, points in series.items()}
    values = [x for points in drawn.values() for x, _ in points]
    top = top_of(interval for points in drawn.values() for _, interval in points)
    legend, first = _legend(list(series))
    up = upright(top, first, first + PLOT)
    parts = [legend, text(0, first - 22, y_label, "tick"), grid(up, ticks(top))]
    if values:
        place = across(values)
        paths = (_path(points, place, top, at) for at, points in enumerate(drawn.values()))
        parts.append(stretched(first, PLOT, paths))
        parts += [_points(points, place, up, at) for at, points in enumerate(drawn.values())]
        parts.append(_foot(values, place, first + PLOT))
    parts.append(text(100, first + PLOT + FOOT - 4, x_label, "tick", "end"))
    said = title or f"{y_label} by {x_label}"
    return figure(first + PLOT + FOOT, said, _words(drawn, values), parts)


def _legend(names: Sequence[str]) -> tuple[str, float]:
    """The names with their marks, and the pixel at which the plot may begin below them."""
    widest = 24 + LETTER * max((len(name) for name in names), default=0)
    columns = max(1, min(4, len(names), int(PHONE / widest)))
    parts = []
    for at, name in enumerate(names):
        x, y = at % columns * 100 / columns, at // columns * LEGEND
        parts.append(
            f'<svg x="{number(x)}%" y="{number(y)}" overflow="visible">{mark(0, 10, at)}'
            f'<text x="12" y="14" class="label">{escape(name)}</text></svg>'
        )
    # A mark at the very left would be cut in half.
    shifted = f'<g transform="translate(6 0)">{"".join(parts)}</g>'
    return shifted, LEGEND * -(-len(names) // columns) + 40


def _path(points: Points, place: Scale, top: float, series: int) -> str:
    """The line through the points and the band of their intervals, in hundredths of the plot."""
    css = f"s{series % SERIES} d{series % SERIES}"

    def at(x: float, value: float) -> str:
        return f"{number(place(x))} {number(100 - 100 * min(max(value, 0.0), top) / top)}"

    through = "L".join(at(x, interval.value) for x, interval in points)
    if len(points) < 2:
        return ""
    above = [at(x, bounds(interval)[1]) for x, interval in points]
    below = [at(x, bounds(interval)[0]) for x, interval in reversed(points)]
    band = "L".join(above + below)
    return f'<path d="M{band}z" class="band {css}"/><path d="M{through}" class="line {css}"/>'


def _points(points: Points, place: Scale, up: Scale, series: int) -> str:
    """The marks, and a whisker where a point alone has no band."""
    parts = []
    for x, interval in points:
        low, high = bounds(interval)
        if len(points) == 1:
            parts.append(whisker(place(x), up(high), up(low), series))
        tip = f"<title>{escape(told(f'{x:,g}', interval))}</title>"
        parts.append(f"<g>{tip}{mark(place(x), up(interval.value), series)}</g>")
    return "".join(parts)


def _foot(values: Sequence[float], place: Scale, y: float) -> str:
    """The values across, as many as fit on a phone."""
    write = thousands(values)
    widest = max(len(write(value)) for value in values)
    room = (LETTER * widest + 8) * 100 / PHONE
    kept = spread(values, place, room)
    return "".join(text(place(value), y + 18, write(value), "tick", "middle") for value in kept)


def _words(drawn: Mapping[str, Points], values: Sequence[float]) -> Iterator[str]:
    write = thousands(values)
    for name, points in drawn.items():
        for x, interval in points:
            yield told(f"{name} at {write(x)}", interval)


def scatter(points: Sequence[Point], x_label: str, y_label: str) -> str:
    """A point for each (name, x, interval of y), all of one colour: a name says which it is.

    Across it begins at 0.
    """
    drawn = [point for point in points if known(point[2]) and math.isfinite(point[1])]
    top = top_of(point[2] for point in drawn)
    foot = ABOVE_POINTS + SCATTER
    up = upright(top, ABOVE_POINTS, foot)
    place, values = _across([x for _, x, _ in drawn])
    parts = [text(0, 12, y_label, "tick"), grid(up, ticks(top))]
    write = thousands(values)
    for value in values:
        parts.append(
            line(place(value), ABOVE_POINTS, place(value), ABOVE_POINTS + SCATTER + 4, "grid")
        )
        parts.append(
            text(place(value), ABOVE_POINTS + SCATTER + 18, write(value), "tick", "middle")
        )
    for name, x, interval in drawn:
        low, high = bounds(interval)
        tip = escape(told(f"{name} at {x:,.4g}", interval))
        at = mark(place(x), up(interval.value))
        parts.append(f"<g><title>{tip}</title>{whisker(place(x), up(high), up(low))}{at}</g>")
    parts += _labels(drawn, place, up)
    parts.append(text(100, foot + FOOT - 4, x_label, "tick", "end"))
    facts = (told(f"{name} at {x:,.4g}", interval) for name, x, interval in drawn)
    return figure(foot + FOOT, f"{y_label} by {x_label}", facts, parts)


def _across(values: Sequence[float]) -> tuple[Scale, list[float]]:
    """The scale across, and the values written along it."""
    highest = max(values, default=1.0)
    marks = ticks(highest if highest > 0 else 1.0)
    return Scale(0.0, marks[-1], LEFT, RIGHT), marks


def _labels(points: Sequence[Point], place: Scale, up: Scale) -> list[str]:
    """Each point's name beside it, moved up or down where another name stands already."""
    taken: list[_Label] = []
    parts = []
    for name, x, interval in sorted(
        points, key=lambda point: (-point[2].value, point[1], point[0])
    ):
        words = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        across, wanted = place(x), up(interval.value) + 4
        anchor = "end" if across > (LEFT + RIGHT) / 2 else "start"
        y = wanted
        while any(_collide((across, y, words, anchor), other) for other in taken):
            y += 2
        taken.append((across, y, words, anchor))
        if y - wanted > LINE / 2:  # far from its point: a line leads there
            parts.append(line(across, wanted - 4, across, y - 4, "leader"))
        side = -10 if anchor == "end" else 10
        parts.append(
            f'<g transform="translate({side} 0)">{text(across, y, words, "label", anchor)}</g>'
        )
    return parts


def _collide(one: _Label, other: _Label) -> bool:
    """Whether two labels would touch on a phone, where they are widest in percent."""
    if abs(one[1] - other[1]) >= LINE:
        return False
    (begin, end), (others_begin, others_end) = _reach(one), _reach(other)
    return begin < others_end and others_begin < end


def _reach(label: _Label) -> tuple[float, float]:
    x, _, words, anchor = label
    wide = (LETTER * len(words) + 16) * 100 / PHONE
    return (x - wide, x) if anchor == "end" else (x, x + wide)
