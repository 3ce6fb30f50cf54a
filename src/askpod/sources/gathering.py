"""Makes a list of files of what a user names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from askpod.indexing.report import Failure
from askpod.readers.discover import find_files


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files to be indexed, and what could not be brought."""

    files: tuple[Path, ...]
    failed: tuple[Failure, ...] = ()
    fetched: int = 0  # files that came anew or have changed since the last run


def is_remote(source: str | Path) -> bool:
    """Whether it names a feed or a repository elsewhere: `http(s)://…` or `git+http(s)://…`."""
    return str(source).startswith(("http://", "https://", "git+"))


def gather(
    store: Path,
    sources: Sequence[str | Path],
    *,
    allow_private: bool = False,
    notify: Callable[[str], None] | None = None,
) -> Gathered:
    """The files that `sources` stand for. What comes from elsewhere is kept in `store`/sources.

    Raises:
        PathError: a path does not exist, or nothing named holds a transcript.
    """
    return Gathered(tuple(find_files([Path(source) for source in sources])))
