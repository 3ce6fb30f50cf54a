"""Keeps the vector indexes equal to the catalog: Chroma's, and the cell index of a large archive.

The index in `chroma/` is never changed in place: a new one is built beside it and takes its
place by renaming, so that neither a stop at any instant nor a reader in another process ever
meets half an index. `askpod.json` inside it says which revision of which store it holds, with
its fingerprint; an index that does not match is made anew from the stored vectors, without
embedding anything. `cells/`, which askpod searches itself, is kept likewise (cells/keeping.py).
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from askpod.errors import StoreBusy, StoreUnwritable
from askpod.store.catalog import Catalog
from askpod.store.cells import keeping
from askpod.store.cells.folder import FOLDER as CELLS
from askpod.store.cells.folder import Stamp as CellStamp
from askpod.store.checksums import DamagedRow, checksum
from askpod.store.connection import plain_errors
from askpod.store.examine import lookup_checksum
from askpod.store.filters import Selection
from askpod.store.fingerprint import Fingerprint
from askpod.store.lock import write_lock
from askpod.store.vectors import VectorIndex, VectorIndexError

FOLDER = "chroma"
STAMP = "askpod.json"
# Chunks, about 1,900 hours of talk. Chroma takes four minutes and 1 GB for as many, and its readers
# must have the whole graph in memory: larger archives are shared by a server (docs/scale.md).
CHROMA_UP_TO = 250_000
_BATCH = 5000

State = Literal["fresh", "stale", "damaged", "missing"]
_WORST_FIRST: tuple[State, ...] = ("damaged", "missing", "stale", "fresh")


@dataclass(frozen=True, slots=True)
class _Stamp:
    store: str
    revision: int
    fingerprint: Fingerprint
    lookups: int | None  # of the catalog at that revision: examine.lookup_checksum


def state(store: Path, catalog: Catalog, *, read: bool = False) -> State:
    """Whether the vector indexes can be used, as the worse one of the two has it.

    `read` has every byte of them read, also where they are large.

    "fresh": it holds the catalog's present revision; "stale": it is whole, but holds an
    earlier one; "damaged": its files are not those that were written, or are another store's.

    Raises:
        StoreDamaged: the catalog is not, or no more, what the indexes were made from.
    """
    stamp = _read_stamp(store / FOLDER)  # before the catalog, which is ahead of its indexes
    made = stamp or CellStamp.read(store / CELLS)
    with plain_errors(catalog.path), catalog.reading():
        if made is not None and made.store == catalog.meta()["store"]:
            _compare(made, catalog)
        found = {
            _chroma_state(store, catalog, stamp, read=read),
            keeping.state(store, catalog, read=read),
        }
    return next(each for each in _WORST_FIRST if each in found)


def _chroma_state(
    store: Path, catalog: Catalog, stamp: _Stamp | None, *, read: bool = False
) -> State:
    folder = store / FOLDER
    if catalog.chunk_count() > CHROMA_UP_TO:
        return "stale" if folder.exists() else "fresh"
    if not folder.is_dir():
        return "missing"
    meta = catalog.meta()
    if stamp is None or stamp.store != meta["store"]:
        return "damaged"
    found = stamp.fingerprint.confirmed(folder, read=read)
    if found is None:
        return "damaged"
    if found != stamp.fingerprint:
        _note(folder, stamp, found)
    return "fresh" if stamp.revision == int(meta["revision"]) else "stale"


def _compare(made: _Stamp | CellStamp, catalog: Catalog) -> None:
    """Raises DamagedRow where the catalog is not what an index of its store was made from."""
    revision = catalog.revision()
    if made.revision > revision:
        raise DamagedRow(
            f"it holds revision {revision}, and its vector index was made from revision "
            f"{made.revision}: what was written since is lost, as with a missing -wal file"
        )
    if isinstance(made, CellStamp) or made.lookups is None or made.revision < revision:
        return
    if made.lookups != lookup_checksum(catalog):
        raise DamagedRow("its index of words, of speakers or of chunks is not as it was written")


def _note(folder: Path, stamp: _Stamp, found: Fingerprint) -> None:
    """Keeps what was seen of files that have been read whole, so that they are not read again.

    Not while another process writes, nor where nobody may.
    """
    with (
        suppress(StoreBusy, StoreUnwritable),
        write_lock(folder.parent, patience=0),
        plain_errors(folder),
    ):
        if _read_stamp(folder) == stamp:
            _write_stamp(folder, replace(stamp, fingerprint=found))


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
        keeping.publish(store, catalog)
        present = _chroma_state(store, catalog, _read_stamp(store / FOLDER))
        if present == "fresh":
            return
        if catalog.chunk_count() > CHROMA_UP_TO:
            shutil.rmtree(store / FOLDER)
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
            lookups = lookup_checksum(catalog)
    finally:
        index.close()
    fingerprint = Fingerprint.of(folder)
    _write_stamp(folder, _Stamp(meta["store"], int(meta["revision"]), fingerprint, lookups))


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


def _write_stamp(folder: Path, stamp: _Stamp) -> None:
    held = json.dumps(asdict(stamp))
    new = folder / f"{STAMP}.next"
    new.write_text(json.dumps({"stamp": held, "checksum": checksum([held])}), encoding="utf-8")
    new.replace(folder / STAMP)


def _read_stamp(folder: Path) -> _Stamp | None:
    try:
        read = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        if "stamp" in read:
            if read["checksum"] != checksum([read["stamp"]]):
                return None
            read = json.loads(read["stamp"])
        elif set(read) != {"store", "revision", "fingerprint"}:  # as format 2 wrote it
            return None
        fingerprint = Fingerprint(**{"seen": {}, **read["fingerprint"]})
        return _Stamp(read["store"], int(read["revision"]), fingerprint, read.get("lookups"))
    except (OSError, ValueError, TypeError, LookupError):
        return None
