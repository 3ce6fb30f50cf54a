"""Lists of timed rows in JSON and in tables (CSV, TSV), under any of the usual names.

A row is an object with a text and a start: `startTime`, `begin`, `start_ms` … Whether plain
numbers are seconds or milliseconds is told by how much is said in that time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.cues import Cue, Draft, later
from askpod.readers.json_document import Object, Rows, nested, objects, second_of, seconds, text_of
from askpod.readers.speakers import name_or_keep
from askpod.readers.text import MAX_CAPTIONS, FaultLog
from askpod.readers.turns import turns_of

_MILLISECOND = 0.001
TICK = 1e-7  # of Azure
_ISO = re.compile(r"PT(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,7}(?:\.\d{1,9})?)S)?", re.ASCII)
_SAMPLE = 50  # rows by which a list is known
DEEPEST = 4  # objects in which a list of rows may stand
_WIDEST = 200  # values of one object that are looked at
_SLOW = 0.4  # characters a second: in seconds nobody speaks so slowly
_SLOW_WITH_PAUSES = 0.1  # likewise where only starts are known

_TEXTS = ("text", "transcript", "body", "sentence", "content", "caption", "display", "utterance",
          "line", "dialogue", "texte", "texto", "testo", "transkript", "punctuatedword", "word",
          "words", "segment")  # fmt: skip
_STARTS = ("start", "starttime", "startms", "startmilliseconds", "starttimems", "startsec",
           "startseconds", "starttimestamp", "startoffset", "startts", "begin", "from", "offset",
           "offsetms", "offsetmilliseconds", "offsetinticks", "beginoffsetmillis", "in",
           "timestamp", "timestamps", "timecode", "timecodein", "starttimecode", "begintime",
           "tcin", "datastart", "startzeit", "anfang", "beginn", "inicio", "inizio",
           "time", "ts")  # fmt: skip
_ENDS = ("end", "endtime", "endms", "endmilliseconds", "endtimems", "endsec", "endseconds",
         "endtimestamp", "endoffset", "endoffsetmillis", "stop", "to", "out", "endts",
         "timecodeout", "endtimecode", "tcout", "dataend", "ende", "endzeit",
         "fin", "fine")  # fmt: skip
_LENGTHS = ("duration", "dur", "durationms", "durationmilliseconds", "durationinticks")
_SPEAKERS = ("voice", "speakername", "speakerdisplayname", "speaker", "speakerlabel",
             "speakerid", "speakertag", "participant", "participantname", "participantrole",
             "users", "speakers", "sprecher", "sprecherin", "locuteur", "hablante", "parlante",
             "name", "character", "channel", "channelid", "channellabel",
             "channeltag")  # fmt: skip
LOOSE = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names the rows of a list hold what they tell; "" for what they do not."""

    text: str
    start: str
    end: str = ""
    length: str = ""
    speaker: str = ""


def read_rows(rows: object, log: FaultLog) -> list[Cue]:
    """The cues of a list of objects that each hold a text and a start."""
    names = names_of(rows) if isinstance(rows, list) else None
    return list(row_cues(rows, names, log)) if names and isinstance(rows, list) else []


def tells_times(names: Sequence[str]) -> bool:
    """Whether the names of a table's columns are those of a text and of a start."""
    loose = {LOOSE.sub("", name.lower()) for name in names}
    texts = loose.intersection(_TEXTS) - {"segment"}  # which is a number in a diariser's table
    return bool(texts) and not loose.isdisjoint(_STARTS)


def best_rows(value: object) -> tuple[Sequence[object], Names] | None:
    """The list in a value that holds most speech in rows of more than a word, and its names."""
    best: tuple[Sequence[object], Names] | None = None
    most = 0.0
    for rows in chain(lists_in(value, DEEPEST), _inner_rows(value)):
        names = names_of(rows)
        if names is None:
            continue
        sample = [row for row in islice(rows, _SAMPLE) if isinstance(row, dict)]
        texts = [row[names.text] for row in sample if isinstance(row.get(names.text), str)]
        spaced = sum(" " in text.strip() or not text.isascii() for text in texts)
        if 2 * spaced < len(texts) or not texts:
            continue  # words, which a service gives beside its sentences
        weight = sum(map(len, texts)) + (1_000_000 if names.speaker else 0)
        if weight > most:
            best, most = (rows, names), weight
    return best


