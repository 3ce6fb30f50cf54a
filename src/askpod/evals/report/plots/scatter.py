"""Points with an interval each, such as models by their quality and their latency."""

from __future__ import annotations

import math
from collections.abc import Sequence

from askpod.evals.intervals import Interval
from askpod.evals.report.plots.axes import Scale, grid, thousands, ticks, top_of, upright
from askpod.evals.report.plots.svg import (
    LETTER,
    PHONE,
    bounds,
    escape,
    figure,
    known,
    line,
    mark,
    text,
    told,
    whisker,
)

PLOT = 260
HEAD, FOOT = 36, 40
LEFT, RIGHT = 11.0, 96.0
LINE = 16  # pixels between two labels
LONGEST = 26  # letters of a label

Point = tuple[str, float, Interval]
_Label = tuple[float, float, str, str]  # x percent, y pixels, words, anchor


def scatter(
    points: Sequence[Point],
    x_label: str,
    y_label: str,
    *,
    log_x: bool = False,
    title: str = "",
) -> str:
    """A point for each (name, x, interval of y), all of one colour: a name says which it is.

    Across it begins at 0, or at the power of ten below the least value with `log_x`.
    """
    drawn = [point for point in points if known(point[2]) and math.isfinite(point[1])]
    top = top_of(point[2] for point in drawn)
    up = upright(top, HEAD, HEAD + PLOT)
    place, values = _across([x for _, x, _ in drawn], log_x)
    parts = [text(0, 12, y_label, "tick"), grid(up, ticks(top))]
    write = thousands(values)
    for value in values:
        parts.append(line(place(value), HEAD, place(value), HEAD + PLOT + 4, "grid"))
        parts.append(text(place(value), HEAD + PLOT + 18, write(value), "tick", "middle"))
    for name, x, interval in drawn:
        low, high = bounds(interval)
        tip = escape(told(f"{name} at {x:,.4g}", interval))
        at = mark(place(x), up(interval.value))
        parts.append(f"<g><title>{tip}</title>{whisker(place(x), up(high), up(low))}{at}</g>")
    parts += _labels(drawn, place, up)
    parts.append(text(100, HEAD + PLOT + FOOT - 4, x_label, "tick", "end"))
    said = title or f"{y_label} by {x_label}"
    facts = (told(f"{name} at {x:,.4g}", interval) for name, x, interval in drawn)
    return figure(HEAD + PLOT + FOOT, said, facts, parts)


def _across(values: Sequence[float], log: bool) -> tuple[Scale, list[float]]:
    """The scale across, and the values written along it."""
    highest = max(values, default=1.0)
    least = min((value for value in values if value > 0), default=1.0)
    if not log or highest <= 0:
        marks = ticks(highest if highest > 0 else 1.0)
        return Scale(0.0, marks[-1], LEFT, RIGHT), marks
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(highest) + 1e-9) + 1)
    marks = [10.0**power for power in powers]
    marks = marks if len(marks) > 1 else [marks[0], marks[0] * 10]
    return Scale(marks[0], marks[-1], LEFT, RIGHT, log=True), marks


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
