"""Parses a podcast's feed (RSS): its episodes, their transcripts, guests and chapters.

Texts are cleaned and cut to length, numbers and dates are checked; addresses are taken as they
stand and checked by whoever requests them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from email.utils import parsedate_tz
from typing import Any
from urllib.parse import urlsplit

import yaml

from askpod.links import safe_link
from askpod.parsing import ParseError, parse_json
from askpod.readers.html_page import text_of_html
from askpod.readers.json_document import seconds
from askpod.readers.metadata import Chapter
from askpod.readers.text import clean, unescape
from askpod.sources.addresses import without_secrets, without_secrets_inside
from askpod.sources.feed_xml import Element, RawItem, parse_xml

MAX_TITLE = 500  # characters
MAX_DESCRIPTION = 2_000  # characters
MAX_NAME = 200  # characters
MAX_GUESTS = 50
MAX_OFFERS = 20  # transcripts of one item
MAX_NUMBER = 100_000  # of seasons and episodes
MAX_CHAPTERS = 500
MAX_CHAPTER_TITLE = 300  # characters
MAX_MARKUP = 20_000  # characters of markup that are looked at

_TYPES = {
    ".json": ("application/json", "application/x-json", "text/json"),
    ".vtt": ("text/vtt", "text/webvtt", "application/vtt"),
    ".srt": ("application/srt", "application/x-subrip", "application/x-srt", "text/srt"),
    ".html": ("text/html", "application/xhtml+xml"),
    ".txt": ("text/plain",),
}
_ENDING_OF_TYPE = {kind: ending for ending, kinds in _TYPES.items() for kind in kinds}
_BY_MERIT = (".json", ".vtt", ".srt", ".html", ".htm", ".md", ".txt")


@dataclass(frozen=True, slots=True)
class Offer:
    """A transcript that an item offers."""

    href: str  # as it stands in the feed
    media_type: str = ""
    language: str = ""  # "" means the feed's


@dataclass(frozen=True, slots=True)
class Item:
    """An episode as the feed tells of it."""

    key: str  # the same on every run, and no other item's
    title: str = ""
    date: str | None = None  # ISO 8601, YYYY-MM-DD
    season: int | None = None
    number: int | None = None
    guests: tuple[str, ...] = ()
    description: str = ""
    page: str = ""
    audio: str = ""
    video: str = ""
    offers: tuple[Offer, ...] = ()  # in the feed's order
    chapters_href: str = ""
    chapters: tuple[Chapter, ...] = ()  # that stand in the feed itself

    @property
    def sound(self) -> str:
        """The address of its recording: of the sound alone, where there is one."""
        return self.audio or self.video


@dataclass(frozen=True, slots=True)
class Feed:
    """A podcast's feed. `problem` says what ended its reading early; the items before stand."""

    title: str
    language: str
    items: tuple[Item, ...]
    problem: str = ""


def read_feed(data: bytes) -> Feed | None:
    """The feed that `data` holds; None where it is no RSS."""
    raw = parse_xml(data)
    if not raw.found:
        return None
    items = [_item(item) for item in raw.items]
    return Feed(
        _text(raw.texts.get("title", ""), MAX_TITLE),
        _text(raw.texts.get("language", ""), 40),
        tuple(_apart(items)),
        raw.problem,
    )


def _item(raw: RawItem) -> Item:
    texts, of = raw.texts, raw.named
    audio = _medium(of("enclosure"), video=False)
    video = _medium(of("enclosure"), video=True)
    # Many hosts escape a title twice.
    title = _text(unescape(texts.get("title") or texts.get("itunes:title", "")), MAX_TITLE)
    day = _date(texts.get("pubDate") or texts.get("dc:date", ""))
    page = texts.get("link", "").strip()
    return Item(
        key=texts.get("guid", "").strip() or audio or video or page or f"{day} {title}",
        title=title,
        date=day,
        season=_number(texts.get("podcast:season") or texts.get("itunes:season", "")),
        number=_number(texts.get("podcast:episode") or texts.get("itunes:episode", "")),
        guests=tuple(_guests(of("podcast:person"))),
        description=_description(raw),
        page=page,
        audio=audio,
        video=video,
        offers=tuple(
            Offer(each.url, each.says("type").partition(";")[0].strip(), each.says("language"))
            for each in of("podcast:transcript")[:MAX_OFFERS]
            if each.url
        ),
        chapters_href=next((e.url for e in of("podcast:chapters")), ""),
        chapters=_chapters(
            (each.attributes.get("start"), each.attributes.get("title"))
            for each in of("psc:chapter")
        ),
    )


def _medium(enclosures: list[Element], *, video: bool) -> str:
    fitting = (e.url for e in enclosures if e.says("type").startswith("video/") == video)
    return next(fitting, "")


def _apart(items: list[Item]) -> Iterator[Item]:
    """The items, each under a key of its own: some feeds give several the same guid."""
    shared = Counter(item.key for item in items)
    seen = set()
    for item in items:
        key = item.key
        if shared[key] > 1:
            key = f"{key} {item.audio or item.video or item.page or item.title}"
        if key not in seen:  # what is the same in that, too, is one item twice
            seen.add(key)
            yield replace(item, key=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:20])