def _inner_rows(value: object) -> Iterator[list[object]]:
    """The rows of all paragraphs of a list, as one list, each with its paragraph's speaker."""
    for rows in lists_in(value, DEEPEST):
        paragraphs = nested(rows)
        for inner in ("sentences", "segments", "utterances"):
            if sum(isinstance(row.get(inner), list) for row in paragraphs) < 2:
                continue
            keys = {LOOSE.sub("", key.lower()): key for key in paragraphs[0]}
            by = speaker_name(paragraphs, keys)
            yield [
                {by: row.get(by), **each} if by else each
                for row in paragraphs
                for each in nested(row.get(inner))
            ]


def lists_in(value: object, depth: int) -> Iterator[list[object]]:
    """The lists of objects in a value, down to so many objects within objects."""
    if isinstance(value, list):
        if isinstance(next(iter(value), None), dict):
            yield value
        inner = value[:3] if depth > 1 else []
    elif isinstance(value, dict):
        inner = list(islice(value.values(), _WIDEST))
    else:
        return
    if depth > 0:
        for each in inner:
            if isinstance(each, dict | list):
                yield from lists_in(each, depth - 1)


def names_of(rows: Sequence[object]) -> Names | None:
    """Under which names the rows hold text and times; None where they do not."""
    sample = [row for row in islice(rows, _SAMPLE) if isinstance(row, dict)]
    keys = {LOOSE.sub("", key.lower()): key for row in sample for key in islice(row, _WIDEST)}

    def named(known: Sequence[str], *, timed: bool = False) -> str:
        for name in known:
            key: str = keys.get(name, "")
            if key and any(
                (_second(row.get(key)) if timed else row.get(key)) is not None for row in sample
            ):
                return key
        return ""

    text, start = named(_TEXTS), named(_STARTS, timed=True)
    if not text or not start or not any(isinstance(row.get(text), str) for row in sample):
        return None
    end, length = named(_ENDS, timed=True), named(_LENGTHS, timed=True)
    return Names(text, start, end, length, speaker_name(sample, keys))


def speaker_name(sample: Sequence[Object], keys: dict[str, str]) -> str:
    """The name under which speakers stand; a channel only where there are two."""
    for name in _SPEAKERS:
        key = keys.get(name, "")
        values = {str(speaker_in(row.get(key))) for row in sample if row.get(key) is not None}
        values.discard("None")
        if key and values and (not name.startswith("channel") or len(values) > 1):
            return key
    return ""


def row_cues(rows: Sequence[object], names: Names, log: FaultLog) -> Iterator[Cue]:
    """The cues of rows that hold what they tell under these names."""
    unit = unit_of(rows, names)
    end_unit = _unit_of_name(names.length or names.end) or unit
    for line, row in objects(rows, log):
        start = second_of(bare_time(row.get(names.start)), line, log, unit)
        if names.end:
            end = second_of(bare_time(row.get(names.end)), line, log, end_unit)
        else:
            lasts = seconds(bare_time(row.get(names.length)), end_unit) if names.length else None
            end = later(start, lasts)
        speaker = speaker_in(row.get(names.speaker)) if names.speaker else None
        label = text_of(speaker, line, log)
        if label.isdecimal() and LOOSE.sub("", names.speaker.lower()).startswith("channel"):
            label = f"Channel {label}"
        yield Cue(line, start, end, text_of(row.get(names.text), line, log), label)


