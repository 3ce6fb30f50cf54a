"""Seconds: how they are written, and how every turn gets its own.

Speech carries a stated second only now and then, and some of those are wrong.
`time_turns` is the one rule by which readers place turns in time. It never refuses:
whatever is stated, the starts it gives never go backwards and are all finite.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise

CHARACTERS_PER_SECOND = 15.0
"""The pace of speech where nothing better is known."""

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})", re.ASCII)


NO_SECOND = "no second"


def clock(seconds: float | None) -> str:
    """Write seconds as people read them: 754 -> "12:34", 3723 -> "1:02:03" (rounded down).

    None, as an untimed episode has it, is "no second".
    """
    if seconds is None:
        return NO_SECOND
    if not math.isfinite(seconds) or seconds < 0:
        return "0:00"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def parse_clock(text: str) -> float | None:
    """Read "12:34", "1:02:03" or "62:23" as seconds; None where the text is no clock."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    if int(seconds) > 59 or (hours is not None and int(minutes) > 59):
        return None
    return float(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds))


def anchors(stated: Sequence[float | None]) -> list[int]:
    """Positions of the stated seconds that can be believed.

    They are the longest non-decreasing subsequence; of equally long ones the one that keeps the
    earliest turns.
    """
    known = [
        (place, float(second))
        for place, second in enumerate(stated)
        if second is not None and math.isfinite(second) and second >= 0
    ]
    runs = _run_lengths([second for _, second in known])
    wanted = max(runs, default=0)
    kept: list[int] = []
    last = 0.0
    # A later second that starts a run of the wanted length is never passed over for a
    # longer one: that would have made the run before it longer too.
    for (place, second), run in zip(known, runs, strict=True):
        if run == wanted and second >= last:
            kept.append(place)
            last, wanted = second, wanted - 1
    return kept


def time_turns(
    stated: Sequence[float | None], lengths: Sequence[int]
) -> list[tuple[float, float, bool]]:
    """Give every turn its start and end second, and say whether the start is estimated.

    `stated` holds the second each turn was said to start at, or None; `lengths` the characters of
    its text. Of anchors with the same second only the first one stands. Between two anchors the
    time is shared out by characters; before the first one it starts from 0; after the last one
    speech runs at 15 characters a second. Raises ValueError where the two sequences differ in
    length.
    """
    if len(stated) != len(lengths):
        raise ValueError(f"{len(stated)} stated seconds for {len(lengths)} turns")
    if not stated:
        return []
    sizes = [max(0, length) for length in lengths]
    said = [0, *accumulate(sizes)]  # characters said before each turn
    same = groupby(anchors(stated), key=stated.__getitem__)
    fixed = [(next(places), float(second or 0.0)) for second, places in same]
    starts = _starts(fixed, said)
    ends = [*starts[1:], starts[-1] + sizes[-1] / CHARACTERS_PER_SECOND]
    stands = {place for place, _ in fixed}
    return [
        (start, end, place not in stands)
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _run_lengths(seconds: Sequence[float]) -> list[int]:
    """For each second the length of the longest non-decreasing run that starts with it."""
    lengths: list[int] = []
    tails: list[float] = []  # negated: the highest start of a run of each length
    for second in reversed(seconds):
        length = bisect_right(tails, -second)
        tails[length : length + 1] = [-second]
        lengths.append(length + 1)
    lengths.reverse()
    return lengths


def _starts(fixed: Sequence[tuple[int, float]], said: Sequence[int]) -> list[float]:
    turns = len(said) - 1
    starts = [0.0] * turns
    points = list(fixed) if fixed and fixed[0][0] == 0 else [(0, 0.0), *fixed]
    for (left, start), (right, end) in pairwise(points):
        total = said[right] - said[left]
        for place in range(left, right):
            share = (said[place] - said[left]) / total if total else 0.0
            starts[place] = min(end, start + (end - start) * share)
    last, start = points[-1]
    for place in range(last, turns):
        starts[place] = start + (said[place] - said[last]) / CHARACTERS_PER_SECOND
    return starts
