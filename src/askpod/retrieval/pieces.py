"""Pieces of turns as character ranges: widened to whole sentences, joined where they touch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

# Characters, about two minutes of talk. What goes on longer without an end mark is a transcript
# without punctuation, where no cut is better than the one the chunk already has.
LONGEST_SENTENCE = 2_000


class Piece(NamedTuple):
    """The characters `begin` to `end` of a turn."""

    turn: int  # position in its episode
    begin: int
    end: int


def whole_sentences(
    sentences: Sequence[tuple[int, int]], turn: int, begin: int, end: int
) -> Piece | None:
    """A range of a turn, widened to the `sentences` it lies in; None where it lies in none.

    `sentences` are those of the whole turn, as split_sentences gives them.
    """
    first = bisect_right(sentences, begin, key=lambda sentence: sentence[1])
    last = bisect_left(sentences, end, key=lambda sentence: sentence[0]) - 1
    if first > last:
        return None
    (opens, over), (starts, closes) = sentences[first], sentences[last]
    return Piece(
        turn,
        opens if over - opens <= LONGEST_SENTENCE else max(begin, opens),
        closes if closes - starts <= LONGEST_SENTENCE else min(end, closes),
    )


def merged(pieces: Iterable[Piece], text_of: Callable[[int], str]) -> tuple[Piece, ...]:
    """Pieces in the order of speech, those of one turn joined where only white space lies between.

    `text_of` gives the text of a turn by its position.
    """
    joined: list[Piece] = []
    for piece in sorted(pieces):
        last = joined[-1] if joined else None
        if last and last.turn == piece.turn and _touch(last, piece, text_of):
            joined[-1] = Piece(last.turn, last.begin, max(last.end, piece.end))
        else:
            joined.append(piece)
    return tuple(joined)


def _touch(one: Piece, other: Piece, text_of: Callable[[int], str]) -> bool:
    if other.begin <= one.end:
        return True
    return not text_of(one.turn)[one.end : other.begin].strip()
