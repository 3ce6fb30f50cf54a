"""Reads JSON safely, with the line of every row, and takes values of whatever type out of it.

The formats share their outer shape: a list of rows, or an object that holds one. Only that shape
is walked here, so that a row knows its line; the rows themselves are read by the standard
library's C parser. Nothing in a file can make this slow or large: sizes are bounded before
anything is parsed, nesting by the parser, and a number of any length is one float. Refused: what
is no JSON, and an object that names a value twice and means two things by it. A value of the
wrong type inside a row is left out and reported.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

from askpod.errors import ReadError, Unrecognised
from askpod.readers.text import (
    MAX_COMMAS,
    MAX_CUES,
    MAX_JSON_BYTES,
    MAX_NAMES,
    MAX_OPENED,
    MAX_SECOND,
    FaultLog,
    excerpt,
)
from askpod.text import well_formed

_SPACE = re.compile(r"[ \t\r\n]*")
_NAMES = re.compile(
    '"(?:startTime|start|tStartMs|segments|snippets|transcription|chunks|text|body|utf8)"'
)


class Rows(list[object]):
    """The values of a list, and the line of the file that each of them starts in."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def load_json(path: Path, text: str) -> object:
    """The value that a file's text stands for; every number in it is a float.

    The outermost list, or the lists in the outermost object, are `Rows` where they hold
    objects. Raises ReadError, with line and column where they are known; Unrecognised where
    what cannot be read does not even use the names of a transcript.
    """
    _check_sizes(path, text)
    document = _Document(text)
    try:
        return document.read()
    except json.JSONDecodeError as error:
        problem = f"is not valid JSON ({error.msg}); mend this line or fetch the file again"
        refusal = ReadError if _NAMES.search(text) else Unrecognised
        raise refusal(path, problem, line=error.lineno, column=error.colno) from None
    except RecursionError:
        problem = "nests values far deeper than a transcript does; fetch it again or leave it out"
    except _Refused as error:
        problem = str(error)
    raise ReadError(path, problem, line=document.line)


def _check_sizes(path: Path, text: str) -> None:
    """Refuse what would take too much time or memory. Counting is quick: parsing is not."""
    opened = text.count("{") + text.count("[")
    commas = text.count(",")
    if len(text) > MAX_JSON_BYTES:
        problem = f"is larger than {MAX_JSON_BYTES // 1024 // 1024} MB of JSON"
    elif opened > MAX_OPENED:
        problem = f"holds {opened:,} objects and lists (at most {MAX_OPENED:,})"
    elif commas > MAX_COMMAS:
        problem = f"holds {commas:,} values (at most {MAX_COMMAS:,})"
    else:
        return
    raise ReadError(path, f"{problem}; split it or leave it out")


class _Refused(Exception):
    """Why a value is not taken, and what to do."""


