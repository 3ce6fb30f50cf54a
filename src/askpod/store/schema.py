"""The catalog's SQLite file: its tables, its stamp, its connections, and errors in plain words.

A store holds chunks of one kind: one embedder, one way of chunking, one format. The stamp
names them; opening a store under another one is an error that names the mending command.
Rows carry checksums, as SQLite does not see a byte that has changed inside a text (rows.py).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from askpod.embedding.contextual import recipe
from askpod.errors import ArchiveClosed, StoreBusy, StoreMismatch, damaged, no_archive, other_format
from askpod.files import unusable, usable

FORMAT = 7

# Names in a store's folder.
FILE = "catalog.db"
KEPT = f"damaged-{FILE}"  # a former catalog that a rebuild has replaced
_TRACES = (KEPT, "chroma/askpod.json")  # what is only where a catalog has been

BUSY_SECONDS = 30.0
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_UNUSABLE = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOLFS,
)
_LONGEST = 200  # characters of SQLite's words: they may quote a whole text

TOKENIZER = "porter unicode61 remove_diacritics 2"

TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE episodes (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,        -- absolute, of the file it was read from
    digest TEXT NOT NULL,      -- of that file's bytes and of the metadata beside it
    transcript TEXT NOT NULL,  -- digest of the words said: equal for two files of one recording
    faults INTEGER NOT NULL,
    origin TEXT NOT NULL,      -- the machine that indexed it; '' without a server
    version TEXT NOT NULL,     -- of its records on a server; '' without one
    revision INTEGER NOT NULL, -- the store's revision that wrote it, with its turns and chunks
    turns INTEGER NOT NULL,    -- how many it has
    first_chunk INTEGER,       -- ids of its chunks: all from the first to the last, in the
    last_chunk INTEGER,        -- order of speech; NULL without any
    guests TEXT NOT NULL,      -- JSON list; what filters ask for, beside the rest
    season INTEGER,
    date TEXT,
    details TEXT NOT NULL,     -- JSON object of all else that is known of it
    checksum INTEGER NOT NULL
) WITHOUT ROWID;
-- Tells counts and ranges at once, however many episodes there are.
CREATE INDEX extents ON episodes (first_chunk, last_chunk, turns);

CREATE TABLE turns (
    episode_id TEXT NOT NULL REFERENCES episodes(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    start REAL NOT NULL,
    "end" REAL NOT NULL,
    estimated INTEGER NOT NULL,
    section TEXT NOT NULL,
    marks TEXT,                -- JSON list of [character, second]; NULL where there are none
    label TEXT NOT NULL,       -- the file's own, where `speaker` is a name laid over it; else ''
    checksum INTEGER NOT NULL,
    PRIMARY KEY (episode_id, position)
) WITHOUT ROWID;

-- AUTOINCREMENT: a number is never used twice, so that a vector index that is behind the
-- catalog can name a chunk that is gone, but never a wrong one.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    episode_id TEXT NOT NULL REFERENCES episodes(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    heading TEXT NOT NULL,
    section TEXT NOT NULL,
    spans TEXT NOT NULL,       -- JSON list of [turn, first character, end character]
    checksum INTEGER NOT NULL
);
CREATE INDEX chunks_of_episode ON chunks (episode_id, position);

-- Apart from the chunks, so that reading all vectors reads nothing else.
CREATE TABLE vectors (         -- the embedder's
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks(id) ON DELETE CASCADE,
    vector BLOB NOT NULL,      -- float32, little-endian, of unit length
    checksum INTEGER NOT NULL
);

CREATE TABLE contextual_vectors (  -- those that the Chroma collection holds
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks(id) ON DELETE CASCADE,
    vector BLOB NOT NULL,      -- float32, little-endian
    checksum INTEGER NOT NULL
);

CREATE TABLE sentence_vectors (    -- by late chunking, where the embedder can
    episode_id TEXT NOT NULL REFERENCES episodes(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,     -- of the turn
    vectors BLOB NOT NULL,         -- int8, one row a sentence, of any length
    checksum INTEGER NOT NULL,
    PRIMARY KEY (episode_id, position)
);

CREATE TABLE chunk_speakers (
    chunk_id INTEGER NOT NULL REFERENCES chunks(id) ON DELETE CASCADE,
    speaker TEXT NOT NULL,
    share REAL NOT NULL,       -- of the chunk's characters
    PRIMARY KEY (chunk_id, speaker)
) WITHOUT ROWID;
CREATE INDEX chunks_of_speaker ON chunk_speakers (speaker, chunk_id, share);

CREATE VIRTUAL TABLE words USING fts5 (
    speech, heading, tokenize = '{TOKENIZER}'
);
"""


