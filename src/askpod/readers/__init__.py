"""Readers: each turns a file of one format into an episode, and reports what it mended."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from askpod.errors import ReadError
from askpod.model import Episode, Fault
from askpod.readers.discover import ENDINGS, episode_id, find_files
from askpod.readers.formats import Content, recognise
from askpod.readers.metadata import beside, complete
from askpod.readers.text import FaultLog, read_bytes

__all__ = ["ENDINGS", "Reading", "episode_id", "file_digest", "find_files", "read_episode"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave: the episode, what was mended, and the file it came from."""

    episode: Episode
    faults: tuple[Fault, ...]  # by line
    path: Path
    digest: str  # sha256, in hex, of the file's bytes and of the metadata beside it


def read_episode(path: Path, *, untimed: bool = False) -> Reading:
    """Read one transcript file, of whatever format, and the metadata beside it.

    Args:
        path: the file.
        untimed: take a transcript that has no time at all; its episode is `untimed`.

    Raises ReadError, with the line where it is known, where no transcript can be had;
    Unrecognised where the file is of no known format.
    """
    data = read_bytes(path)
    # Before the metadata is read: should it change in between, the next run sees that.
    digest = _digest(path, data)
    log = FaultLog(path)
    with _uncollected():
        content = Content(path, data, log)
        told = recognise(content, untimed=untimed).read(content)
        if not told.turns:
            problem = "has no transcript: nothing is said in it; leave it out"
            raise ReadError(path, problem, line=1)
        episode = complete(told, path, log)
    return Reading(episode, log.faults(), path, digest)


def file_digest(path: Path) -> str:
    """The digest of a file and of the metadata beside it, as in its `Reading`. Raises ReadError."""
    return _digest(path, read_bytes(path))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: what a reader makes has no cycles to collect.

    It would walk over all that is read, again and again: a third of the time a large file takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _digest(path: Path, data: bytes) -> str:
    digest = hashlib.sha256(data)
    if metadata := beside(path):
        digest.update(hashlib.sha256(read_bytes(metadata)).digest())
    return digest.hexdigest()