class _Document:
    """Walks the outer shape of one document; `line` is where the row being read starts."""

    def __init__(self, text: str) -> None:
        self.line = 1
        self._text = text
        self._counted = 0  # the characters whose line breaks are in `line`
        # Numbers are seconds to us; as floats they cost the same however many digits they have.
        self._decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=float)

    def read(self) -> object:
        begin = self._skip(0)
        is_object = self._text.startswith("{", begin)
        value, end = self._members(begin) if is_object else self._value(begin)
        end = self._skip(end)
        if isinstance(value, dict) and self._text.startswith("{", end):
            return self._lines()
        if end < len(self._text):
            raise json.JSONDecodeError("something follows the value", self._text, end)
        return value

    def _lines(self) -> Rows:
        """The objects of JSON Lines: one behind the other, with nothing between them."""
        self.line, self._counted = 1, 0
        rows, at = Rows(), self._skip(0)
        while at < len(self._text):
            self._advance(at)
            value, at = self._decoder.raw_decode(self._text, at)
            self._keep(rows, value)
            at = self._skip(at)
        return rows

    def _members(self, at: int) -> tuple[object, int]:
        pairs: list[tuple[str, object]] = []
        at = self._skip(at + 1)
        while not self._text.startswith("}", at):
            self._advance(at)
            if pairs:
                at = self._skip(self._expect(",", at))
            if not self._text.startswith('"', at):
                raise json.JSONDecodeError("a name in double quotes is missing", self._text, at)
            name, at = self._decoder.raw_decode(self._text, at)
            at = self._skip(self._expect(":", self._skip(at)))
            value, at = self._value(at)
            pairs.append((name, value))
            _check_names(pairs)
            at = self._skip(at)
        return _object(pairs), at + 1

    def _value(self, at: int) -> tuple[object, int]:
        first = self._skip(at + 1)
        if self._text.startswith("[", at) and self._text.startswith("{", first):
            return self._rows(first)
        value, end = self._decoder.raw_decode(self._text, at)
        return value, end

    def _rows(self, at: int) -> tuple[Rows, int]:
        rows = Rows()
        while True:
            self._advance(at)
            value, at = self._decoder.raw_decode(self._text, at)
            self._keep(rows, value)
            at = self._skip(at)
            if self._text.startswith("]", at):
                return rows, at + 1
            at = self._skip(self._expect(",", at))

    def _keep(self, rows: Rows, value: object) -> None:
        rows.append(value)
        rows.lines.append(self.line)
        if len(rows) > MAX_CUES:
            raise _Refused(f"holds more than {MAX_CUES:,} rows; split it or leave it out")

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _expect(self, sign: str, at: int) -> int:
        if not self._text.startswith(sign, at):
            raise json.JSONDecodeError(f"`{sign}` is missing", self._text, at)
        return at + 1

    def _advance(self, at: int) -> None:
        self.line += self._text.count("\n", self._counted, at)
        self._counted = at


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of the pairs. A name given twice is refused unless it says the same again.

    Which of two transcripts is meant cannot be known.
    """
    _check_names(pairs)
    made = dict(pairs)
    if len(made) < len(pairs):
        for name, value in pairs:
            if made[name] is not value and made[name] != value:
                shown = excerpt(name.encode("utf-8", "replace").decode())
                problem = f"names {shown} twice in one object, with different values"
                raise _Refused(f"{problem}; keep the one that is meant")
    return made


def _check_names(pairs: list[tuple[str, object]]) -> None:
    if len(pairs) > MAX_NAMES:
        problem = f"holds more than {MAX_NAMES:,} names in one object"
        raise _Refused(f"{problem}; split it or leave it out")


_CLOCK = re.compile(
    r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,7}(?:[.,]\d{1,9})?)(?:(?<=:\d\d:\d\d)[:;]\d\d)?", re.ASCII
)  # the last may be frames, of which nobody knows how many make a second
_EXACT = 1e15  # from here on a float no longer tells every whole number from the next

Object = dict[str, object]


def objects(value: object, log: FaultLog) -> Iterator[tuple[int, Object]]:
    """The objects of a list of rows, each with its line."""
    if not isinstance(value, list):
        log.add(1, "wrong-type", "what should be a list of rows is none: nothing taken")
        return
    lines: Iterable[int] = value.lines if isinstance(value, Rows) else repeat(1)
    for line, row in zip(lines, value, strict=False):
        if isinstance(row, dict):
            yield line, row
        else:
            log.add(line, "wrong-type", "a row that is no object: left out")


def nested(value: object) -> list[Object]:
    """The objects of a list inside a row; of anything else none."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def text_of(value: object, line: int, log: FaultLog) -> str:
    """A text; a number as it is written, "" for null. Half characters become U+FFFD."""
    if isinstance(value, str):
        whole = well_formed(value)  # halves of characters are joined where both are there
        if whole != value:
            log.add(line, "half-character", f"half a character replaced: {excerpt(whole)}")
        return whole
    if value is None:
        return ""
    if _is_number(value) and abs(value) < _EXACT:  # type: ignore[arg-type]
        return f"{value:.15g}"
    log.add(line, "wrong-type", "a value that should be a text and is none: left out")
    return ""


def second_of(value: object, line: int, log: FaultLog, unit: float = 1.0) -> float | None:
    """Seconds from a number of units, or from a text such as "754.2" or "00:12:34,200".

    None where there is none, or none that can be a place in a recording.
    """
    if value is None:
        return None
    second = seconds(value, unit)
    if second is None:
        shown = str(value)[:100].encode("utf-8", "replace").decode()
        written = excerpt(shown) if isinstance(value, str | float | int) else "a value"
        log.add(line, "bad-time", f"{written} is no second of a recording: not used")
    return second


def seconds(value: object, unit: float = 1.0) -> float | None:
    """As `second_of`, without a report: for the thousands of words in a file."""
    if isinstance(value, str):
        match = _CLOCK.fullmatch(value.strip()) if len(value) < 40 else None
        if match is None:
            return None
        hours, minutes, rest = match.groups()
        second = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest.replace(",", "."))
    elif _is_number(value):
        second = float(value) * unit  # type: ignore[arg-type]
        second = second if unit == 1.0 else round(second, 6)
    else:
        return None
    return second if 0 <= second <= MAX_SECOND else None


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _EXACT
