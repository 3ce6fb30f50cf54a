"""Reads the HTML transcripts of Podcasting 2.0: `<cite>` names, `<time>` clocks, `<p>` speech.

They come as a bare fragment or inside a whole page, with the time before or after the name,
and with either missing. A paragraph is by whoever was named last; one without a time is timed
between its neighbours. What stands before the first name or time is no speech, and neither is
text outside of paragraphs, unless it follows a name or a time. No attribute is looked at.

Pages are taken apart in time linear in their length, whatever they hold. The standard library's
parser is not used: on unfinished markup it takes quadratic time (CPython's gh-135462, and more
since: 20,000 `<p a='` take it half a minute), and a hostile page can be full of that. Nothing is
ever executed, fetched or nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from askpod.model import Episode
from askpod.readers.cues import Cue
from askpod.readers.json_document import seconds
from askpod.readers.plain import looks_like_plain, read_plain
from askpod.readers.text import MAX_TAGS, FaultLog, clean, refuse_more, unescape
from askpod.readers.turns import draft

# Not possessive: Python before 3.11.5 mismatches possessive groups. No step of it is ambiguous.
_GAP = r"(?:\s|</?(?:div|span|br|b|strong|em|i|li|small|header)\b[^<>]*>)*"
_TIME = r"<time\b[^<>]*>[\s(\[]*+\d{1,3}:\d\d[^<>]{0,12}</time>"
_CITE = r"<cite\b[^<>]*>[^<>]{1,120}"
_PAIR = re.compile(f"{_CITE}</cite>{_GAP}{_TIME}|{_TIME}{_GAP}{_CITE}</cite>", re.IGNORECASE)
_NAMED = re.compile(rf"{_CITE}(?<=:)\s*</cite>{_GAP}<p\b", re.IGNORECASE)
_TIMED = re.compile(rf"{_TIME}{_GAP}<p\b", re.IGNORECASE)
# Names that are marked in another way: such a page is read by its lines.
_OTHERWISE = re.compile(
    rf"<(?P<tag>b|strong|em|span|a|h[1-6])\b[^<>]*>[^<>]{{1,120}}</(?P=tag)>\s*{_TIME}",
    re.IGNORECASE,
)

_CLOCK = re.compile(r"(?:\d{1,3}:)?\d{1,3}:\d\d(?:[.,]\d{1,6})?", re.ASCII)
_ELEMENT = re.compile(
    r"<(?:!doctype html|html|head|body|p|div|span|ul|ol|h[1-6]|article|section|main|strong|b|br"
    r"|table|cite|time|blockquote|header|a|details)\b",
    re.IGNORECASE,
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TITLE = re.compile(r"<(?:title|h1)\b[^<>]*>([^<>]{1,300})</", re.IGNORECASE)
_HEAD = 4_000  # characters by which markup is known
_HEAD_OF_PAGE = 200_000  # characters in which its title stands
_MAX_LABEL = 120  # characters; more is no name
_LABELS = frozenset({"title", "h1", "cite", "time"})
_BLOCKS = frozenset(
    {"p", "div", "li", "ul", "ol", "blockquote", "section", "article", "main", "header", "body",
     "table", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "dl", "dt", "dd"}
)  # fmt: skip


def looks_like_transcript_html(text: str) -> bool:
    """Whether a page has a name beside a clock, or two paragraphs under a name or a clock."""
    named, timed, otherwise = (
        len(list(islice(pattern.finditer(text), 2))) > 1 for pattern in (_NAMED, _TIMED, _OTHERWISE)
    )
    return bool(_PAIR.search(text)) or named or (timed and not otherwise)


def read_podcast_html(text: str, log: FaultLog) -> Episode:
    """The turns of a page, and its title where it has one. Raises ReadError on too many tags."""
    refuse_more(log.path, text.count("<"), MAX_TAGS, "tags")
    page = _Page()
    for piece in _pieces(text):
        page.take(piece)
    return draft(page.finished(), log, title=page.title)


def is_html(text: str) -> bool:
    """Whether a text is markup and no plain text."""
    return text.lstrip("\ufeff \t\r\n").startswith("<") and bool(_ELEMENT.search(text[:_HEAD]))


def text_of_html(text: str, heading: str = "## ") -> str:
    """The lines of a page, with a blank one between its blocks; `""` past MAX_TAGS.

    Before each of its headings stands `heading`.
    """
    too_many = text.count("<") > MAX_TAGS
    return "" if too_many else "\n".join(line for _, line in _lines(text, heading))


def looks_like_plain_html(text: str) -> bool:
    """Whether a page says in plain lines what a transcript in plain text says."""
    return is_html(text) and looks_like_plain(text_of_html(text))


def read_plain_html(text: str, log: FaultLog) -> Episode:
    """The turns of a page whose lines are those of a transcript in plain text, and its title."""
    refuse_more(log.path, text.count("<"), MAX_TAGS, "tags")
    lines = _lines(text)
    own = FaultLog(log.path)
    told = read_plain("\n".join(line for _, line in lines), own)
    for fault in own.faults():
        log.add(lines[min(fault.line, len(lines)) - 1][0], fault.kind, fault.repair)
    match = _TITLE.search(text[:_HEAD_OF_PAGE])
    title = clean(unescape(unescape(match[1])))[0] if match else ""
    return replace(told, title=title or told.title)


def _lines(page: str, heading: str = "## ") -> list[tuple[int, str]]:
    """The lines that a page shows, each with its line in the file; titles are left out."""
    lines: list[tuple[int, str]] = [(1, "")]
    in_title, mark = False, ""
    for piece in _pieces(page):
        name = piece.tag.removeprefix("/")
        if name == "title":
            in_title = not piece.tag.startswith("/")
        elif name == "br":
            lines.append((piece.line, ""))
        elif name in _BLOCKS:
            lines += ((piece.line, ""), (piece.line, ""))
            mark = heading if piece.tag in _HEADINGS else ""
        elif not in_title and piece.text:
            if mark and piece.text.strip():
                lines[-1], mark = (lines[-1][0], mark), ""
            first, *more = piece.text.split("\n") if "\n\n" in piece.text else [piece.text]
            lines[-1] = (lines[-1][0], _beside(lines[-1][1], first))
            lines += ((piece.line, line) for line in more)
    return [(line, " ".join(text.split())) for line, text in lines]


def _beside(before: str, text: str) -> str:
    """What stands in one line, a clock apart from a name: pages set them apart by their style."""
    clock_first = text[:1].isalpha() and _CLOCK.fullmatch(before.strip())
    clock_last = before[-1:].isalpha() and _CLOCK.fullmatch(text.strip())
    return f"{before} {text}" if clock_first or clock_last else before + text


@dataclass(slots=True)
class _Page:
    """What has been read of a page, and what is open."""

    title: str = ""
    _cues: list[Cue] = field(default_factory=list)
    _label: str = ""  # the element of `_LABELS` that is open
    _labelled: list[str] = field(default_factory=list)  # the texts in it
    _speech: list[str] = field(default_factory=list)  # the texts of the paragraph that is open
    _line: int = 1  # where that paragraph begins
    _begun: bool = False  # a name or a clock has been seen
    _awaited: bool = False  # one was the last thing seen: what comes is speech in any element
    _in_paragraph: bool = False
    _speaker: str = ""
    _second: float | None = None

    def take(self, piece: _Piece) -> None:
        """Take the next piece of the page."""
        name = piece.tag.removeprefix("/")
        if self._label and not name:
            self._labelled.append(piece.text)
        elif not name:
            self._say(piece.text, piece.line)
        if name in _LABELS or name in _BLOCKS:
            self._end_label(piece.line)
            self._label = name if piece.tag in _LABELS else ""
        if name in _BLOCKS:
            self._end_speech()
            self._in_paragraph = piece.tag == "p"
        elif name == "br":
            self._say(" ", piece.line)

    def finished(self) -> list[Cue]:
        """All cues, once the last piece has been taken."""
        self._end_label(self._line)
        self._end_speech()
        return self._cues

    def _say(self, text: str, line: int) -> None:
        if self._awaited or (self._begun and self._in_paragraph):
            if not self._speech:
                self._line = line
            self._speech.append(text)

    def _end_label(self, line: int) -> None:
        if not self._label:
            return
        text = clean("".join(self._labelled))[0]
        label, self._label = self._label, ""
        self._labelled.clear()
        if label in ("title", "h1"):
            self.title = self.title or clean(unescape(text))[0]
        elif (label == "cite" and self._name(text)) or (label == "time" and self._clock(text)):
            self._begun = self._awaited = True
        else:
            self._say(text, line)  # a work that somebody cites, or a date: words as any others

    def _name(self, text: str) -> bool:
        """Whether the text of a `<cite>` names a speaker, who is then the one who speaks."""
        amid = any(said.strip() for said in self._speech)
        if len(text) > _MAX_LABEL or (amid and not text.endswith(":")):
            return False
        self._end_speech()
        self._speaker = text.rstrip(" :")
        return True

    def _clock(self, text: str) -> bool:
        """Whether the text of a `<time>` is a second, which is then that of what follows."""
        bare = text.strip("()[] ")
        if not _CLOCK.fullmatch(bare):
            return False
        self._end_speech()
        self._second = seconds(bare)
        return True

    def _end_speech(self) -> None:
        text = "".join(self._speech)
        self._speech.clear()
        if text.strip():
            self._cues.append(Cue(self._line, self._second, None, text, self._speaker))
            self._speaker, self._second, self._awaited = "", None, False


# No part of this runs past the next "<", so that no character is looked at more than thrice.
_PIECE = re.compile(
    r"""(?P<comment><!--)
    |<(?P<quoted>/?[a-zA-Z][\w:-]*)(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>
    |<(?P<plain>/?[a-zA-Z][\w:-]*)[^<>]*>
    |<[!?/][^<>]*>
    |(?P<text><?[^<]+|<)""",
    re.VERBOSE,
)
_LEFT_OUT = ("script", "style", "template", "noscript", "iframe", "svg", "textarea", "button",
             "select", "nav", "footer", "aside")  # fmt: skip
_CLOSINGS = {name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE) for name in _LEFT_OUT}


class _Piece(NamedTuple):
    """A tag, such as "cite" or "/cite", or the text between two tags."""

    line: int
    tag: str  # in small letters; "" for a text
    text: str = ""  # its character references read; "" for a tag


def _pieces(page: str) -> Iterator[_Piece]:
    """The tags and texts of a page in their order, without what is no part of its own text."""
    at, line, counted = 0, 1, 0
    unclosed: set[str] = set()  # elements that are not closed in the rest of the page
    while match := _PIECE.match(page, at):
        line += page.count("\n", counted, at)
        counted, at = at, match.end()
        tag = (match["quoted"] or match["plain"] or "").lower()
        if match["comment"]:
            end = page.find("-->", at)
            at = len(page) if end < 0 else end + 3  # as in a browser
        elif tag in _CLOSINGS and tag not in unclosed:
            closing = _CLOSINGS[tag].search(page, at)
            if closing and tag == "button" and _CLOCK.fullmatch(page[at : closing.start()].strip()):
                yield _Piece(line, "", page[at : closing.start()])  # to play from there
            at = closing.end() if closing else at
            unclosed.update(() if closing else (tag,))
        elif tag or match["text"]:
            yield _Piece(line, tag, unescape(match["text"] or ""))
