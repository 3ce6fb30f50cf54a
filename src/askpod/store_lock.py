"""The store's write lock: one process of this machine writes at a time.

Across machines an archive on a server has another one, too: store/shared/writer_lock.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from askpod.errors import StoreBusy
from askpod.files import usable

LOCK = "write.lock"
PATIENCE = 600.0  # seconds that a second writer waits for the first


@contextmanager
def write_lock(
    store: Path,
    notify: Callable[[str], None] | None = None,
    patience: float = PATIENCE,
    name: str = LOCK,
) -> Iterator[None]:
    """Holds the store's write lock. The system frees it when the process ends, however it ends.

    `notify` is told, in one line, if another writer holds it. `name` is that of the lock's file.

    Raises StoreBusy: it is still held after `patience` seconds.
    """
    lock_file = store / name
    lock = FileLock(lock_file)
    for wait in (0.0, patience):
        # A timeout is an OSError, but no fault of the store's.
        with usable(store), suppress(Timeout):
            lock.acquire(timeout=wait, poll_interval=0.2)
            break
        with usable(store):
            lock_file.stat()  # where no file can be made it would be waited for in vain
        if notify and patience and not wait:
            notify(f"another askpod is writing to {store}; waiting for it to finish …")
    else:
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
    if not (store / LOCK).exists():
        return False
    lock = FileLock(store / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # it may not be written by us
        return False
    lock.release()
    return False
