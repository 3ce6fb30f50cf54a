"""Reads the DataTalks.Club format: Markdown with the transcript in its YAML front matter.

What follows the front matter (show notes) is not read. A file is refused with a clear
ReadError where no transcript can be had from it; anything less is mended and reported.

Nothing is ever invented: a repair drops a copy, puts words back where they belong, or
changes who is credited with them and when. Where two readings are possible the text
stays as it is. A label is never changed on a guess, either: a stutter goes only where the name
without it is a label of the same file too, so that Anna, Barr and Aaisha stay who they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from askpod.errors import ReadError
from askpod.model import Episode, Turn
from askpod.parsing import Mapping, Scalar, Sequence
from askpod.readers.datatalks_rows import (
    Row,
    is_paragraph,
    name_the_lost,
    put_paragraphs_back,
    read_lost_headers,
    read_rows,
)
from askpod.readers.discover import episode_id, shown_name
from askpod.readers.frontmatter import Fields, read_front_matter
from askpod.readers.text import (
    MAX_MARKDOWN_LINES,
    FaultLog,
    excerpt,
    refuse_long_lines,
)
from askpod.times import anchors, parse_clock, time_turns


def read_datatalks(text: str, log: FaultLog) -> Episode:
    """Read one episode from a file's text. Raises ReadError; faults go to the log."""
    path = log.path
    refuse_long_lines(path, text.split("\n"), MAX_MARKDOWN_LINES)
    root = read_front_matter(path, text, log)
    rows = read_rows(path, _transcript(path, root), log)
    fields = Fields(root, log)
    guests = fields.guests([row.header for row in rows if row.header])
    turns = _turns(_mend_rows(rows, guests, log))
    if not turns:
        raise _no_transcript(path, "its `transcript` holds no line of speech")
    links = fields.links()
    title = fields.text("title")
    if not title:
        title = shown_name(episode_id(path)) or "Untitled"
        log.add(root.line, "title-missing", f"no title: the file's name “{title}” is used")
    return Episode(
        id="",
        title=title,
        turns=turns,
        short=fields.text("short"),
        guests=guests,
        season=fields.number("season"),
        number=fields.number("episode"),
        date=fields.date(),
        duration=fields.duration(),
        description=fields.description(),
        topics=fields.texts("topics"),
        links=links,
        youtube=fields.youtube(links),
    )


def _transcript(path: Path, root: Mapping) -> Sequence:
    node = root.items.get("transcript")
    if node is None or (isinstance(node, Scalar) and not node.text):
        raise _no_transcript(path, "its front matter has no `transcript:`")
    if isinstance(node, Sequence):
        return node
    raise ReadError(
        path,
        "`transcript` is not a list; write it as rows of `- line: …`, `sec: …`, `who: …`",
        line=node.line,
    )


def _no_transcript(path: Path, reason: str) -> ReadError:
    return ReadError(
        path, f"has no transcript: {reason}; add the spoken lines or leave the file out", line=1
    )


def _turns(rows: list[Row]) -> tuple[Turn, ...]:
    speech: list[tuple[Row, str]] = []
    section = ""
    for row in rows:
        if row.header:
            section = row.header
        else:
            speech.append((row, section))
    times = time_turns([row.second for row, _ in speech], [len(row.text) for row, _ in speech])
    return tuple(
        Turn(row.who, row.text, start, end, estimated, section)
        for (row, section), (start, end, estimated) in zip(speech, times, strict=True)
    )


_SPREADSHEET = re.compile(r"=(?=[^\W\d_])")
_CONTENTS = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?\s+\S.*[^\W\d].*", re.DOTALL)
_MIN_CONTENTS = 3  # lines of "12:34 Title" in a row that make a table of contents
_MIN_WORDS = 5  # shorter lines are repeated by people too
_MIN_TITLE_WORDS = 3
_MAX_TITLE = 150  # characters


def _mend_rows(rows: list[Row], guests: Iterable[str], log: FaultLog) -> list[Row]:
    """The rows as they should have been written: headers, and speech with its speaker."""
    _mend_labels(rows, guests, log)
    rows = [_without_formula_sign(row, log) for row in rows]
    rows = _without_copies(_without_copies(rows[::-1], log)[::-1], log)
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


def _without_copies(rows: list[Row], log: FaultLog) -> list[Row]:
    """Drop rows that repeat the text before and know less; headers may stand in between."""
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
        elif row.text.casefold() in titles and len(row.text.split()) >= _MIN_TITLE_WORDS:
            log.add(row.line, "header-as-speech", f"a header as speech: {excerpt(row.text)}")
        else:
            kept.append(row)
    return kept


