"""The catalog: what the archive holds, in one SQLite file. It is the truth of a store.

One transaction writes an episode with its turns, chunks, vectors and words: it is there
whole or not at all, whenever the process stops. Reads see one state from begin to end.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import cut_span
from askpod.model import Chunk, Episode, Turn
from askpod.store.connection import Connections
from askpod.store.filters import Selection, chunk_condition
from askpod.store.rows import (
    EPISODE_COLUMNS,
    TURN_COLUMNS,
    VECTOR,
    Source,
    delete_episode,
    insert_chunk,
    insert_episode,
    read_episode,
    read_turn,
)
from askpod.store.schema import TABLES, Stamp, no_archive

FILE = "catalog.db"


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the catalog keeps it, its speech looked up in the turns."""

    id: int
    episode_id: str
    position: int  # in its episode, from 0
    chunk: Chunk


class Catalog:
    """Reads and writes one catalog file. Reads may come from several threads."""

    def __init__(self, folder: Path, *, writable: bool = False) -> None:
        """Opens `folder`/catalog.db, creating it when writable.

        Raises:
            ArchiveNotFound: there is none, and it was not opened to write.
        """
        self.folder = folder
        path = folder / FILE
        if not writable and not path.is_file():
            raise no_archive(str(folder))
        self._path = path
        self._connections = Connections(path, writable=writable)
        self.reading = self._connections.reading
        self._opened = _identity(path)

    def close(self) -> None:
        self._connections.close()

    def in_place(self) -> bool:
        """Whether the file that was opened is still the one in the folder."""
        return self._opened is not None and self._opened == _identity(self._path)

    # What made it

    def meta(self) -> dict[str, str]:
        """The stamp and the revision; empty in a file that holds no store yet."""
        with self.reading() as connection:
            known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
            if not connection.execute(known).fetchone():
                return {}
            return dict(connection.execute("SELECT key, value FROM meta").fetchall())

    def found(self, stamp: Stamp) -> None:
        """Lays the tables where there are none yet, stamped."""
        if self.meta():
            return
        with self._connections.writing() as connection:
            _lay(connection, stamp)

    def revision(self) -> int:
        """A number that every change raises."""
        with self.reading() as connection:
            return _revision(connection)

    # Writing

    @contextmanager
    def emptied(self, stamp: Stamp) -> Iterator[None]:
        """A transaction that drops everything, founds the store anew and holds what is put
        inside the `with`; readers see the former state until it ends, and for good if it fails.
        """
        with self._connections.writing() as connection:
            revision = _revision(connection)
            tables = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words_%' "
                "AND name NOT LIKE 'sqlite_%' ORDER BY rowid DESC"  # referring ones first
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"DROP TABLE {table}")
            _lay(connection, stamp, revision + 1)
            yield

    def put(
        self,
        episode: Episode,
        source: Source,
        chunks: Sequence[Chunk],
        vectors: NDArray[np.float32],
    ) -> None:
        """Writes an episode, replacing the whole of a former one with its id."""
        with self._connections.writing() as connection:
            revision = _raise_revision(connection)
            delete_episode(connection, episode.id)
            insert_episode(connection, episode, source)
            for position, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True)):
                insert_chunk(connection, episode.id, position, chunk, vector, revision)

    def remove(self, episode_ids: Sequence[str]) -> None:
        with self._connections.writing() as connection:
            _raise_revision(connection)
            for episode_id in episode_ids:
                delete_episode(connection, episode_id)

    def moved(self, episode_id: str, path: str) -> None:
        """Notes that an unchanged episode's file now lies elsewhere."""
        with self._connections.writing() as connection:
            connection.execute("UPDATE episodes SET path = ? WHERE id = ?", (path, episode_id))

    # Reading

    def sources(self) -> dict[str, Source]:
        """Every episode's source, by episode id."""
        with self.reading() as connection:
            rows = connection.execute("SELECT id, path, digest, transcript, faults FROM episodes")
            return {episode_id: Source(*rest) for episode_id, *rest in rows}

    def episodes(self, ids: Sequence[str] | None = None) -> dict[str, Episode]:
        """Episodes by id, without their turns; all of them by default."""
        where, parameters = "", []
        if ids is not None:
            where, parameters = "WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
        with self.reading() as connection:
            rows = connection.execute(
                f"SELECT {EPISODE_COLUMNS} FROM episodes {where} ORDER BY id", parameters
            )
            return {row[0]: read_episode(row) for row in rows}

    def turns(self, episode_id: str, first: int = 0, last: int | None = None) -> list[Turn]:
        """The turns of an episode from position `first` to `last`, both inclusive."""
        with self.reading() as connection:
            rows = connection.execute(
                f"SELECT {TURN_COLUMNS} FROM turns "
                "WHERE episode_id = ? AND position BETWEEN ? AND ? ORDER BY position",
                (episode_id, first, 2**62 if last is None else last),
            )
            return [read_turn(row) for row in rows]

    def chunks(self, ids: Sequence[int]) -> dict[int, StoredChunk]:
        """Chunks by id; ids that are gone are left out."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id, episode_id, position, heading, section, spans FROM chunks "
                "WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps([int(number) for number in ids]),),
            ).fetchall()
            return {row[0]: self._stored_chunk(row) for row in rows}

    def live(self, ids: Sequence[int], selection: Selection) -> set[int]:
        """Those of `ids` that are still there and selected."""
        condition, parameters = chunk_condition(selection)
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM chunks WHERE id IN (SELECT value FROM json_each(?)) "
                f"AND {condition}",
                [json.dumps([int(number) for number in ids]), *parameters],
            )
            return {number for (number,) in rows}

    def chunk_ranges(self) -> list[tuple[int, int, str]]:
        """First and last chunk id of each episode that has chunks, in order, with its id.

        All ids between them are chunks of this episode, in the order of speech.
        """
        edge = "SELECT id FROM chunks WHERE episode_id = episodes.id ORDER BY position"
        with self.reading() as connection:
            return connection.execute(
                f"SELECT ({edge} LIMIT 1) AS first, ({edge} DESC LIMIT 1), id FROM episodes "
                "WHERE first IS NOT NULL ORDER BY first"
            ).fetchall()

    def speakers(self) -> tuple[str, ...]:
        """Everybody who speaks, by name."""
        # Stepping from name to name through the index; DISTINCT would read all of it.
        query = """
            WITH RECURSIVE names (name) AS (
                SELECT min(speaker) FROM chunk_speakers
                UNION ALL
                SELECT (SELECT min(speaker) FROM chunk_speakers WHERE speaker > name)
                FROM names WHERE name IS NOT NULL
            )
            SELECT name FROM names WHERE name IS NOT NULL"""
        with self.reading() as connection:
            return tuple(name for (name,) in connection.execute(query))

    def shares_of(self, ids: NDArray[np.int64], speakers: Sequence[str]) -> NDArray[np.float64]:
        """The share of each chunk's speech that these speakers have; `ids` are ascending."""
        shares = np.zeros(len(ids))
        if not speakers or not len(ids):
            return shares
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT chunk_id, share FROM chunk_speakers WHERE speaker IN "
                "(SELECT value FROM json_each(?)) AND chunk_id BETWEEN ? AND ?",
                (json.dumps(list(speakers)), int(ids[0]), int(ids[-1])),
            ).fetchall()
        if rows:
            found = np.array(rows, dtype=np.float64)
            kept = found[np.isin(found[:, 0], ids)]
            np.add.at(shares, np.searchsorted(ids, kept[:, 0]), kept[:, 1])
        return shares

    def chunk_ids(self, selection: Selection, since_revision: int = 0) -> NDArray[np.int64]:
        """Ids of the selected chunks added after a revision, ascending."""
        condition, parameters = chunk_condition(selection)
        with self.reading() as connection:
            rows = connection.execute(
                f"SELECT id FROM chunks WHERE revision > ? AND {condition} ORDER BY id",
                [since_revision, *parameters],
            )
            return np.fromiter((number for (number,) in rows), dtype=np.int64)

    def vectors(self, since_revision: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids, ascending, and vectors (one row each) of the chunks added after a revision."""
        with self.reading() as connection:
            query = "SELECT chunk_id, vector FROM vectors ORDER BY chunk_id"
            parameters: list[int] = []
            if since_revision:
                query = (
                    "SELECT chunk_id, vector FROM vectors JOIN chunks ON chunks.id = chunk_id "
                    "WHERE revision > ? ORDER BY chunk_id"
                )
                parameters = [since_revision]
            rows = connection.execute(query, parameters).fetchall()
            dimension = int(self.meta()["dimension"])
        ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        joined = b"".join(row[1] for row in rows)
        return ids, np.frombuffer(joined, dtype=VECTOR).reshape(len(rows), dimension)

    def vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """The vectors of chunks that are there, one row for each of `ids`, in their order."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT chunk_id, vector FROM vectors "
                "WHERE chunk_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            )
            by_id = dict(rows.fetchall())
            dimension = int(self.meta()["dimension"])
        joined = b"".join(by_id[number] for number in ids)
        return np.frombuffer(joined, dtype=VECTOR).reshape(len(ids), dimension)

    def chunk_count(self) -> int:
        """How many chunks there are; quicker than `counts`, which reads every turn's key."""
        with self.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM chunks").fetchone()[0])

    def counts(self) -> dict[str, int]:
        """How many episodes, turns and chunks there are."""
        with self.reading() as connection:
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("episodes", "turns", "chunks")
            }

    def _stored_chunk(self, row: tuple[Any, ...]) -> StoredChunk:
        number, episode_id, position, heading, section, spans = row
        cuts = json.loads(spans)
        first = cuts[0][0]
        turns = self.turns(episode_id, first, cuts[-1][0])
        cut = tuple(cut_span(turns[turn - first], turn, begin, end) for turn, begin, end in cuts)
        return StoredChunk(number, episode_id, position, Chunk(heading, section, cut))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _lay(connection: sqlite3.Connection, stamp: Stamp, revision: int = 0) -> None:
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    stamp.write(connection)
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)", [("revision", str(revision)), ("store", uuid4().hex)]
    )


def _revision(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
    return int(row[0])


def _raise_revision(connection: sqlite3.Connection) -> int:
    revision = _revision(connection) + 1
    connection.execute("UPDATE meta SET value = ? WHERE key = 'revision'", (str(revision),))
    return revision
