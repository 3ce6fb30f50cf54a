"""Takes lines of plain text apart: the clock at their beginning, or behind a speaker's name.

    [00:12:36] text      (12:36)      00:12:36 text      00:12:36 - Name      (text below)
    Name (12:36): text   Name: [00:12:36] text           Name  12:36          (text below)

A clock in the middle of a line is speech, and so is one behind what cannot be a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from askpod.readers.json_values import seconds
from askpod.readers.voices import is_name

_MAX_HEAD = 160  # characters in which a line's clock stands

_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:[0-5]\d(?:[.,]\d{1,3})?(?![\d:])"
_TIME = (
    rf"(?P<open>[\[(] ?)?(?P<start>{_CLOCK})"
    rf"(?: ?(?:-{{0,2}}>|-|–|—|to) ?(?P<end>{_CLOCK}))?(?P<close> ?[\])])?"
)
_LEADING = re.compile(rf"{_TIME}(?P<rest>.*)", re.DOTALL | re.ASCII)
_TRAILING = re.compile(
    rf"\[?(?P<name>[^\W_][^:：\[\](){{}}<>]{{0,59}}?)\]?(?P<colon>\s?[:：,–—-])?\s*{_TIME}"
    r"(?P<colon_after>\s?[:：])?(?P<rest>.*)",
    re.DOTALL,
)
_SEPARATOR = re.compile(r"\s*(?:[:|]|[-–—](?=\s))?\s*")


@dataclass(slots=True)
class Line:
    """One line, without the marks of Markdown's bold type."""

    number: int  # from 1, in the file
    text: str  # what is said in it, if its name is one
    start: float | None = None  # seconds; None where it has no clock
    end: float | None = None
    name: str = ""  # of the speaker, where one stands before the clock or alone behind it
    sure: bool = False  # it is written so that it can be nothing but a name
    otherwise: Line | None = None  # what the line is if its name is none

    @property
    def is_led(self) -> bool:
        """Whether its clock stands before its name."""
        return self.otherwise is not None and self.otherwise.start is not None


def read_lines(lines: Iterable[str]) -> list[Line]:
    """The lines of a text, with the names that are believed."""
    read = [_line(number, text) for number, text in enumerate(lines, 1)]
    believed = _names_before(read) | _names_behind(read)
    return [
        line.otherwise if line.otherwise and (line.is_led, line.name) not in believed else line
        for line in read
    ]


def _names_before(lines: Sequence[Line]) -> set[tuple[bool, str]]:
    """The names that are believed before a clock.

    They are written so that they can be no speech, stand twice, or are among the many that half
    of the lines with a clock have.
    """
    named = [line for line in lines if line.name and not line.is_led]
    counts = Counter(line.name for line in named)
    mostly = len(named) > 1 and 2 * len(named) >= _timed(lines)
    return {(False, line.name) for line in named if mostly or line.sure or counts[line.name] > 1}


def _names_behind(lines: Sequence[Line]) -> set[tuple[bool, str]]:
    """The names that are believed behind a clock: chapters have titles there.

    Below a speaker's name there is speech, and one name at least stands twice.
    """
    written = [line for line in lines if line.text or line.start is not None]
    counts = Counter(
        line.name for line, below in pairwise(written) if line.is_led and below.start is None
    )
    often = {(True, name) for name, count in counts.items() if count > 1}
    mostly = 2 * counts.total() >= _timed(lines)
    return {(True, name) for name in counts} if often and mostly else often


def _timed(lines: Iterable[Line]) -> int:
    return sum(line.start is not None for line in lines)


def _line(number: int, written: str) -> Line:
    text = written.replace("**", "").strip()
    if ":" not in text[:_MAX_HEAD]:
        return Line(number, text)
    return _led(number, text) or _trailed(number, text) or Line(number, text)


def _led(number: int, text: str) -> Line | None:
    """A line that begins with a clock."""
    match = _LEADING.match(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    rest = match["rest"]
    if rest and not match["open"] and not rest[0].isspace() and rest[0] not in ":|":
        return None
    said = rest[_end_of_separator(rest) :]
    start, end = seconds(match["start"]), seconds(match["end"])
    line = Line(number, said, start, end)
    return Line(number, "", start, end, said, otherwise=line) if _may_be_name(said) else line


def _end_of_separator(rest: str) -> int:
    match = _SEPARATOR.match(rest)
    return match.end() if match else 0


def _trailed(number: int, text: str) -> Line | None:
    """A line that begins with a name and a clock."""
    match = _TRAILING.match(text[:_MAX_HEAD])
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    name = " ".join(match["name"].split())
    said = text[match.start("rest") :].strip()
    if not _may_be_name(name) or (said and not match["open"]):
        return None
    bracketed = bool(match["open"])
    sure = bracketed and bool(match["colon"] or match["colon_after"] or not said)
    return Line(
        number,
        said,
        seconds(match["start"]),
        seconds(match["end"]),
        name,
        sure,
        otherwise=Line(number, text),
    )


def _may_be_name(text: str) -> bool:
    """As captions' labels, and also "speaker 1"."""
    return 0 < len(text) < 60 and is_name(text[0].upper() + text[1:])
