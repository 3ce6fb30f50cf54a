"""Finds the chunks nearest to a question's vector.

Up to EXACT_UP_TO chunks (about a thousand episodes) every vector is compared: it takes a few
milliseconds, misses nothing, and spares a fresh process the import of Chroma, which takes
longer than all the rest of a search. Beyond, Chroma's graph finds the candidates, and chunks
written since the graph was made are compared one by one, so that a search always sees all of
one state of the catalog.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.errors import StoreMismatch
from askpod.store import sync
from askpod.store.catalog import Catalog
from askpod.store.filters import Selection
from askpod.store.vectors import VectorIndex, VectorIndexError

EXACT_UP_TO = 50_000

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Matrix:
    revision: int
    ids: Ids  # ascending
    vectors: Vectors


class DenseIndex:
    """Nearest neighbours over a catalog and its vector index. Safe for several threads."""

    def __init__(self, store: Path, catalog: Catalog, exact_up_to: int = EXACT_UP_TO) -> None:
        self._store = store
        self._catalog = catalog
        self._exact_up_to = exact_up_to
        self._index = VectorIndex(store / sync.FOLDER)
        self._index_revision = -1
        self._embedder = catalog.meta().get("embedder")
        self._matrix: _Matrix | None = None
        self._last: tuple[NDArray[np.float32], _Matrix, NDArray[np.float32]] | None = None
        self._lock = threading.Lock()

    def nearest(
        self, vector: NDArray[np.float32], count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        """(chunk id, cosine similarity) of the `count` nearest selected chunks, nearest first.

        Raises:
            StoreMismatch: the store was made anew with another embedder since it was opened.
        """
        if selection.empty:
            return []
        with self._catalog.reading():
            self._check_embedder()
            if self._catalog.chunk_count() > self._exact_up_to:
                try:
                    return self._by_graph(vector, count, selection)
                except VectorIndexError:
                    self._index.close()  # made anew at the next opening or indexing
            return self._by_comparison(vector, count, selection)

    def similarities(
        self, vector: NDArray[np.float32], begins: Ids, ends: Ids
    ) -> tuple[Ids, NDArray[np.float32]]:
        """Ascending ids of chunks, and how similar each is to the question (cosine).

        All chunks with an id from a begin to its end, inclusive, are among them; others may be.
        """
        with self._catalog.reading():
            matrix = self._matrix
            if matrix is not None and matrix.revision == self._catalog.revision():
                return matrix.ids, self._compared(matrix, vector)
            low = int(begins.min(initial=0))
            edges = np.zeros(int(ends.max(initial=0)) - low + 2, dtype=np.int64)
            np.add.at(edges, begins - low, 1)
            np.add.at(edges, ends - low + 1, -1)
            ids = np.flatnonzero(np.cumsum(edges)) + low
            return ids, self._catalog.vectors_of(ids.tolist()) @ vector

    def close(self) -> None:
        self._index.close()

    def _by_comparison(
        self, vector: NDArray[np.float32], count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        matrix = self._load()
        ids, cosines = matrix.ids, self._compared(matrix, vector)
        if selection != Selection():
            kept = np.isin(ids, self._catalog.chunk_ids(selection), assume_unique=True)
            ids, cosines = ids[kept], cosines[kept]
        return _best(ids, cosines, count)

    def _compared(self, matrix: _Matrix, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """All cosines; those of the last question are kept, since a search needs them twice."""
        last = self._last
        if last is None or last[0] is not vector or last[1] is not matrix:
            last = self._last = (vector, matrix, matrix.vectors @ vector)
        return last[2]

    def _by_graph(
        self, vector: NDArray[np.float32], count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        held = self._reopen_if_replaced()
        new_ids, new_vectors = self._catalog.vectors(since_revision=held)
        wanted = min(count, self._catalog.chunk_count())
        asked = count
        while True:
            candidates = self._index.nearest(vector, asked, _where(selection))
            found = self._catalog.live(candidates, selection)
            if len(found) >= wanted or len(candidates) < asked:
                break
            asked *= 4  # dead chunks of replaced episodes took the places
        if sync.held_revision(self._store, self._catalog) != held:  # replaced while it was read
            return self._by_graph(vector, count, selection)
        ids = np.array(sorted(found), dtype=np.int64)
        old = _best(ids, self._catalog.vectors_of(ids.tolist()) @ vector, count)
        selected = np.isin(new_ids, self._catalog.chunk_ids(selection, since_revision=held))
        new = _best(new_ids[selected], new_vectors[selected] @ vector, count)
        return sorted({*old, *new}, key=lambda hit: (-hit[1], hit[0]))[:count]

    def _reopen_if_replaced(self) -> int:
        """The revision that the graph holds, after opening the one now in place."""
        with self._lock:
            held = sync.held_revision(self._store, self._catalog)
            if held < 0 or held > self._catalog.revision():  # newer than what this reader sees
                raise VectorIndexError(f"{self._store / sync.FOLDER}: no vector index")
            if held != self._index_revision:
                self._index.close()
                self._index_revision = held
            return held

    def _check_embedder(self) -> None:
        embedder = self._catalog.meta()["embedder"]
        if embedder != self._embedder:
            raise StoreMismatch(
                f"{self._store}: this store has been made anew with {embedder} since it was "
                f"opened with {self._embedder}; open it again"
            )

    def _load(self) -> _Matrix:
        revision = self._catalog.revision()
        matrix = self._matrix
        if matrix is None or matrix.revision != revision:
            matrix = _Matrix(revision, *self._catalog.vectors())
            self._matrix = matrix
        return matrix


def _where(selection: Selection) -> dict[str, Any] | None:
    conditions: list[dict[str, Any]] = []
    if selection.episodes is not None:
        conditions.append({"episode_id": {"$in": list(selection.episodes)}})
    if selection.speakers is not None:
        named = [{"speakers": {"$contains": name}} for name in selection.speakers]
        conditions.append(named[0] if len(named) == 1 else {"$or": named})
    if len(conditions) > 1:
        return {"$and": conditions}
    return conditions[0] if conditions else None


def _best(ids: Ids, scores: Vectors, count: int) -> list[tuple[int, float]]:
    """The `count` highest scores, highest first; of equal ones the lower id."""
    if len(ids) > count:
        top = np.argpartition(-scores, count - 1)[:count]
        ids, scores = ids[top], scores[top]
    order = np.lexsort((ids, -scores))
    return [(int(ids[i]), float(scores[i])) for i in order]
