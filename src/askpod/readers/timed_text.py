"""Cuts one text into cues where the seconds, or the speakers, of its words are known.

Speech recognisers give a sentence or two as one text, and beside it the second, sometimes the
speaker, of each word. The text itself stands as it is: only where it may be cut is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from askpod.readers.cues import Cue

_SPACING = 2.0  # seconds between two cuts: a quote needs no more
_STOPS = frozenset(".?!…。？！")
_REACH = 40  # characters that may stand between a word and where the one before it ended


@dataclass(frozen=True, slots=True)
class Word:
    """Where a word begins in its text, and what is known about it."""

    offset: int
    second: float | None
    speaker: str = ""  # "" where nobody is named for it


def locate(text: str, words: Iterable[tuple[str, float | None, str]]) -> list[Word]:
    """The places of (word, second, speaker) in a text, in their order.

    A word that is not found near its place is passed over: the text is what was said.
    """
    found: list[Word] = []
    at = 0
    for written, second, speaker in words:
        bare = written.strip()
        place = text.find(bare, at, at + len(bare) + _REACH) if bare else -1
        if place >= 0:
            found.append(Word(place, second, speaker))
            at = place + len(bare)
    return found


def cut(whole: Cue, words: Sequence[Word]) -> Iterator[Cue]:
    """The cue in pieces: one for each speaker, each sentence, and about every two seconds.

    Words without a speaker belong to the one before them. A piece never starts inside a
    word, unless the speaker changes there.
    """
    speaker = next((word.speaker for word in words if word.speaker), whole.speaker)
    begin, start = 0, whole.start
    for word in words:
        other = bool(word.speaker) and word.speaker != speaker
        if begin < word.offset < len(whole.text) and (other or _is_due(whole.text, word, start)):
            yield Cue(whole.line, start, word.second, whole.text[begin : word.offset], speaker)
            begin, start = word.offset, word.second
        speaker = word.speaker or speaker
    yield Cue(whole.line, start, whole.end, whole.text[begin:], speaker)


def _is_due(text: str, word: Word, start: float | None) -> bool:
    """Whether a piece may end before a word, and has a reason to."""
    before = text[max(0, word.offset - 2) : word.offset]
    if word.second is None or not (before[-1:].isspace() or text[word.offset].isspace()):
        return False
    if start is None or word.second >= start + _SPACING:
        return True
    return word.second > start and before.rstrip()[-1:] in _STOPS
