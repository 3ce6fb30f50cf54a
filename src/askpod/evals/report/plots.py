"""Plots as SVG: bars with intervals, a heat map, lines with bands. And figures as people read them.

Across it is drawn in percent, down in pixels, so that letters have the same size on a phone and on
a desk. Colours are classes of the page's style sheet. Each `<desc>` says what a plot shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape as html_escape

from askpod.evals.intervals import Interval
from askpod.text import visible

SERIES = 6  # colours; a seventh series has the first one's again, with another mark
LETTER = 7.2  # pixels that a letter of a label takes, on the generous side
PHONE = 330  # pixels that a plot has on a narrow phone
LEFT, RIGHT = 12.0, 94.0  # percent across, between which points stand

ROW = 38  # pixels of a row of bars: its label, and the bar below
LABEL, MIDDLE, THICK = 15, 27, 9
BARS_FOOT = 20
LONGEST_LABEL = 34  # letters that stand beside the figure on a phone

CELL = 46  # pixels down
HEAD = 22
STEPS = 9  # shades, from h0 to h8; from h5 on letters are of the paper's colour

PLOT = 230  # pixels from the top of the upright axis to its foot
LEGEND = 20  # pixels of a row of it
FOOT = 40

Points = Sequence[tuple[float, Interval]]
Scale = Callable[[float], float]  # a value's place


def figure_text(value: float) -> str:
    """A figure as people read it: 0.52, 3.1, 42, 1,250."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def interval_text(interval: Interval) -> str:
    """Both bounds of an interval, such as `0.61–0.74`; "" of one question, which has none."""
    if interval.questions < 2:
        return ""
    return f"{figure_text(interval.low)}–{figure_text(interval.high)}"


def ticks(highest: float) -> list[float]:
    """Four to six round values from 0, the last of which is not below `highest` (above 0)."""
    rough = max(highest, 1e-9) / 4  # denormal numbers have no logarithm after a division
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= rough * 0.999)
    return [step * each for each in range(math.ceil(highest / step - 1e-9) + 1)]


def strip(interval: Interval) -> str:
    """One share of 1 as a thin line, without words: goes beside a figure that says them."""
    low, high = (100 * min(max(bound, 0.0), 1.0) for bound in (interval.low, interval.high))
    parts = (
        _bar(0, 4, 100, 3, "track"),
        _bar(low, 2, high - low, 7, "spread s0"),
        _bar(min(100 * interval.value, 100) - 0.6, 0, 1.2, 11, "tick-at s0"),
    )
    return f'<svg class="plot" width="100%" height="11" aria-hidden="true">{"".join(parts)}</svg>'


def interval_bars(
    rows: Sequence[tuple[str, Interval | None]],
    *,
    title: str = "Figures with their 95 % intervals",
    low: float = 0.0,
    top: float = 1.0,
    reference: float | None = None,
) -> str:
    """A bar for each (label, interval), from 0; a row without a figure has a dash.

    The scale goes from `low`, the lowest figure that there can be, to `top`. `reference` is a value
    that a dotted line marks in all rows, such as the figure of them all.
    """
    scale = _scale(low, top, 0.0, 100.0)
    height = ROW * len(rows)
    values = [*([-each for each in ticks(-low)[:0:-1]] if low < 0 else []), *ticks(top)]
    parts = []
    for place, (label, interval) in enumerate(rows):
        middle = place * ROW + MIDDLE
        parts += [_mark_across(scale(value), middle, "grid") for value in values]
        parts.append(_row(label, interval, place * ROW, scale))
        if reference is not None:
            parts.append(_mark_across(scale(reference), middle, "reference"))
    for value in values:
        place_of = scale(value)
        anchor = "start" if place_of < 5 else "end" if place_of > 95 else "middle"
        parts.append(_text(place_of, height + BARS_FOOT - 3, _tick(value), "tick", anchor))
    return _figure(height + BARS_FOOT, title, (_told(*row) for row in rows), parts)


def _mark_across(x: float, y: float, css: str) -> str:
    """A line behind a row's bar, but not behind its words."""
    return _line(x, y - 8, x, y + 8, css)


