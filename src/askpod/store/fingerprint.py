"""Tells whether the vector index's files are still those that were written.

Merely opening a Chroma folder writes to it: a row in a table of locks, and the graph files as
long as no graph has been stored in them. Anyone may open ours, so these do not count. All else
does: one changed byte anywhere in a record or in a stored graph gives another fingerprint.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDS = "chroma.sqlite3"
_GRAPH = "index_metadata.pickle"  # stands beside the graph files once they hold a graph
_CHANGED_BY_READERS = ("acquire_write", "maintenance_log")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a vector index as it was written."""

    files: dict[str, list[int]]  # size and CRC-32 of the database and of every graph file
    records: int  # CRC-32 of the database's rows

    @classmethod
    def of(cls, folder: Path) -> Fingerprint:
        return cls(_files(folder), _rows(folder / RECORDS))

    def fits(self, folder: Path) -> bool:
        """Whether `folder` still holds what was written. An unreadable folder does not."""
        try:
            now = _files(folder)
            differing = {
                name for name in {*now, *self.files} if now.get(name) != self.files.get(name)
            }
            if not differing:
                return True
            return differing == {RECORDS} and _rows(folder / RECORDS) == self.records
        except (OSError, sqlite3.Error):  # also where another process replaces it just now
            return False


def _files(folder: Path) -> dict[str, list[int]]:
    graphs = [path for found in folder.glob(f"*/{_GRAPH}") for path in found.parent.iterdir()]
    return {
        path.relative_to(folder).as_posix(): [path.stat().st_size, _crc(_blocks(path))]
        for path in sorted([folder / RECORDS, *graphs])
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
