"""Connections to the catalog, with SQLite's errors put in plain words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from askpod.errors import AskpodError, StoreBusy, StoreDamaged, StoreUnwritable

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

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the catalog, whatever is written meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it becomes visible at once, or none of it."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with plain_errors(self.path):
            outer = getattr(self._lent, "connection", None)
            if outer is not None:  # within another transaction of this thread: a part of it
                yield outer
                return
            with self._borrowed() as connection:
                connection.execute(begin)
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise

    def close(self) -> None:
        """Closes what is idle at once, and what a thread is using when it has finished."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            self._release(connection)

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise AskpodError(
                    f"{self.path.parent}: this archive has been closed; open it again"
                )
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._open()
        self._lent.connection = connection
        try:
            yield connection
        finally:
            self._lent.connection = None
            with self._lock:
                keep = not (self._closed or connection.in_transaction or self._immutable())
                if keep:
                    self._idle.append(connection)
            if not keep:
                self._release(connection)

    def _open(self) -> sqlite3.Connection:
        if not self._writable:
            self._recover()
        connection = self._connect(self._mode())
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

    def _recover(self) -> None:
        """Undoes what a process left that was killed while it laid the file: a reader may not."""
        if self.path.with_name(self.path.name + "-journal").exists():
            with suppress(sqlite3.Error), closing(self._connect("mode=rw")) as connection:
                connection.execute("PRAGMA schema_version").fetchone()

    def _release(self, connection: sqlite3.Connection) -> None:
        if self._writable:
            # Into the one file, so that a copy of it holds all; not if a reader is busy with it.
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA busy_timeout = 0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _mode(self) -> str:
        if self._writable:
            return "mode=rwc"
        return "mode=ro&immutable=1" if self._immutable() else "mode=ro"

    def _immutable(self) -> bool:
        """Whether the file is whole as it stands and lies in a folder that we cannot write.

        Such a folder has no place for WAL's shared memory. Asked anew for each transaction, as
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
        yield
    except sqlite3.ProgrammingError:  # a fault of ours, not of the file's
        raise
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise StoreUnwritable(
            f"{path.parent}: the store cannot be used: {error.strerror or error}. Check the "
            "folder's permissions and the space left, then run the same command again; what was "
            "finished is kept."
        ) from error


def _explained(path: Path, error: sqlite3.Error) -> AskpodError:
    # By the code: SQLite's words may quote what a damaged row holds.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    text = _printable(error)
    if code in _BUSY:
        return StoreBusy(f"{path}: another process keeps the store locked; try again when it ends")
    if code in _UNUSABLE:
        return StoreUnwritable(
            f"{path}: the store cannot be used: {text}. Check the folder's permissions and the "
            "space left, then run the same command again; what was finished is kept."
        )
    return damaged(path, text)


def damaged(path: Path, what: str) -> StoreDamaged:
    """The error for a catalog that cannot be trusted."""
    return StoreDamaged(
        f"{path}: the catalog is damaged: {what}. Run `askpod rebuild PATH…` with the folders of "
        "the episodes to make it anew; the damaged file is kept beside it."
    )


def _printable(error: sqlite3.Error) -> str:
    text = str(error)[:_LONGEST]
    return "".join(character if character.isprintable() else "?" for character in text)


FILE = "write.lock"
PATIENCE = 600.0  # seconds that a second writer waits for the first


@contextmanager
def write_lock(
    store: Path, notify: Callable[[str], None] | None = None, patience: float = PATIENCE
) -> Iterator[None]:
    """Holds the store's write lock. The system frees it when the process ends, however it ends.

    `notify` is told, in one line, if another writer holds it.

    Raises:
        StoreBusy: it is still held after `patience` seconds.
    """
    lock = FileLock(store / FILE)
    if not _acquired(lock, 0):
        if notify and patience:
            notify(f"another askpod is writing to {store}; waiting for it to finish …")
        if not _acquired(lock, patience):
            raise StoreBusy(
                f"{store}: another askpod has been writing to this store for {patience:.0f} s; "
                "run the command again when it has finished"
            )
    try:
        yield
    finally:
        lock.release()


def being_written(store: Path) -> bool:
    """Whether somebody holds the store's write lock now."""
    if not (store / FILE).exists():
        return False
    lock = FileLock(store / FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # read-only for us
        return False
    lock.release()
    return False


def _acquired(lock: FileLock, patience: float) -> bool:
    with plain_errors(Path(lock.lock_file)):
        try:
            lock.acquire(timeout=patience, poll_interval=0.2)
        except Timeout:  # an OSError, but no fault of the store's
            return False
    return True
