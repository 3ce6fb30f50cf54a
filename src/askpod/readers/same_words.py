"""Tells whether two transcripts are of the same recording, by the words said in them.

Titles, speakers, times and the order of words do not count: they differ with the format.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from askpod.model import Episode
from askpod.readers.text import UNSPACED

_ALIKE = 0.9  # share of the words; formats differ in labels and in how sounds are written

# Scripts without spaces count by the character: where a caption is broken must not matter.
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
_RUN = re.compile(r"\w+")


def transcript_key(episode: Episode) -> str:
    """The same for two episodes whose turns hold the same words, whatever their titles."""
    key = hashlib.sha256()
    for turn in episode.turns:
        for word in _RUN.findall(turn.text.casefold()):
            key.update(word.encode() + b" ")
    return key.hexdigest()


def same_words(a: Episode, b: Episode) -> bool:
    """Whether nine in ten of the words of both are the same, each counted as often as said."""
    ours, theirs = _words(a), _words(b)
    said = ours.total() + theirs.total()
    return said > 0 and 2 * (ours & theirs).total() >= _ALIKE * said


def _words(episode: Episode) -> Counter[str]:
    words: Counter[str] = Counter()
    for turn in episode.turns:
        words.update(_WORD.findall(turn.text.casefold()))
    return words
