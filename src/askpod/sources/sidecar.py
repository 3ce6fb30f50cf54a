"""The metadata file that is written beside a transcript of a feed: what the feed says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from askpod.links import safe_link
from askpod.sources.addresses import without_secrets
from askpod.sources.feed import Chapter, Item

_HEAD = "# From the podcast's feed. Change it and it stays as you leave it.\n"


def sidecar(item: Item, chapters: Sequence[Chapter]) -> bytes:
    """The metadata file of an episode: YAML, what is not known left out."""
    page = _public(item.page)
    fields: dict[str, Any] = {
        "title": item.title,
        "date": item.date,
        "season": item.season,
        "number": item.number,
        "guests": list(item.guests),
        "description": item.description,
        "audio": _public(item.audio),
        "video": _public(item.video),
        "links": {"page": page} if page else {},
        "chapters": [{"start": _second(c.start), "title": c.title} for c in chapters],
    }
    known = {name: value for name, value in fields.items() if value not in ("", None, [], {})}
    if not known:
        return _HEAD.encode() + b"{}\n"
    dumped = yaml.dump(
        known, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100
    )
    return (_HEAD + str(dumped)).encode()


def _public(link: str) -> str:
    """A link without what only its owner may know; "" where it is none."""
    return safe_link(without_secrets(link))


def _second(start: float) -> int | float:
    return int(start) if start == int(start) else start
