"""Keeps built graphs in the user's cache folder: whole, checked, and never needed.

A file is the graph followed by its SHA-256. It appears under its name at once and complete
(written aside, flushed to the disk, renamed), so a process that starts at the same moment or a
kill at any instant cannot leave half of one; a file damaged later is noticed and built again.
Where the folder cannot be written, the graph is simply built anew each time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from askpod.files import read_bounded, write_atomically

VARIABLE = "ASKPOD_CACHE"
MOST_BYTES = 500_000_000  # of a cached file
_DIGEST_BYTES = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """The folder named by ASKPOD_CACHE, else the user's cache folder for askpod."""
    return Path(os.environ.get(VARIABLE) or platformdirs.user_cache_dir("askpod", appauthor=False))


def cached(name: str, build: Callable[[], bytes]) -> bytes:
    """What `build` makes, from the cache folder's file `name` where that is whole."""
    path = cache_folder() / name
    content = _read(path)
    if content is None:
        content = build()
        # A relative path means that the user has no home: nothing is left in their working folder.
        if path.is_absolute() or VARIABLE in os.environ:
            with suppress(OSError):
                write_atomically(path, content + hashlib.sha256(content).digest())
    return content


def forget(name: str) -> bool:
    """Removes a cached file that is complete and yet of no use; whether there was one."""
    try:
        (cache_folder() / name).unlink()
    except OSError:
        return False
    return True


def _read(path: Path) -> bytes | None:
    """The content of a whole file; None where it is absent, unreadable or damaged."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except OSError:
        return None
    content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None
