"""An episode as other kits are given it: one plain text, a paragraph a turn, "Speaker: text".

What they lose by that is time. Here every character still knows its second, so that what a kit
finds can be scored beside what askpod finds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from askpod import Episode, Turn
from peers.scoring import Found, Stretch

GAP = "\n\n"


class Transcript:
    """The text of one episode. Within a turn time runs evenly over its characters."""

    def __init__(self, episode: Episode, turns: Sequence[Turn]) -> None:
        self.episode = episode.id
        self.title = episode.title
        paragraphs: list[str] = []
        self._speech: list[tuple[int, int]] = []  # first character of each turn's, and its end
        self.places: list[int] = []  # characters whose second is known,
        self.seconds: list[float] = []  # and which one it is
        at = 0
        for turn in turns:
            label = f"{turn.speaker}: " if turn.speaker else ""
            paragraphs.append(label + turn.text)
            begin = at + len(label)
            end = begin + len(turn.text)
            self._speech.append((begin, end))
            self.places += [at, begin, end]
            self.seconds += [turn.start, turn.start, turn.end]
            at = end + len(GAP)
        self.text = GAP.join(paragraphs)

    def found(self, begin: int, text: str) -> Found:
        """The passage that is the text from character `begin` on.

        Raises:
            ValueError: the text does not stand there.
        """
        end = begin + len(text)
        if begin < 0 or self.text[begin:end] != text:
            raise ValueError(f"{self.episode}: character {begin} does not begin {text[:60]!r}")
        start, stop = np.interp([begin, end], self.places, self.seconds)
        stretch = Stretch(self.episode, float(start), float(max(start, stop)))
        return Found(stretch, self._words(begin, end))

    def _words(self, begin: int, end: int) -> int:
        """Words of speech between two characters: the names of speakers are not counted."""
        words = 0
        first = bisect_right(self._speech, begin, key=lambda speech: speech[1])
        for left, right in self._speech[first:]:
            if left >= end:
                break
            words += len(self.text[max(left, begin) : min(right, end)].split())
        return words
