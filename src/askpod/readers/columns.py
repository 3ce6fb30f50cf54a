"""Tables (CSV, TSV, plain text): clocks, names and speech between tabs, bars, semicolons, commas.

    00:00:03;Ann;text      | Ann 0:03 | text |      Ann <tab> <tab> 3.0 <tab> 6.5 <tab> text

Where the first line names the columns, they are read by their names. Else all the cells of one
tell what it holds: the first times that run on are starts, the column with most letters is the
speech, one whose cells stand again and again has names. Where each row has one of several texts,
the columns are the speakers'. A second column of sentences is reported.
"""

from __future__ import annotations

import csv
import io
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from askpod.errors import ReadError
from askpod.model import Episode
from askpod.readers.clock_notations import CLOCK, MAX_NAME, MOST, digits, run_on
from askpod.readers.json_document import Rows, nested, objects, seconds
from askpod.readers.text import MAX_CAPTIONS, FaultLog, ends_sentence, excerpt, refuse_more
from askpod.readers.timed_rows import Names, names_of, row_cues, tells_times, unit_of
from askpod.readers.turns import draft
from askpod.times import anchors

_MOMENT = rf"{CLOCK}(?: ?[AaPp]\.?[Mm]\.?)?|\d{{1,9}}(?:[.,]\d{{1,9}})?"
_TIME = re.compile(
    rf"[\\\[({{<`*_]*(?P<start>{_MOMENT})(?: ?(?:-{{0,2}}>|[-–—]) ?(?P<end>{_MOMENT}))?"
    r"[\\\])}>`*_]*(?:\([^\s()]{1,500}\))?",
    re.ASCII,
)
_BESIDE = re.compile(rf"(\S.*?)(?:\s|<br ?/?>)+([\[(]?{CLOCK}[\])]?)", re.ASCII)
_PART = re.compile(r":\d\d[;,]\d{1,3}(?![\d:])", re.ASCII)  # of a clock: frames, thousandths
_DASHES = frozenset("|:- \t")
_TRACK = re.compile(r"[AV]\d{1,2}")  # of an editor's sequence
_START = re.compile(r"\W*(?:start|begin|from|offset|timestamp|timecode)", re.IGNORECASE)
_SLOWEST = 3.0  # characters a second; timetables have far fewer
_LONGEST = 100_000  # characters of a row
_NEARLY_ALL = 0.9  # of the cells of a column are of one kind

_Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the columns of a table hold, by their places; -1 for what they do not."""

    start: int
    end: int
    speaker: int
    texts: Sequence[int]
    unit: float  # seconds in one of its numbers


def as_lines(lines: Sequence[str], log: FaultLog) -> Sequence[str]:
    """The lines; where most are rows of a table, each with its clock and a label.

    The names of the columns are no line. A second column of sentences is reported to the log.
    """
    for separator in ("\t", "|", ";", ",", "; ", ", "):
        marked = sum(separator in line for line in lines)
        if marked > 1 and 3 * marked > sum(map(bool, lines)):
            rows = _rows(lines, separator)
            first = next((at for at, row in enumerate(rows) if row), 0)
            filled = [row for row in rows if row]
            columns = _told(filled, is_usual=separator in "\t|")
            if columns and len(filled) >= MOST * sum(map(bool, lines[first:])):
                taken = (columns.start, columns.end, columns.speaker, *columns.texts)
                headed = not _TIME.fullmatch(filled[0][columns.start])
                for at, cells in enumerate(zip(*filled, strict=True)):
                    if at not in taken:
                        report_unread(cells[0] if headed else str(at + 1), cells, log)
                return _joined(lines, rows, columns)
    return lines


def _rows(lines: Sequence[str], separator: str) -> list[_Row]:
    """The cells of each line; none of what is no row of the table."""
    rows = [_cells(line, separator) if separator in line else [] for line in lines]
    lengths = [len(row) for row in rows if row]
    lengths = sorted(lengths[1:] or lengths)  # behind the names of the columns
    width = lengths[len(lengths) // 10] if lengths else 0
    return [
        [*row[: width - 1], separator.join(row[width - 1 :])] if 1 < width <= len(row) else []
        for row in rows
    ]


def _cells(line: str, separator: str) -> list[str]:
    if separator in "\t|":
        is_framed = separator == "|" and line.strip()[:1] == "|"
        line = line.strip(" ").strip("|") if is_framed else line
        parts = re.split(rf"(?<!\\)\{separator}", line)  # in Markdown a bar may be escaped
        written = [part.replace(f"\\{separator}", separator) for part in parts]
    elif len(line) > _LONGEST or _PART.search(line):
        return []
    elif '"' in line:
        written = next(csv.reader([line], delimiter=separator[0], skipinitialspace=True))
    else:
        written = re.split(rf"{separator}(?! )", line)  # a comma before a space is said
    cells: list[str] = []
    for cell in map(str.strip, written):
        beside = _BESIDE.fullmatch(cell) if len(cell) <= MAX_NAME and not cells else None
        cells += beside.groups() if beside else [cell]
    return [] if _DASHES.issuperset(line) else cells


def _told(rows: Sequence[_Row], *, is_usual: bool) -> _Columns | None:
    """What the columns hold; None where there are no times that run on, or no speech.

    Numbers, and what stands between signs that are usual in other tables too, must be as speech is.
    """
    body = rows[1:] if len(rows) > 2 else rows  # behind the names of the columns
    columns = [[cell for cell in column if cell] for column in zip(*body, strict=True)]
    times = {at: found for at, cells in enumerate(columns) if (found := _times(cells, len(body)))}
    clocked = [at for at in times if any(":" in cell for cell in columns[at])]
    likely = clocked or list(times)
    others = [at for at, cells in enumerate(columns) if cells and at not in times]
    start = next((at for at in likely if _runs(times[at])), -1)
    if not clocked:
        start = next((at for at in likely if _are_seconds(rows[0][at], at, times)), -1)
    if start < 0 or not others:
        return None
    end = next((at for at in likely if at > start and _follow(times[start], times[at])), -1)
    said = max(others, key=lambda at: (_sentences(columns[at]), sum(map(len, columns[at]))))
    unit = 1.0 if clocked else _unit(times[start], times.get(end, []), columns[said])
    apart = not _TIME.fullmatch(rows[0][start]) and _are_apart(body, others)
    lasts = unit * (max(times[start]) - min(times[start]))
    is_said = 2 * _sentences(columns[said]) >= len(body) or (
        sum(map(len, columns[said])) >= _SLOWEST * lasts
    )
    if not (is_said or apart or (clocked and is_usual)):
        return None
    speaker = -1 if apart else _speaker(columns, [at for at in others if at != said])
    return _Columns(start, end, speaker, others if apart else [said], unit)


def _are_apart(rows: Sequence[_Row], texts: Sequence[int]) -> bool:
    """Whether nearly all rows have one of several texts, and each of these stands alone."""
    filled = [[at for at in texts if row[at]] for row in rows]
    alone = [places[0] for places in filled if len(places) == 1]
    return 1 < len(texts) == len(set(alone)) and len(alone) >= _NEARLY_ALL * len(rows)


def _times(cells: Sequence[str], rows: int) -> list[float]:
    """The times that a column holds, in its own unit; none where it holds anything else."""
    found = [_second(match["start"]) for cell in cells if (match := _TIME.fullmatch(cell))]
    return found if found and len(found) >= _NEARLY_ALL * len(cells) >= MOST * rows else []


def _second(written: str) -> float:
    if ":" in written:
        return seconds(written.rstrip("AaPpMm. ")) or 0.0
    return float(written.replace(",", "."))


def _runs(times: Sequence[float]) -> bool:
    """Whether the times of a column go on, a few wrong ones aside."""
    return run_on(times) or (len(set(times)) > 1 and len(anchors(times)) >= MOST * len(times))


def _sentences(cells: _Row) -> int:
    return sum(map(ends_sentence, cells))


def _follow(starts: Sequence[float], ends: Sequence[float]) -> bool:
    return len(starts) == len(ends) and all(map(operator.le, starts, ends))


def _unit(starts: Sequence[float], ends: Sequence[float], said: _Row) -> float:
    """Seconds in one of a column's numbers."""
    names = Names("text", "start", "end" if ends else "")
    rows = zip_longest(starts, ends, said)
    return unit_of(({"start": a, "end": b, "text": text} for a, b, text in rows), names)


def _are_seconds(name: str, start: int, times: dict[int, list[float]]) -> bool:
    """Whether a column's numbers are starts: it is called so, or ends stand beside them."""
    starts = times[start]
    if not _runs(starts) or starts[-1] - starts[0] == len(starts) - 1:  # the numbers of the rows
        return False
    ends = next((times[at] for at in times if at > start and _follow(starts, times[at])), [])
    apart = sum(map(operator.le, ends, starts[1:]))
    return bool(_START.match(name)) or (len(ends) > 1 and apart >= MOST * (len(ends) - 1))


def _speaker(columns: Sequence[_Row], likely: Sequence[int]) -> int:
    """The column with names: one whose cells stand several times, or the only one there is."""
    short = [
        at
        for at in likely
        if all(len(cell) <= MAX_NAME and ":" not in cell.rstrip(": ") for cell in columns[at])
        and not all(map(_TRACK.fullmatch, columns[at]))
    ]
    several = (at for at in short if 1 < len(set(columns[at])) < len(columns[at]))
    return next(several, short[0] if len(likely) == 1 and short else -1)


