"""Reads the DataTalks.Club format: Markdown with the transcript in its YAML front matter.

What follows the front matter (show notes) is not read. A file is refused with a clear
ReadError where no transcript can be had from it; anything less is mended and reported.
"""

from __future__ import annotations

from pathlib import Path

from askpod.errors import ReadError
from askpod.model import Episode, Turn
from askpod.parsing import Mapping, Scalar, Sequence
from askpod.readers.datatalks.repair import mend_rows
from askpod.readers.datatalks.rows import Row, read_rows
from askpod.readers.discover import episode_id, shown_name
from askpod.readers.frontmatter import Fields, read_front_matter
from askpod.readers.text import (
    MAX_MARKDOWN_LINES,
    MAX_TEXT_BYTES,
    MEGABYTE,
    FaultLog,
    refuse_long_lines,
)
from askpod.times import time_turns


def read_datatalks(text: str, log: FaultLog) -> Episode:
    """Read one episode from a file's text. Raises ReadError; faults go to the log."""
    path = log.path
    _check_lines(path, text)
    root = read_front_matter(path, text, log)
    rows = read_rows(path, _transcript(path, root), log)
    fields = Fields(root, log)
    guests = fields.guests([row.header for row in rows if row.header])
    turns = _turns(mend_rows(rows, guests, log))
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


def _check_lines(path: Path, text: str) -> None:
    if text.count("\n") > MAX_MARKDOWN_LINES:
        problem = f"has more than {MAX_MARKDOWN_LINES:,} lines; split it or leave it out"
        raise ReadError(path, problem)
    refuse_long_lines(path, text.split("\n"))
    if len(text) > MAX_TEXT_BYTES:
        problem = f"is larger than {MAX_TEXT_BYTES // MEGABYTE} MB; split it or leave it out"
        raise ReadError(path, problem)


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
