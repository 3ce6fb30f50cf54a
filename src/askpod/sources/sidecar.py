"""The metadata of an episode, as a feed tells them, written beside its transcript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from askpod.links import safe_link
from askpod.sources.chapters import Chapter
from askpod.sources.feed import Item

_HEAD = "# From the podcast's feed. Change it and it stays as you leave it.\n"


def sidecar(item: Item, chapters: Sequence[Chapter]) -> bytes:
    """The file's content: YAML, what is not known left out."""
    page = safe_link(item.page)
    fields: dict[str, Any] = {
        "title": item.title,
        "date": item.date,
        "season": item.season,
        "number": item.number,
        "guests": list(item.guests),
        "description": item.description,
        "audio": safe_link(item.audio),
        "video": safe_link(item.video),
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


def _second(start: float) -> int | float:
    return int(start) if start == int(start) else start
