"""Keeps the vector index equal to the catalog.

The index in `chroma/` is never changed in place: a new one is built beside it and takes its
place by renaming, so that neither a stop at any instant nor a reader in another process ever
meets half an index. `askpod.json` inside it says which revision of which store it holds, with
its fingerprint; an index that does not match is made anew from the stored vectors, without
embedding anything.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from askpod.errors import StoreUnwritable
from askpod.store.catalog import Catalog
from askpod.store.connection import plain_errors
from askpod.store.filters import Selection
from askpod.store.fingerprint import Fingerprint
from askpod.store.vectors import VectorIndex, VectorIndexError

FOLDER = "chroma"
STAMP = "askpod.json"
_BATCH = 5000

State = Literal["fresh", "stale", "damaged", "missing"]


@dataclass(frozen=True, slots=True)
class _Stamp:
    store: str
    revision: int
    fingerprint: Fingerprint


def state(store: Path, catalog: Catalog) -> State:
    """Whether the vector index can be used.

    "fresh": it holds the catalog's present revision; "stale": it is whole, but holds an
    earlier one; "damaged": its files are not those that were written, or are another store's.
    """
    folder = store / FOLDER
    if not folder.is_dir():
        return "missing"
    stamp = _read_stamp(folder)
    meta = catalog.meta()
    if stamp is None or stamp.store != meta["store"] or not stamp.fingerprint.fits(folder):
        return "damaged"
    return "fresh" if stamp.revision == int(meta["revision"]) else "stale"


def held_revision(store: Path, catalog: Catalog) -> int:
    """The catalog's revision that the index in place holds; -1 where there is none of its."""
    stamp = _read_stamp(store / FOLDER)
    return stamp.revision if stamp and stamp.store == catalog.meta()["store"] else -1


def publish(store: Path, catalog: Catalog) -> None:
    """Brings the vector index to the catalog's revision. The caller holds the write lock.

    Raises:
        StoreUnwritable: the index cannot be written. The catalog is untouched.
    """
    try:
        _publish(store, catalog)
    except VectorIndexError as error:
        raise StoreUnwritable(
            f"{error}. The vector index could not be made; all else is kept, and searches do "
            "without it. Check the folder's permissions and the space left; the next run of "
            "`askpod index` makes it."
        ) from error


def _publish(store: Path, catalog: Catalog) -> None:
    with plain_errors(store / FOLDER):
        _sweep(store)
        present = state(store, catalog)
        if present == "fresh":
            return
        building = store / f"{FOLDER}.next"
        if present == "stale":
            shutil.copytree(store / FOLDER, building)
            (building / STAMP).unlink()
        try:
            _fill(building, catalog)
        except VectorIndexError:
            if present != "stale":
                raise
            # A copy that Chroma cannot read after all: begin from nothing.
            shutil.rmtree(building)
            _fill(building, catalog)
        _take_place(store, building)


def _fill(folder: Path, catalog: Catalog) -> None:
    index = VectorIndex(folder)
    try:
        with catalog.reading():
            meta = catalog.meta()
            wanted = catalog.chunk_ids(Selection()).tolist()
            held = index.ids()
            index.delete(sorted(held.difference(wanted)))
            _add(index, catalog, [number for number in wanted if number not in held])
    finally:
        index.close()
    stamp = _Stamp(meta["store"], int(meta["revision"]), Fingerprint.of(folder))
    (folder / STAMP).write_text(json.dumps(asdict(stamp)), encoding="utf-8")


def _add(index: VectorIndex, catalog: Catalog, ids: list[int]) -> None:
    episodes = catalog.episodes()
    for begin in range(0, len(ids), _BATCH):
        batch = ids[begin : begin + _BATCH]
        chunks = catalog.chunks(batch)
        index.add([chunks[number] for number in batch], catalog.vectors_of(batch), episodes)


def _take_place(store: Path, building: Path) -> None:
    place, former = store / FOLDER, store / f"{FOLDER}.old"
    if place.exists():
        place.replace(former)
    building.replace(place)
    shutil.rmtree(former, ignore_errors=True)


def _sweep(store: Path) -> None:
    """Removes what a stopped run left."""
    for leftover in (store / f"{FOLDER}.next", store / f"{FOLDER}.old"):
        shutil.rmtree(leftover, ignore_errors=True)


def _read_stamp(folder: Path) -> _Stamp | None:
    try:
        read = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        fingerprint = Fingerprint(
            dict(read["fingerprint"]["files"]), read["fingerprint"]["records"]
        )
        return _Stamp(read["store"], int(read["revision"]), fingerprint)
    except (OSError, ValueError, TypeError, LookupError):
        return None
