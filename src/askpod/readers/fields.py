"""An episode's metadata from the YAML tree, and guests' full names; what is unusable is reported.

The files know guests by ids such as `lavanyagupta`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from urllib.parse import unquote

from askpod.links import safe_link, youtube_id, youtube_id_of
from askpod.parsing import Mapping, Node, Scalar, Sequence
from askpod.readers.fault_log import FaultLog
from askpod.readers.frontmatter import clean_text
from askpod.readers.text import clean, excerpt, unescape

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})
_POSSESSIVE = re.compile(r"['’]s$")
_URL_WORDS = re.compile(r"[^\W_]+")
_EDGES = " \t.,;:!?()[]{}\"“”‘’'«»—–-"
_MAX_NAME_WORDS = 5
_MAX_TEXT_WORDS = 10_000  # of prose and of links; names stand near the beginning


class Names:
    """The names that an episode's metadata spells out.

    A name is one to five consecutive words that make the guest's id when they are joined
    without accents, case and punctuation. Prose is believed before links, which spell
    "José" as "Jos" and "Bowne-Anderson" in pieces; there at least two words are wanted.
    """

    def __init__(self, prose: Iterable[str], urls: Iterable[str]) -> None:
        self._prose = _words([_bare(word) for word in text.split()] for text in prose)
        self._urls = _words(_URL_WORDS.findall(unquote(url)) for url in urls)

    def full(self, guest: str) -> str:
        """The guest's name as the metadata spells it; the id itself where it does not."""
        if any(character.isspace() for character in guest) or not guest.islower():
            return guest
        keys = [key for key in (fold(guest), fold(guest.strip("0123456789"))) if key]
        for key in keys:
            if name := _find(key, self._prose, 1):
                return name
        for key in keys:
            if name := _find(key, self._urls, 2):
                return name if name != name.lower() else name.title()
        return guest


def _words(texts: Iterable[list[str]]) -> list[tuple[str, str]]:
    """Words as they stand and as they count; an empty pair ends each text."""
    words: list[tuple[str, str]] = []
    for text in texts:
        words.extend((word, fold(word)) for word in text[: _MAX_TEXT_WORDS - len(words)])
        words.append(("", ""))
        if len(words) >= _MAX_TEXT_WORDS:
            break
    return words


def _find(key: str, words: list[tuple[str, str]], least: int) -> str:
    """The words that make the key, "" where none do; a single one must have a capital."""
    for first, (_, start) in enumerate(words):
        if not start or not key.startswith(start):
            continue
        joined = ""
        for count, (_, folded) in enumerate(words[first : first + _MAX_NAME_WORDS], 1):
            joined += folded
            if not folded or not key.startswith(joined):
                break
            if joined == key and count >= least:
                name = " ".join(word for word, _ in words[first : first + count])
                if count > 1 or name != name.lower():
                    return name
    return ""


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word.strip(_EDGES)).strip(_EDGES)


def fold(text: str) -> str:
    """The letters of a name, without accents, case and punctuation."""
    if text.isascii() and text.isalnum():
        return text.lower()  # nearly every word
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(character for character in plain if character.isalnum())


_TAG = re.compile(r"<[^<>]{0,200}>")
_DURATION = re.compile(
    r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})(?:\.\d+)?S)?)?"
)
_INTEGER = re.compile(r"\d{1,9}", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?![\d-])", re.ASCII)

_MAX_GUESTS = 50  # more are taken as they are written, without a search for their names
_MAX_HEADERS = 500


