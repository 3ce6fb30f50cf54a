"""Mends the known faults of a transcript's rows, and reports each one.

Nothing is ever invented: a repair drops a copy, puts words back where they belong, or
changes who is credited with them and when. Where two readings are possible the text
stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from askpod.readers.datatalks.lost import name_the_lost, put_paragraphs_back, read_lost_headers
from askpod.readers.datatalks.rows import Row, mend_labels
from askpod.readers.text import FaultLog, excerpt
from askpod.times import anchors

_SPREADSHEET = re.compile(r"=(?=[^\W\d_])")
_CONTENTS = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?\s+\S.*[^\W\d].*", re.DOTALL)
_MIN_CONTENTS = 3  # lines of "12:34 Title" in a row that make a table of contents
_MIN_WORDS = 5  # shorter lines are repeated by people too
_MIN_TITLE_WORDS = 3
_MAX_TITLE = 150  # characters


def mend_rows(rows: list[Row], guests: Iterable[str], log: FaultLog) -> list[Row]:
    """The rows as they should have been written: headers, and speech with its speaker."""
    mend_labels(rows, guests, log)
    rows = [_without_formula_sign(row, log) for row in rows]
    rows = _drop_copies(rows, log)
    rows = put_paragraphs_back(rows, log)
    rows = read_lost_headers(rows, log)
    rows = _drop_contents(rows, log)
    name_the_lost(rows, log)
    _carry_speakers(rows, log)
    rows = _drop_doubled_headers(rows, log)
    _report_seconds(rows, log)
    return rows


def _without_formula_sign(row: Row, log: FaultLog) -> Row:
    text = _SPREADSHEET.sub("", row.text, count=1) if row.text.startswith("=") else row.text
    if text == row.text:
        return row
    log.add(row.line, "formula-sign", f"“=” before the text removed: {excerpt(text)}")
    return replace(row, text=text)


def _drop_copies(rows: list[Row], log: FaultLog) -> list[Row]:
    """Drop rows that repeat a neighbour's text and know less about it."""
    forward = _without_copies(list(reversed(rows)), log)
    return _without_copies(list(reversed(forward)), log)


def _without_copies(rows: Sequence[Row], log: FaultLog) -> list[Row]:
    """Drop copies of the line before; headers may stand in between."""
    kept: list[Row] = []
    last: Row | None = None
    for row in rows:
        if row.header:
            kept.append(row)
        elif last is not None and _is_copy(row, last):
            log.add(
                row.line, "copy-dropped", f"copy of line {last.line} dropped: {excerpt(row.text)}"
            )
        else:
            kept.append(row)
            last = row
    return kept


def _is_copy(row: Row, other: Row) -> bool:
    if row.second is not None or not row.text or row.text != other.text:
        return False
    if row.who and row.who != other.who:
        return False
    known = other.second is not None or (bool(other.who) and not row.who)
    return known and (not row.who or len(row.text.split()) >= _MIN_WORDS)


def _drop_contents(rows: list[Row], log: FaultLog) -> list[Row]:
    """Drop what is no speech: chapter lists pasted in, and headers that stand as speech."""
    titles = {row.header.casefold() for row in rows if row.header}
    listed = _listed(rows)
    kept: list[Row] = []
    for place, row in enumerate(rows):
        if place in listed:
            log.add(row.line, "contents-dropped", f"table of contents: {excerpt(row.text)}")
        elif _is_title(row, titles):
            log.add(row.line, "header-as-speech", f"a header as speech: {excerpt(row.text)}")
        else:
            kept.append(row)
    return kept


def _is_title(row: Row, titles: set[str]) -> bool:
    return row.text.casefold() in titles and len(row.text.split()) >= _MIN_TITLE_WORDS


def _listed(rows: Sequence[Row]) -> set[int]:
    """Places of rows that form a list of "12:34 Title" at one second."""
    listed: set[int] = set()
    run: list[int] = []
    for place, row in enumerate(rows):
        same = bool(run) and rows[run[-1]].second == row.second
        if len(row.text) <= _MAX_TITLE and _CONTENTS.fullmatch(row.text):
            run = [*run, place] if same else [place]
            if len(run) >= _MIN_CONTENTS:
                listed.update(run)
        else:
            run = []
    return listed


def _carry_speakers(rows: Sequence[Row], log: FaultLog) -> None:
    """Credits rows without a speaker.

    To the next row's speaker where it has the same second (they are one speech), else to whoever
    spoke before.
    """
    speech = [row for row in rows if not row.header]
    speaker = ""
    for row, follows in zip(speech, _same_speech(speech), strict=True):
        if not row.who:
            row.who = follows or speaker
            by = f"“{row.who}”" if row.who else "nobody"
            log.add(row.line, "who-missing", f"no speaker: credited to {by}")
        speaker = row.who


def _same_speech(speech: Sequence[Row]) -> list[str]:
    """For each row the first speaker named in the rows that follow at its second; "" without."""
    names: list[str] = []
    following: Row | None = None
    name = ""
    for row in reversed(speech):
        if following is None or row.second is None or following.second != row.second:
            name = ""
        else:
            name = following.who or name
        names.append(name)
        following = row
    return names[::-1]


def _drop_doubled_headers(rows: Sequence[Row], log: FaultLog) -> list[Row]:
    """Keep each header of a run once, and none that names the section already open."""
    kept: list[Row] = []
    run: list[Row] = []
    section = ""
    for row in rows:
        if row.header:
            run.append(row)
            continue
        section = _close_run(run, section, kept, log)
        run = []
        kept.append(row)
    _close_run(run, section, kept, log)
    return kept


def _close_run(run: Sequence[Row], section: str, kept: list[Row], log: FaultLog) -> str:
    """Add a run of headers to what is kept; gives the section that is open then."""
    last = {row.header: place for place, row in enumerate(run)}
    for place, row in enumerate(run):
        if last[row.header] != place or (row.header == section and len(run) == 1):
            log.add(row.line, "header-doubled", f"header again: {excerpt(row.header)} dropped")
        else:
            kept.append(row)
            section = row.header
    return section


def _report_seconds(rows: Iterable[Row], log: FaultLog) -> None:
    """Report the seconds that are missing, and those that the time rule cannot believe.

    Of rows in a run that state the same wrong second only the first is reported.
    """
    speech = [row for row in rows if not row.header]
    believed = anchors([row.second for row in speech])
    seconds = [speech[place].second or 0.0 for place in believed]
    passed = 0  # believed seconds up to here
    previous: float | None = None
    for place, row in enumerate(speech):
        if passed < len(believed) and believed[passed] == place:
            passed += 1
            previous = None
        elif row.second is None:
            log.add(row.line, "sec-missing", "no second: start estimated")
        elif row.second != previous:
            previous = row.second
            _report_disbelieved(row, row.second, seconds, passed, log)


def _report_disbelieved(
    row: Row, second: float, believed: Sequence[float], passed: int, log: FaultLog
) -> None:
    if passed and second < believed[passed - 1]:
        clash = f"after {believed[passed - 1]:g} s"
    else:
        clash = f"before {believed[passed]:g} s"
    log.add(row.line, "sec-backwards", f"{second:g} s {clash}: not used, start estimated")
