"""Cues: what a caption file holds, and the turns that are made of them.

A cue is some words with the seconds at which they are said. Readers of captions, diarised
transcripts and timed text give their cues in the file's order; one rule makes turns of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from askpod.model import Turn
from askpod.readers.log import FaultLog


@dataclass(frozen=True, slots=True)
class Cue:
    """Some words of one speaker, as the file has them."""

    line: int  # 1-based, of the file
    start: float | None  # seconds; None where the file does not say
    end: float | None
    text: str  # not yet cleaned; markup is gone
    speaker: str = ""  # label; "" where the file names nobody for it


def turns_of(cues: Iterable[Cue], log: FaultLog) -> tuple[Turn, ...]:
    """The turns that cues make, in the order of speech."""
    raise NotImplementedError
