"""Finds the transcript files that the paths given by a user stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from askpod.errors import PathError

ENDINGS = (".md",)
"""What the names of transcript files end in."""

_NOT_TRANSCRIPTS = frozenset(
    {"readme", "changelog", "contributing", "license", "licence", "code_of_conduct", "security"}
)


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The transcript files among the paths: files as given, folders searched in sorted order.

    In folders, hidden files and folders are passed over, and so are README.md and its
    kind. The same file counts once, however it is reached. Raises PathError for a path
    that does not exist, and where there is no transcript file at all.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path):
            found.setdefault(file.resolve(), file)
    if not found:
        named = ", ".join(str(path) for path in paths) or "the empty list of paths"
        raise PathError(
            f"{named}: holds no {' or '.join(ENDINGS)} file;"
            " name the folder that holds the transcripts, or the files themselves"
        )
    return list(found.values())


def _files(path: Path) -> Iterator[Path]:
    try:
        if path.is_dir():
            yield from _walk(path)
        elif path.exists():
            yield path
        else:
            raise PathError(f"{path}: does not exist; check the path")
    except OSError as error:
        where = error.filename or path
        raise PathError(f"{where}: cannot be read ({error.strerror}); check it") from None


def _walk(root: Path) -> Iterator[Path]:
    """Files below a folder, sorted; a folder reached a second time is passed over."""
    seen: set[str] = set()
    for folder, folders, files in os.walk(root, onerror=_refuse, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted(f for f in folders if not f.startswith("."))
        if real not in seen:
            seen.add(real)
            yield from (
                Path(folder, name) for name in sorted(files) if _is_transcript(folder, name)
            )


def _refuse(error: OSError) -> None:
    raise error


def _is_transcript(folder: str, name: str) -> bool:
    path = Path(folder, name)
    return (
        not name.startswith(".")
        and path.suffix.lower() in ENDINGS
        and path.stem.lower() not in _NOT_TRANSCRIPTS
        and path.is_file()
    )
