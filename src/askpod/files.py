"""Writes files completely or not at all; reads them only if they are files and not too large."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Puts a file in the place of what was there, in one step, making its folder if need be.

    It is written under another name, flushed to the disk and renamed: neither a kill at any
    instant nor another writer of the same file leaves half of it.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.tmp")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise


def read_bounded(path: Path, most: int) -> bytes:
    """The bytes of a regular file: a pipe or a device might never end, or hang.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than `most` bytes; its
            `strerror` says which.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"is larger than {most:,} bytes", str(path))
    return data
