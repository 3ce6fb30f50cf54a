"""Cues: what a caption file holds, some words with the seconds at which they are said.

Speech recognisers give a sentence or two as one text, and beside it the second, sometimes the
speaker, of each word: `cut` makes cues of that. The text itself stands as it is: only where it
may be cut is decided.

What a tool gives twice counts once; what people say twice stays. A cue is dropped where the same
words stand at the same second just before it, where nearly all cues stand twice in a row (captions
that are animated), and where the second half of a file says the first half again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from askpod.readers.text import FaultLog, gap_between


class Cue(NamedTuple):
    """Some words of one speaker, as the file has them (a tuple: large files have 50,000)."""

    line: int  # 1-based, of the file
    start: float | None  # seconds; None where the file does not say
    end: float | None
    text: str  # not yet cleaned; markup is gone
    speaker: str = ""  # label; "" where the file names nobody for it
    opens: bool = False  # the file says that another speaker begins here, named or not


def later(second: float | None, seconds: float | None) -> float | None:
    """The second so many seconds after another; None where either is not known."""
    return None if second is None or seconds is None else second + seconds


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


_NEAR = 3  # captions back, in which the same one at the same second is looked for
_SENTENCE = 30  # characters of a line given twice at one second, where no end is stated
_DISTINCT = 5  # words of it, likewise
_LINE = 4  # characters of a line at least
_LEAST = 3  # lines given twice, before a file is known to do so
_SHARE = 2 / 3  # of the lines are given twice in such a file
_HALF = 3  # captions at least in a half of a file that is given twice


def without_repeats(cues: list[Cue], log: FaultLog) -> list[Cue]:
    """The cues, cleaned, without those that only show again what was shown."""
    once = _without_copies(_each_once(_first_half(cues)))
    if len(once) < len(cues):
        kept = {id(cue) for cue in once}
        line = next((cue.line for cue in cues if id(cue) not in kept), cues[0].line)
        count = len(cues) - len(once)
        log.add(line, "repeated-captions", f"{count:,} captions are given again: taken once")
    return once


def _without_copies(cues: list[Cue]) -> list[Cue]:
    """Without the captions whose words, speaker and seconds stand just before them."""
    kept: list[Cue] = []
    seen: dict[str, int] = {}  # text -> its last place among those kept
    for cue in cues:
        place = seen.get(cue.text, -_NEAR)
        if place < len(kept) - _NEAR or place < 0 or not _is_same(cue, kept[place]):
            seen[cue.text] = len(kept)
            kept.append(cue)
    return kept


def _is_same(cue: Cue, other: Cue) -> bool:
    """Whether a line stands at the second, and with the speaker, of another one like it."""
    if cue.start is None or (cue.speaker, cue.start, cue.end) != (
        other.speaker,
        other.start,
        other.end,
    ):
        return False
    if cue.end is None:  # nobody says so much twice within a second
        return len(cue.text) >= _SENTENCE and len(set(cue.text.split())) >= _DISTINCT
    return cue.end > cue.start and _is_line(cue.text)


def _each_once(cues: list[Cue]) -> list[Cue]:
    """Each run of one line as one cue, where nearly all lines stand in such runs."""
    alike = sum(one.text == other.text for one, other in pairwise(cues))
    if 2 * alike < _SHARE * (len(cues) - alike):
        return cues
    runs: list[list[Cue]] = []
    for cue in cues:
        if runs and (cue.text, cue.speaker) == (runs[-1][0].text, runs[-1][0].speaker):
            runs[-1].append(cue)
        else:
            runs.append([cue])
    repeated = sum(len(run) > 1 and _is_line(run[0].text) for run in runs)
    least = min(_LEAST, max(2, len(runs)))
    if repeated < least or repeated < _SHARE * len(runs):
        return cues
    return [run[0] if len(run) == 1 else run[0]._replace(end=run[-1].end) for run in runs]


def _is_line(text: str) -> bool:
    """Whether it is more than a word, which people do say twice."""
    return len(text) >= _LINE and (" " in text or not gap_between(text, text))


def _first_half(cues: list[Cue]) -> list[Cue]:
    """The first half, where the second one says the same and the clock starts again."""
    half, odd = divmod(len(cues), 2)
    if odd or half < _HALF or cues[0].text != cues[half].text:
        return cues
    said = _words(cues[:half])
    if len(set(said)) < _HALF or said != _words(cues[half:]):
        return cues
    first, last, again = cues[0].start, cues[half - 1].start, cues[half].start
    goes_on = first is not None and again is not None and again > (last or first)
    return cues if goes_on else cues[:half]


def _words(cues: Sequence[Cue]) -> list[str]:
    return [cue.text for cue in cues]
