"""Dense search: the Chroma collection names the chunks that fit a question's vector, with scores.

A search sees one state of the catalog. What has been written since the collection was published
(another process may be indexing) is compared by the catalog's own vectors; what is gone is passed
over. A collection that fails, or names what cannot be, is made again from the catalog.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from askpod.errors import ArchiveClosed, AskpodError, StoreBusy, StoreMismatch, StoreUnwritable
from askpod.files import copy_to_write
from askpod.store.catalog import Catalog, Ids, Layout
from askpod.store.collection import FOLDER, NEXT, REMADE, CollectionStamp, complete, publish
from askpod.store.vectors import VectorIndex, VectorIndexError, Vectors, Where, begin_import
from askpod.store_lock import write_lock

Scores = NDArray[np.float64]
Hits = tuple[Ids, Scores]  # chunks and their scores
Notify = Callable[[str], None]
Recent = dict[tuple[str, int], Vectors]  # contextual vectors, by store and episode's first chunk

FEW = 2000  # chunks that a filter leaves, up to which their vectors are compared directly
_BATCH = 10_000  # vectors that are read at once
_NOTHING = np.empty(0, np.int64), np.empty(0, np.float32)
DIGITS = 6  # of a score: what Chroma and numpy give differs behind them
_REPLACED = 0.01  # seconds, in which a collection is replaced
_T = TypeVar("_T")


class Neighbours(Protocol):
    """Answers by contextual vectors, for one state of the catalog."""

    layout: Layout  # of that state

    def nearest(self, vector: Vectors, count: int, where: Where | None) -> Callable[[], Hits]:
        """Asks, in any thread, for chunks among which are the `count` best, and their scores.

        What is returned gives them, in any order, where the catalog is being read. Chroma's
        condition `where` does not hold for what comes besides.
        """


def best_chunks(
    neighbours: Neighbours,
    catalog: Catalog,
    vector: Vectors,
    count: int,
    chosen: Ids | None,
    where: Where | None,
) -> Callable[[], Hits]:
    """Asks for the chunks with the greatest dense scores; what is returned gives them, best first.

    Args:
        neighbours: Ask the collection.
        catalog: Knows the vectors of the chunks, if few are chosen.
        vector: The question's.
        count: How many are wanted.
        chosen: The chunks, ascending, among which they must be; None: all.
        where: The same as Chroma's condition; None where that would be too long.
    """
    if chosen is not None and (where is None or len(chosen) <= FEW):
        return lambda: _best((chosen, dense_scores(catalog, chosen, vector)), count, None)
    hits = neighbours.nearest(vector, count, where)
    return lambda: _best(hits(), count, chosen)


def _best(hits: Hits, count: int, chosen: Ids | None) -> Hits:
    ids, scores = hits
    if chosen is not None:
        kept = np.isin(ids, chosen, assume_unique=True)
        ids, scores = ids[kept], scores[kept]
    best = np.lexsort((ids, -scores))[:count]
    return ids[best], scores[best]


def dense_scores(catalog: Catalog, ids: Ids, vector: Vectors) -> Scores:
    """The dense scores of chunks that are there, by the vectors that the catalog keeps."""
    batches = (ids[at : at + _BATCH].tolist() for at in range(0, len(ids), _BATCH))
    scores = [catalog.contextual_vectors(batch) @ vector for batch in batches]
    return _rounded(np.concatenate([np.empty(0, np.float32), *scores]))


class _Held:
    """An open collection, closed when the last search has done with it.

    Raises:
        VectorIndexError: Chroma cannot read it.
    """

    def __init__(
        self,
        folder: Path,
        stamp: CollectionStamp,
        published: CollectionStamp | None,
        private: TemporaryDirectory[str] | None = None,
    ) -> None:
        """`published` is the stamp in the store's folder, `private` a folder of one's own."""
        self.index = VectorIndex(folder)
        self.stamp = stamp
        self.published = published
        self.close = weakref.finalize(self, _close, self.index, private)
        self.close.atexit = False
        self.index.open()


def _close(index: VectorIndex, private: TemporaryDirectory[str] | None) -> None:
    with suppress(VectorIndexError):
        index.close()
    if private is not None:
        private.cleanup()


class DenseIndex:
    """The collection of one archive, opened again whenever it has been replaced.

    Safe for several threads.
    """

    def __init__(self, store: Path, catalog: Catalog, embedder: str, notify: Notify) -> None:
        """`embedder` is the name of what embeds the questions; the store's must be the same."""
        self._store = store
        self._catalog = catalog
        self._notify = notify
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._closed = False
        self._layout: Layout | None = None
        self._embedder = embedder
        self._recent: Recent = {}

    def search(self, look: Callable[[Neighbours], _T]) -> _T:
        """What `look` makes of one state of the catalog, inside a reading transaction.

        A collection that turns out to be damaged is made again, and `look` begins again; while
        another process is writing, the catalog's own vectors answer.

        Raises:
            StoreMismatch: the store was made again with another embedder since it was opened.
        """
        for use_collection in (True, True, False):
            held = self._acquire() if use_collection else None
            try:
                with self._catalog.reading():
                    meta = self._catalog.meta()
                    if meta["embedder"] != self._embedder:
                        raise StoreMismatch(
                            f"{self._store}: made again with {meta['embedder']} since it was "
                            f"opened with {self._embedder}; open it again"
                        )
                    self._layout = layout = Layout.of(self._catalog, self._layout)
                    return look(_Local(self._catalog, layout, held, self._recent))
            except VectorIndexError:
                if held is None:
                    raise
                with self._lock:
                    if held is self._held:  # damaged
                        self._held = None
                        self._held = self._made()
        raise AssertionError  # without a collection nothing of Chroma's can fail

    def warm(self) -> None:
        """Opens the collection in a thread of its own, while something else is being loaded."""

        def open_() -> None:
            with suppress(AskpodError):
                self._acquire()

        threading.Thread(target=open_, daemon=True).start()

    def close(self) -> None:
        """Closes the index that is open."""
        with self._lock:
            self._closed = True
            held, self._held, self._recent = self._held, None, {}
        if held is not None:
            held.close()

    def _acquire(self) -> _Held | None:
        """The collection in place; None while there is none and another process is writing."""
        with self._lock:
            if self._closed:
                raise ArchiveClosed(self._store)
            published = self._published()
            held = self._held
            if held is None or (published is not None and published != held.published):
                held = self._held = self._opened(published) or held
            return held

    def _published(self) -> CollectionStamp | None:
        stamp = CollectionStamp.read(self._store / FOLDER)
        if stamp is None and any(self._store.glob(f"{NEXT}*")):
            time.sleep(_REPLACED)  # between the two renames there is none
            stamp = CollectionStamp.read(self._store / FOLDER)
        return stamp

    def _opened(self, published: CollectionStamp | None) -> _Held | None:
        """The published collection, or one that is made again if it cannot be used."""
        store, former = self._catalog.meta()["store"], None
        while published not in (None, former) and published.fits(self._store / FOLDER, store):
            folder, private = self._store / FOLDER, None
            if not os.access(folder, os.W_OK):  # Chroma writes to what it opens
                folder, private = _made_apart(folder, partial(copy_to_write, folder))
            held, whole = None, False
            with suppress(VectorIndexError, StoreUnwritable):  # the latter: replaced meanwhile
                begin_import()  # while the graph is checked, of a large archive as long
                published.check(folder)
                held = _Held(folder, published, published, private)
                whole = held.index.count() == published.chunks
            former, published = published, self._published()
            if whole and published == former:
                return held
            if held is not None:
                held.close()
        return self._made()

    def _made(self) -> _Held | None:
        """The collection made from the catalog; None where another process will do that."""
        if not self._catalog.counts()["chunks"]:
            return None
        folder, private = self._store / FOLDER, None
        try:
            with write_lock(self._store, patience=0):
                self._notify(REMADE)
                publish(self._store, self._catalog, rebuild=True)
        except StoreBusy:
            return None
        except StoreUnwritable:
            self._notify(REMADE)
            folder, private = _made_apart(folder, self._complete)
        stamp = CollectionStamp.read(folder)
        if stamp is None:  # another process has replaced it this instant
            return None
        return _Held(folder, stamp, CollectionStamp.read(self._store / FOLDER), private)

    def _complete(self, folder: Path) -> None:
        complete(VectorIndex(folder, self._catalog.meta()["embedder"]), self._catalog)


