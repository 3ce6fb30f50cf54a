"""Text of transcripts, models and gold sets, so that none of it acts on a page or its reader.

Escaping is the templates' and the plots' work; here go the characters that reorder, hide or
break text, and links that are no plain web address.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from askpod.links import safe_link
from askpod.text import visible as text_with_codes
from askpod.times import clock

_NUMBER = re.compile(r"\[(\d{1,4})\]")


def visible(text: str) -> str:
    """Text with every character that could act on the page shown as a code, such as \\u202e."""
    return text_with_codes(text, kept="\t\n")


def link(url: str, words: str) -> Markup:
    """Words that open `url`, and plain words where it is no http(s) address.

    The page's head keeps it from telling where the reader came from.
    """
    safe = safe_link(url)
    if not safe:
        return Markup("<span class=at>{}</span>").format(visible(words))
    return Markup('<a class=at href="{}">{}</a>').format(safe, visible(words))


def second(url: str, start: float) -> Markup:
    """The time of `start` (seconds), which opens the recording there."""
    return link(url, clock(start))


def stretch(url: str, start: float, end: float) -> Markup:
    """A stretch of a recording in words, such as 12:34-13:05, which opens it at its start."""
    return link(url, f"{clock(start)}–{clock(end)}")


def with_links(text: str, urls: dict[int, str]) -> Markup:
    """An answer's text, every [n] of which opens the recording at the second that it names."""
    parts: list[Markup] = []
    done = 0
    for found in _NUMBER.finditer(text):
        url = urls.get(int(found[1]), "")
        parts.append(Markup("{}").format(visible(text[done : found.start()])))
        parts.append(link(url, found[0]) if url else Markup("{}").format(found[0]))
        done = found.end()
    return Markup("").join([*parts, Markup("{}").format(visible(text[done:]))])


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most that many characters, ending at a word with an ellipsis."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rsplit(None, 1)[0]} …"
