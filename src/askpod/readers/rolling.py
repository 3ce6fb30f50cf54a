"""Takes the repeats out of rolling captions, which show each line two or three times.

Automatic captions scroll: a caption begins with the last line of the one before it, and adds
one; or it shows the same line again with some more words. People repeat themselves too, so a
repeat is dropped only in a file that scrolls as a whole, and only where one caption follows
on another without a pause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from askpod.readers.captions import Caption
from askpod.readers.log import FaultLog

_GAP = 0.5  # seconds between two captions of one window, at most
_WINDOW = 8  # lines that are shown at once, at most
_LEAST = 2  # captions that add to what was shown, before a file is known to scroll
_SHARE = 1 / 3  # of the captions that do so in a file that scrolls


class _Repeat(NamedTuple):
    """What a caption shows again."""

    lines: int  # whole ones
    characters: int  # of the line after them


def unroll(
    captions: Sequence[Caption], shown: Callable[[str], str], log: FaultLog
) -> list[Caption]:
    """The captions with the lines that each adds to the screen, as written and as shown.

    `shown` takes the markup out of a line. Lines and captions that show nothing are left out.
    """
    filled = [caption for caption in captions if _fill(caption, shown)]
    repeats = [_Repeat(0, 0)] * len(filled)
    for place, (before, now) in enumerate(pairwise(filled), 1):
        if _may_repeat(before, now):
            repeats[place] = _repeated(before.shown, now.shown)
    if not _scrolls(repeats, filled):
        return filled
    dropped = [caption.line for caption, repeat in zip(filled, repeats, strict=True) if any(repeat)]
    log.add(
        dropped[0],
        "rolling-captions",
        f"{len(dropped):,} captions show again what the one before showed: taken once",
    )
    for caption, repeat in zip(filled, repeats, strict=True):
        _drop(caption, repeat)
    return [caption for caption in filled if caption.shown]


def _fill(caption: Caption, shown: Callable[[str], str]) -> bool:
    """Sets what a caption shows; whether it shows anything."""
    texts = [shown(line).strip() for line in caption.lines]
    caption.lines = [line for line, text in zip(caption.lines, texts, strict=True) if text]
    caption.shown = [text for text in texts if text]
    return bool(caption.shown)


def _may_repeat(before: Caption, now: Caption) -> bool:
    """Whether a caption follows on another and begins as one that repeats it would."""
    first = now.shown[0]
    return (first in before.shown or first.startswith(before.shown[-1])) and (
        before.end is None or now.start is None or now.start - before.end <= _GAP
    )


def _repeated(before: Sequence[str], now: Sequence[str]) -> _Repeat:
    """How much of what is shown now was shown before.

    A window that moved on is believed before one that stands still: of "no / no" after
    "no / no", one is new.
    """
    most = min(len(before), len(now), _WINDOW)
    for count in [*range(min(most, len(now) - 1), 0, -1), most]:
        if now[:count] == before[-count:]:
            return _Repeat(count, 0)
    last = before[-1] + " "
    for count in range(most, 0, -1):
        if now[count - 1].startswith(last) and now[: count - 1] == before[-count:-1]:
            return _Repeat(count - 1, len(last))
    return _Repeat(0, 0)


def _scrolls(repeats: Sequence[_Repeat], captions: Sequence[Caption]) -> bool:
    """Whether enough captions show again what was shown, and add to it."""
    adding = other = 0
    for repeat, caption in zip(repeats, captions, strict=True):
        if repeat.characters or 0 < repeat.lines < len(caption.shown):
            adding += 1
        elif not repeat.lines:
            other += 1
    return adding >= _LEAST and adding >= _SHARE * (adding + other)


def _drop(caption: Caption, repeat: _Repeat) -> None:
    del caption.lines[: repeat.lines], caption.shown[: repeat.lines]
    if repeat.characters:
        caption.shown[0] = caption.lines[0] = caption.shown[0][repeat.characters :]
