"""Connections to the catalog: one for each thread, with SQLite's errors put in plain words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from askpod.errors import AskpodError, StoreBusy, StoreDamaged, StoreUnwritable

BUSY_SECONDS = 30.0


class Connections:
    """Hands every thread its own connection to one database file.

    WAL lets readers go on while one writer writes; `synchronous = FULL` makes a finished
    transaction outlive a power cut.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._writable = writable
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    def get(self) -> sqlite3.Connection:
        """This thread's connection, opened at first use."""
        if self._closed:
            raise AskpodError(f"{self.path.parent}: this archive has been closed; open it again")
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the catalog, whatever is written meanwhile."""
        with plain_errors(self.path):
            connection = self.get()
            if connection.in_transaction:  # within another reading() of this thread
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it becomes visible at once, or none of it."""
        with plain_errors(self.path):
            connection = self.get()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connection in self._all:
                connection.close()
            self._all.clear()

    def _open(self) -> sqlite3.Connection:
        with plain_errors(self.path):
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?{self._mode()}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,  # each is used by one thread; close() comes from any
            )
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA mmap_size = 268435456")
            if self._writable:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            return connection

    def _mode(self) -> str:
        if self._writable:
            return "mode=rwc"
        # A read-only folder has no place for WAL's shared memory; without a journal left
        # behind the file is whole and can be read as it stands.
        journal = self.path.with_name(self.path.name + "-wal")
        if not os.access(self.path.parent, os.W_OK) and not journal.exists():
            return "mode=ro&immutable=1"
        return "mode=ro"


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's and the system's errors into errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise StoreUnwritable(
            f"{path.parent}: the store cannot be used: {error.strerror or error}. Check the "
            "folder's permissions and the space left, then run the same command again; what was "
            "finished is kept."
        ) from error


def _explained(path: Path, error: sqlite3.Error) -> AskpodError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreBusy(f"{path}: another process keeps the store locked; try again when it ends")
    if any(word in text for word in ("full", "readonly", "unable to open", "disk I/O")):
        return StoreUnwritable(
            f"{path}: the store cannot be used: {text}. Check the folder's permissions and the "
            "space left, then run the same command again; what was finished is kept."
        )
    return StoreDamaged(
        f"{path}: the catalog is damaged: {text}. Run `askpod rebuild PATH…` with the folders of "
        "the episodes to make it anew; the damaged file is kept beside it."
    )
