"""Cues: what a caption file holds, some words with the seconds at which they are said.

Speech recognisers give a sentence or two as one text, and beside it the second, sometimes the
speaker, of each word: `cut` makes cues of that. The text itself stands as it is: only where it
may be cut is decided.

Cues keep the order of the file, whatever its clock says. A clock may start again (a recording in
parts), forget the hour, go back a little (people talk at the same time), or be wrong here and
there. Each is a fault with a name; none moves a word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import le
from statistics import median
from typing import NamedTuple

from askpod.readers.text import SENTENCE_ENDS, FaultLog
from askpod.times import CHARACTERS_PER_SECOND, anchors, clock


class Cue(NamedTuple):
    """Some words of one speaker, as the file has them (a tuple: large files have 50,000)."""

    line: int  # 1-based, of the file
    start: float | None  # seconds; None where the file does not say
    end: float | None
    text: str  # not yet cleaned; markup is gone
    speaker: str = ""  # label; "" where the file names nobody for it
    opens: bool = False  # the file says that another speaker begins here, named or not


def later(second: float | None, seconds: float | None) -> float | None:
    """The second so many seconds after another; None where either is not known."""
    return None if second is None or seconds is None else second + seconds


_SPACING = 2.0  # seconds between two cuts: a quote needs no more
_REACH = 40  # characters that may stand between a word and where the one before it ended


class Word(NamedTuple):
    """Where a word begins in its text, and what is known about it."""

    offset: int
    second: float | None
    speaker: str = ""  # "" where nobody is named for it


def locate(text: str, words: Iterable[tuple[str, float | None, str]]) -> list[Word]:
    """The places of (word, second, speaker) in a text, in their order.

    A word that is not found near its place is passed over: the text is what was said.
    """
    found: list[Word] = []
    at = 0
    for written, second, speaker in words:
        bare = written.strip()
        place = text.find(bare, at, at + len(bare) + _REACH) if bare else -1
        if place >= 0:
            found.append(Word(place, second, speaker))
            at = place + len(bare)
    return found


def cut(whole: Cue, words: Sequence[Word]) -> Iterator[Cue]:
    """The cue in pieces: one for each speaker, each sentence, and about every two seconds.

    Words without a speaker belong to the one before them. A piece never starts inside a
    word, unless the speaker changes there.
    """
    speaker = next((word.speaker for word in words if word.speaker), whole.speaker)
    begin, start = 0, whole.start
    for word in words:
        other = bool(word.speaker) and word.speaker != speaker
        if begin < word.offset < len(whole.text) and (other or _is_due(whole.text, word, start)):
            yield Cue(whole.line, start, word.second, whole.text[begin : word.offset], speaker)
            begin, start = word.offset, word.second
        speaker = word.speaker or speaker
    yield Cue(whole.line, start, whole.end, whole.text[begin:], speaker)


def _is_due(text: str, word: Word, start: float | None) -> bool:
    """Whether a piece may end before a word, and has a reason to."""
    before = text[max(0, word.offset - 2) : word.offset]
    if word.second is None or not (before[-1:].isspace() or text[word.offset].isspace()):
        return False
    if start is None or word.second >= start + _SPACING:
        return True
    return word.second > start and before.rstrip()[-1:] in SENTENCE_ENDS


_LOCAL = 10.0  # seconds: cues that go back less are said at about the same time
_NEAR_ZERO = 0.25  # of the part before: a clock that starts again starts so low
_HOUR, _DAY = 3600.0, 86_400.0
_HOUR_GAP = 60.0  # seconds at most to the next cue, where a clock forgets the hour
_HOUR_STEPS = 3  # or so many times what a step takes there
_NEAR_STEPS = 20  # steps by which that is known
_FEW = 0.1  # of the cues: so many wrong times in a row are slips, and no other part
_MOST_SLIPS = 50  # in a row
_LEAP = 10  # times what a step takes: the last time of all is wrong if it is so far away
_LONGEST_LEAP = 1_800.0  # seconds, likewise


@dataclass(frozen=True, slots=True)
class _Part:
    """Cues from one start of the clock to the next one."""

    places: list[int]  # of the cues with a time
    offset: float = 0.0  # seconds to add
    guessed: bool = False  # the offset is only where the part before ends


def starts_in_order(
    cues: Sequence[Cue], log: FaultLog
) -> tuple[list[Cue], list[float], list[bool]]:
    """The cues with times that never go back, their starts, and whether each is estimated.

    Args:
        cues: cleaned, in the file's order.
        log: takes the faults of the clock.
    """
    cues = _from_the_start(cues, log)
    parts = _parts(cues, log)
    timed = list(cues)
    guessed = set[int]()
    for part in parts:
        _mend(timed, part, log)
        if part.guessed:
            guessed.update(part.places)
            first = part.places[0]
            timed[first] = timed[first]._replace(opens=True)
    _never_back(timed, guessed)
    starts, estimated = _starts(timed)
    return timed, starts, [each or at in guessed for at, each in enumerate(estimated)]


def _from_the_start(cues: Sequence[Cue], log: FaultLog) -> Sequence[Cue]:
    """The cues, counted from the hour at which an editor's timeline begins, such as 01:00:00:00.

    A clock that begins late at another time may be that of a day: it is reported.
    """
    first = min((cue for cue in cues if cue.start is not None), key=_start, default=None)
    if first is None or _start(first) < _HOUR:
        return cues
    begin = _start(first) // _HOUR * _HOUR
    if _start(first) - begin > _HOUR_GAP or begin >= _DAY:
        told = (
            f"nothing is said before {clock(_start(first))}: where that is a time of day,"
            " links open a wrong second; export the times of the recording"
        )
        log.add(first.line, "late-start", told)
        return cues
    log.add(
        first.line,
        "timeline-hour",
        f"the clock begins at {clock(begin)}, as editors' timelines do: counted from there",
    )
    return [
        cue
        if cue.start is None
        else cue._replace(start=cue.start - begin, end=None if cue.end is None else cue.end - begin)
        for cue in cues
    ]


def _start(cue: Cue) -> float:
    return cue.start or 0.0


def _never_back(cues: list[Cue], guessed: set[int]) -> None:
    """Takes what still begins before the cue above it, where parts meet, as said at its second."""
    latest = 0.0
    for place, cue in enumerate(cues):
        if cue.start is None:
            continue
        if cue.start < latest:
            end = None if cue.end is None or cue.end < latest else cue.end
            cues[place] = cue._replace(start=latest, end=end)
            guessed.add(place)
        latest = max(latest, cue.start)


def times(count: int) -> str:
    """How often, in words: "once", "12 times"."""
    return "once" if count == 1 else f"{count:,} times"


def _parts(cues: Sequence[Cue], log: FaultLog) -> list[_Part]:
    """The cues with a time, cut where the clock starts again, with what each part must be moved."""
    places = [place for place, cue in enumerate(cues) if cue.start is not None]
    starts = [cues[place].start or 0.0 for place in places]
    cuts = _restarts(starts)
    parts: list[_Part] = []
    for begin, end in zip([0, *cuts], [*cuts, len(places)], strict=True):
        part = _Part(places[begin:end])
        if parts:
            part = _moved(part, parts[-1], cues, log)
        parts.append(part)
    return parts


def _restarts(starts: Sequence[float]) -> list[int]:
    """Where the clock starts again, or has lost an hour; a few wrong times do not count."""
    cuts: list[int] = []
    begin = 0  # of the part
    highest = 0.0
    for at, start in enumerate(starts):
        if (
            at > begin
            and start < starts[at - 1] - _LOCAL
            and _is_restart(starts, begin, at, highest)
        ):
            cuts.append(at)
            begin, highest = at, start
        highest = max(highest, start)
    return cuts


def _is_restart(starts: Sequence[float], begin: int, at: int, highest: float) -> bool:
    start, before = starts[at], starts[at - 1]
    if at + 1 < len(starts) and starts[at + 1] >= before - _LOCAL:
        return False  # this one alone is low
    slips = min(_MOST_SLIPS, max(1, int(_FEW * (at - begin))))
    if any(starts[place] <= start for place in range(max(begin, at - 1 - slips), at - 1)):
        return False  # a few before it are high
    steps = [b - a for a, b in pairwise(starts[max(begin, at - _NEAR_STEPS) : at])]
    if _lost_hours(before, start, median(steps or [0.0])):
        return True
    if at - begin == 1 or at + 1 == len(starts):
        return False  # one time alone is wrong
    first = starts[begin]
    return start <= first or start - first <= _NEAR_ZERO * (highest - first)


def _lost_hours(before: float, start: float, step: float) -> int:
    """How many hours a clock has lost, 0 where it has not; `step` is usual between two cues."""
    hours = math.ceil((before - start) / _HOUR)
    gap = max(_HOUR_GAP, _HOUR_STEPS * step)
    return hours if hours > 0 and hours * _HOUR + start - before <= gap else 0


def _moved(part: _Part, before: _Part, cues: Sequence[Cue], log: FaultLog) -> _Part:
    """The part, moved behind the one before it."""
    first = cues[part.places[0]]
    last = cues[before.places[_believed(cues, before)[-1]]]
    near = [cues[place].start or 0.0 for place in before.places[-_NEAR_STEPS:]]
    step = median([b - a for a, b in pairwise(near)] or [0.0])
    hours = _lost_hours(last.start or 0.0, first.start or 0.0, step)
    if hours:
        log.add(
            first.line, "hour-forgotten", f"the clock loses the hour: {hours} h added from here"
        )
        return _Part(part.places, before.offset + hours * _HOUR, before.guessed)
    said = (last.start or 0.0) + len(last.text) / CHARACTERS_PER_SECOND
    end = said if last.end is None else max(last.start or 0.0, last.end)
    log.add(
        first.line,
        "clock-restarts",
        "the clock starts again: taken as going on where the part before ends",
    )
    return _Part(part.places, before.offset + end, guessed=True)


def _mend(cues: list[Cue], part: _Part, log: FaultLog) -> None:
    """Moves the cues of a part, and takes out the times that do not fit between the others."""
    starts = [cues[place].start or 0.0 for place in part.places]
    believed = _believed(cues, part)
    if len(believed) == len(starts) and not part.offset:
        return
    kept = set(believed)
    following = iter([*(starts[at] for at in believed), math.inf])
    next_anchor = next(following)
    latest = 0.0
    early: list[int] = []
    wrong: list[int] = []
    for at, (place, start) in enumerate(zip(part.places, starts, strict=True)):
        cue = cues[place]
        if at in kept:
            next_anchor = next(following)
        elif abs(start - latest) <= _LOCAL or latest < start <= next_anchor < math.inf:
            early.append(cue.line)
        else:
            wrong.append(cue.line)
            cues[place] = cue._replace(start=None, end=None)
            continue
        latest = max(latest, min(start, next_anchor))
        if latest != start or part.offset:
            end = None if cue.end is None else max(cue.end, latest) + part.offset
            cues[place] = cue._replace(start=latest + part.offset, end=end)
    _report(early, "speech begins before what stands above it: taken at its second", log)
    _report(wrong, "a time does not fit between its neighbours: worked out", log)


def _believed(cues: Sequence[Cue], part: _Part) -> list[int]:
    """Positions of the times that fit together, without one at the end that is far too late."""
    starts = [cues[place].start or 0.0 for place in part.places]
    last = len(starts) - 1
    stated: list[float | None] = list(starts)
    if last > 1 and starts[last - 2] <= starts[last] < starts[last - 1]:
        step, leap = starts[last] - starts[last - 2], starts[last - 1] - starts[last - 2]
        if leap > _LEAP * max(step, _LOCAL):
            stated[last - 1] = None
    elif last > 1:
        leap = starts[last] - max(starts[:last])
        needed = len(cues[part.places[last - 1]].text) / CHARACTERS_PER_SECOND
        lasted = max(starts[:last]) - min(starts[:last])
        if leap > _LONGEST_LEAP and leap > _LEAP * max(needed, lasted):
            stated[last] = None
    if None not in stated and all(map(le, starts, starts[1:])):
        return list(range(len(starts)))
    return anchors(stated)


def _report(lines: Sequence[int], what: str, log: FaultLog) -> None:
    if lines:
        log.add(lines[0], "time-backwards", f"{times(len(lines))} {what}")


def _starts(cues: Sequence[Cue]) -> tuple[list[float], list[bool]]:
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
