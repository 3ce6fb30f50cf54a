"""Finds the chunks nearest to a question's vector.

Up to EXACT_UP_TO chunks (about four hundred episodes) every vector is compared: it takes a few
milliseconds and misses nothing. Beyond, the cell index, or in server mode the server, names the
candidates, which are compared by the catalog's own vectors; chunks written since the cell index
was made are compared one by one. So a search always sees all of one state of the catalog.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from askpod.errors import StoreMismatch
from askpod.store.catalog import Catalog
from askpod.store.cells import keeping
from askpod.store.cells.index import SCANNED, Accepts, CellIndex
from askpod.store.cells.keeping import EXACT_UP_TO
from askpod.store.filters import Selection
from askpod.store.layout import Ids, Layout, merged, spread

Vectors = NDArray[np.float32]

_BLOCK = 65_536  # vectors read at once where all are compared without being kept
_LAST = 2**62  # no chunk has a higher id


class Neighbours(Protocol):
    """Names candidates among more vectors than can be compared one by one."""

    def nearest(self, vector: Vectors, count: int, selection: Selection) -> Ids:
        """Ids of about the `count` nearest selected chunks; some may be gone."""


@dataclass(frozen=True, slots=True)
class _Matrix:
    """The vectors of all chunks, or of those from an id on."""

    revision: int
    first: int
    ids: Ids  # ascending; some may be gone
    vectors: Vectors

    @property
    def last(self) -> int:
        return int(self.ids[-1]) if len(self.ids) else 0


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The chunks that a selection leaves."""

    revision: int
    selection: Selection
    ids: Ids | None  # ascending; None: all