def _row(label: str, interval: Interval | None, y: float, scale: Scale) -> str:
    short = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    parts = [_text(0, y + LABEL, short, "label")]
    if interval is None:
        return "".join([*parts, _text(100, y + LABEL, "–", "soft", "end")])
    low, high, middle = scale(interval.low), scale(interval.high), y + MIDDLE
    zero, value = scale(0.0), scale(interval.value)
    parts += [
        f'<text x="100%" y="{_number(y + LABEL)}" text-anchor="end"><tspan class="value">'
        f'{figure_text(interval.value)}</tspan><tspan dx="6" class="soft">'
        f"{interval_text(interval)}</tspan></text>",
        _bar(min(zero, value), middle - THICK / 2, abs(value - zero), THICK, "bar s0"),
    ]
    if interval.questions > 1:
        parts.append(_line(low, middle, high, middle, "interval s0"))
        parts += [_line(end, middle - 4, end, middle + 4, "interval s0") for end in (low, high)]
    parts.append(f'<circle cx="{_percent(value)}" cy="{_number(middle)}" r="3.5" class="dot s0"/>')
    return f"<g><title>{_escape(_told(label, interval))}</title>{''.join(parts)}</g>"


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Interval | None],
    *,
    title: str = "Heat map",
) -> str:
    """A cell for each row and column, the darker the nearer its figure is to 1.

    `cells` is by (row, column); one without a figure is empty but for a dash.
    """
    left = (LETTER * max((len(row) for row in rows), default=0) + 8) * 100 / PHONE
    left = min(left, 32.0)
    wide = (100 - left) / max(1, len(columns))
    parts = [
        _text(left + wide * (at + 0.5), HEAD - 8, column, "tick", "middle")
        for at, column in enumerate(columns)
    ]
    facts = []
    for down, row in enumerate(rows):
        y = HEAD + down * CELL
        parts.append(_text(0, y + CELL / 2 + 4, row, "label"))
        for at, column in enumerate(columns):
            cell = cells.get((row, column))
            facts.append(_told(f"{row}, {column}", cell))
            parts.append(_cell(facts[-1], cell, left + wide * at, y, wide))
    return _figure(HEAD + CELL * len(rows), title, facts, parts)


def _cell(told: str, interval: Interval | None, x: float, y: float, wide: float) -> str:
    middle = x + wide / 2
    if interval is None:
        empty = _bar(x, y, wide, CELL, "cell empty")
        return empty + _text(middle, y + CELL / 2 + 4, "–", "soft", "middle")
    shade = min(STEPS - 1, int(min(max(interval.value, 0.0), 1.0) * STEPS))
    on = " on" if shade >= 5 else ""
    parts = [
        f"<title>{_escape(told)}</title>",
        _bar(x, y, wide, CELL, f"cell h{shade}"),
        _text(middle, y + 21, figure_text(interval.value), f"value{on}", "middle"),
        _text(middle, y + 36, interval_text(interval), f"fine{on}", "middle"),
    ]
    return f"<g>{''.join(parts)}</g>"


def lines(series: Mapping[str, Points], x_label: str, y_label: str, *, title: str = "") -> str:
    """A line for each of `series` (its name -> points (x, interval)), with its intervals.

    Up and down goes from 0 to 1, or to the next round value where figures are larger; across by
    logarithms, unless a point stands at 0.
    """
    values = [x for points in series.values() for x, _ in points]
    highest = max((each.high for points in series.values() for _, each in points), default=1.0)
    top = 1.0 if highest <= 1 else ticks(highest)[-1]
    legend, first = _legend(list(series))
    up = _scale(0.0, top, first + PLOT, first)
    parts = [legend, _text(0, first - 22, y_label, "tick")]
    for tick in ticks(top):
        parts.append(_line(0, up(tick), 100, up(tick), "grid"))
        parts.append(_text(0, up(tick) - 4, _tick(tick), "tick"))
    if values:
        place = _scale(min(values), max(values), LEFT, RIGHT, log=min(values) > 0)
        paths = (_path(points, place, top, at) for at, points in enumerate(series.values()))
        parts.append(  # drawn from 0 to 100 both across and down
            f'<svg x="0" y="{_number(first)}" width="100%" height="{PLOT}" viewBox="0 0 100 100" '
            f'preserveAspectRatio="none">{"".join(paths)}</svg>'
        )
        parts += [_points(points, place, up, at) for at, points in enumerate(series.values())]
        parts.append(_foot(values, place, first + PLOT))
    parts.append(_text(100, first + PLOT + FOOT - 4, x_label, "tick", "end"))
    said = title or f"{y_label} by {x_label}"
    return _figure(first + PLOT + FOOT, said, _words(series, values), parts)


