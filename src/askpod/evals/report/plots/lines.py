"""Lines of figures over something that grows, such as words or tokens, with bands of intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from askpod.evals.intervals import Interval
from askpod.evals.report.plots.axes import (
    Scale,
    across,
    grid,
    spread,
    thousands,
    ticks,
    top_of,
    upright,
)
from askpod.evals.report.plots.svg import (
    LETTER,
    PHONE,
    SERIES,
    bounds,
    escape,
    figure,
    known,
    mark,
    number,
    stretched,
    text,
    told,
    whisker,
)

PLOT = 230  # pixels from the top of the upright axis to its foot
LEGEND = 20  # pixels of a row of it
FOOT = 40

Points = Sequence[tuple[float, Interval]]


def lines(
    series: Mapping[str, Points],
    x_label: str,
    y_label: str,
    log_x: bool = False,
    *,
    title: str = "",
) -> str:
    """A line for each of `series` (its name -> points (x, interval)), with its intervals.

    Up and down goes from 0 to 1, or to the next round value where figures are larger.
    """
    drawn = {name: [each for each in points if known(each[1])] for name, points in series.items()}
    values = [x for points in drawn.values() for x, _ in points]
    top = top_of(interval for points in drawn.values() for _, interval in points)
    legend, first = _legend(list(series))
    up = upright(top, first, first + PLOT)
    parts = [legend, text(0, first - 22, y_label, "tick"), grid(up, ticks(top))]
    if values:
        place = across(values, log_x)
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
