"""What a run of indexing tells: as it goes on, and at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from askpod.errors import Failure
from askpod.model import Fault


@dataclass(slots=True)
class IndexReport:
    """What a run of indexing did. Episodes are named by id, in the order of their files."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # their files are missing; kept without prune
    failed: list[Failure] = field(default_factory=list)
    passed_over: list[Failure] = field(default_factory=list)  # hold no transcript, or a known one
    not_pruned: list[Failure] = field(default_factory=list)  # missing folders, with their episodes
    not_reached: list[str] = field(default_factory=list)  # files, where an error ended the run
    fetched: int = 0  # files fetched from feeds and repositories by this run
    faults: list[Fault] = field(default_factory=list)  # mended in the files read by this run
    turns: int = 0  # of the episodes added or changed, as the next two
    chunks: int = 0
    audio_seconds: float = 0.0
    seconds: float = 0.0  # that the run took
    tokens: int = 0  # embedded by an endpoint in this run; 0 where the embedder is built in
    cost: float | None = None  # of these in US dollars, where the price is known

    def to_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Prune:
    """Which of the episodes whose files are gone are removed.

    Args:
        below: the folders and files that the user named, as absolute paths; no others.
        missing_folders: also where a whole folder is missing or empty, as when a disk is unplugged.
    """

    below: tuple[Path, ...]
    missing_folders: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, told after each file."""

    done: int  # files
    total: int
    path: Path  # of the file just finished
    bytes_done: int
    bytes_total: int


ProgressListener = Callable[[Progress], None]
