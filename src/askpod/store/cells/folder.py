"""The cell index's folder: its files, and whether they are those that were made.

Never changed in place: making.py writes a new folder beside it, which takes its place by renaming,
so that neither a stop at any instant nor a reader in another process meets half of one.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from askpod.store.cells.words import BITS, COMMONEST, VOCABULARY

FOLDER = "cells"
STAMP = "askpod.json"
ARRAYS = ("ids", "codes", "scales", "centres", "members", "bounds", "cell_codes")
FILES = (*(f"{name}.npy" for name in ARRAYS), VOCABULARY, COMMONEST, BITS)
READ_WHOLE = 256 << 20  # bytes of all files, up to which every one is read at each opening
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was written."""

    size: int
    changed: int  # nanoseconds
    checksum: int  # CRC-32

    @classmethod
    def of(cls, path: Path) -> File:
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, _checksum(path))

    def fits(self, path: Path, *, read: bool) -> bool:
        """Whether the file still is what was written, seen by its date unless it is to be read."""
        status = path.stat()
        if status.st_size != self.size:
            return False
        return (not read and status.st_mtime_ns == self.changed) or (
            _checksum(path) == self.checksum
        )


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an index holds: the chunks that a store had at a revision."""

    store: str
    revision: int
    last_chunk: int  # the highest id in it; later chunks have higher ones
    chunks: int
    files: dict[str, File]

    @classmethod
    def read(cls, folder: Path) -> Stamp | None:
        """None where there is no index, or none that can be read."""
        try:
            read = json.loads((folder / STAMP).read_text(encoding="utf-8"))
            files = {name: File(**file) for name, file in read.pop("files").items()}
            stamp = cls(**read, files=files)
            return stamp if set(files) == set(FILES) else None
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None

    def write(self, folder: Path) -> None:
        (folder / STAMP).write_text(json.dumps(asdict(self)), encoding="utf-8")

    def fits(self, folder: Path, *, read: bool = False) -> bool:
        """Whether the files are those that were written. An unreadable folder's are not.

        A large index is judged by its files' sizes and dates, unless it is to be `read`; a file
        with another date, as a copy has, is read all the same.
        """
        read = read or sum(file.size for file in self.files.values()) <= READ_WHOLE
        try:
            return all(file.fits(folder / name, read=read) for name, file in self.files.items())
        except OSError:
            return False


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def _checksum(path: Path) -> int:
    checksum = 0
    for block in _blocks(path):
        checksum = zlib.crc32(block, checksum)
    return checksum


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
