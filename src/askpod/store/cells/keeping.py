"""Keeps a store's cell index in step with its catalog.

Only an archive too large to compare all vectors has one. It may be somewhat behind: what was
written since is compared one by one, what is gone is passed over. Chunk numbers are never used
twice, so that an index can lack a chunk, but never name a wrong one.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from askpod.model import Chunk, Episode
from askpod.store.catalog import Catalog
from askpod.store.cells.folder import FOLDER, Stamp
from askpod.store.cells.index import CellIndex
from askpod.store.cells.making import make
from askpod.store.rows import Source

EXACT_UP_TO = 50_000  # chunks, about 380 hours of talk, whose vectors are all compared
BEHIND = 25_000  # new chunks from which on it is made anew; in a large archive
BEHIND_SHARE = 0.02  # this share of all
GONE_SHARE = 0.2  # of its chunks gone, from which on it is made anew
# The same while a run is still writing, which may take hours and is not to wait for it too often.
WRITTEN, WRITTEN_SHARE = 50_000, 0.1

State = Literal["fresh", "stale", "damaged", "missing"]


def state(store: Path, catalog: Catalog, *, read: bool = False) -> State:
    """Whether the cell index is what the catalog needs; "fresh" also where it needs none.

    `read` has every byte of it read, not only those of a small one.
    """
    folder = store / FOLDER
    if not _needed(catalog):
        return "fresh"
    if not folder.is_dir():
        return "missing"
    stamp = _own_stamp(store, catalog)
    if stamp is None or not stamp.fits(folder, read=read):
        return "damaged"
    return "stale" if _behind(stamp, catalog) else "fresh"


def publish(store: Path, catalog: Catalog) -> None:
    """Makes the index anew where that is due. The caller holds the write lock.

    Raises:
        OSError: it cannot be written; the former one, if any, is still there.
    """
    _sweep(store)
    if not _needed(catalog):
        shutil.rmtree(store / FOLDER, ignore_errors=True)
    elif state(store, catalog) != "fresh":
        _make_in_place(store, catalog)


class KeptUp:
    """A catalog that is written to, its index brought up now and then, so that searches by
    others stay quick for as long as it takes. The caller holds the write lock."""

    def __init__(self, store: Path, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self.sources = catalog.sources
        self.remove = catalog.remove
        self.moved = catalog.moved

    def put(
        self,
        episode: Episode,
        source: Source,
        chunks: Sequence[Chunk],
        vectors: NDArray[np.float32],
    ) -> None:
        """As `Catalog.put`."""
        self._catalog.put(episode, source, chunks, vectors)
        stamp = _own_stamp(self._store, self._catalog)
        held = stamp.chunks if stamp is not None else 0
        written = self._catalog.chunk_count() - held
        if _needed(self._catalog) and written > max(WRITTEN, WRITTEN_SHARE * held):
            with suppress(OSError):  # tried again, and told, at the end of the run
                _make_in_place(self._store, self._catalog)


def opened(store: Path, catalog: Catalog, former: CellIndex | None) -> CellIndex | None:
    """The index in place, `former` where that is the same one; None where none can be used.

    The caller is reading the catalog. An index newer than the state that it reads may lack what
    is gone since, so that the former one serves better.
    """
    stamp = _own_stamp(store, catalog)
    if stamp is None or stamp.revision > catalog.revision():
        stamp = former.stamp if former is not None else None
    if former is not None and former.stamp == stamp:
        return former if stamp.store == catalog.meta()["store"] else None
    try:
        return CellIndex(store / FOLDER, stamp) if stamp is not None else None
    except (OSError, ValueError):
        return None


def _make_in_place(store: Path, catalog: Catalog) -> None:
    _sweep(store)
    place, building, former = _places(store)
    make(building, catalog)
    if place.exists():
        place.replace(former)
    building.replace(place)
    shutil.rmtree(former, ignore_errors=True)


def _sweep(store: Path) -> None:
    """Removes what a stopped run left."""
    for leftover in _places(store)[1:]:
        shutil.rmtree(leftover, ignore_errors=True)


def _places(store: Path) -> tuple[Path, Path, Path]:
    """Of the index, of the next one while it is made, of the former one."""
    return store / FOLDER, store / f"{FOLDER}.next", store / f"{FOLDER}.old"


def _needed(catalog: Catalog) -> bool:
    return catalog.chunk_count() > EXACT_UP_TO


def _own_stamp(store: Path, catalog: Catalog) -> Stamp | None:
    """The stamp of the index in place; None where that is another store's."""
    stamp = Stamp.read(store / FOLDER)
    return stamp if stamp is not None and stamp.store == catalog.meta()["store"] else None


def _behind(stamp: Stamp, catalog: Catalog) -> bool:
    """Whether too much has been written or removed since it was made."""
    sizes = [(last, last - first + 1) for first, last, _ in catalog.chunk_ranges()]
    kept = sum(size for last, size in sizes if last <= stamp.last_chunk)
    new = sum(size for _, size in sizes) - kept
    return new > max(BEHIND, BEHIND_SHARE * kept) or stamp.chunks - kept > GONE_SHARE * stamp.chunks
