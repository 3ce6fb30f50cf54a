"""Finds evidence numbers in a model's text while it is still being written.

Models are asked for `[3]` and write `[1, 3]`, `[1-3]`, `[^3]`, `【3†source】` and full-width forms
too. Anything else in brackets is text. Nothing here knows which numbers the evidence has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 200  # characters of one marker; what goes on without closing is text
LONGEST_RANGE = 20  # numbers; more than that is not a citation of anything

_OPEN = r"[\[【［]"
_CLOSE = r"[\]】］]"
_SPACE = r"[ \t\u00a0\u3000]"
_DASH = r"[-‐‑–—~～－]"
_COMMA = r"[,;，；、]"
_NUMBER = rf"\^?\d{{1,9}}(?:{_SPACE}*{_DASH}{_SPACE}*\d{{1,9}})?"
_NOTE = rf"(?:{_SPACE}*(?::\d{{1,9}})?†[^\[\]【】［］\n]{{0,24}})?"  # OpenAI's "【4:0†source】"

_FIRST = re.compile(_OPEN)
_MARKER = re.compile(
    rf"{_OPEN}{_SPACE}*(?P<items>{_NUMBER}(?:{_SPACE}*{_COMMA}{_SPACE}*{_NUMBER})*)"
    rf"{_NOTE}{_SPACE}*{_CLOSE}"
)
# Everything that a marker can begin with, and a little more: what is held back is bounded anyway.
_BEGINNING = re.compile(
    rf"{_OPEN}(?:{_SPACE}|{_DASH}|{_COMMA}|[\d^])*+(?::\d*)?(?:†[^\[\]【】［］\n]{{0,24}})?"
)
_ITEM = re.compile(rf"(\d+)(?:{_SPACE}*{_DASH}{_SPACE}*(\d+))?")


@dataclass(frozen=True, slots=True)
class Marker:
    """What stood in one pair of brackets."""

    numbers: tuple[int, ...]  # each once, in their order
    unusable: tuple[str, ...] = ()  # ranges that run backwards or too far


class MarkerReader:
    """Parts a text that comes in pieces into plain text and markers.

    Only what may still become a marker is held back. The parts are the same whatever the
    pieces were, except that plain text may be cut in other places.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> Iterator[str | Marker]:
        """What is certain now."""
        text = self._held + piece
        self._held = ""
        at = 0
        while opening := _FIRST.search(text, at):
            if opening.start() > at:
                yield text[at : opening.start()]
            at = opening.start()
            found = _MARKER.match(text, at, at + LONGEST)
            if found:
                yield _read(found["items"])
                at = found.end()
            elif len(text) - at < LONGEST and _BEGINNING.fullmatch(text, at):
                self._held = text[at:]
                return
            else:
                yield text[at]
                at += 1
        if at < len(text):
            yield text[at:]

    def finish(self) -> str:
        """What was held back: no marker after all."""
        held, self._held = self._held, ""
        return held


def _read(items: str) -> Marker:
    numbers: dict[int, None] = {}
    unusable: list[str] = []
    for item in _ITEM.finditer(items):
        first = int(item[1])
        last = int(item[2] or item[1])
        if first <= last < first + LONGEST_RANGE:
            numbers.update(dict.fromkeys(range(first, last + 1)))
        else:
            unusable.append(f"{first}-{last}")
    return Marker(tuple(numbers), tuple(unusable))