class DenseIndex:
    """Nearest neighbours over a catalog. Safe for several threads."""

    def __init__(
        self,
        store: Path,
        catalog: Catalog,
        exact_up_to: int = EXACT_UP_TO,
        *,
        server: Neighbours | None = None,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._exact_up_to = exact_up_to
        self._server = server
        self._embedder = catalog.meta().get("embedder")
        self._layout: Layout | None = None
        self._matrix: _Matrix | None = None
        self._cells: CellIndex | None = None
        self._newer: _Matrix | None = None  # what has been written since the cells were made
        self._chosen: _Chosen | None = None
        self._last: tuple[Vectors, _Matrix, Vectors] | None = None
        self._lock = threading.Lock()

    def layout(self) -> Layout:
        """Of the state that is being read. To be called while the catalog is being read."""
        known = self._layout
        if known is None or known.revision != self._catalog.revision():
            known = self._layout = Layout.of(self._catalog)
        return known

    def cells(self) -> CellIndex | None:
        """The cell index for the state that is being read; None in a small archive, and where
        there is none that can be used."""
        if self.layout().chunk_count <= self._exact_up_to:
            return None
        with self._lock:
            self._cells = keeping.opened(self._store, self._catalog, self._cells)
            return self._cells

    def nearest(self, vector: Vectors, count: int, selection: Selection) -> list[tuple[int, float]]:
        """(chunk id, cosine similarity) of the `count` nearest selected chunks, nearest first.

        Raises:
            StoreMismatch: the store was made anew with another embedder since it was opened.
        """
        if selection.empty:
            return []
        with self._catalog.reading():
            self._check_embedder()
            if self.layout().chunk_count <= self._exact_up_to:
                return self._by_comparison(vector, count, selection)
            if self._server is not None:
                return self._by_server(self._server, vector, count, selection)
            cells = self.cells()
            if cells is not None:
                # Its files may be changed by anyone while they are in use.
                with suppress(IndexError, ValueError):
                    return self._by_cells(cells, vector, count, selection)
            return self._by_reading_all(vector, count, selection)

    def similarities(self, vector: Vectors, begins: Ids, ends: Ids) -> tuple[Ids, Vectors]:
        """Ascending ids of chunks, and how similar each is to the question (cosine).

        All chunks with an id from a begin to its end, inclusive, are among them; others may be.
        Begins and ends are ascending, and every id between them is a chunk's.
        """
        with self._catalog.reading():
            matrix = self._matrix
            if matrix is not None and matrix.revision == self._catalog.revision():
                return matrix.ids, self._compared(matrix, vector)
            ids = spread(*merged(begins, ends))
            cells = self.cells()
            if cells is None:
                return ids, self._catalog.vectors_of(ids.tolist()) @ vector
            values, held = cells.cosines(vector, ids)
            if not held.all():
                values[~held] = self._catalog.vectors_of(ids[~held].tolist()) @ vector
            return ids, values

    def selected(self, ids: Ids, selection: Selection) -> NDArray[np.bool_]:
        """Whether the filters leave each of these chunks."""
        return self._accepts(selection)(ids)

    def close(self) -> None:
        self._matrix = self._newer = self._cells = self._last = None

    # Small archives

    def _by_comparison(
        self, vector: Vectors, count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        matrix = self._load()
        ids, cosines = matrix.ids, self._compared(matrix, vector)
        if selection != Selection():
            kept = np.isin(ids, self._catalog.chunk_ids(selection), assume_unique=True)
            ids, cosines = ids[kept], cosines[kept]
        return _best(ids, cosines, count)

    def _load(self) -> _Matrix:
        revision = self._catalog.revision()
        matrix = self._matrix
        if matrix is None or matrix.revision != revision:
            matrix = self._matrix = _Matrix(revision, 0, *self._catalog.vectors())
        return matrix

    def _compared(self, matrix: _Matrix, vector: Vectors) -> Vectors:
        """All cosines; those of the last question are kept, since a search needs them twice."""
        last = self._last
        if last is None or last[0] is not vector or last[1] is not matrix:
            last = self._last = (vector, matrix, matrix.vectors @ vector)
        return last[2]

    # Large ones

    def _by_server(
        self, server: Neighbours, vector: Vectors, count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        candidates = np.unique(server.nearest(vector, count, selection))
        return self._compare(vector, self._accepts(selection), candidates, count)

    def _by_cells(
        self, cells: CellIndex, vector: Vectors, count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        chosen = self._chosen_ids(selection)
        accepts = self._accepts(selection)
        if chosen is not None and len(chosen) <= SCANNED:
            values, held = cells.cosines(vector, chosen)
            nearest = [number for number, _ in _best(chosen[held], values[held], count)]
            candidates = np.array(nearest, dtype=np.int64)
        else:
            candidates = cells.nearest(vector, count, accepts)
        newer = self._written_since(cells)
        new = accepts(newer.ids)
        return _first(
            count,
            self._compare(vector, accepts, np.sort(candidates), count),
            _best(newer.ids[new], newer.vectors[new] @ vector, count),
        )

    def _by_reading_all(
        self, vector: Vectors, count: int, selection: Selection
    ) -> list[tuple[int, float]]:
        """Right, but slow: where the index cannot be made, as in a folder that is only read."""
        accepts = self._accepts(selection)
        best: list[tuple[int, float]] = []
        for ids, vectors in self._all_vectors():
            kept = accepts(ids)
            best = _first(count, best, _best(ids[kept], vectors[kept] @ vector, count))
        return best

    def _all_vectors(self) -> Iterator[tuple[Ids, Vectors]]:
        ids = self.layout().ids(None)
        for begin in range(0, len(ids), _BLOCK):
            block = ids[begin : begin + _BLOCK]
            yield self._catalog.vectors_between(int(block[0]), int(block[-1]))

    def _compare(
        self, vector: Vectors, accepts: Accepts, candidates: Ids, count: int
    ) -> list[tuple[int, float]]:
        """The best of ascending candidates by the catalog's own vectors."""
        ids = candidates[accepts(candidates)]
        return _best(ids, self._catalog.vectors_of(ids.tolist()) @ vector, count)

    def _accepts(self, selection: Selection) -> Accepts:
        layout = self.layout()
        chosen = None if selection.speakers is None else self._chosen_ids(selection)
        if chosen is None:
            return lambda ids: layout.holds(ids, selection.episodes)
        return lambda ids: np.isin(ids, chosen)

    def _chosen_ids(self, selection: Selection) -> Ids | None:
        """The selected chunks, ascending; None: all. The last selection's are kept."""
        if selection == Selection():
            return None
        layout, known = self.layout(), self._chosen
        if known is None or (known.revision, known.selection) != (layout.revision, selection):
            if selection.speakers is None:
                ids = layout.ids(selection.episodes)
            else:
                spoken = self._catalog.spoken_by(selection.labels)
                ids = spoken[layout.holds(spoken, selection.episodes)]
            known = self._chosen = _Chosen(layout.revision, selection, ids)
        return known.ids

    def _written_since(self, cells: CellIndex) -> _Matrix:
        """What has been written since the cell index was made, the state being read included."""
        revision, first = self._catalog.revision(), cells.stamp.last_chunk + 1
        known = self._newer
        if known is not None and known.first == first:
            if known.revision >= revision:
                return known
            ids, vectors = self._catalog.vectors_between(max(first, known.last + 1), _LAST)
            ids, vectors = (
                np.concatenate([known.ids, ids]),
                np.concatenate([known.vectors, vectors]),
            )
        else:
            ids, vectors = self._catalog.vectors_between(first, _LAST)
        newer = self._newer = _Matrix(revision, first, ids, vectors)
        return newer

    def _check_embedder(self) -> None:
        embedder = self._catalog.meta()["embedder"]
        if embedder != self._embedder:
            raise StoreMismatch(
                f"{self._store}: this store has been made anew with {embedder} since it was "
                f"opened with {self._embedder}; open it again"
            )


def _best(ids: Ids, scores: Vectors, count: int) -> list[tuple[int, float]]:
    """The `count` highest scores, highest first; of equal ones the lower id."""
    if len(ids) > count:
        top = np.argpartition(-scores, count - 1)[:count]
        ids, scores = ids[top], scores[top]
    order = np.lexsort((ids, -scores))
    return [(int(ids[i]), float(scores[i])) for i in order]


def _first(count: int, *found: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The first `count` of several lists together, none twice."""
    every = {hit for hits in found for hit in hits}
    return sorted(every, key=lambda hit: (-hit[1], hit[0]))[:count]