def _guests(persons: list[Element]) -> list[str]:
    """Persons in the role of a guest; one without a role is a host."""
    names = (_text(person.text, MAX_NAME) for person in persons if person.says("role") == "guest")
    return list(dict.fromkeys(name for name in names if name))[:MAX_GUESTS]


def _description(raw: RawItem) -> str:
    names = ("description", "itunes:summary", "content:encoded")
    text = next((raw.texts[name] for name in names if name in raw.texts), "")
    return _text(text_of_html(text[:MAX_MARKUP], heading=""), MAX_DESCRIPTION)


def _text(text: str, most: int) -> str:
    """Cleaned, on one line, and cut after a word where it is too long."""
    tidy = without_secrets_inside(clean(text[: 4 * most])[0])
    if len(tidy) <= most:
        return tidy
    return tidy[: most - 1].rpartition(" ")[0].rstrip() + "…" if " " in tidy[:most] else tidy[:most]


def _number(text: str) -> int | None:
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*", text)
    return int(found[1]) if found and int(found[1]) < MAX_NUMBER else None


def _date(text: str) -> str | None:
    """The day on which it was published, where its maker was."""
    text = text.strip()[:100]
    with suppress(ValueError):
        return date.fromisoformat(text[:10]).isoformat()
    try:
        found = parsedate_tz(text) or parsedate_tz(f"{text} 00:00:00")  # or a day alone
        return date(*found[:3]).isoformat() if found else None
    except (ValueError, TypeError, OverflowError):
        return None


def in_order(offers: Sequence[Offer], language: str) -> list[Offer]:
    """The offers, best first; of equally good ones the feed's order stands."""

    def merit(offer: Offer) -> tuple[bool, int]:
        foreign = bool(offer.language and language) and _tongue(offer.language) != _tongue(language)
        return foreign, _BY_MERIT.index(ending_of(offer))

    return sorted(dict.fromkeys(offers), key=merit)


def ending_of(offer: Offer) -> str:
    """The ending of a file of the offer's format: by the address where the type tells little."""
    path = urlsplit(offer.href.replace("[", "").replace("]", "")).path.lower()
    named = next((ending for ending in _BY_MERIT if path.endswith(ending)), "")
    stated = _ENDING_OF_TYPE.get(offer.media_type, "")
    if stated in ("", ".txt"):  # captions are often served as text/plain
        return named or ".txt"
    return stated


def _tongue(language: str) -> str:
    """A language without its country: `en-US` -> `en`."""
    return language.replace("_", "-").partition("-")[0].casefold()


def read_chapters(data: bytes) -> tuple[Chapter, ...] | None:
    """The chapters of a Podcasting 2.0 chapters file; None where it is none.

    Chapters without a title, a start, or a place in the table of contents are passed over.
    """
    try:
        document = parse_json(data, finite=False)
    except ParseError:
        return None
    found = document.get("chapters") if isinstance(document, dict) else None
    if not isinstance(found, list):
        return None
    return _chapters(
        (entry.get("startTime"), entry.get("title"))
        for entry in found
        if isinstance(entry, dict) and entry.get("toc") is not False
    )


def _chapters(entries: Iterable[tuple[object, object]]) -> tuple[Chapter, ...]:
    """The first MAX_CHAPTERS that have a start and a title, by their starts."""
    chapters: list[Chapter] = []
    for stated, title in entries:
        start = seconds(stated)
        if start is None or not isinstance(title, str):
            continue
        text = title[: 2 * MAX_CHAPTER_TITLE].encode("utf-8", "replace").decode()
        if tidy := without_secrets_inside(clean(text)[0])[:MAX_CHAPTER_TITLE]:
            chapters.append(Chapter(round(start, 3), tidy))
    return tuple(sorted(chapters[:MAX_CHAPTERS], key=lambda chapter: chapter.start))


_HEAD = "# From the podcast's feed. Change it and it stays as you leave it.\n"


def sidecar(item: Item, chapters: Sequence[Chapter]) -> bytes:
    """The metadata file of an episode: YAML, what is not known left out."""
    page = safe_link(without_secrets(item.page))
    fields: dict[str, Any] = {
        "title": item.title,
        "date": item.date,
        "season": item.season,
        "number": item.number,
        "guests": list(item.guests),
        "description": item.description,
        "audio": safe_link(without_secrets(item.audio)),
        "video": safe_link(without_secrets(item.video)),
        "links": {"page": page} if page else {},
        "chapters": [
            {"start": each.start if each.start % 1 else int(each.start), "title": each.title}
            for each in chapters
        ],
    }
    known = {name: value for name, value in fields.items() if value not in ("", None, [], {})}
    if not known:
        return _HEAD.encode() + b"{}\n"
    dumped = yaml.dump(
        known, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100
    )
    return f"{_HEAD}{dumped}".encode()
