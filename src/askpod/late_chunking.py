"""Sentence vectors by late chunking: pooled from the token states of the chunk's own run.

So a sentence's vector knows what "it" and "they" are, and costs no further run: neither when an
archive is indexed nor when a question is asked. Kept as int8, since only the direction counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Range
from askpod.model import Chunk, Turn
from askpod.text import TokenCounts, split_sentences, split_to_fit

LONGEST_SENTENCE = 100  # tokens; what has more, some people's way of talking, is taken in parts
LONG = 300  # characters, from which on tokens are counted
_TOP = 127  # of an int8

Vectors = NDArray[np.float32]
Packed = NDArray[np.int8]  # directions, one a row: any length of vector is the same


def sentences_of(text: str, count: TokenCounts) -> Iterator[Range]:
    """The sentences of a turn, in order; one without end is taken in parts.

    Args:
        text: what is said.
        count: counts an embedder's tokens.
    """
    for begin, end in split_sentences(text):
        if end - begin <= LONG:
            yield begin, end
        else:
            for first, last, _ in split_to_fit(text, begin, end, count, LONGEST_SENTENCE):
                yield first, last


class SentencePooling:
    """Where the sentences of an episode stand in its chunks, and what their tokens sum up to.

    Args:
        turns: of the episode.
        chunks: that they are cut into; a sentence may be cut in two.
        count: counts an embedder's tokens.
    """

    def __init__(self, turns: Sequence[Turn], chunks: Sequence[Chunk], count: TokenCounts) -> None:
        self._ranges = [list(sentences_of(turn.text, count)) for turn in turns]
        self._places = [list(self._within(chunk)) for chunk in chunks]

    @property
    def parts(self) -> list[list[Range]]:
        """For each chunk where in its embedded text sentences, or parts of them, stand."""
        return [[part for _, _, part in places] for places in self._places]

    def pooled(self, states: Sequence[Vectors]) -> tuple[Packed, ...]:
        """For each turn one row a sentence; `states` are the summed token states of `parts`."""
        dimension = states[0].shape[1] if states else 0
        sums = [np.zeros((len(ranges), dimension), np.float32) for ranges in self._ranges]
        for places, summed in zip(self._places, states, strict=True):
            for (turn, number, _), state in zip(places, summed, strict=True):
                sums[turn][number] += state
        return tuple(map(pack, sums))

    def _within(self, chunk: Chunk) -> Iterator[tuple[int, int, Range]]:
        """(turn, sentence of it, its range in the embedded text) for all sentences."""
        at = len(chunk.embedded_text) - len(chunk.text)
        for span in chunk.spans:
            ranges, begin, end = self._ranges[span.turn], span.offset, span.offset + len(span.text)
            first = bisect_right(ranges, begin, key=lambda each: each[1])
            after = bisect_left(ranges, end, key=lambda each: each[0])
            for number in range(first, after):
                a, b = ranges[number]
                shift = at - begin
                yield span.turn, number, (max(a, begin) + shift, min(b, end) + shift)
            at += len(span.text) + 1  # a line for each span


def pack(vectors: Vectors) -> Packed:
    """The directions of vectors, one a row, a quarter as large."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    return np.rint(vectors * (_TOP / np.where(largest > 0, largest, 1))).astype(np.int8)


def unpack(packed: Packed) -> NDArray[np.float64]:
    """Unit vectors; one without direction, of a sentence without any token, stays zero."""
    vectors = packed.astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors
