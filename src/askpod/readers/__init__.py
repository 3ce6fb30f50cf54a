"""Readers: each turns a file of one format into an episode, and reports what it mended.

A format is known by what a file holds. The ending of its name counts only where the content is
no transcript of any kind: it says what the file claims to be. Refused: everything else.
"""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from askpod.errors import ReadError, Unrecognised, Untimed
from askpod.model import Episode, Fault
from askpod.readers import (
    captions,
    columns,
    html_page,
    json_transcripts,
    plain,
    subtitles,
    ttml_docx,
)
from askpod.readers.beside_speech import in_fences, without_front_matter, without_markdown
from askpod.readers.datatalks import read_datatalks
from askpod.readers.discover import ENDINGS, episode_id, find_files
from askpod.readers.json_document import load_json
from askpod.readers.metadata import beside, complete
from askpod.readers.text import (
    MAX_BYTES,
    MAX_JSON_BYTES,
    MAX_TEXT_BYTES,
    MEGABYTE,
    FaultLog,
    decode,
    is_word_document,
    read_bytes,
    why_not_transcript,
)

__all__ = [
    "ENDINGS",
    "Content",
    "Reading",
    "episode_id",
    "file_digest",
    "find_files",
    "read_episode",
    "recognise",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave: the episode, what was mended, and the file it came from."""

    episode: Episode
    faults: tuple[Fault, ...]  # by line
    path: Path
    digest: str  # sha256, in hex, of the file's bytes and of the metadata beside it


def read_episode(path: Path, *, untimed: bool = False) -> Reading:
    """Read one transcript file, of whatever format, and the metadata beside it.

    Args:
        path: the file.
        untimed: take a transcript that has no time at all; its episode is `untimed`.

    Raises ReadError, with the line where it is known, where no transcript can be had;
    Unrecognised where the file is of no known format.
    """
    data = read_bytes(path)
    # Before the metadata is read: should it change in between, the next run sees that.
    digest = _digest(path, data)
    log = FaultLog(path)
    with _uncollected():
        content = Content(path, data, log)
        told = recognise(content, untimed=untimed).read(content)
        if not told.turns:
            problem = "has no transcript: nothing is said in it; leave it out"
            raise ReadError(path, problem, line=1)
        episode = complete(told, path, log)
    return Reading(episode, log.faults(), path, digest)


def file_digest(path: Path) -> str:
    """The digest of a file and of the metadata beside it, as in its `Reading`. Raises ReadError."""
    return _digest(path, read_bytes(path))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: what a reader makes has no cycles to collect.

    It would walk over all that is read, again and again: a third of the time a large file takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _digest(path: Path, data: bytes) -> str:
    digest = hashlib.sha256(data)
    if metadata := beside(path):
        digest.update(hashlib.sha256(read_bytes(metadata)).digest())
    return digest.hexdigest()


_FRONT_MATTER = re.compile(r"\s{0,16}---[ \t]*\n")
_TRANSCRIPT = re.compile(r"^transcript:", re.MULTILINE)
_ROWS = re.compile(r"^transcript:[ \t]*(?:[\[#&!].*)?$", re.MULTILINE)  # no word stands behind it
_JSON = re.compile(r"\s*+(?:\{|\[\s*+[\[{\"\]])")  # and not a line that begins with [00:12]
_HEAD = 1_000  # characters, in which captions begin
_STOP = re.compile(r"[.?!][\s<]")
_SENTENCES = 2  # that end within a text which may be speech
_MARKDOWN = ".md"
_CLOCK = re.compile("[٠-٩۰-۹०-९০-৯]{1,3}(?:[:：][٠-٩۰-۹०-९০-৯]{2}){1,2}")
_LINE_ENDS = re.compile("[\v\u2028\u2029]")  # as Word writes them


def _ascii_digit(sign: str) -> str:
    return str(int(sign)) if sign.isdecimal() else ":"


class Content:
    """A file that is being read: its text, its JSON value where it is asked for, its faults."""

    def __init__(self, path: Path, data: bytes, log: FaultLog) -> None:
        """Raises ReadError where the bytes are no text."""
        self.path = path
        self.size = len(data)
        self.log = log
        is_word = is_word_document(data)
        text = ttml_docx.text_of_word(path, data) if is_word else decode(path, data, log)
        self.text, self.title = in_fences(text)
        below, title = without_front_matter(self.text)
        if captions.holds_captions(below[:_HEAD]):
            self.text, self.title = below, title or self.title

    @property
    def ending(self) -> str:
        """The ending of the file's name, such as `.vtt`."""
        return self.path.suffix.lower()

    @cached_property
    def json(self) -> object:
        """The JSON value. Raises ReadError where the text is none."""
        return load_json(self.path, self.text)

    @cached_property
    def json_format(self) -> str | None:
        """Which transcript format the JSON is of; None for other JSON, and for what is none."""
        if not self.ending.startswith(".json") and not _JSON.match(self.text):
            return None
        try:
            value = self.json
        except ReadError:
            if self.ending.startswith(".json"):
                raise
            return None  # notes may begin with a brace
        return json_transcripts.recognise_json(value) or ("service" if self.speech[1] else None)

    @cached_property
    def speech(self) -> tuple[object, Sequence[object]]:
        """The JSON value and the rows in it that hold its speech, which are looked for once."""
        return self.json, json_transcripts.speech_in(self.json)

    @cached_property
    def said(self) -> str:
        """The text as it is shown, in lines: that of a Markdown file without its markup."""
        text = _LINE_ENDS.sub("\n", self.text)
        if not text.isascii():
            text = _CLOCK.sub(lambda clock: "".join(map(_ascii_digit, clock[0])), text)
        return without_markdown(text) if self.ending == _MARKDOWN else text

    def holds_captions(self) -> bool:
        """Whether lines of time begin at once, or somewhere in what is called captions."""
        called_so = self.ending in (".srt", ".vtt")
        return captions.holds_captions(self.text if called_so else self.text[:_HEAD])


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is recognised, and what its reader takes of a file."""

    name: str
    recognises: Callable[[Content], bool]
    reader: Callable[[Any, FaultLog], Episode]
    takes: str = "text"  # the part of the content that the reader is given
    most: int = MAX_TEXT_BYTES  # of a file
    untimed: bool = False  # it states no second

    def read(self, content: Content) -> Episode:
        """What a file of this format tells."""
        told = self.reader(getattr(content, self.takes), content.log)
        return replace(told, untimed=self.untimed, title=told.title or content.title)


DATATALKS = Format(
    "datatalks",
    lambda it: bool(_FRONT_MATTER.match(it.text) and _ROWS.search(it.text)),
    read_datatalks,
    most=MAX_BYTES,
)
SUBRIP = Format(
    "subrip", lambda it: it.ending != ".vtt" and it.holds_captions(), subtitles.read_subrip
)
WEBVTT = Format("webvtt", lambda it: subtitles.is_webvtt(it.text), subtitles.read_webvtt)
_JSON_READERS: dict[str, Callable[[Any, FaultLog], Episode]] = {
    "podcast-json": json_transcripts.read_podcast_json,
    "whisper": json_transcripts.read_whisper,
    "youtube-list": json_transcripts.read_youtube_list,
    "youtube-json3": json_transcripts.read_youtube_json3,
    "service": json_transcripts.read_service,
}
HTML = Format(
    "html", lambda it: html_page.looks_like_plain_html(it.text), html_page.read_plain_html
)
PLAIN = Format("plain", lambda it: plain.looks_like_plain(it.said), plain.read_plain, "said")
_UNTIMED = (
    replace(HTML, recognises=lambda it: html_page.is_html(it.text), untimed=True),
    replace(PLAIN, recognises=lambda it: plain.is_untimed(it.text), untimed=True),
)


def _json_format(name: str) -> Format:
    reader = _JSON_READERS[name]
    takes = "speech" if name == "service" else "json"
    return Format(name, lambda it: it.json_format == name, reader, takes, MAX_JSON_BYTES)


def _names_without_times(text: str) -> bool:
    is_html = html_page.is_html(text)
    return plain.names_without_times(html_page.text_of_html(text) if is_html else text)


FORMATS = (
    DATATALKS,
    *map(_json_format, _JSON_READERS),
    Format(
        "xml-captions", lambda it: ttml_docx.is_xml_captions(it.text), ttml_docx.read_xml_captions
    ),
    Format("sbv", lambda it: subtitles.is_sbv(it.text), subtitles.read_sbv),
    Format("ass", lambda it: subtitles.is_ass(it.text), subtitles.read_ass),
    Format("lrc", lambda it: subtitles.is_lrc(it.text), subtitles.read_lrc),
    Format("table", lambda it: columns.is_table(it.text), columns.read_table),
    WEBVTT,
    SUBRIP,
    replace(WEBVTT, recognises=Content.holds_captions),
    Format(
        "podcast-html",
        lambda it: html_page.looks_like_transcript_html(it.text),
        html_page.read_podcast_html,
    ),
    HTML,
    PLAIN,
    # Not one of the others: what is wrong in it is told.
    replace(
        DATATALKS,
        recognises=lambda it: bool(_FRONT_MATTER.match(it.text) and _TRANSCRIPT.search(it.text)),
    ),
)
"""In the order in which they are tried; a .vtt file without its header is WebVTT all the same."""


def recognise(content: Content, *, untimed: bool = False) -> Format:
    """The format of a file's content.

    Args:
        content: what the file holds.
        untimed: take a transcript that has no time at all.

    Raises Unrecognised where it holds no transcript, ReadError where it is damaged, too large, or
    a transcript without times that was not asked for.
    """
    if not content.text.strip():
        raise Unrecognised(content.path, "is empty; fetch it again or leave it out", line=1)
    for known in FORMATS:
        if content.size <= known.most and known.recognises(content):
            return known
    if content.size > MAX_TEXT_BYTES:
        raise ReadError(
            content.path,
            f"is larger than {MAX_TEXT_BYTES // MEGABYTE} MB, which no transcript of its kind is;"
            " split it or leave it out",
        )
    for known in _UNTIMED if untimed else ():
        if known.recognises(content):
            return known
    if _names_without_times(content.text):
        raise Untimed(
            content.path,
            "has names but no times: export it with timestamps, or index it with --untimed, and"
            " its quotations have no second",
        )
    if content.ending == _MARKDOWN:
        return DATATALKS  # whose reader says what is missing
    raise Unrecognised(content.path, _why_not(content))


def _why_not(content: Content) -> str:
    """What a text is that holds no transcript, as far as that can be told, and what to do."""
    value: object = None
    if content.ending.startswith(".json") or _JSON.match(content.text):
        with suppress(ReadError):
            value = content.json
    why = json_transcripts.why_no_service(value) or why_not_transcript(content.text)
    if not why and value is None and plain.clocks_without_speech(content.text):
        why = (
            "has clocks, but not the names, sentences or amount of speech that a transcript has:"
            " is it a list of chapters, a timetable or a log?"
        )
    unknown = "holds no transcript of a known format; docs/formats.md shows what they look like"
    if value is None and len(_STOP.findall(content.text)) >= _SENTENCES:
        unknown += "; --untimed takes speech without names and times"
    return why or unknown
