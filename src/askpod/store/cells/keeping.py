"""Keeps a store's cell index in step with its catalog.

Only an archive too large to compare all vectors has one. It may be somewhat behind: what was
written since is compared one by one, what is gone is passed over. Chunk numbers are never used
twice, so that an index can lack a chunk, but never name a wrong one.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from askpod.store.catalog import Catalog
from askpod.store.cells.folder import FOLDER, Stamp
from askpod.store.cells.index import CellIndex
from askpod.store.cells.making import make

EXACT_UP_TO = 50_000  # chunks, about 380 hours of talk, whose vectors are all compared
BEHIND = 25_000  # new chunks from which on it is made anew; in a large archive
BEHIND_SHARE = 0.02  # this share of all
GONE_SHARE = 0.2  # of its chunks gone, from which on it is made anew

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
    place, building, former = store / FOLDER, store / f"{FOLDER}.next", store / f"{FOLDER}.old"
    for leftover in (building, former):
        shutil.rmtree(leftover, ignore_errors=True)
    if not _needed(catalog):
        shutil.rmtree(place, ignore_errors=True)
        return
    if state(store, catalog) == "fresh":
        return
    make(building, catalog)
    if place.exists():
        place.replace(former)
    building.replace(place)
    shutil.rmtree(former, ignore_errors=True)


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
