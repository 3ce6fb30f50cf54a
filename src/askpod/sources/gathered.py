"""What the sources that a user names amount to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from askpod.indexing.report import Failure


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files to be indexed, and what could not be brought."""

    files: tuple[Path, ...]
    named: frozenset[Path] = frozenset()  # of the files: not merely found in a folder
    failed: tuple[Failure, ...] = ()
    fetched: int = 0  # files that came anew or have changed since the last run
