"""Cues: what a caption file holds, and the turns that are made of them.

A cue is some words with the seconds at which they are said. Readers of captions, diarised
transcripts and timed text give their cues in the file's order; one rule makes turns of them:
cues are cleaned, put in the order of time, given the seconds that they lack, and joined into
paragraphs. No word is lost or invented. Refused: more cues, or a longer one, than speech has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from askpod.errors import ReadError
from askpod.model import Turn
from askpod.readers.cleaning import clean
from askpod.readers.limits import MAX_CUES, MAX_SECOND, MAX_SPEECH, MAX_TURN
from askpod.readers.log import FaultLog
from askpod.readers.paragraphs import join_cues
from askpod.times import CHARACTERS_PER_SECOND, anchors

_LOCAL = 10.0  # seconds: cues that go back less were said at about the same time
_FEW = 0.1  # of the cues: so many wrong times are slips, more are another order


@dataclass(frozen=True, slots=True)
class Cue:
    """Some words of one speaker, as the file has them."""

    line: int  # 1-based, of the file
    start: float | None  # seconds; None where the file does not say
    end: float | None
    text: str  # not yet cleaned; markup is gone
    speaker: str = ""  # label; "" where the file names nobody for it
    opens: bool = False  # the file says that another speaker begins here, named or not


def turns_of(cues: Iterable[Cue], log: FaultLog) -> tuple[Turn, ...]:
    """The turns that cues make, in the order of speech; none where no cue has a word.

    Times never go backwards. A turn is estimated where the start of its first cue was not
    stated, or could not be believed. Raises ReadError where there are too many cues.
    """
    spoken = _in_order(_Washing(log).washed(cues), log)
    starts, estimated = _starts(spoken)
    return tuple(join_cues(spoken, starts, estimated))


class _Washing:
    """Cleans the words and the times of cues, and reports each kind of fault once."""

    def __init__(self, log: FaultLog) -> None:
        self._log = log
        self._labels: dict[str, str] = {}
        self._faults: dict[str, list[int]] = {}  # kind -> lines

    def washed(self, cues: Iterable[Cue]) -> list[Cue]:
        """The cues that hold words."""
        kept: list[Cue] = []
        written = 0
        for cue in cues:
            written += len(cue.text)
            if written > MAX_SPEECH:
                raise self._too_much(cue.line, f"more than {MAX_SPEECH:,} characters of speech")
            text = self._text(cue.text, cue.line)
            if text:
                if len(kept) == MAX_CUES:
                    raise self._too_much(cue.line, f"more than {MAX_CUES:,} cues")
                if len(text) > MAX_TURN:
                    held = f"a cue of {len(text):,} characters (at most {MAX_TURN:,})"
                    raise self._too_much(cue.line, held)
                kept.append(self._as_it_should_be(cue, text))
        self._report()
        return kept

    def _as_it_should_be(self, cue: Cue, text: str) -> Cue:
        start, end = self._second(cue.start, cue.line), self._second(cue.end, cue.line)
        if start is not None and end is not None and end < start:
            self._note("end-before-start", cue.line)
            end = None
        speaker = self._label(cue.speaker, cue.line)
        if (text, start, end, speaker) == (cue.text, cue.start, cue.end, cue.speaker):
            return cue
        return Cue(cue.line, start, end, text, speaker, cue.opens)

    def _text(self, text: str, line: int) -> str:
        if text.isascii() and text.isprintable():
            return " ".join(text.split())
        cleaned, mended, hidden = clean(text)
        if mended:
            self._note("mojibake", line)
        if hidden:
            self._note("control-characters", line)
        return cleaned

    def _label(self, label: str, line: int) -> str:
        if label not in self._labels:
            self._labels[label] = self._text(label, line)
        return self._labels[label]

    def _second(self, second: float | None, line: int) -> float | None:
        if second is None or 0 <= second <= MAX_SECOND:
            return second
        self._note("bad-time", line)
        return None

    def _note(self, kind: str, line: int) -> None:
        self._faults.setdefault(kind, []).append(line)

    def _report(self) -> None:
        for kind, lines in self._faults.items():
            self._log.add(lines[0], kind, f"{_times(len(lines))}: {_REPAIRS[kind]}")

    def _too_much(self, line: int, held: str) -> ReadError:
        return ReadError(
            self._log.path, f"holds {held}: no recording has; split it or leave it out", line=line
        )


_REPAIRS = {
    "bad-time": "a time that is no second of a recording is not used",
    "end-before-start": "an end before its start is not used",
    "mojibake": "text encoded twice is mended",
    "control-characters": "invisible characters are removed",
}


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _in_order(cues: list[Cue], log: FaultLog) -> list[Cue]:
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
                f"{_times(len(slips))} a time does not fit between its neighbours: worked out",
            )
            return [
                replace(cue, start=None, end=None) if place in slips else cue
                for place, cue in enumerate(cues)
            ]
    log.add(
        first,
        "time-backwards",
        f"{_times(len(wrong))} speech begins before what stands above it: put in the order of time",
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
