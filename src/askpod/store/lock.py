"""Lets one writer at a time into a store, across processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from askpod.errors import StoreBusy
from askpod.store.connection import plain_errors

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


def _acquired(lock: FileLock, patience: float) -> bool:
    with plain_errors(Path(lock.lock_file)):
        try:
            lock.acquire(timeout=patience, poll_interval=0.2)
        except Timeout:  # an OSError, but no fault of the store's
            return False
    return True
