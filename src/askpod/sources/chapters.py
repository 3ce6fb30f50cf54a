"""Chapters of an episode: Podcasting 2.0 JSON, or Podlove Simple Chapters in the feed itself."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from askpod.readers.limits import MAX_SECOND
from askpod.readers.text import clean
from askpod.sources.feed_xml import Element

MAX_CHAPTERS = 500
MAX_TITLE = 300  # characters
_CLOCK = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,2}):)?(\d{1,6})(?:[.,](\d{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where a chapter starts, in seconds, and what it is called."""

    start: float
    title: str


def read_chapters(data: bytes) -> tuple[Chapter, ...] | None:
    """The chapters of a Podcasting 2.0 chapters file; None where it is none.

    Chapters without a title, a start, or a place in the table of contents are passed over.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number or a nesting beyond reason
        return None
    found = document.get("chapters") if isinstance(document, dict) else None
    if not isinstance(found, list):
        return None
    return _tidied(
        (entry.get("startTime"), entry.get("title"))
        for entry in found
        if isinstance(entry, dict) and entry.get("toc") is not False
    )


def podlove(elements: Iterable[Element]) -> tuple[Chapter, ...]:
    """The chapters that stand in a feed: `<psc:chapter start="00:12:36" title="…"/>`."""
    return _tidied(
        (_seconds(element.attributes.get("start", "")), element.attributes.get("title"))
        for element in elements
    )


def _tidied(entries: Iterable[tuple[object, object]]) -> tuple[Chapter, ...]:
    chapters = list(_sane(entries))[:MAX_CHAPTERS]
    return tuple(sorted(chapters, key=lambda chapter: chapter.start))


def _sane(entries: Iterable[tuple[object, object]]) -> Iterator[Chapter]:
    for start, title in entries:
        if isinstance(start, str):
            start = _seconds(start)
        if not isinstance(start, int | float) or not isinstance(title, str):
            continue
        text = title[: 2 * MAX_TITLE].encode("utf-8", "replace").decode()
        tidy = clean(text)[0][:MAX_TITLE]
        if tidy and 0 <= start <= MAX_SECOND and math.isfinite(start):
            yield Chapter(round(float(start), 3), tidy)


def _seconds(clock: str) -> float | None:
    found = _CLOCK.fullmatch(clock.strip())
    if not found:
        return None
    hours, minutes, seconds, part = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds) + float(f"0.{part or 0}")
