"""The catalog: what the archive holds, in one SQLite file. It is the truth of a store.

One transaction writes an episode with its turns, chunks, vectors and words: it is there
whole or not at all, whenever the process stops. Reads see one state from begin to end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.model import Chunk, Episode
from askpod.store.connection import Connections, damaged
from askpod.store.lookups import Lookups, revision_of
from askpod.store.rows import (
    Source,
    delete_episode,
    insert_chunks,
    insert_episode,
    move_episode,
)
from askpod.store.schema import FILE as FILE
from askpod.store.schema import Stamp, drop, lay, no_archive, trace


class Catalog(Lookups):
    """Reads and writes one catalog file. Reads may come from several threads."""

    def __init__(self, folder: Path, name: str = FILE, *, writable: bool = False) -> None:
        """Opens the catalog in `folder`, creating it when writable.

        Raises:
            ArchiveNotFound: there is none, and it was not opened to write.
            StoreDamaged: there is none where there has been one.
        """
        self.folder = folder
        self.path = path = folder / name
        if not writable and not path.is_file():
            if left := trace(folder):
                raise damaged(path, f"it is missing, and {left} tells of a store")
            raise no_archive(str(folder))
        super().__init__(Connections(path, writable=writable))
        self._opened = _identity(path)

    def close(self) -> None:
        self._connections.close()

    def in_place(self) -> bool:
        """Whether the file that was opened is still the one in the folder."""
        return self._opened is not None and self._opened == _identity(self.path)

    def found(self, stamp: Stamp) -> None:
        """Lays the tables where there are none yet, stamped."""
        if self.meta():
            return
        with self._connections.writing() as connection:
            lay(connection, stamp)

    @contextmanager
    def emptied(self, stamp: Stamp) -> Iterator[None]:
        """A transaction that drops everything, founds the store anew and holds what is put
        inside the `with`; readers see the former state until it ends, and for good if it fails.
        """
        with self._connections.writing() as connection:
            revision = revision_of(connection)  # 0 in a file that holds nothing
            drop(connection)
            lay(connection, stamp, revision + 1)
            yield

    def check_words(self) -> None:
        """Compares all words with where they are said to stand. Raises StoreDamaged."""
        with self._connections.writing() as connection:
            connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")

    def put(
        self,
        episode: Episode,
        source: Source,
        chunks: Sequence[Chunk],
        vectors: NDArray[np.float32] | None,
    ) -> range:
        """Writes an episode in place of a former one with its id; the ids of its chunks.

        `vectors` is None in a replica, whose vectors the server has.
        """
        with self._connections.writing() as connection:
            revision = _raise_revision(connection)
            delete_episode(connection, episode.id)
            ids = _next_chunks(connection, len(chunks))
            insert_episode(connection, episode, source, revision, ids)
            insert_chunks(connection, episode.id, ids, chunks, vectors, revision)
        return ids

    def remove(self, episode_ids: Sequence[str]) -> None:
        with self._connections.writing() as connection:
            _raise_revision(connection)
            for episode_id in episode_ids:
                delete_episode(connection, episode_id)

    def moved(self, episode_id: str, path: str) -> None:
        """Notes that an unchanged episode's file now lies elsewhere."""
        with self._connections.writing() as connection:
            move_episode(connection, episode_id, path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _next_chunks(connection: sqlite3.Connection, count: int) -> range:
    """The ids of so many new chunks."""
    query = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'chunks'"
    (last,) = connection.execute(query).fetchone()
    return range(last + 1, last + 1 + count)


def _raise_revision(connection: sqlite3.Connection) -> int:
    revision = revision_of(connection) + 1
    connection.execute("UPDATE meta SET value = ? WHERE key = 'revision'", (str(revision),))
    return revision
