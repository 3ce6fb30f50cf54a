"""Takes HTML apart into tags and texts, in time linear in its length whatever it holds.

The standard library's parser is not used: it takes quadratic time over unfinished markup
(CPython's gh-135462, and what was found after it), which a hostile page can be full of. This
one knows only what a transcript needs. Comments, scripts, styles and what surrounds a page's
own text are left out; nothing is ever executed, fetched or nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from askpod.readers.cleaning import unescape

# No part of this runs past the next "<", so that no character is looked at more than thrice.
_PIECE = re.compile(
    r"""(?P<comment><!--)
    |<(?P<quoted>/?[a-zA-Z][\w:-]*)(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>
    |<(?P<plain>/?[a-zA-Z][\w:-]*)[^<>]*>
    |<[!?/][^<>]*>
    |(?P<text><?[^<]+|<)""",
    re.VERBOSE,
)
_LEFT_OUT = ("script", "style", "template", "noscript", "iframe", "svg", "textarea", "button",
             "select", "nav", "footer", "aside")  # fmt: skip
_CLOSINGS = {name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE) for name in _LEFT_OUT}


@dataclass(frozen=True, slots=True)
class Piece:
    """A tag, such as "cite" or "/cite", or the text between two tags."""

    line: int
    tag: str  # in small letters; "" for a text
    text: str = ""  # its character references read; "" for a tag


def pieces(page: str) -> Iterator[Piece]:
    """The tags and texts of a page in their order, without what is no part of its own text."""
    at, line, counted = 0, 1, 0
    unclosed: set[str] = set()  # elements that are not closed in the rest of the page
    while match := _PIECE.match(page, at):
        line += page.count("\n", counted, at)
        counted, at = at, match.end()
        tag = (match["quoted"] or match["plain"] or "").lower()
        if match["comment"]:
            end = page.find("-->", at)
            at = len(page) if end < 0 else end + 3  # as in a browser
        elif tag in _CLOSINGS and tag not in unclosed:
            closing = _CLOSINGS[tag].search(page, at)
            at = closing.end() if closing else at
            unclosed.update(() if closing else (tag,))
        elif tag or match["text"]:
            yield Piece(line, tag, unescape(match["text"] or ""))
