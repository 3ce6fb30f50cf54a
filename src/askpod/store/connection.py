"""Connections to the catalog, with SQLite's errors put in plain words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from askpod.errors import ArchiveClosed, StoreBusy, StoreDamaged
from askpod.files import unusable, usable

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


def damaged(path: Path, what: str) -> StoreDamaged:
    """The error for a catalog that cannot be trusted."""
    return StoreDamaged(
        f"{path}: the catalog is damaged: {what}. Run `askpod rebuild PATH…` with the folders of "
        "the episodes to rebuild it; the damaged file is kept beside it."
    )