class Fields:
    """The metadata of one file, each value in the type it should have."""

    def __init__(self, root: Mapping, log: FaultLog) -> None:
        self._root = root
        self._log = log
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str:
        """A text; "" where there is none."""
        if name not in self._texts:  # so that its faults are reported once
            node = self._root.items.get(name)
            if node is not None and not isinstance(node, Scalar):
                self._wrong(node, name, "a text")
            self._texts[name] = clean_text(node, self._log)
        return self._texts[name]

    def number(self, name: str) -> int | None:
        """A whole number from 0."""
        text = self.text(name)
        if not text:
            return None
        if _INTEGER.fullmatch(text):
            return int(text)
        self._unusable(name, text, "a whole number")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; one text with commas counts as a list too."""
        node = self._root.items.get(name)
        if isinstance(node, Sequence):
            read = (clean_text(item, self._log) for item in node.items)
        elif isinstance(node, Scalar) and node.text:
            self._wrong(node, name, "a list")
            read = (part.strip() for part in clean_text(node, self._log).split(","))
        else:
            return ()
        return tuple(dict.fromkeys(text for text in read if text))

    def duration(self) -> float | None:
        """Seconds, from ISO 8601 such as PT01H01M30S."""
        text = self.text("duration")
        match = _DURATION.fullmatch(text)
        if match is None or not any(match.groups()):
            if text:
                self._unusable("duration", text, "a duration such as PT1H01M30S")
            return None
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)

    def date(self) -> str | None:
        """The day of the episode, as YYYY-MM-DD.

        The earlier of `date` and `dateadded`: an episode is not added before it exists,
        and in real files `date` has been found to be the day of a later edit.
        """
        days = [day for name in ("date", "dateadded") if (day := self._day(name))]
        return min(days, default=None)

    def description(self) -> str:
        """`description`, else `intro`, without HTML."""
        text = self.text("description") or self.text("intro")
        return clean(unescape(_TAG.sub(" ", text)))[0]

    def links(self) -> dict[str, str]:
        """Name -> address, in the file's order; only plain http(s) addresses."""
        node = self._root.items.get("links")
        if node is None or (isinstance(node, Scalar) and node.text is None):
            return {}
        if not isinstance(node, Mapping):
            self._wrong(node, "links", "names with addresses")
            return {}
        links = {}
        for name, value in node.items.items():
            written = (value.text or "") if isinstance(value, Scalar) else ""
            link = safe_link(written)
            if link:
                links[clean(name)[0]] = link
            elif written:
                self._log.add(
                    value.line, "bad-link", f"{excerpt(written)} is no web address: dropped"
                )
        return links

    def youtube(self, links: dict[str, str]) -> str | None:
        """The video's id, from `ids` or else from a link."""
        ids = self._root.items.get("ids")
        node = ids.items.get("youtube") if isinstance(ids, Mapping) else None
        written = node.text if isinstance(node, Scalar) else None
        if node is not None and written and not youtube_id(written):
            self._log.add(node.line, "bad-link", f"{excerpt(written)} is no YouTube id: dropped")
        return youtube_id(written) or next(
            (video for video in map(youtube_id_of, links.values()) if video), None
        )

    def guests(self, headers: list[str]) -> tuple[str, ...]:
        """The guests, by their full names where the file shows them."""
        ids = self.texts("guests")
        if not ids or len(ids) > _MAX_GUESTS:
            return ids
        prose = [self.text(name) for name in ("title", "short", "description", "intro")]
        prose = [_TAG.sub(" ", text) for text in prose]
        prose += [*_strings(self._root.items.get("quotableClips")), *headers[:_MAX_HEADERS]]
        urls = list(_strings(self._root.items.get("links")))
        names = Names(prose, urls)
        return tuple(dict.fromkeys(names.full(guest) for guest in ids))

    def _day(self, name: str) -> str | None:
        text = self.text(name)
        if not text:
            return None
        match = _ISO_DATE.match(text)
        if match is not None:
            with suppress(ValueError):  # such as the 31st of February
                return date.fromisoformat(match.group()).isoformat()
        self._unusable(name, text, "a date such as 2024-05-31")
        return None

    def _wrong(self, node: Node, name: str, wanted: str) -> None:
        self._log.add(node.line, "wrong-type", f"`{name}` is not {wanted}: taken as far as it goes")

    def _unusable(self, name: str, text: str, wanted: str) -> None:
        line = self._root.items[name].line
        self._log.add(line, "bad-value", f"`{name}`: {excerpt(text)} is not {wanted}: not used")


def _strings(node: Node | None) -> Iterator[str]:
    """All texts in a tree."""
    waiting = [node] if node is not None else []
    while waiting:
        next_node = waiting.pop()
        if isinstance(next_node, Scalar):
            if next_node.text:
                yield clean(next_node.text)[0]
        elif isinstance(next_node, Sequence):
            waiting.extend(reversed(next_node.items))
        else:
            waiting.extend(reversed(next_node.items.values()))
