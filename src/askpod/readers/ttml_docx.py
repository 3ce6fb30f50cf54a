"""Reads what is XML inside: captions (TTML, DFXP, IMSC; YouTube's timedtext) and Word documents.

XML is read as a stream, by the standard library's expat: nothing nests, and each tag knows its
line. Refused: entities of a file's own, which can grow without bounds.

A caption's time and its speaker stand at the caption, those of single words inside of it.

Of a Word document (.docx), such as Teams and Word write transcripts, only paragraphs and line
breaks are read: nothing in it acts. Refused: what is damaged, and what unpacks to more than a
transcript holds.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from xml.parsers import expat

from askpod.errors import ReadError
from askpod.model import Episode
from askpod.readers.captions import Piece, caption_second, refuse_floods, unrolled
from askpod.readers.cues import Cue, later
from askpod.readers.text import MAX_TAGS, MAX_TEXT_BYTES, MEGABYTE, FaultLog, clean, unescape
from askpod.readers.turns import draft


def parse_xml(path: Path, text: str, events: _Captions | _Paragraphs) -> None:
    """Tells `events` where elements start and end, and the text between two tags or a part of it.

    Names come without their prefix. Raises ReadError where it is no sound XML.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        bare = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        events.start(parser.CurrentLineNumber, name.rpartition(":")[2].lower(), bare)

    def refuse(*_: object) -> None:
        raise ReadError(path, "declares entities of its own, which no transcript needs", line=1)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: events.end(name.rpartition(":")[2].lower())
    parser.CharacterDataHandler = events.text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), True)  # noqa: FBT003
    except expat.ExpatError as error:
        problem = f"is not valid XML ({expat.ErrorString(error.code)}); mend it or fetch it again"
        raise ReadError(path, problem, line=error.lineno) from None


_HEAD = 4_000  # characters by which a file is recognised
_ROOT = re.compile(r"<(?:\w+:)?(tt|timedtext|transcript)[\s>]", re.IGNORECASE)
_OFFSET = re.compile(r"(\d{1,10}(?:\.\d{1,9})?)(h|ms|m|s|f|t)?")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_FRAMES = re.compile(r"(\d{1,3}):(\d\d):(\d\d):(\d{1,3})")


def is_xml_captions(text: str) -> bool:
    """Whether a file is TTML or timedtext, by its first element."""
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    match = _ROOT.search(head) if head.startswith("<") else None
    return match is not None and (match[1].lower() != "transcript" or "<text" in head)


def read_xml_captions(text: str, log: FaultLog) -> Episode:
    """The turns of a file of captions in XML. Raises ReadError where it is no sound XML."""
    refuse_floods(log.path, text)
    reader = _Captions()
    parse_xml(log.path, text, reader)
    title = clean("".join(reader.title))[0]
    return draft(unrolled(reader.cues(), log), log, recognised=True, title=title)


