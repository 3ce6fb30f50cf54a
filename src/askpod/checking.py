"""What is wrong in transcript files, found without indexing them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from askpod.errors import ReadError
from askpod.indexing.passing_over import no_transcript
from askpod.model import Fault
from askpod.readers import read_episode, transcript_key


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file's faults; `error` where it cannot be read at all, and why it is `passed_over`."""

    path: str
    faults: tuple[Fault, ...] = ()
    error: str | None = None
    passed_over: str | None = None


def check_files(files: Sequence[Path], named: Collection[Path] | None = None) -> list[FileCheck]:
    """A check for each file, in order. Two files with one transcript are a fault of the second.

    `named` are those that the user named one by one (None: all); of the others, found in folders,
    those that hold no transcript are passed over, as they are by an indexing.
    """
    checks = []
    transcripts: dict[str, Path] = {}
    for path in files:
        try:
            reading = read_episode(path)
        except ReadError as error:
            if no_transcript(path, error, named):
                checks.append(FileCheck(str(path), passed_over=str(error)))
            else:
                checks.append(FileCheck(str(path), error=str(error)))
            continue
        found = FileCheck(str(path), reading.faults)
        first = transcripts.setdefault(transcript_key(reading.episode), path)
        if first != path:
            twin = Fault(
                str(path), 1, "same-transcript", f"same words as {first}; a search counts them once"
            )
            found = replace(found, faults=(twin, *found.faults))
        checks.append(found)
    return checks
