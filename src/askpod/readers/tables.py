"""Reads tables of timed speech: Whisper's TSV and CSV, and others with a line of column names."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.cues import Draft
from askpod.readers.fault_log import FaultLog
from askpod.readers.json_document import Rows
from askpod.readers.service_rows import read_rows, tells_times
from askpod.readers.speakers import name_or_keep
from askpod.readers.text import MAX_CAPTIONS
from askpod.readers.turns import turns_of

_HEAD = 1_000  # characters of the line of column names
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_LONGEST = 1_000_000  # characters of one cell


def is_table(text: str) -> bool:
    """Whether the first line names columns, one of a text and one of a start."""
    return bool(_separator(text))


def read_table(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of a table; each row says when it is said, and by whom where there is a column.

    Raises ReadError where it cannot be taken apart, or has more rows than any recording.
    """
    rows = Rows()
    rows.lines = []
    csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text.strip("\ufeff")), delimiter=_separator(text) or ",")
    try:
        names = next(reader)
        for cells in reader:
            if len(rows) > MAX_CAPTIONS:
                problem = f"holds more than {MAX_CAPTIONS:,} rows; split it or leave it out"
                raise ReadError(path, problem)
            rows.append(dict(zip(names, map(_value, cells), strict=False)))
            rows.lines.append(reader.line_num)
    except csv.Error as error:
        problem = f"is no table that can be read ({error}); mend this line or export it again"
        raise ReadError(path, problem, line=reader.line_num) from None
    return Draft(turns_of(name_or_keep(read_rows(rows, log), log), log))


def _separator(text: str) -> str:
    """What stands between the columns; "" where the first line names none that tell of speech."""
    head = text[:_HEAD].lstrip("\ufeff\r\n ").partition("\n")[0]
    for separator in ("\t", ";", ","):
        names = [name.strip(" \"'\r") for name in head.split(separator)]
        if len(names) > 1 and tells_times(names):
            return separator
    return ""


def _value(cell: str) -> object:
    """A number as a number, so that its unit can be told."""
    bare = cell.strip()
    return float(bare) if _NUMBER.fullmatch(bare) else cell
