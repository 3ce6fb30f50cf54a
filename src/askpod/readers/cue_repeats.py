"""Captions that a tool gives twice count once; what people say twice stays.

A caption is dropped where the same words stand at the same second just before it, where nearly
all captions stand twice in a row (captions that are animated), and where the second half of a
file says the first half again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from askpod.readers.cues import Cue
from askpod.readers.fault_log import FaultLog
from askpod.readers.text import gap_between

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