def leftovers(folder: Path) -> str | None:
    """The name of what only a store leaves in its folder; None where there was none."""
    return next((name for name in _TRACES if (folder / name).exists()), None)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What made a store."""

    embedder: str
    dimension: int | None  # None: not known, and not compared; needed to found a store
    chunking: str

    def check(self, meta: Mapping[str, str], where: str) -> None:
        """Raises StoreMismatch where `meta`, read from a store, names another maker.

        A file without any stamp is what a first run leaves that was stopped at its start.
        """
        if not meta:
            raise no_archive(where)
        known = meta.get("format", "none")
        if known != str(FORMAT):
            raise other_format(where, known, FORMAT)
        if differing := self.differing(meta):
            raise StoreMismatch(
                f"{where}: this store was made with {differing}. Run `askpod rebuild` "
                "to rebuild it with the present settings, or go back to the former ones."
            )

    def differing(self, made: Mapping[str, object]) -> str:
        """In words, what another maker had that this one has not; "" where there is nothing."""
        return "; ".join(
            f"{key} {made.get(key, 'none')!r}, now {value!r}"
            for key, value in self.values().items()
            if str(made.get(key)) != str(value)
        )

    def values(self) -> dict[str, str | int]:
        """What is compared, by its name in a store."""
        size = {} if self.dimension is None else {"dimension": self.dimension}
        return {"embedder": self.embedder, **size, "chunking": self.chunking, "vectors": recipe()}


def create_tables(connection: sqlite3.Connection, stamp: Stamp, revision: int = 0) -> None:
    """Makes the tables of an empty store, stamped."""
    if stamp.dimension is None:
        raise ValueError("a store is founded with the dimension of its vectors known")
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    meta = stamp.values() | {"format": FORMAT, "revision": revision, "store": uuid4().hex}
    rows = [(key, str(value)) for key, value in meta.items()]
    connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)


def drop(connection: sqlite3.Connection) -> None:
    """Removes all tables, whichever format laid them."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words_%' "
        "AND name NOT LIKE 'sqlite_%' ORDER BY rowid DESC"  # referring ones first
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"DROP TABLE {table}")


class Connections:
    """Lends connections to one database file, each to one thread at a time.

    WAL lets readers go on while one writer writes; `synchronous = FULL` makes a finished
    transaction outlive a power cut.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._writable = writable
        self._lent = threading.local()  # .connection: the one that this thread is using
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        # A connection that sees one state of the catalog, whatever is written meanwhile.
        self.reading = partial(self._transaction, "BEGIN")
        # One transaction: all of it becomes visible at once, or none of it.
        self.writing = partial(self._transaction, "BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with plain_errors(self.path):
            outer = getattr(self._lent, "connection", None)
            if outer is not None:  # within another transaction of this thread: a part of it
                yield outer
                return
            connection = self._lent.connection = self._borrowed()
            try:
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._lent.connection = None
                with self._lock:
                    keep = not (self._closed or connection.in_transaction or self._immutable())
                    if keep:
                        self._idle.append(connection)
                if not keep:
                    self._release(connection)

    def close(self) -> None:
        """Closes what is idle at once, and what a thread is using when it has finished."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            self._release(connection)

    def _borrowed(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise ArchiveClosed(self.path.parent)
            connection = self._idle.pop() if self._idle else None
        return connection or self._open()

    def _open(self) -> sqlite3.Connection:
        if self._writable:
            mode = "mode=rwc"
        else:
            # What a process left that was killed while it made the file: a reader may not undo it.
            if self.path.with_name(self.path.name + "-journal").exists():
                with suppress(sqlite3.Error), closing(self._connect("mode=rw")) as connection:
                    connection.execute("PRAGMA schema_version").fetchone()
            mode = "mode=ro&immutable=1" if self._immutable() else "mode=ro"
        connection = self._connect(mode)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")  # notices more of a damaged page
        if self._writable:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,  # used by one thread at a time
        )

    def _release(self, connection: sqlite3.Connection) -> None:
        if self._writable:
            # Into the one file, so that a copy of it holds all; not if a reader is busy with it.
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA busy_timeout = 0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _immutable(self) -> bool:
        """Whether the file is whole as it stands and lies in a folder that we cannot write.

        Such a folder has no place for WAL's shared memory. Asked for each transaction, as
        the folder's owner may begin to write.
        """
        if self._writable or os.access(self.path.parent, os.W_OK):
            return False
        journal = self.path.with_name(self.path.name + "-wal")
        return not journal.exists() or not journal.stat().st_size


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's and the system's errors into errors that say what to do."""
    try:
        with usable(path.parent):
            yield
    except sqlite3.ProgrammingError:  # a fault of ours, not of the file's
        raise
    except sqlite3.Error as error:
        # By the code: SQLite's words may quote what a damaged row holds.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        text = "".join(it if it.isprintable() else "?" for it in str(error)[:_LONGEST])
        if code in _BUSY:
            busy = f"{path}: another process keeps the store locked; try again when it ends"
            raise StoreBusy(busy) from error
        raise (unusable if code in _UNUSABLE else damaged)(path, text) from error
