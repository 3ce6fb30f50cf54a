"""The user's cache folder: derived files that are slow to make, each with its checksum.

Apart from onnx_graph.py, which imports `onnx`: a graph that is in the cache is loaded without it.
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
