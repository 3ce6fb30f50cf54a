"""Cues: what a caption file holds, some words with the seconds at which they are said.

Speech recognisers give a sentence or two as one text, and beside it the second, sometimes the
speaker, of each word: `cut` makes cues of that. The text itself stands as it is: only where it
may be cut is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from askpod.model import Turn


@dataclass(frozen=True, slots=True)
class Draft:
    """What a file by itself tells. The fields mean what an `Episode`'s mean."""

    turns: tuple[Turn, ...]
    title: str = ""
    date: str | None = None  # ISO 8601, YYYY-MM-DD
    duration: float | None = None  # seconds
    guests: tuple[str, ...] = ()
    youtube: str | None = None  # the video's id
    links: dict[str, str] = field(default_factory=dict)  # name -> URL, in the file's order
    description: str = ""
    untimed: bool = False  # no second is stated anywhere: all are estimated


class Cue(NamedTuple):
    """Some words of one speaker, as the file has them (a tuple: large files have 50,000)."""

    line: int  # 1-based, of the file
    start: float | None  # seconds; None where the file does not say
    end: float | None
    text: str  # not yet cleaned; markup is gone
    speaker: str = ""  # label; "" where the file names nobody for it
    opens: bool = False  # the file says that another speaker begins here, named or not


_SPACING = 2.0  # seconds between two cuts: a quote needs no more
_STOPS = frozenset(".?!…。？！")
_REACH = 40  # characters that may stand between a word and where the one before it ended


class Word(NamedTuple):
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
