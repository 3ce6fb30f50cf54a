"""What is wrong in transcript files, and who speaks in them, found without indexing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from askpod.errors import ReadError
from askpod.indexing.duplicates import no_transcript, transcript_key
from askpod.model import Fault, Turn
from askpod.readers import read_episode

LITTLE = 0.01  # of the time: a label that holds less may be a wrong one


@dataclass(frozen=True, slots=True)
class Speaking:
    """How much of an episode stands under one label; "" is what has none."""

    label: str
    turns: int
    seconds: float
    share: float  # of the time in which anybody speaks, 0 to 1

    @property
    def little(self) -> bool:
        """Whether the label holds so little that it may be a wrong one."""
        return bool(self.label) and self.share < LITTLE


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file's faults; `error` where it cannot be read at all, and why it is `passed_over`."""

    path: str
    faults: tuple[Fault, ...] = ()
    error: str | None = None
    passed_over: str | None = None
    speaking: tuple[Speaking, ...] = ()  # those who speak longest first


def who_speaks(turns: Sequence[Turn]) -> tuple[Speaking, ...]:
    """The labels of an episode, those who speak longest first; what has none under ""."""
    seconds: dict[str, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + max(0.0, turn.end - turn.start)
    counts = Counter(turn.speaker for turn in turns)
    total = sum(seconds.values()) or 1.0
    return tuple(
        Speaking(label, counts[label], round(spoken, 1), round(spoken / total, 4))
        for label, spoken in sorted(seconds.items(), key=lambda each: (-each[1], each[0]))
    )


def check_files(
    files: Sequence[Path], named: Collection[Path] | None = None, *, untimed: bool = False
) -> list[FileCheck]:
    """A check for each file, in order. Two files with one transcript are a fault of the second.

    `named` are those that the user named one by one (None: all); of the others, found in folders,
    those that hold no transcript are passed over, as they are by an indexing. `untimed` takes
    those without any time.
    """
    checks = []
    transcripts: dict[str, Path] = {}
    for path in files:
        try:
            reading = read_episode(path, untimed=untimed)
        except ReadError as error:
            if no_transcript(path, error, named):
                checks.append(FileCheck(str(path), passed_over=str(error)))
            else:
                checks.append(FileCheck(str(path), error=str(error)))
            continue
        speaking = who_speaks(reading.episode.turns)
        found = FileCheck(str(path), reading.faults, speaking=speaking)
        first = transcripts.setdefault(transcript_key(reading.episode), path)
        if first != path:
            twin = Fault(
                str(path), 1, "same-transcript", f"same words as {first}; a search counts them once"
            )
            found = replace(found, faults=(twin, *found.faults))
        checks.append(found)
    return checks