def _joined(lines: Sequence[str], rows: Sequence[_Row], columns: _Columns) -> list[str]:
    """The lines, each row as one with a clock, a label and speech."""
    joined = list(lines)
    first = len(lines)
    names: _Row = next(row for row in rows if row)
    for at, row in enumerate(rows):
        time = _TIME.fullmatch(row[columns.start]) if row else None
        if time is None:
            continue
        first = min(first, at)
        said = row[columns.texts[0]]
        if len(columns.texts) > 1:  # two may speak at once
            said = " ".join(f"{names[each]}: {row[each]}" for each in columns.texts if row[each])
        elif columns.speaker >= 0 and row[columns.speaker]:
            name = row[columns.speaker].rstrip(": ")
            label = name if name[:1] in "[({<" else f"[{name}]"  # never taken for speech
            said = said and f"{label}: {said}"
        end = time["end"] or ("" if columns.end < 0 else row[columns.end])
        clocks = filter(None, (_clock(each, columns.unit) for each in (time["start"], end)))
        joined[at] = said and f"[{' --> '.join(clocks)}] {said}"
    head = first
    while head and (rows[head - 1] or ("|" in lines[head - 1] and "|" in lines[first])):
        head -= 1
    return joined[:head] + [""] * (first - head) + joined[first:]


def _clock(written: str, unit: float) -> str:
    """A cell's time as a clock; "" where it holds none."""
    match = _TIME.fullmatch(written)
    if match is None or ":" in match["start"]:
        return match["start"] if match else ""
    return digits(_second(match["start"]) * unit)


_HEAD = 1_000  # characters of the line of column names
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_FOR_EXCEL = re.compile(r"sep=[,;\t]?", re.IGNORECASE)  # a line that tells what separates columns
_LONGEST_CELL = 1_000_000  # characters of one cell


def is_table(text: str) -> bool:
    """Whether the first line names columns, one of a text and one of a start."""
    return bool(_separator(text))


def read_table(text: str, log: FaultLog) -> Episode:
    """The turns of a table; each row says when it is said, and by whom where there is a column.

    Raises ReadError where it cannot be taken apart, or has more rows than any recording.
    """
    rows = Rows()
    csv.field_size_limit(_LONGEST_CELL)
    separator = _separator(text) or ","
    lines = io.StringIO(text.strip("\ufeff"))
    tabs = [line.count("\t") for line in text.strip("\ufeff\n").splitlines() if line]
    # Whisper quotes nothing: each line has as many tabs.
    is_bare = separator == "\t" and len(set(tabs)) == 1
    reader = csv.reader(lines, delimiter=separator, quoting=3 if is_bare else 0)  # none, minimal
    try:
        names = next(reader)
        if names[:1] and _FOR_EXCEL.fullmatch(names[0].strip()):
            names = next(reader)
        for cells in reader:
            refuse_more(log.path, len(rows), MAX_CAPTIONS, "rows")
            rows.append(dict(zip(names, map(_cell_value, cells), strict=False)))
            rows.lines.append(reader.line_num)
    except csv.Error as error:
        problem = f"is no table that can be read ({error}); mend this line or export it again"
        raise ReadError(log.path, problem, line=reader.line_num) from None
    known = names_of(rows)
    if not known.start:
        problem = "names a column of times that holds none of a recording; export it with seconds"
        raise ReadError(log.path, problem, line=1)
    taken = (known.text, known.start, known.end, known.length, known.speaker)
    for name in dict.fromkeys(name for name in names if name not in taken):
        report_unread(name, [str(row.get(name, "")) for row in nested(rows)], log)
    return draft(row_cues(objects(rows, log), log), log, recognised=True)


def report_unread(name: str, cells: Sequence[str], log: FaultLog) -> None:
    """Reports a column that holds sentences too, such as a translation, and is not taken."""
    if 2 * sum(map(ends_sentence, cells)) >= len(cells) > 0:
        told = f"the column {excerpt(name, 40)} holds sentences too: only one column is taken"
        log.add(1, "second-text", told)


def _separator(text: str) -> str:
    """What stands between the columns; "" where the first line names none that tell of speech."""
    first, _, rest = text[:_HEAD].lstrip("\ufeff\r\n ").partition("\n")
    head = rest.partition("\n")[0] if _FOR_EXCEL.match(first) else first
    for separator in ("\t", ";", ","):
        names = [name.strip(" \"'\r") for name in head.split(separator)]
        if len(names) > 1 and tells_times(names):
            return separator
    return ""


def _cell_value(cell: str) -> object:
    """A number as a number, so that its unit can be told."""
    bare = cell.strip()
    return float(bare) if _NUMBER.fullmatch(bare) else cell
