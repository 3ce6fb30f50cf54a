"""The order of cues, and the second at which each of them starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from askpod.readers.cues import Cue
from askpod.readers.log import FaultLog
from askpod.times import CHARACTERS_PER_SECOND, anchors

_LOCAL = 10.0  # seconds: cues that go back less were said at about the same time
_FEW = 0.1  # of the cues: so many wrong times are slips, more are another order


def in_order(cues: list[Cue], log: FaultLog) -> list[Cue]:
    """The cues in the order of time.

    A few times far out of place are slips: the cues stay where they stand, and their times are
    worked out. Any other disorder is another order: the cues are sorted, those without a time
    after the one that they followed.
    """
    wrong, deepest = _disorder(cues)
    if not wrong:
        return cues
    first = cues[wrong[0]].line
    if deepest > _LOCAL:
        slips = _unbelieved(cues)
        if len(slips) <= _FEW * len(cues):
            log.add(
                cues[min(slips)].line,
                "time-backwards",
                f"{times(len(slips))} a time does not fit between its neighbours: worked out",
            )
            return [
                replace(cue, start=None, end=None) if place in slips else cue
                for place, cue in enumerate(cues)
            ]
    log.add(
        first,
        "time-backwards",
        f"{times(len(wrong))} speech begins before what stands above it: put in the order of time",
    )
    latest = 0.0
    keys = [latest := cue.start if cue.start is not None else latest for cue in cues]
    return [cues[place] for place in sorted(range(len(cues)), key=keys.__getitem__)]


def _disorder(cues: Sequence[Cue]) -> tuple[list[int], float]:
    """Where a start lies before an earlier one, and by how many seconds at most."""
    wrong: list[int] = []
    latest = deepest = 0.0
    for place, cue in enumerate(cues):
        if cue.start is None:
            continue
        if cue.start < latest:
            wrong.append(place)
            deepest = max(deepest, latest - cue.start)
        else:
            latest = cue.start
    return wrong, deepest


def _unbelieved(cues: Sequence[Cue]) -> set[int]:
    stated = {place for place, cue in enumerate(cues) if cue.start is not None}
    return stated.difference(anchors([cue.start for cue in cues]))


def starts_of(cues: Sequence[Cue]) -> tuple[list[float], list[bool]]:
    """The second at which each cue starts, and whether it is estimated.

    Between two stated starts, and not past the end that a cue states, time is shared out by
    characters; what comes before the first one starts from 0, what comes after the last one
    runs at the pace of speech.
    """
    starts = [0.0 if cue.start is None else cue.start for cue in cues]
    estimated = [cue.start is None for cue in cues]
    if not any(estimated):
        return starts, estimated
    begin = 0
    for place in range(len(cues) + 1):
        if place < len(cues) and estimated[place]:
            continue
        if place - begin > 1:
            limit = starts[place] if place < len(cues) else None
            starts[begin:place] = _between(cues[begin:place], starts[begin], limit)
        begin = place
    return starts, estimated


def _between(cues: Sequence[Cue], start: float, limit: float | None) -> list[float]:
    """The starts of cues of which only the first one's is known.

    Where that one states its end, the others share what lies behind it.
    """
    end = cues[0].end
    if end is not None and start < end and (limit is None or end <= limit):
        return [start, *_shared_out(cues[1:], end, limit)]
    return _shared_out(cues, start, limit)


def _shared_out(cues: Sequence[Cue], start: float, limit: float | None) -> list[float]:
    """Starts from `start` on; the last cue ends at what it states, else at the limit."""
    said = [0, *accumulate(len(cue.text) for cue in cues)]
    end = cues[-1].end
    if end is None or end < start:
        end = limit if limit is not None else start + said[-1] / CHARACTERS_PER_SECOND
    end = min(end, limit) if limit is not None else end
    return [start + (end - start) * before / said[-1] for before in said[:-1]]


def times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
