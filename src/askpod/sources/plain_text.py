"""Words without their HTML: descriptions in feeds are pages more often than texts."""

from __future__ import annotations

import html
import re

MAX_MARKUP = 20_000  # characters of markup that are looked at

_DROPPED = re.compile(r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.I | re.S)
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")


def without_markup(text: str) -> str:
    """The text of a piece of HTML; a text without markup stays as it is, entities apart."""
    text = _DROPPED.sub(" ", text[:MAX_MARKUP])
    return html.unescape(_TAG.sub(" ", text))
