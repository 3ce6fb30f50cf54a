"""A feed's XML made plain: the channel's and each item's texts and elements. Meaning comes later.

Prefixes are told by the namespaces they are declared for, and by their customary names where a
feed forgot to. Refused: a document type, and with it every entity that a feed could define.
Mended: white space before the beginning, control characters, the entities of HTML. A feed that
breaks off or is malformed gives the items up to there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_ITEMS = 100_000
MAX_DEPTH = 100  # levels; a feed has five
MAX_TEXT = 100_000  # characters of one element that are kept
MAX_ELEMENTS = 1_000  # of one item that are kept: transcripts, persons, chapters

_NAMESPACES = (
    (re.compile(r"podcastindex\.org/namespace|github\.com/podcastindex-org", re.I), "podcast"),
    (re.compile(r"itunes\.com/dtds/podcast", re.I), "itunes"),
    (re.compile(r"podlove\.org/simple-chapters", re.I), "psc"),
    (re.compile(r"purl\.org/dc/elements", re.I), "dc"),
    (re.compile(r"purl\.org/rss/1\.0/modules/content", re.I), "content"),
)
_KEPT = frozenset(
    {"enclosure", "podcast:transcript", "podcast:chapters", "podcast:person", "psc:chapter"}
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")  # UTF-16, in which zeros belong

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an item that says something by its attributes."""

    name: str
    attributes: Mapping[str, str]
    text: str

    @property
    def url(self) -> str:
        """The address in its `url` attribute."""
        return self.attributes.get("url", "").strip()

    def says(self, attribute: str) -> str:
        """An attribute's value where letters' case means nothing; "" where it is absent."""
        return self.attributes.get(attribute, "").strip().lower()


@dataclass(slots=True)
class RawItem:
    """An `<item>`: the first text of each name, and the elements with attributes, in order."""

    texts: Texts = field(default_factory=dict)
    elements: list[Element] = field(default_factory=list)

    def named(self, name: str) -> list[Element]:
        """Its elements of a name, in order."""
        return [element for element in self.elements if element.name == name]


@dataclass(slots=True)
class RawFeed:
    """A feed's channel and items; `problem` says what ended the reading early."""

    texts: Texts = field(default_factory=dict)
    items: list[RawItem] = field(default_factory=list)
    found: bool = False  # whether there is an <rss> with a <channel> at all
    problem: str = ""


class _Enough(Exception):
    """The reading ends here; the message says why."""


def parse_xml(data: bytes) -> RawFeed:
    """What of the feed can be read. Never fails: see `found` and `problem`."""
    if not data.startswith(_WIDE):
        data = data.translate(None, _CONTROLS).removeprefix(b"\xef\xbb\xbf").lstrip()
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.UseForeignDTD(True)  # noqa: FBT003 - so that HTML's entities are skipped, and no error
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.SkippedEntityHandler = builder.entity
    feed = builder.feed
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        feed.problem = f"line {error.lineno}: {expat.ErrorString(error.code)}"
    except _Enough as reason:
        feed.problem = f"line {parser.CurrentLineNumber}: {reason}"
    except (ValueError, LookupError):  # an encoding that Python does not know
        feed.problem = "its encoding is not known"
    return feed


def _refuse(*_: object) -> None:
    raise _Enough("a document type (<!DOCTYPE …>), which no feed needs, is refused")


class _Builder:
    """Takes the parser's events and keeps what is wanted."""

    def __init__(self) -> None:
        self.feed = RawFeed()
        self._prefixes: dict[str, str] = {}
        self._path: list[str] = []
        self._texts: list[list[str]] = []  # of the open elements
        self._attributes: list[Mapping[str, str]] = []
        self._item: RawItem | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        for attribute, value in attributes.items():
            if attribute.startswith("xmlns:"):
                known = (short for pattern, short in _NAMESPACES if pattern.search(value[:200]))
                self._prefixes[attribute[6:]] = next(known, "other")
        if len(self._path) >= MAX_DEPTH:
            raise _Enough(f"over {MAX_DEPTH} elements within each other")
        prefix, colon, local = name.partition(":")
        self._path.append(f"{self._prefixes.get(prefix, prefix)}:{local}" if colon else name)
        self._texts.append([])
        self._attributes.append(attributes)
        if self._path == ["rss", "channel"]:
            self.feed.found = True
        elif self._path == ["rss", "channel", "item"]:
            if len(self.feed.items) >= MAX_ITEMS:
                raise _Enough(f"over {MAX_ITEMS:,} items; the rest is left out")
            self._item = RawItem()

    def end(self, _: str) -> None:
        depth, name = len(self._path), self._path.pop()
        text, attributes = "".join(self._texts.pop())[:MAX_TEXT], self._attributes.pop()
        if depth == 3 and self._item and name == "item":
            self.feed.items.append(self._item)
            self._item = None
        elif self._item is not None:
            if name in _KEPT and len(self._item.elements) < MAX_ELEMENTS:
                self._item.elements.append(Element(name, attributes, text))
            elif depth == 4 and text.strip():
                self._item.texts.setdefault(name, text)
        elif depth == 3 and self.feed.found:
            self.feed.texts.setdefault(name, text)
        if depth > 4:  # markup within a text: the words are the text's
            self._texts[-1].append(text)

    def text(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)

    def entity(self, name: str, is_parameter: bool) -> None:  # noqa: FBT001 - as expat calls it
        if not is_parameter:
            self.text(html.unescape(f"&{name};"))
