"""A catalog that is written to, and the Chroma collection that follows it.

Chroma holds Python's global lock while it writes, some millisecond a chunk, and threads that embed
would wait for it. So where much is written, a process of its own brings the next collection up
while later episodes are embedded. Little is written at the end, in this one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from askpod.errors import AskpodError
from askpod.indexing.workers import own_process
from askpod.model import Episode
from askpod.store.catalog import Catalog
from askpod.store.collection import Range, add, begun, complete, publish, put_in_place
from askpod.store.rows import Embedded, Source
from askpod.store.vectors import begin_import

# Chunks of one write, which stores the graph: at least so many, or this share of those it has.
WRITTEN, WRITTEN_SHARE = 1000, 0.1
# Chunks that a long run writes before others are given the collection so far.
PUBLISHED, PUBLISHED_SHARE = 20_000, 0.25


@contextmanager
def publishing(store: Path) -> Iterator[Publisher]:
    """What is written to, with the collection brought up at the end, even after an error.

    The caller holds the write lock.
    """
    with closing(Catalog(store, writable=True)) as catalog:
        publisher = Publisher(store, catalog)
        try:
            yield publisher
        except BaseException:
            with suppress(AskpodError):  # the first error counts; the next opening catches up
                publisher.finish()
            raise
        publisher.finish()


class Publisher:
    """A catalog that is written to, and the collection that follows it.

    The caller holds the write lock, and calls `finish` at the end, however it comes.
    """

    def __init__(self, store: Path, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._untold: list[Range] = []
        self._follower: subprocess.Popen[bytes] | None = None
        self.sources = catalog.sources
        self.remove = catalog.remove
        self.moved = catalog.moved

    def put(self, episode: Episode, source: Source, embedded: Embedded) -> None:
        """As `Catalog.put`."""
        ids = self._catalog.put(episode, source, embedded)
        if not ids:
            return
        if not self._untold and self._follower is None:  # little may follow: it is written here
            begin_import()
        self._untold.append((ids[0], ids[-1], episode.id))
        if self._follower is not None or _size(self._untold) >= WRITTEN:
            self._tell()

    def finish(self) -> None:
        """Publishes the catalog's present state.

        Raises:
            StoreUnwritable: the collection cannot be written. The catalog is untouched.
        """
        if self._follower is not None:
            try:
                with suppress(OSError):
                    self._follower.communicate(b"null\n")
            finally:
                self._follower.kill()
        publish(self._store, self._catalog)  # what the other process has not

    def _tell(self) -> None:
        """What fails here, or in the other process, is tried again, and told, by `finish`."""
        told: list[tuple[object, ...]] = [*self._untold]
        self._untold = []
        with suppress(OSError):
            if self._follower is None:
                quiet = subprocess.DEVNULL
                self._follower = own_process(
                    __name__, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet
                )
                told = [(os.getpid(), str(self._store)), *told]
            if (pipe := self._follower.stdin) is not None:
                pipe.write("".join(json.dumps(line) + "\n" for line in told).encode())
                pipe.flush()


def main() -> None:
    """Follows the run of another process, as its lines on standard input tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = map(json.loads, sys.stdin)
    parent, store = next(told)
    follow(Path(store), told, lambda: os.getppid() == parent)


def follow(store: Path, told: Iterable[Range | None], alive: Callable[[], bool]) -> None:
    """Writes episodes into the next collection as they come, and publishes it at the end.

    Args:
        store: the folder; the process that writes to its catalog holds the write lock.
        told: what that process has written; None at last. Without it, nothing is published.
        alive: whether that process still is, and so its lock.
    """
    with closing(Catalog(store)) as catalog:
        index = begun(store, catalog)
        held, waiting, unpublished = index.count(), list[Range](), 0
        for written in told:
            if written is not None:
                waiting.append(written)
                if _size(waiting) < max(WRITTEN, WRITTEN_SHARE * held):
                    continue
                with catalog.reading():
                    add(index, catalog, waiting)
                size = _size(waiting)
                held, unpublished, waiting = held + size, unpublished + size, []
                if unpublished <= max(PUBLISHED, PUBLISHED_SHARE * held):
                    continue
            complete(index, catalog)
            if not alive():
                return
            put_in_place(store, index)
            if written is None:
                return
            index, unpublished = begun(store, catalog), 0
        index.close()


def _size(ranges: Iterable[Range]) -> int:
    return sum(last - first + 1 for first, last, _ in ranges)
