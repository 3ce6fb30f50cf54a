"""Brings a store of format 2 to format 3, at its next opening, without reading or embedding anew.

Format 3 adds checksums, the seconds known inside turns, and the machine an episode came from.
Everything happens in one transaction: a stop leaves format 2 as it was. Ids, revision and
vector index stay. What format 2 can tell of damage is checked first, since a checksum made
from a damaged row would vouch for it. Older formats are not brought up: `askpod rebuild`.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from askpod.errors import StoreBusy, StoreUnwritable
from askpod.store.catalog import FILE, Catalog
from askpod.store.checksums import VECTOR, DamagedRow, Value, checksum, vector_checksums
from askpod.store.connection import BUSY_SECONDS, plain_errors
from askpod.store.lock import write_lock
from askpod.store.rows import write_rows
from askpod.store.schema import FORMAT, FORMER, TABLES

Row = tuple[Value | bytes, ...]

PATIENCE = 60.0  # seconds that it waits for another process that writes
_CHANGED = ("episodes", "turns", "chunks", "vectors")
_WORD = re.compile(r"\w+")
_UNIT = 1e-3  # how far a vector's length may lie from 1


def bring_up(catalog: Catalog, notify: Callable[[str], None]) -> None:
    """Brings the store of an open catalog to the present format where it has the former one.

    Raises:
        StoreBusy: another process has been writing for a minute.
        StoreUnwritable: the folder cannot be written, or there is no space left.
        StoreDamaged: the catalog is not whole.
    """
    if catalog.meta().get("format") != str(FORMER):
        return
    store, file = catalog.folder, catalog.folder / FILE
    try:
        with write_lock(store, notify, PATIENCE), plain_errors(file):
            notify(f"bringing {store} from format {FORMER} to format {FORMAT} …")
            _migrate(file)
    except (StoreBusy, StoreUnwritable) as error:
        raise type(error)(
            f"{store}: this store has format {FORMER}, of an earlier askpod, and must be brought "
            f"to format {FORMAT}, which failed: {error} Then run `askpod episodes --store {store}` "
            "as a user who may write there."
        ) from error


def _migrate(file: Path) -> None:
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        # Tables are made anew under their names, and what refers to them is to stay as it is.
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _format(connection) == str(FORMER):  # else another process was quicker
                _check(connection)
                _rewrite(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _format(connection: sqlite3.Connection) -> str:
    (stored,) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    return str(stored)


def _check(connection: sqlite3.Connection) -> None:
    """Raises DamagedRow, or SQLite's own error, where the catalog is seen not to be whole."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DamagedRow(found)
    for id_, words in connection.execute("SELECT id, transcript FROM episodes").fetchall():
        texts = connection.execute(
            "SELECT text FROM turns WHERE episode_id = ? ORDER BY position", (id_,)
        )
        if words != _digest_of_words(text for (text,) in texts):
            raise DamagedRow(f"the words of episode {id_!r} are not as they were written")


def _digest_of_words(texts: Iterator[str]) -> str:
    """As format 2 made it; it must not follow any later change."""
    key = hashlib.sha256()
    for text in texts:
        for word in _WORD.findall(text.casefold()):
            key.update(word.encode() + b" ")
    return key.hexdigest()


def _rewrite(connection: sqlite3.Connection) -> None:
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'chunks'"
    ).fetchone()
    connection.execute("DROP INDEX chunks_of_episode")
    for table in _CHANGED:
        connection.execute(f"ALTER TABLE {table} RENAME TO former_{table}")
    kept = ("meta", "chunk_speakers", "chunks_of_speaker", "words")
    for statement in TABLES.split(";\n"):
        named = re.search(r"CREATE (?:VIRTUAL )?(?:TABLE|INDEX) (\w+)", statement)
        if named and named[1] not in kept:
            connection.execute(statement)
    made: tuple[tuple[str, Iterator[Row]], ...] = (
        ("episodes", _episodes(connection)),
        ("turns", _turns(connection)),
        ("chunks", _chunks(connection)),
        ("vectors", _vectors(connection)),
    )
    for table, rows in made:
        write_rows(connection, table, list(rows))
        connection.execute(f"DROP TABLE former_{table}")
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'chunks'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('chunks', ?)", (last,))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (str(FORMAT),))


def _episodes(connection: sqlite3.Connection) -> Iterator[Row]:
    rows = connection.execute(
        "SELECT id, path, digest, transcript, faults, "
        "coalesce((SELECT max(revision) FROM former_chunks WHERE episode_id = episodes.id), 0), "
        "(SELECT count(*) FROM former_turns WHERE episode_id = episodes.id), "
        "(SELECT min(id) FROM former_chunks WHERE episode_id = episodes.id), "
        "(SELECT max(id) FROM former_chunks WHERE episode_id = episodes.id), "
        "title, short, guests, season, number, date, duration, description, topics, links, "
        "youtube FROM former_episodes AS episodes"
    )
    for row in rows:
        values = (*row[:5], "", *row[5:])  # its origin: this machine
        yield (*values, checksum(values))


def _turns(connection: sqlite3.Connection) -> Iterator[Row]:
    rows = connection.execute(
        "SELECT episodes.revision, former_turns.* FROM former_turns "
        "JOIN episodes ON episodes.id = episode_id"
    )
    for revision, *values in rows:
        values.append(None)  # no marks
        yield (*values, checksum((revision, *values)))


def _chunks(connection: sqlite3.Connection) -> Iterator[Row]:
    columns = "id, episode_id, position, heading, section, spans, revision"
    for values in connection.execute(f"SELECT {columns} FROM former_chunks ORDER BY id"):
        yield (*values, checksum(values))


def _vectors(connection: sqlite3.Connection) -> Iterator[Row]:
    for number, blob in connection.execute("SELECT chunk_id, vector FROM former_vectors"):
        vector = np.frombuffer(blob, dtype=VECTOR)
        if not abs(float(vector @ vector) - 1) < _UNIT:
            raise DamagedRow(f"the vector of chunk {number} is not as it was written")
        summed = vector_checksums(np.array([number]), vector[np.newaxis])
        yield number, blob, int(summed[0])
