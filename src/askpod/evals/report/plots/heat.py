"""A heat map: figures by two things at once, each cell with its number and its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from askpod.evals.intervals import Interval
from askpod.evals.report.plots.svg import (
    LETTER,
    PHONE,
    bar,
    bounds,
    escape,
    figure,
    figure_text,
    interval_text,
    known,
    line,
    text,
    told,
)

CELL = 46  # pixels down
HEAD = 22
ABOVE = 20  # a row's name where it stands above the row
MOST_BESIDE = 13  # letters of a row's name that fit beside it on a phone
STEPS = 9  # shades, from h0 to h8; from h5 on letters are of the paper's colour


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Interval | None],
    *,
    title: str = "Heat map",
    top: float = 1.0,
) -> str:
    """A cell for each row and column, the darker the nearer its figure is to `top`.

    `cells` is by (row, column). A cell without a figure is empty but for a dash. Under a cell's
    number a line goes from the low to the high end of its interval, from 0 at the left to `top`.
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
            parts.append(_cell(f"{row}, {column}", cell, left + wide * at, y, wide, top))
    facts = (
        told(f"{row}, {column}", cells.get((row, column))) for row in rows for column in columns
    )
    return figure(HEAD + step * len(rows), title, facts, parts)


def _cell(name: str, interval: Interval | None, x: float, y: float, wide: float, top: float) -> str:
    middle = x + wide / 2
    if interval is None or not known(interval):
        empty = bar(x, y, wide, CELL, "cell empty")
        return empty + text(middle, y + CELL / 2 + 4, "–", "soft", "middle")
    shade = _shade(interval.value / top)
    low, high = (x + wide * (0.12 + 0.76 * _share(bound / top)) for bound in bounds(interval))
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
