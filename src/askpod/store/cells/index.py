"""Asks a cell index. Its files are mapped into memory, so that only what is asked for is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.store.cells.codes import products
from askpod.store.cells.folder import Stamp, path_of
from askpod.store.cells.words import Words

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
Accepts = Callable[[Ids], NDArray[np.bool_]]

# Vectors that a question is compared with, at least: 15 ms on one core. Of 2.6 million, they hold
# 98 % of the 50 nearest; of up to 100,000, all.
SCANNED = 100_000


class CellIndex:
    """The vectors of a store's chunks at one revision. Safe for several threads."""

    def __init__(self, folder: Path, stamp: Stamp) -> None:
        """Raises OSError or ValueError where the files cannot be read."""
        self.stamp = stamp
        self.words = Words(folder)
        self._ids: Ids = _mapped(folder, "ids")
        self._codes: NDArray[np.int8] = _mapped(folder, "codes")
        self._scales: Vectors = _mapped(folder, "scales")
        self._centres: Vectors = _mapped(folder, "centres")
        self._members: NDArray[np.int32] = _mapped(folder, "members")
        self._bounds: Ids = _mapped(folder, "bounds")
        self._cell_codes: NDArray[np.int8] = _mapped(folder, "cell_codes")

    def nearest(self, vector: Vectors, count: int, accepts: Accepts) -> Ids:
        """Ids of about the `count` nearest chunks that `accepts` takes, nearest first.

        `accepts` is given ids in any order, and says of each whether it may be among them.
        """
        order = np.argsort(-products(self._centres, vector))
        seen = np.cumsum(np.diff(self._bounds)[order])
        begin, found = 0, np.empty(0, np.int64)
        cosines = np.empty(0, np.float32)
        while begin < len(order) and len(found) < count:
            scanned = seen[begin - 1] if begin else 0
            end = int(np.searchsorted(seen, scanned + SCANNED)) + 1
            ids, values = self._best_of(np.sort(order[begin:end]), vector, count, accepts)
            found, cosines = np.concatenate([found, ids]), np.concatenate([cosines, values])
            begin = end
        return found[np.lexsort((found, -cosines))[:count]]

    def cosines(self, vector: Vectors, ids: Ids) -> tuple[Vectors, NDArray[np.bool_]]:
        """How similar these chunks are to `vector`, and which of them the index holds; the
        others' figures mean nothing. `ids` are ascending."""
        places, held = self._places(ids)
        return products(self._codes[places], vector) * self._scales[places], held

    def said(self, number: int, ids: Ids) -> Ids:
        """Those of ascending `ids` that say a common word, by its number in `words`."""
        places, held = self._places(ids)
        return ids[held & self.words.said(number, places)]

    def _places(self, ids: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where ascending ids stand in the index, and which of them it holds at all."""
        places = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return places, self._ids[places] == ids

    def _best_of(
        self, cells: NDArray[np.intp], vector: Vectors, count: int, accepts: Accepts
    ) -> tuple[Ids, Vectors]:
        """Ids and cosines of the `count` nearest accepted chunks in some cells, in any order."""
        bounds = [(int(self._bounds[cell]), int(self._bounds[cell + 1])) for cell in cells]
        places = np.concatenate([self._members[begin:end] for begin, end in bounds])
        found = [products(self._cell_codes[begin:end], vector) for begin, end in bounds]
        values = np.concatenate(found) * self._scales[places]
        # Most are accepted as a rule, so that it need not be asked of all.
        for wanted in (4 * count, len(values)):
            best = _highest(values, wanted)
            ids = self._ids[places[best]]
            accepted = accepts(ids)
            if accepted.sum() >= count:
                break
        ids, values = ids[accepted], values[best][accepted]
        best = _highest(values, count)
        return ids[best], values[best]


def _highest(values: Vectors, count: int) -> NDArray[np.intp]:
    """Where the `count` highest values stand, in any order."""
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(-values, count - 1)[:count]


def _mapped(folder: Path, name: str) -> NDArray[Any]:
    values: NDArray[Any] = np.load(path_of(folder, name), mmap_mode="r", allow_pickle=False)
    return values
