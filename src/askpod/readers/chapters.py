"""Chapters of a recording, and the turns that stand under them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from askpod.model import Turn

_ENDS = frozenset(".?!…。？！")
_CLOSING = "\"'”’»)] "


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where a chapter starts, in seconds, and what it is called."""

    start: float
    title: str


def sectioned(turns: Sequence[Turn], chapters: Sequence[Chapter]) -> tuple[Turn, ...]:
    """The turns, each under the chapter that it starts in; `chapters` are in order of start.

    A turn that goes on into another chapter is cut where the first sentence begins there, if
    the second of one is known. What is said before the first chapter stands under none.
    """
    starts = [chapter.start for chapter in chapters]
    titles = ["", *(chapter.title for chapter in chapters)]
    return tuple(
        replace(piece, section=titles[bisect_right(starts, piece.start)])
        for turn in turns
        for piece in _pieces(turn, starts)
    )


def _pieces(turn: Turn, starts: Sequence[float]) -> Iterator[Turn]:
    """The turn, cut where a sentence begins in another chapter than the one before."""
    cuts = [(0, turn.start)]
    for offset, second in turn.marks:
        other = bisect_right(starts, second) > bisect_right(starts, cuts[-1][1])
        if other and second < turn.end and _begins_sentence(turn.text, offset):
            cuts.append((offset, second))
    for (begin, start), (stop, end) in pairwise([*cuts, (len(turn.text), turn.end)]):
        text = turn.text[begin:stop].rstrip()
        marks = tuple((at - begin, s) for at, s in turn.marks if begin < at <= begin + len(text))
        yield replace(turn, text=text, start=start, end=end, marks=marks)


def _begins_sentence(text: str, offset: int) -> bool:
    before = text[max(0, offset - 8) : offset]
    return before[-1:].isspace() and before.rstrip(_CLOSING)[-1:] in _ENDS
