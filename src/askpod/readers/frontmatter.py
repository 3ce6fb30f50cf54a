"""Finds the YAML front matter of a Markdown file, and takes an episode's metadata out of it.

The tree itself, and what is refused, is parsing.py's. Here are the mending of what people and
programs write around and into it, and what a value amounts to as text.

The metadata is taken from the tree; what is unusable is reported. The files know guests by ids such
as `lavanyagupta`; their full names are looked for in its prose and its links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from askpod.errors import ReadError
from askpod.links import safe_link, youtube_id, youtube_id_of
from askpod.parsing import Mapping, Node, ParseError, Scalar, Sequence, parse_yaml
from askpod.readers.text import FaultLog, clean, excerpt, mend_mojibake, unescape

_MAX_STRAY = 16  # characters that may stand before the front matter

# What YAML forbids, and what it would take for a line break and so miscount lines.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


def read_front_matter(path: Path, text: str, log: FaultLog) -> Mapping:
    """Read the front matter of a file's text. Raises ReadError where there is none to read."""
    lines = _mended_lines(text, log)
    first, last = _bounds(path, lines, log)
    block = "\n".join(lines[first:last]) + "\n"
    root = _tree(path, first, block, log)
    if isinstance(root, Mapping):
        return root
    raise ReadError(
        path,
        "the front matter does not name its values; write it as `title: …`, `transcript: …`",
        line=first + 1,
    )


def read_yaml(path: Path, text: str, log: FaultLog) -> Mapping:
    """Read a file that is YAML as a whole; empty where it says nothing.

    Raises ReadError where it is no YAML, or does not name its values.
    """
    root = _tree(path, 0, "\n".join(_mended_lines(text, log)), log)
    if root is None or (isinstance(root, Scalar) and root.text is None):
        return Mapping(1)
    if isinstance(root, Mapping):
        return root
    raise ReadError(path, "does not name its values; write it as `title: …`", line=root.line)


def _tree(path: Path, offset: int, text: str, log: FaultLog) -> Node | None:
    try:
        return parse_yaml(text, offset=offset, notice=log.add)
    except ParseError as error:
        raise ReadError(path, error.problem, line=error.line, column=error.column) from None


def _mended_lines(text: str, log: FaultLog) -> list[str]:
    lines = text.split("\n")
    if text.isascii() and not _FORBIDDEN.search(text):
        return lines
    for place, line in enumerate(lines):
        mended = mend_mojibake(line)
        if mended != line:
            log.add(place + 1, "mojibake", f"text encoded twice, mended: {excerpt(mended)}")
        bare = mended.removeprefix("\ufeff") if place == 0 else mended
        usable = _FORBIDDEN.sub(" ", bare)
        if usable != bare:
            log.add(place + 1, "control-characters", "control characters replaced by spaces")
        lines[place] = usable
    return lines


def _bounds(path: Path, lines: list[str], log: FaultLog) -> tuple[int, int]:
    """The lines between the two `---`, as a half-open range."""
    opening = _opening(lines)
    if opening is None:
        raise ReadError(
            path,
            "has no front matter: a transcript starts with a line `---`, then YAML with a"
            " `transcript:` list, then `---`; mend the file or leave it out",
            line=1,
        )
    stray = "".join([*lines[:opening], lines[opening].rstrip().removesuffix("---")]).strip()
    if stray:
        log.add(1, "stray-before-front-matter", f"{excerpt(stray)} before the front matter ignored")
    for place in range(opening + 1, len(lines)):
        if lines[place].rstrip() in ("---", "..."):
            return opening + 1, place
    log.add(opening + 1, "front-matter-open", "no closing `---`: all of the file taken as YAML")
    return opening + 1, len(lines)


def _opening(lines: list[str]) -> int | None:
    stray = 0
    for place, line in enumerate(lines):
        bare = line.strip()
        if bare.endswith("---") and stray + len(bare) - 3 <= _MAX_STRAY:
            return place
        stray += len(bare)
        if stray > _MAX_STRAY:
            return None
    return None


def as_text(node: Node | None) -> str | None:
    """A value as text; None where it is null or nested too deeply to be text.

    Unquoted `[laughs]` and `{pause}` are a list and a mapping to YAML: they are given
    back as they stand in the file.
    """
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        parts = [item.text or "" for item in node.items if isinstance(item, Scalar)]
        return f"[{', '.join(parts)}]" if parts and len(parts) == len(node.items) else None
    pairs = [(key, value) for key, value in node.items.items() if isinstance(value, Scalar)]
    if not pairs or len(pairs) < len(node.items):
        return None
    return "{" + ", ".join(f"{key}: {item.text}" if item.text else key for key, item in pairs) + "}"


def clean_text(node: Node | None, log: FaultLog) -> str:
    """A value as clean text, "" where it has none; what was mended is reported."""
    written = as_text(node)
    if node is None or written is None:
        return ""
    text, mended, hidden = clean(written)
    if mended:
        log.add(node.line, "mojibake", f"text encoded twice, mended: {excerpt(text)}")
    if hidden:
        log.add(node.line, "control-characters", f"invisible characters removed: {excerpt(text)}")
    return text


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
        self._prose = _words(
            [_POSSESSIVE.sub("", word.strip(_EDGES)).strip(_EDGES) for word in text.split()]
            for text in prose
        )
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
        """The video's id: an id or a link in `youtube`, there or in `ids`; else of a link."""
        ids = self._root.items.get("ids")
        fields = Fields(ids, self._log) if isinstance(ids, Mapping) else self
        written = fields.text("youtube")
        video = youtube_id(written) or youtube_id_of(written)
        if written and not video:
            line = fields._root.items["youtube"].line
            self._log.add(line, "bad-link", f"{excerpt(written)} is no YouTube video: dropped")
        return video or video_in(links)

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


def video_in(links: dict[str, str]) -> str | None:
    """The id of the first YouTube video among links."""
    return next((video for video in map(youtube_id_of, links.values()) if video), None)


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