def _made_apart(
    folder: Path, make: Callable[[Path], object]
) -> tuple[Path, TemporaryDirectory[str]]:
    """A collection among the temporary files, where the one in a folder cannot be written."""
    try:
        private = TemporaryDirectory(prefix="askpod-")
        make(Path(private.name) / FOLDER)
    except (OSError, VectorIndexError) as error:
        raise StoreUnwritable(
            f"{folder}: cannot be written, and is searched by a copy among the temporary files, "
            f"which cannot be made: {getattr(error, 'strerror', '') or error}. Make room there, or "
            "name another folder in TMPDIR"
        ) from error
    return Path(private.name) / FOLDER, private


class _Local:
    """Answers from an open collection, and for what it has not got from the catalog."""

    def __init__(
        self, catalog: Catalog, layout: Layout, held: _Held | None, recent: Recent
    ) -> None:
        self.layout = layout
        self._catalog = catalog
        self._collection = held if held and held.stamp.store == layout.store else None
        self._last = self._collection.stamp.last_chunk if self._collection else 0
        self._recent = recent
        for known in [known for known in recent if known[1] <= self._last]:
            recent.pop(known, None)

    def nearest(self, vector: Vectors, count: int, where: Where | None) -> Callable[[], Hits]:
        """As Neighbours."""
        said = [self._asked(held, vector, count, where)] if (held := self._collection) else []

        def hits() -> Hits:
            newer = self.layout.firsts[self.layout.firsts > self._last]
            found = [*said, *(self._compared(int(first), vector) for first in newer)]
            ids, scores = (np.concatenate(each) for each in zip(_NOTHING, *found, strict=True))
            return ids, _rounded(scores)

        return hits

    def _asked(
        self, collection: _Held, vector: Vectors, count: int, where: Where | None
    ) -> tuple[Ids, Vectors]:
        """What the collection says, without what is gone."""
        stamp = collection.stamp
        count = min(count + stamp.chunks - self.layout.count(self._last), stamp.chunks)
        ids, scores = collection.index.nearest(vector, count, where)
        if where is None and 2 * len(ids) < count:
            raise VectorIndexError(f"the vector index gave {len(ids)} of {count} chunks")
        there = self.layout.holds(ids)
        if not there.all() and stamp.revision == self.layout.revision:
            raise VectorIndexError(f"the vector index names chunk {ids[~there][0]}, which is none")
        return ids[there], scores[there]

    def _compared(self, first: int, vector: Vectors) -> tuple[Ids, Vectors]:
        """The chunks of an episode that the collection lacks."""
        vectors = self._recent.get((self.layout.store, first))
        if vectors is None:
            last = int(self.layout.lasts[np.searchsorted(self.layout.firsts, first)])
            vectors = self._catalog.contextual_vectors(range(first, last + 1))
            self._recent[self.layout.store, first] = vectors
        return np.arange(first, first + len(vectors)), vectors @ vector


def _rounded(scores: Vectors) -> Scores:
    exact: Scores = scores.astype(np.float64)
    return exact.round(DIGITS)
