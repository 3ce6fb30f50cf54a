"""The figures of several searches as tables, in plain text or in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from peers.scoring import FIGURES, Figures, interval, means, resampled, target

AIMS = tuple(name for name in FIGURES if name.startswith(("recall", "MRR", "best")))
"""The figures that have a target; the others are shown for what they tell."""

Row = Sequence[str]


class Comparison:
    """The first search beside the others: `each` holds one row of `scores` for each question."""

    def __init__(self, each: Mapping[str, Figures], clusters: Sequence[str]) -> None:
        self._names = list(each)
        self._means = np.array([means(rows) for rows in each.values()])
        self._draws = np.array([resampled(rows, clusters) for rows in each.values()])

    def figures(self) -> list[Row]:
        """Every figure of every search, with its interval."""
        low, high = np.array([interval(draws) for draws in self._draws]).swapaxes(0, 1)
        rows: list[Row] = [["", *self._names]]
        for at, figure in enumerate(FIGURES):
            cells = zip(self._means[:, at], low[:, at], high[:, at], strict=True)
            rows.append([figure, *(f"{x:.3f} {_range(a, b)}" for x, a, b in cells)])
        return rows

    def targets(self) -> list[Row]:
        """Every figure of the first search against that of the best of the others."""
        own = self._names[0]
        rows: list[Row] = [["", own, "best peer", "", "ratio", "difference", "target", ""]]
        for at, figure in enumerate(FIGURES):
            best = 1 + int(self._means[1:, at].argmax())
            ours, theirs = self._means[[0, best], at]
            difference = self._draws[0, :, at] - self._draws[best, :, at]
            low, high = interval(difference)
            wanted, verdict = "", ""
            if figure in AIMS:
                wanted = f"{target(theirs):.3f}"
                verdict = _verdict(ours - target(theirs), low)
            rows.append(
                [
                    figure,
                    f"{ours:.3f}",
                    self._names[best],
                    f"{theirs:.3f}",
                    f"{ours / theirs:.2f}" if theirs else "",
                    f"{ours - theirs:+.3f} {_range(low, high, '+')}",
                    wanted,
                    verdict,
                ]
            )
        return rows


def in_text(rows: Sequence[Row]) -> str:
    """Aligned columns, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )


def in_markdown(rows: Sequence[Row]) -> str:
    header, *body = rows
    rule = ["---", *("--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *body))


def _range(low: float, high: float, sign: str = "") -> str:
    return f"[{low:{sign}.3f}, {high:{sign}.3f}]"


def _verdict(beyond: float, low: float) -> str:
    if beyond < 0:
        return f"{-beyond:.3f} short"
    return "met" if low > 0 else "met, not surely"
