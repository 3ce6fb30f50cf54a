"""The rows of a DataTalks.Club transcript, whatever types they turn out to have, and who speaks.

Who spoke and what was said is put back where a transcript's fields slipped. Two slips occur in
real files. A row's header ("7:05 Ruslan", or a bare name) stands as the speech of the row before
it, so that what follows is credited to the wrong speaker. Or `who` holds the first paragraph of
the speech, so that the paragraph is lost and nobody is credited at all.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from askpod.errors import ReadError
from askpod.parsing import Mapping, Node, Scalar, Sequence
from askpod.readers.frontmatter import as_text, clean_text
from askpod.readers.text import MAX_SECOND, MAX_TURN, FaultLog, excerpt
from askpod.times import clock, parse_clock


@dataclass(slots=True)
class Row:
    """A header, or one paragraph of speech, while it is being mended."""

    line: int  # of the file
    header: str = ""  # set on headers only
    text: str = ""
    who: str = ""
    second: float | None = None  # as stated
    lost: int | None = None  # rows that lost their speaker together share a number
    moved: bool = False  # credited to another speaker than the file says


def read_rows(path: Path, transcript: Sequence, log: FaultLog) -> list[Row]:
    """All rows with their text cleaned. Rows that hold nothing are dropped.

    Raises ReadError where a paragraph is too long to be speech.
    """
    rows: list[Row] = []
    for node in transcript.items:
        rows.extend(_read_row(path, node, log))
    return rows


def _read_row(path: Path, node: Node, log: FaultLog) -> list[Row]:
    fields: dict[str, Node] = node.items if isinstance(node, Mapping) else {"line": node}
    if not isinstance(node, Mapping):
        log.add(node.line, "wrong-type", "a row without names: taken as speech")
    for name in ("header", "line", "who"):
        _check_type(fields.get(name), name, log)
    rows: list[Row] = []
    header = clean_text(fields.get("header"), log)
    if header:
        rows.append(Row(node.line, header=header))
    text, who = (_short_enough(path, fields.get(name), log) for name in ("line", "who"))
    if text or (who and not header):
        rows.append(Row(node.line, text=text, who=who, second=_second(fields, node.line, log)))
    elif not header:
        log.add(node.line, "empty-line", "a row without text: dropped")
    return rows


def _short_enough(path: Path, node: Node | None, log: FaultLog) -> str:
    text = clean_text(node, log)
    if node is None or len(text) <= MAX_TURN:
        return text
    raise ReadError(
        path,
        f"holds a paragraph of {len(text):,} characters (at most {MAX_TURN:,}):"
        " the file looks damaged; split the paragraph or leave the file out",
        line=node.line,
    )


def _check_type(node: Node | None, name: str, log: FaultLog) -> None:
    if node is None or isinstance(node, Scalar):
        return
    text = as_text(node)
    repair = "dropped" if text is None else f"taken as the text {excerpt(text)}"
    log.add(node.line, "wrong-type", f"`{name}` is not a text: {repair}")


def _second(fields: dict[str, Node], line: int, log: FaultLog) -> float | None:
    """The second a row states, from `sec` or else from `time`."""
    stated = fields.get("sec")
    if stated is not None and not (isinstance(stated, Scalar) and stated.text is None):
        second = _number(stated)
        if second is not None:
            if isinstance(stated, Scalar) and not stated.plain:
                log.add(stated.line, "wrong-type", f"`sec` is a text: taken as {second:g} s")
            return second
        shown = excerpt(as_text(stated) or "with values inside", 30)
        log.add(stated.line, "sec-unreadable", f"`sec` {shown} is no second: not used")
    time = fields.get("time")
    second = parse_clock(time.text or "") if isinstance(time, Scalar) else None
    if second is not None:
        log.add(line, "sec-missing", f"no second: taken from `time`, {second:g} s")
    return second


def _number(node: Node) -> float | None:
    if not isinstance(node, Scalar) or node.text is None:
        return None
    text = node.text.strip()
    try:
        second = float(text) if "_" not in text else math.nan
    except ValueError:
        return parse_clock(text)
    return second if 0 <= second <= MAX_SECOND else None


_MAX_LABEL = 40  # characters; a longer one may be a paragraph


def is_paragraph(label: str) -> bool:
    """Whether a label is speech that slipped into the wrong field.

    Speech runs on in small letters and ends like a sentence, or runs long; a name, even
    "The Acting Chair (Mr. Bruce Stanton)", is mostly capitals and ends without a stop.
    """
    words = [word for word in label.split() if word[0].isalpha()]
    if len(words) < 3 and len(label) <= _MAX_LABEL:
        return False
    small = sum(not word[0].isupper() for word in words)
    if 2 * small < len(words):
        return False
    return len(label) > _MAX_LABEL or label[-1] in ".!?…。！？"


# "17: 10" and "0 4:15" stand for 17:10 and 0:04:15.
_BARE_CLOCK = re.compile(r"(?:\d{1,2}[: ] ?)?\d{1,3}: ?\d{2}", re.ASCII)
_MARKER = re.compile(rf"(?P<clock>{_BARE_CLOCK.pattern})?[\s:,-]*(?P<name>\D*?)[\s:]*")


def put_paragraphs_back(rows: list[Row], log: FaultLog) -> list[Row]:
    """Turn each paragraph found in `who` into a row of its own, before its line.

    Where following rows repeat it, only their own lines are kept. All rows of such a run
    are left without a speaker, sharing a number in `lost`, for `name_the_lost` to name.
    """
    names = {row.who for row in rows if row.who and not is_paragraph(row.who)}
    mended: list[Row] = []
    open_paragraph = ""  # of the run that is being read
    run = 0
    following = _nearest(rows[::-1], lambda row: not row.header)[::-1]
    for place, row in enumerate(rows):
        if row.header:
            mended.append(row)
        elif not (row.who and is_paragraph(row.who)):
            if row.text:
                mended.append(row)
            else:
                log.add(row.line, "empty-line", f"a row without text by “{row.who}”: dropped")
            open_paragraph = ""
        elif row.text in names and (each.who if (each := following[place]) else "") != row.who:
            log.add(row.line, "who-swapped", f"speech in `who`, “{row.text}” in `line`: swapped")
            mended.append(replace(row, text=row.who, who=row.text))
            open_paragraph = ""
        else:
            again = row.who == open_paragraph
            run += not again
            open_paragraph = row.who
            mended.extend(_unpacked(row, run, log, again=again))
    return mended


def _unpacked(row: Row, run: int, log: FaultLog, *, again: bool) -> list[Row]:
    """The paragraph that `who` holds, unless it was there before, and the line."""
    line = replace(row, who="", lost=run)
    if again:
        log.add(row.line, "who-is-speech", "the same speech in `who` again: only the line kept")
        return [line] if row.text else []
    log.add(row.line, "who-is-speech", f"speech in `who` put back: {excerpt(row.who)}")
    paragraph = replace(line, text=row.who)
    return [paragraph, line] if row.text and row.text != row.who else [paragraph]


@dataclass(slots=True)
class _Lost:
    """A row header found in the place of speech."""

    key: tuple[object, ...]
    name: str = ""
    second: float | None = None


def read_lost_headers(rows: list[Row], log: FaultLog) -> list[Row]:
    """Drop rows that are only a clock, a speaker's name or both, and heed what they say.

    Such a row is the header of the rows that follow under the same label and second; the
    headers of sections, put in later, do not end it. It is believed only as a part of a
    run: a name or a clock with a second of its own may well be an answer.
    """
    names = {row.who.casefold(): row.who for row in rows if row.who}
    runs = _in_runs(rows)
    mended: list[Row] = []
    lost: _Lost | None = None
    for place, row in enumerate(rows):
        key = _key(row)
        if lost is not None and lost.key != key and not row.header:
            lost = None
        found = _marker(row, names) if place in runs else None
        if found is None:
            mended.append(_credited(row, lost))
            continue
        lost = lost or _Lost(key)
        lost.name = found[0] or lost.name
        lost.second = lost.second if found[1] is None else found[1]
        log.add(row.line, "lost-header", _heeded(row, lost))
    return mended


def _in_runs(rows: list[Row]) -> set[int]:
    """Places of rows that share their label and second with the row of speech beside them."""
    speech = [place for place, row in enumerate(rows) if not row.header]
    shared = [pair for pair in pairwise(speech) if _key(rows[pair[0]]) == _key(rows[pair[1]])]
    return {place for pair in shared for place in pair}


def _key(row: Row) -> tuple[object, ...]:
    return (row.second, row.who, row.lost)


def _marker(row: Row, names: dict[str, str]) -> tuple[str, float | None] | None:
    """The name and the second that a row consists of, or None where it is speech."""
    match = _MARKER.fullmatch(row.text) if len(row.text) <= 60 else None
    if match is None:
        return None
    written = match["clock"] or ""
    second = parse_clock(re.sub(r": ", ":", written).replace(" ", ":")) if written else None
    if written and second is None and " " in written:
        second = parse_clock(written.split(" ", 1)[1].strip())
    name = names.get(match["name"].strip().casefold(), "")
    if match["name"] and not name:
        return None
    return (name, second) if name or second is not None else None


def _heeded(row: Row, lost: _Lost) -> str:
    by = f" by “{lost.name}”" if lost.name else ""
    at = f" from {clock(lost.second)}" if lost.second is not None else ""
    return f"{excerpt(row.text)} is a lost row header: dropped; what follows is{by}{at}"


def _credited(row: Row, lost: _Lost | None) -> Row:
    if lost is None or row.header:
        return row
    second = row.second if lost.second is None else lost.second
    if not lost.name:
        return replace(row, second=second)
    return replace(row, who=lost.name, second=second, lost=None, moved=True)


def name_the_lost(rows: list[Row], log: FaultLog) -> None:
    """Find the speaker of the rows whose `who` held a paragraph.

    It is that of the nearest row with the same second. Else it is judged by the nearest
    named rows around: where both are of one speaker, the other main speaker of the
    episode answered or asked in between; where they differ, the one of the two who
    talks more in the whole episode. The reason for the second rule: what loses its label
    in real files are long answers, often broken into two timestamps, so that "the one
    who did not speak last" would be wrong about half the time.
    """
    talk: Counter[str] = Counter()
    for row in rows:
        if row.who:
            talk[row.who] += len(row.text)
    before, after = (_nearest(rows[::step], attrgetter("who"))[::step] for step in (1, -1))
    runs: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        if row.lost is not None:
            runs.setdefault(row.lost, []).append(place)
    for places in runs.values():
        first = rows[places[0]]
        name = _speaker(first.second, before[places[0]], after[places[-1]], talk)
        log.add(
            first.line,
            "who-guessed",
            f"credited to “{name}”: {len(places)} row{'s' if len(places) > 1 else ''}",
        )
        for place in places:
            rows[place].who = name


def _nearest(rows: list[Row], fits: Callable[[Row], bool]) -> list[Row | None]:
    """For each row the nearest one before it that fits."""
    nearest: list[Row | None] = [None]
    for row in rows[:-1]:
        nearest.append(row if fits(row) else nearest[-1])
    return nearest


def _speaker(
    second: float | None, before: Row | None, after: Row | None, talk: Counter[str]
) -> str:
    around = [row for row in (before, after) if row is not None]
    for near in around:
        # A row moved to another speaker shares the second of the one before only by mistake.
        if second is not None and near.second == second and not near.moved:
            return near.who
    names = sorted({row.who for row in around})
    if len(names) == 2:
        return max(names, key=lambda name: talk[name])
    others = [name for name, _ in talk.most_common(2) if name not in names]
    return next(iter([*others, *names]), "")
