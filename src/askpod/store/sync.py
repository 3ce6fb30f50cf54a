"""Keeps the vector index equal to the catalog.

The index in `chroma/` is never changed in place: a new one is built beside it and takes its
place by renaming, so that neither a stop at any instant nor a reader in another process ever
meets half an index. `askpod.json` inside it says which revision of which store it holds, with
a checksum of every file; an index that does not match is made anew from the stored vectors,
without embedding anything.
"""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path
from typing import Any, Literal

from askpod.store.catalog import Catalog
from askpod.store.connection import plain_errors
from askpod.store.filters import Selection
from askpod.store.vectors import VectorIndex, VectorIndexError

FOLDER = "chroma"
STAMP = "askpod.json"
_BLOCK = 1 << 20
_BATCH = 1000

State = Literal["fresh", "stale", "damaged", "missing"]


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
    if stamp is None or stamp["store"] != meta["store"] or stamp["files"] != _checksums(folder):
        return "damaged"
    return "fresh" if stamp["revision"] == int(meta["revision"]) else "stale"


def held_revision(store: Path) -> int:
    """The catalog's revision that the index in place holds; -1 where there is none."""
    stamp = _read_stamp(store / FOLDER)
    return stamp["revision"] if stamp else -1


def publish(store: Path, catalog: Catalog) -> None:
    """Brings the vector index to the catalog's revision. The caller holds the write lock.

    Raises:
        StoreUnwritable: the folder cannot be written. The catalog is untouched.
    """
    present = state(store, catalog)
    if present == "fresh":
        return
    with plain_errors(store / FOLDER):
        _sweep(store)
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
    stamp = {
        "store": meta["store"],
        "revision": int(meta["revision"]),
        "files": _checksums(folder),
    }
    (folder / STAMP).write_text(json.dumps(stamp), encoding="utf-8")


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


def _read_stamp(folder: Path) -> dict[str, Any] | None:
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return (
        stamp if isinstance(stamp, dict) and {"store", "revision", "files"} <= set(stamp) else None
    )


def _checksums(folder: Path) -> dict[str, list[int]]:
    """Size and CRC-32 of every file but the stamp, by its path in the folder."""
    return {
        path.relative_to(folder).as_posix(): [path.stat().st_size, _crc(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != STAMP
    }


def _crc(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum
