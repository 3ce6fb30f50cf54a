"""Takes texts, labels and seconds out of JSON, whatever types they turn out to have.

What has the wrong type is left out and reported; nothing here raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import repeat

from askpod.readers.json_formats import Rows
from askpod.readers.limits import MAX_SECOND
from askpod.readers.log import FaultLog, excerpt

_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,7}(?:[.,]\d{1,9})?)", re.ASCII)
_HALF = re.compile("[\ud800-\udfff]")
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
        return _whole(value, line, log)
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
        written = excerpt(_shown(value)) if isinstance(value, str | float | int) else "a value"
        log.add(line, "bad-time", f"{written} is no second of a recording: not used")
    return second


def seconds(value: object, unit: float = 1.0) -> float | None:
    """As `second_of`, without a report: for the thousands of words in a file."""
    if isinstance(value, str):
        second = _clock(value)
    elif _is_number(value):
        second = float(value) * unit  # type: ignore[arg-type]
    else:
        return None
    return second if second is not None and 0 <= second <= MAX_SECOND else None


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _EXACT


def _clock(text: str) -> float | None:
    match = _CLOCK.fullmatch(text.strip()) if len(text) < 40 else None
    if match is None:
        return None
    hours, minutes, rest = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest.replace(",", "."))


def _shown(value: object) -> str:
    return str(value)[:100].encode("utf-8", "replace").decode()


def _whole(text: str, line: int, log: FaultLog) -> str:
    """The text with the halves of characters joined where both are there, else replaced."""
    if text.isascii() or not _HALF.search(text):
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    log.add(line, "half-character", f"half a character replaced: {excerpt(whole)}")
    return whole
