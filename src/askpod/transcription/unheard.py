"""What an engine did not hear, or heard wrongly: silence, music, and one line over and over.

Speech recognisers invent words where nothing is said, and may fall into a loop. Lines that stand
in silence, marks of music and the repeats of a loop are left out; where, is written down and told
as a fault of the transcript. A line that people say twice or thrice stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from askpod.transcription.engine import Segment

SILENT = 0.002  # of full scale, the root mean square of a second below which nobody speaks
LONG = 15.0  # seconds without speech that are told
SHARE = 0.8  # of a stretch's seconds are silent: then it is silence, else music or noise
TIMES = 4  # a line stands in a row: a loop
TIMES_SHORT = 8  # the same, where the line has fewer words than
SHORT = 3
MOST_CHARACTERS = 5_000  # of a segment in which a phrase is looked for
_MUSIC = re.compile(
    r"[\s♪♫🎵]*|[\[(*♪]\s*(?:[\w ]*\bmusic\b[\w ]*|applause|silence)\s*[\])*♪]", re.I
)
_PHRASE = re.compile(r"(\b\S.{2,200}?)(?:[\s,.]+\1){5,}(?!\w)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Unheard:
    """A stretch of a recording and what is the matter with it."""

    kind: str  # silence, music, loop
    start: float  # seconds
    end: float


def without_inventions(
    segments: Sequence[Segment], loudness: Sequence[float], duration: float
) -> tuple[list[Segment], list[Unheard]]:
    """The segments that are speech, and the stretches that are not.

    Args:
        segments: of a recording, in order.
        loudness: the root mean square of each of its seconds.
        duration: seconds of the recording.
    """
    silent = np.asarray(loudness) < SILENT
    spoken = [each for each in segments if not _invented(each, silent)]
    kept: list[Segment] = []
    loops: list[Unheard] = []
    for _, run in groupby(spoken, key=lambda each: _words(each.text)):
        _take(list(run), kept, loops)
    found = [*loops, *_gaps(spoken, silent, duration)]
    return kept, sorted(found, key=lambda each: each.start)


def _invented(segment: Segment, silent: np.ndarray) -> bool:
    begin, end = int(segment.start), max(int(segment.start) + 1, int(segment.end))
    part = silent[begin:end]
    return bool(_MUSIC.fullmatch(segment.text)) or bool(len(part) and part.all())


def _take(run: list[Segment], kept: list[Segment], loops: list[Unheard]) -> None:
    """Keeps a run of segments that say the same; of a loop the first."""
    short = len(_words(run[0].text).split()) < SHORT
    if len(run) >= (TIMES_SHORT if short else TIMES):
        loops.append(Unheard("loop", run[0].start, run[-1].end))
        run = run[:1]
    for each in run:
        once = _PHRASE.sub(r"\1", each.text[:MOST_CHARACTERS]) + each.text[MOST_CHARACTERS:]
        if once != each.text:
            loops.append(Unheard("loop", each.start, each.end))
            each = replace(each, text=once, words=())
        kept.append(each)


def _gaps(segments: Sequence[Segment], silent: np.ndarray, duration: float) -> Iterator[Unheard]:
    """The long stretches between segments."""
    edges = [(0.0, 0.0), *((each.start, each.end) for each in segments), (duration, duration)]
    latest = 0.0
    for (_, end), (start, _) in pairwise(edges):
        latest = max(latest, end)
        if start - latest >= LONG:
            part = silent[int(latest) : max(int(latest) + 1, int(start))]
            share = float(np.mean(part)) if len(part) else 1.0
            yield Unheard("silence" if share >= SHARE else "music", latest, start)


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
