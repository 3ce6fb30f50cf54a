"""Readers: each turns a file of one format into an episode, and reports what it mended."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from askpod.model import Episode, Fault
from askpod.readers.datatalks import read_bytes, read_datatalks
from askpod.readers.discover import ENDINGS, find_files
from askpod.readers.log import FaultLog

__all__ = [
    "ENDINGS",
    "Reading",
    "episode_id",
    "file_digest",
    "find_files",
    "read_episode",
    "transcript_key",
]

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave: the episode, what was mended, and the file it came from."""

    episode: Episode
    faults: tuple[Fault, ...]  # by line
    path: Path
    digest: str  # sha256 of the file's bytes, in hex


def read_episode(path: Path) -> Reading:
    """Read one transcript file.

    Raises ReadError, with the line where it is known, where no transcript can be had.
    """
    data = read_bytes(path)
    log = FaultLog(path)
    episode = read_datatalks(path, episode_id(path), data, log)
    return Reading(episode, log.faults(), path, _digest(data))


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hex, as in its `Reading`. Raises ReadError."""
    return _digest(read_bytes(path))


def episode_id(path: Path) -> str:
    """The file's name without the format's ending: `crisp-dm.md` -> `crisp-dm`."""
    ending = next((end for end in ENDINGS if path.name.lower().endswith(end)), "")
    return path.name[: len(path.name) - len(ending)] or path.name


def transcript_key(episode: Episode) -> str:
    """The same for two episodes whose turns hold the same words, whatever their titles."""
    key = hashlib.sha256()
    for turn in episode.turns:
        for word in _WORD.findall(turn.text.casefold()):
            key.update(word.encode() + b" ")
    return key.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