def unit_of(rows: Sequence[object], names: Names) -> float:
    """Seconds in a unit of the starts: 1, or 0.001 where nobody speaks as slowly as that."""
    if known := _unit_of_name(names.start):
        return known
    said = lasted = 0.0
    starts: list[float] = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get(names.start), float | int):
            continue
        start, end = row[names.start], row.get(names.end or names.length)
        text = row.get(names.text)
        said += len(text) if isinstance(text, str) else 0
        starts.append(start)
        if isinstance(end, float | int):
            lasted += end if not names.end else max(0.0, end - start)
    if not starts or any(start % 1 for start in starts):
        return 1.0
    slow = _SLOW if lasted else _SLOW_WITH_PAUSES
    return _MILLISECOND if said < slow * (lasted or max(starts) - min(starts)) else 1.0


def _unit_of_name(name: str) -> float | None:
    lower = name.lower()
    if "tick" in lower:
        return TICK
    return _MILLISECOND if lower.endswith(("ms", "milliseconds", "millis")) else None


def _second(value: object) -> float | None:
    return seconds(bare_time(value), TICK if isinstance(value, float) and value > 1e6 else 1.0)


def bare_time(value: object) -> object:
    """A time as `seconds` takes it.

    Google writes "1.200s", or whole seconds and billionths; Azure "PT1M1.2S"; others one beside
    the hour of day.
    """
    if isinstance(value, dict) and not value.keys().isdisjoint(("seconds", "nanos")):
        return (seconds(value.get("seconds")) or 0.0) + (seconds(value.get("nanos"), 1e-9) or 0.0)
    value = value.get("relative") if isinstance(value, dict) else value
    if not isinstance(value, str):
        return value
    if (iso := _ISO.fullmatch(value)) and any(iso.groups()):
        hours, minutes, rest = (float(part or 0) for part in iso.groups())
        return hours * 3600 + minutes * 60 + rest
    return value.removesuffix("s")


def speaker_in(value: object) -> object:
    """The label in a speaker's value, which may be an object with a name, or a list of them."""
    if isinstance(value, list):
        return " & ".join(label for each in value if (label := label_of(each))) or None
    if isinstance(value, dict):
        keys = ("name", "displayName", "display_name", "username", "label", "id")
        return next((value[key] for key in keys if value.get(key)), None)
    return value


def label_of(value: object) -> str:
    """A speaker's label; a number as it is written."""
    value = speaker_in(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else ""


_HEAD = 1_000  # characters of the line of column names
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
_FOR_EXCEL = re.compile(r"sep=[,;\t]?", re.IGNORECASE)  # a line that tells what separates columns
_LONGEST_CELL = 1_000_000  # characters of one cell


def is_table(text: str) -> bool:
    """Whether the first line names columns, one of a text and one of a start."""
    return bool(_separator(text))


def read_table(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of a table; each row says when it is said, and by whom where there is a column.

    Raises ReadError where it cannot be taken apart, or has more rows than any recording.
    """
    rows = Rows()
    rows.lines = []
    csv.field_size_limit(_LONGEST_CELL)
    separator = _separator(text) or ","
    lines = io.StringIO(text.strip("\ufeff"))
    if separator == "\t" and _is_bare(text):
        reader = csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=separator)
    try:
        names = next(reader)
        if names[:1] and _FOR_EXCEL.fullmatch(names[0].strip()):
            names = next(reader)
        for cells in reader:
            if len(rows) > MAX_CAPTIONS:
                problem = f"holds more than {MAX_CAPTIONS:,} rows; split it or leave it out"
                raise ReadError(path, problem)
            rows.append(dict(zip(names, map(_cell_value, cells), strict=False)))
            rows.lines.append(reader.line_num)
    except csv.Error as error:
        problem = f"is no table that can be read ({error}); mend this line or export it again"
        raise ReadError(path, problem, line=reader.line_num) from None
    return Draft(turns_of(name_or_keep(read_rows(rows, log), log), log))


def _is_bare(text: str) -> bool:
    """Whether each line has as many tabs as the first: nothing is quoted, as Whisper writes it."""
    lines = text.strip("\ufeff\r\n").splitlines()
    return all(line.count("\t") == lines[0].count("\t") for line in lines if line)


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