def _legend(names: Sequence[str]) -> tuple[str, float]:
    """The names with their marks, and the pixel at which the plot may begin below them."""
    widest = 24 + LETTER * max((len(name) for name in names), default=0)
    columns = max(1, min(4, len(names), int(PHONE / widest)))
    parts = []
    for at, name in enumerate(names):
        x, y = at % columns * 100 / columns, at // columns * LEGEND
        parts.append(
            f'<svg x="{_number(x)}%" y="{_number(y)}" overflow="visible">{_mark(0, 10, at)}'
            f'<text x="12" y="14" class="label">{_escape(name)}</text></svg>'
        )
    # A mark at the very left would be cut in half.
    shifted = f'<g transform="translate(6 0)">{"".join(parts)}</g>'
    return shifted, LEGEND * -(-len(names) // columns) + 40


def _mark(x: float, y: float, series: int) -> str:
    """A series' mark: a disc, a square, a diamond or a ring, by its number."""
    drawn = (
        '<circle r="4"/>',
        '<rect x="-3.6" y="-3.6" width="7.2" height="7.2"/>',
        '<path d="M0-5.2 5.2 0 0 5.2-5.2 0z"/>',
        '<circle r="3.4" class="ring"/>',
    )[series % 4]
    at = f'x="{_percent(x)}" y="{_number(y)}" overflow="visible"'
    return f'<svg {at} width="1" height="1" class="mark s{series % SERIES}">{drawn}</svg>'


def _path(points: Points, place: Scale, top: float, series: int) -> str:
    """The line through the points and the band of their intervals, in hundredths of the plot."""
    if len(points) < 2:
        return ""

    def at(x: float, value: float) -> str:
        return f"{_number(place(x))} {_number(100 - 100 * min(max(value, 0.0), top) / top)}"

    css = f"s{series % SERIES} d{series % SERIES}"
    through = "L".join(at(x, interval.value) for x, interval in points)
    above = [at(x, interval.high) for x, interval in points]
    below = [at(x, interval.low) for x, interval in reversed(points)]
    band = "L".join(above + below)
    return f'<path d="M{band}z" class="band {css}"/><path d="M{through}" class="line {css}"/>'


def _points(points: Points, place: Scale, up: Scale, series: int) -> str:
    """The marks, and a whisker where a point alone has no band."""
    parts = []
    for x, interval in points:
        at, low, high = place(x), _number(up(interval.low)), _number(up(interval.high))
        if len(points) == 1:
            parts.append(
                f'<svg x="{_percent(at)}" y="0" overflow="visible" width="1" height="1" '
                f'class="whisker s{series % SERIES}">'
                f'<path d="M0 {high}V{low}M-4 {high}H4M-4 {low}H4"/></svg>'
            )
        tip = f"<title>{_escape(_told(f'{x:,g}', interval))}</title>"
        parts.append(f"<g>{tip}{_mark(at, up(interval.value), series)}</g>")
    return "".join(parts)


def _foot(values: Sequence[float], place: Scale, y: float) -> str:
    """The values across, as many as stand side by side on a phone; the last one always."""
    write = _thousands(values)
    room = (LETTER * max(len(write(value)) for value in values) + 8) * 100 / PHONE
    kept: list[float] = []
    for value in sorted(set(values), reverse=True):
        if not kept or place(kept[-1]) - place(value) >= room:
            kept.append(value)
    return "".join(_text(place(value), y + 18, write(value), "tick", "middle") for value in kept)


def _words(series: Mapping[str, Points], values: Sequence[float]) -> Iterator[str]:
    write = _thousands(values)
    for name, points in series.items():
        for x, interval in points:
            yield _told(f"{name} at {write(x)}", interval)


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


def _figure(height: float, title: str, facts: Iterable[str], parts: Iterable[str]) -> str:
    """A whole plot. `facts` are what it shows in words, for those who do not see it."""
    return (
        f'<svg class="plot" width="100%" height="{_number(height)}" role="img" '
        f'aria-label="{_escape(title)}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{_escape(title)}</title><desc>{_escape('; '.join(facts))}</desc>"
        f"{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, words: str, css: str, anchor: str = "start") -> str:
    """Words at `x` percent and `y` pixels; `anchor` is start, middle or end."""
    return (
        f'<text x="{_percent(x)}" y="{_number(y)}" class="{css}" text-anchor="{anchor}">'
        f"{_escape(words)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A line; x in percent of the width, y in pixels."""
    return (
        f'<line x1="{_percent(x1)}" y1="{_number(y1)}" x2="{_percent(x2)}" y2="{_number(y2)}" '
        f'class="{css}"/>'
    )


def _bar(x: float, y: float, width: float, height: float, css: str) -> str:
    """A rectangle; x and width in percent of the width, y and height in pixels."""
    return (
        f'<rect x="{_percent(x)}" y="{_number(y)}" width="{_percent(max(0.0, width))}" '
        f'height="{_number(height)}" class="{css}"/>'
    )


def _escape(text: str) -> str:
    return html_escape(visible(text, kept="\t\n"), quote=True)


def _number(value: float) -> str:
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short in ("-0", "") else short


def _percent(value: float) -> str:
    return f"{_number(value)}%"
