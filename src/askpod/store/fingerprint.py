"""Tells whether the vector index's files are still those that were written.

Merely opening a Chroma folder writes to it: a row in a table of locks, and the graph files as
long as no graph has been stored in them. Anyone may open ours, so these do not count. All else
does: one changed byte anywhere in a record or in a stored graph gives another fingerprint.

Reading all bytes takes longer the more there are. Past WHOLE_UP_TO they are read only where a
file's size or time of change is not the one noted when they were last read.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

RECORDS = "chroma.sqlite3"
_GRAPH = "index_metadata.pickle"  # stands beside the graph files once they hold a graph
_CHANGED_BY_READERS = ("acquire_write", "maintenance_log")
_BLOCK = 1 << 20
WHOLE_UP_TO = 256 << 20  # bytes: about 60,000 chunks, read in a tenth of a second


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a vector index as it was written."""

    files: dict[str, list[int]]  # size and CRC-32 of the database and of every graph file
    records: int  # CRC-32 of the database's rows
    seen: dict[str, list[int]]  # size and time of change (ns) when they were last read

    @classmethod
    def of(cls, folder: Path) -> Fingerprint:
        seen = _seen(folder)  # first: what changes while it is read is read again
        return cls(_files(folder), _rows(folder / RECORDS), seen)

    def confirmed(self, folder: Path, *, read: bool = False) -> Fingerprint | None:
        """This fingerprint, if `folder` still holds what was written, and else None.

        Of a large folder that had to be read, it has the present sizes and times. An unreadable
        folder does not hold what was written. `read` has every byte read in any case.
        """
        try:
            seen = _seen(folder)
            large = sum(size for size, _ in seen.values()) > WHOLE_UP_TO
            if large and not read and seen == self.seen:
                return self
            if not self._same_content(folder):
                return None
            return replace(self, seen=seen) if large else self
        except (OSError, sqlite3.Error):  # also where another process replaces it just now
            return None

    def _same_content(self, folder: Path) -> bool:
        now = _files(folder)
        differing = {name for name in {*now, *self.files} if now.get(name) != self.files.get(name)}
        if not differing:
            return True
        return differing == {RECORDS} and _rows(folder / RECORDS) == self.records


def _paths(folder: Path) -> dict[str, Path]:
    graphs = [path for found in folder.glob(f"*/{_GRAPH}") for path in found.parent.iterdir()]
    return {
        path.relative_to(folder).as_posix(): path for path in sorted([folder / RECORDS, *graphs])
    }


def _seen(folder: Path) -> dict[str, list[int]]:
    statuses = {name: path.stat() for name, path in _paths(folder).items()}
    return {name: [status.st_size, status.st_mtime_ns] for name, status in statuses.items()}


def _files(folder: Path) -> dict[str, list[int]]:
    return {
        name: [path.stat().st_size, _crc(_blocks(path))] for name, path in _paths(folder).items()
    }


def _rows(path: Path) -> int:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        checked = connection.execute("PRAGMA quick_check").fetchall()
        if checked != [("ok",)]:
            raise sqlite3.DatabaseError(f"{path}: {checked[0][0]}")
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return _crc(
            repr(row).encode()
            for (table,) in tables
            if table not in _CHANGED_BY_READERS
            for row in _all_rows(connection, table)
        )


def _all_rows(connection: sqlite3.Connection, table: str) -> Iterable[tuple[Any, ...]]:
    return connection.execute(f'SELECT * FROM "{table}"')


def _blocks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _crc(blocks: Iterable[bytes]) -> int:
    checksum = 0
    for block in blocks:
        checksum = zlib.crc32(block, checksum)
    return checksum