class _Captions:
    """Collects the captions of TTML and timedtext."""

    def __init__(self) -> None:
        self.title: list[str] = []  # in parts
        self._pieces: list[Piece] = []  # their speakers are agents' ids
        self._start: float | None = None  # of the caption that is being read
        self._speaker = ""  # likewise
        self._is_open = False  # whether one is being read
        self._agents: dict[str, list[str]] = {}  # id -> name in parts
        self._agent = ""  # that is being described
        self._around = ""  # agent of what the caption stands in
        self._inside = ""  # "title" or "name", whose text is being read
        self._escaped = False  # timedtext escapes twice
        self._rates = {"f": 1 / 30, "t": 1.0}

    def cues(self) -> list[Cue]:
        """All cues, once the file has been read."""
        names = {agent: clean("".join(parts))[0] for agent, parts in self._agents.items()}
        found: list[Cue] = []
        for piece in self._pieces:
            agent = piece.speaker.partition(" ")[0]
            text = "".join(piece.texts)
            said = unescape(text) if self._escaped else text
            found.append(Cue(piece.line, piece.start, piece.end, said, names.get(agent) or agent))
        return [cue for cue in found if cue.text]

    def start(self, line: int, name: str, attributes: dict[str, str]) -> None:
        if name == "tt":
            self._set_rates(attributes)
        elif name == "timedtext":
            self._escaped = True
        elif name in ("title", "name", "agent"):
            self._inside = name
            self._agent = attributes.get("id", self._agent) if name == "agent" else self._agent
        elif name in ("body", "div"):
            self._around = attributes.get("agent", self._around)
        elif name == "p":
            self._begin(line, *self._times(attributes), attributes.get("agent", self._around))
        elif name == "text" and "start" in attributes:
            self._escaped = True
            start = caption_second(attributes["start"])
            lasts = caption_second(attributes.get("dur", ""))
            self._begin(line, start, later(start, lasts), "")
        elif self._is_open and name in ("span", "s"):
            self._span(attributes)
        elif self._is_open and name == "br":
            self.text("\n")

    def end(self, name: str) -> None:
        if name in ("p", "text"):
            self._is_open = False
        elif name in ("title", "name", "agent"):
            self._inside = ""

    def text(self, text: str) -> None:
        if self._inside == "title":
            self.title.append(text)
        elif self._inside == "name" and self._agent:
            self._agents.setdefault(self._agent, []).append(text)
        elif self._is_open:
            self._pieces[-1].add(text)

    def _begin(self, line: int, start: float | None, end: float | None, speaker: str) -> None:
        self._is_open, self._start, self._speaker = True, start, speaker
        self._pieces.append(Piece(line, start, end, speaker))

    def _span(self, attributes: dict[str, str]) -> None:
        """A stretch inside of a caption."""
        last = self._pieces[-1]
        agent = attributes.get("agent", self._speaker)
        start: float | None = None
        if "begin" in attributes or "t" in attributes:
            start = self._times(attributes)[0]
        elif "agent" not in attributes:
            return
        if self._start is not None and start is not None:
            ends = last.end is None or self._start + start <= last.end
            # counted from the beginning of the caption
            own = "t" in attributes or (start < self._start and ends)
            start += self._start if own else 0.0
        if last.holds_words:
            self._pieces.append(Piece(last.line, start, last.end, agent))
            last.end = None
        else:
            last.speaker = agent
            last.start = last.start if start is None else start

    def _set_rates(self, attributes: dict[str, str]) -> None:
        for name, unit in (("frameRate", "f"), ("tickRate", "t")):
            written = attributes.get(name, "")
            if re.fullmatch(r"[1-9]\d{0,9}", written):
                self._rates[unit] = 1 / int(written)

    def _times(self, attributes: dict[str, str]) -> tuple[float | None, float | None]:
        """Start and end: TTML's `begin` and `end` or `dur`, timedtext's `t` and `d`."""
        if "t" in attributes or "d" in attributes:
            start = self._second(f"{attributes.get('t', '')}ms")
            return start, later(start, self._second(f"{attributes.get('d', '')}ms"))
        start = self._second(attributes.get("begin", ""))
        if "end" in attributes:
            return start, self._second(attributes["end"])
        return start, later(start, self._second(attributes.get("dur", "")))

    def _second(self, written: str) -> float | None:
        """Seconds from "00:00:03.120", "00:00:03:12" (frames), "3.12s", "3120ms" or "3.12"."""
        written = written.strip()
        if match := _OFFSET.fullmatch(written):
            unit = match[2] or "s"
            return float(match[1]) * (_UNITS.get(unit) or self._rates[unit])
        if match := _FRAMES.fullmatch(written):
            whole = caption_second(written.rpartition(":")[0])
            return None if whole is None else whole + int(match[4]) * self._rates["f"]
        return caption_second(written) if written else None


_BODY = "word/document.xml"
_WORD_TAGS = 6  # in a document to each of ours: it marks every run of letters


def text_of_word(path: Path, data: bytes) -> str:
    """The paragraphs of a document, with a blank line between them. Raises ReadError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_BODY) as file:
            body = file.read(MAX_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, EOFError, zlib.error,
            NotImplementedError, ValueError) as error:  # fmt: skip
        raise ReadError(
            path, f"is a damaged Word document ({error}); save it again, or as plain text"
        ) from None
    if len(body) > MAX_TEXT_BYTES or body.count(b"<") > _WORD_TAGS * MAX_TAGS:
        raise ReadError(
            path,
            f"holds more than {MAX_TEXT_BYTES // MEGABYTE} MB of text; split it or leave it out",
        )
    paragraphs = _Paragraphs()
    parse_xml(path, body.decode("utf-8", "replace"), paragraphs)
    return "\n\n".join(paragraphs.found)


class _Paragraphs:
    """Collects the paragraphs of a document."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._in_text = False

    def start(self, line: int, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        self._in_text = name == "t"
        if name in ("br", "cr"):
            self._parts.append("\n")
        elif name == "tab":
            self._parts.append("\t")

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "p":
            text = "".join(self._parts).strip()
            self._parts.clear()
            if text:
                self.found.append(text)

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)