def _listed(rows: list[Row]) -> set[int]:
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


def _carry_speakers(rows: list[Row], log: FaultLog) -> None:
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


def _same_speech(speech: list[Row]) -> list[str]:
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


def _drop_doubled_headers(rows: list[Row], log: FaultLog) -> list[Row]:
    """Keep each header of a run once, and none that names the section already open."""
    kept: list[Row] = []
    section = ""
    for are_headers, run in groupby(rows, key=lambda row: bool(row.header)):
        group = list(run)
        last = {row.header: row for row in group}
        for row in group:
            again = last[row.header] is not row or (row.header == section and len(group) == 1)
            if are_headers and again:
                log.add(row.line, "header-doubled", f"header again: {excerpt(row.header)} dropped")
            else:
                kept.append(row)
                section = row.header or section
    return kept


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
            is_early = passed and row.second < seconds[passed - 1]
            clash = f"after {seconds[passed - 1]:g}" if is_early else f"before {seconds[passed]:g}"
            told = f"{row.second:g} s {clash} s: not used, start estimated"
            log.add(row.line, "sec-backwards", told)


_CLOCK_IN_LABEL = re.compile(
    r"(?P<before>.*?)[\s:,;-]*(?<!\d)(?P<clock>\d{1,3}:\d{2}(?::\d{2})?)(?!\d)[\s:,;-]*(?P<after>.*)"
)
_MAX_NAME = 120  # characters; a longer one is left as it is


def _mend_labels(rows: Iterable[Row], guests: Iterable[str], log: FaultLog) -> None:
    """Mend the label of every row that has one; paragraphs in `who` are left alone."""
    spoken = [row for row in rows if 0 < len(row.who) <= _MAX_NAME and not is_paragraph(row.who)]
    for row in spoken:
        _take_clock_out(row, log)
    _rename(spoken, _punctuation(_counted(spoken)), log)
    _rename(spoken, _stutters(_counted(spoken), guests), log)


def _counted(rows: Iterable[Row]) -> Counter[str]:
    return Counter(row.who for row in rows)


def _take_clock_out(row: Row, log: FaultLog) -> None:
    match = _CLOCK_IN_LABEL.fullmatch(row.who)
    if match is None:
        return
    second = parse_clock(match["clock"])
    name = (match["after"] or match["before"]).strip(" :,;-")
    if second is None:
        return
    # A clock before the name is a row header of its own; one after it only adds.
    if match["after"] or row.second is None:
        row.second = second
    log.add(row.line, "label", f"{excerpt(row.who)} read as “{name}” at {match['clock']}")
    row.who = name


def _rename(rows: Iterable[Row], names: dict[str, str], log: FaultLog) -> None:
    counts = _counted(rows)
    reported: set[str] = set()
    for row in rows:
        if row.who not in names:
            continue
        if row.who not in reported:
            reported.add(row.who)
            log.add(
                row.line,
                "label",
                f"{excerpt(row.who)} read as “{names[row.who]}” in {counts[row.who]} row(s)",
            )
        row.who = names[row.who]


def _punctuation(counts: Counter[str]) -> dict[str, str]:
    """Labels that lose a colon at the end, a full stop, or the first of two names."""
    names = {}
    for label in counts:
        name = label.rstrip(" :;,")
        if name.endswith(".") and name[:-1].rstrip() in counts:
            name = name[:-1].rstrip()
        first, colon, second = name.rpartition(":")
        if colon and first.strip() in counts and second.strip() in counts:
            name = second.strip()
        if name and name != label:
            names[label] = name
    return names


def _stutters(counts: Counter[str], guests: Iterable[str]) -> dict[str, str]:
    known = [guest.casefold() for guest in guests]
    names = {}
    for label in counts:
        if any(_is_name_of(label, guest) for guest in known):
            continue
        for cut in range(1, len(label) // 2 + 1):
            name, again = label[:-cut], label[-cut:]
            if name.endswith(again) and _is_known(name, label, counts, known):
                names[label] = name
                break
    return names


def _is_name_of(label: str, guest: str) -> bool:
    """Whether a guest's name or id ("barrmoses") holds the label as a name."""
    own = label.casefold()
    return own in guest.split() or (" " not in guest and guest.startswith(own))


def _is_known(name: str, label: str, counts: Counter[str], guests: Iterable[str]) -> bool:
    if counts[name] > counts[label]:
        return True
    return len(name) > 2 and any(name.casefold() in guest.split() for guest in guests)
