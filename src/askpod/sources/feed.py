"""What a podcast's feed (RSS) says: its episodes, and where their transcripts are offered.

Texts are cleaned and cut to length, numbers and dates are checked; addresses are taken as they
stand and checked by whoever asks them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from email.utils import parsedate_to_datetime

from askpod.readers.text import clean
from askpod.sources.chapters import Chapter, podlove
from askpod.sources.feed_xml import Element, RawItem, parse_xml
from askpod.sources.plain_text import without_markup

MAX_TITLE = 500  # characters
MAX_DESCRIPTION = 2_000  # characters
MAX_NAME = 200  # characters
MAX_GUESTS = 50
MAX_OFFERS = 20  # transcripts of one item
MAX_NUMBER = 100_000  # of seasons and episodes


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
    title = _text(texts.get("title") or texts.get("itunes:title", ""), MAX_TITLE)
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
        offers=tuple(_offers(of("podcast:transcript"))),
        chapters_href=next((e.url for e in of("podcast:chapters")), ""),
        chapters=podlove(of("psc:chapter")),
    )


def _medium(enclosures: list[Element], *, video: bool) -> str:
    """The first enclosure that is a video, or that is none."""
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


def _offers(elements: list[Element]) -> Iterator[Offer]:
    for element in elements[:MAX_OFFERS]:
        if element.url:
            yield Offer(
                element.url,
                element.says("type").partition(";")[0].strip(),
                element.says("language"),
            )


def _guests(persons: list[Element]) -> list[str]:
    """Persons in the role of a guest; one without a role is a host."""
    names = (_text(person.text, MAX_NAME) for person in persons if person.says("role") == "guest")
    return list(dict.fromkeys(name for name in names if name))[:MAX_GUESTS]


def _description(raw: RawItem) -> str:
    names = ("description", "itunes:summary", "content:encoded")
    text = next((raw.texts[name] for name in names if name in raw.texts), "")
    return _text(without_markup(text), MAX_DESCRIPTION)


def _text(text: str, most: int) -> str:
    """Cleaned, on one line, and cut after a word where it is too long."""
    tidy = clean(text[: 4 * most])[0]
    if len(tidy) <= most:
        return tidy
    return tidy[: most - 1].rpartition(" ")[0].rstrip() + "…" if " " in tidy[:most] else tidy[:most]


def _number(text: str) -> int | None:
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*", text)
    return int(found[1]) if found and int(found[1]) < MAX_NUMBER else None


def _date(text: str) -> str | None:
    """The day on which it was published, where its maker was."""
    text = text.strip()[:100]
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, OverflowError):
        return None
