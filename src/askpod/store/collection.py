"""Keeps the Chroma collection equal to the catalog it is derived from.

The folder `chroma/` is never changed in place: the next one is built beside it and takes its place
by renaming, so that neither a stop at any instant nor a reader in another process meets half a
collection. `askpod.json` inside it says which revision of which store it holds; one that does not
fit is made again from the stored vectors, without embedding. Who writes to it while episodes are
being embedded: indexing/publisher.py.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from askpod.files import content_checksum, read_bounded, unusable, write_atomically
from askpod.parsing import parse_json
from askpod.store.catalog import Catalog
from askpod.store.integrity import lookup_checksum
from askpod.store.rows import DamagedRow, checksum
from askpod.store.schema import plain_errors
from askpod.store.vectors import Record, VectorIndex, VectorIndexError, described, wipe_spare

FOLDER = "chroma"
NEXT = f"{FOLDER}.next."  # and the process that builds it
STAMP = "askpod.json"
MOST_BYTES = 10_000_000  # of the stamp
REMADE = "making the vector index again from the stored vectors …"
GONE_SHARE = 0.2  # of its chunks gone, from which on it is built from nothing: gaps slow a graph
_WHOLE_BATCH = 5000  # chunks of one write, at most, where all are at hand

State = Literal["fresh", "stale", "damaged", "missing"]
Range = tuple[int, int, str]  # first and last chunk of an episode, and its id


@dataclass(frozen=True, slots=True)
class CollectionStamp:
    """What a published collection was made from."""

    store: str
    revision: int
    chunks: int
    last_chunk: int  # of the catalog then: no later one is in it
    graph: dict[str, int]  # the graph's files, and their sizes
    content: int  # checksum of what is in them
    lookups: int | None  # of the catalog at that revision: integrity.lookup_checksum

    @classmethod
    def read(cls, folder: Path) -> CollectionStamp | None:
        """The stamp in a folder; None where there is none that can be read."""
        try:
            read = parse_json(read_bounded(folder / STAMP, MOST_BYTES))
            if read["checksum"] != checksum([read["stamp"]]):
                return None
            return cls(**parse_json(read["stamp"]))
        except (OSError, ValueError, TypeError, LookupError):
            return None

    def write(self, folder: Path) -> None:
        """Writes it into the folder of the collection."""
        held = json.dumps(asdict(self))
        told = json.dumps({"stamp": held, "checksum": checksum([held])})
        write_atomically(folder / STAMP, told.encode())

    def fits(self, folder: Path, store: str) -> bool:
        """Whether a folder still holds the files that were written, for this store."""
        return self.store == store and self.graph == _graph(folder)

    def check(self, folder: Path) -> None:
        """Raises VectorIndexError for a graph that has changed: Chroma can end this process."""
        with plain_errors(folder):
            if self.content != content_checksum(folder / name for name in self.graph):
                raise VectorIndexError(f"{folder}: its graph is not as it was written")


def state(store: Path, catalog: Catalog) -> State:
    """Whether the collection can be used.

    "fresh": it holds the catalog's present revision; "stale": it holds an earlier one;
    "damaged": its files are not those that were written, or are another store's.

    Raises:
        StoreDamaged: the catalog is not, or no more, what the collection was made from.
    """
    stamp = CollectionStamp.read(store / FOLDER)  # before the catalog, which is ahead of it
    with plain_errors(catalog.path), catalog.reading():
        meta = catalog.meta()
        revision = int(meta["revision"])
        if stamp is not None and stamp.store == meta["store"]:
            if stamp.revision > revision:
                raise DamagedRow(
                    f"it holds revision {revision}, and its vector index was made from revision "
                    f"{stamp.revision}: what was written since is lost, as with a missing -wal file"
                )
            same = stamp.lookups is not None and stamp.revision == revision
            if same and stamp.lookups != lookup_checksum(catalog):
                raise DamagedRow("its index of words, speakers or chunks is not as it was written")
        if not (store / FOLDER).is_dir():
            return "missing"
        if stamp is None or not stamp.fits(store / FOLDER, meta["store"]):
            return "damaged"
        return "fresh" if stamp.revision == revision else "stale"


def publish(store: Path, catalog: Catalog, *, rebuild: bool = False) -> None:
    """Brings the collection to the catalog's revision. The caller holds the write lock.

    Args:
        store: the folder.
        catalog: its catalog.
        rebuild: build it from nothing, whatever is there.

    Raises:
        StoreUnwritable: it cannot be written. The catalog is untouched.
    """
    with plain_errors(store / FOLDER):
        _sweep(store)
        present = "damaged" if rebuild else state(store, catalog)
        if present == "fresh":
            return
        if present == "stale":
            # A copy that Chroma cannot read after all: begin from nothing.
            with suppress(VectorIndexError):
                _renew(store, catalog, begun(store, catalog))
                return
        try:
            _renew(store, catalog, begun(store, catalog, rebuild=True))
        except VectorIndexError as error:
            raise unusable(store / FOLDER, str(error)) from error


def begun(store: Path, catalog: Catalog, *, rebuild: bool = False) -> VectorIndex:
    """The next collection: a copy of the present one, if that is of use, or an empty one."""
    _sweep(store)
    # By its process, since one whose parent was killed may still write to its own for a second.
    place, building, meta = store / FOLDER, store / f"{NEXT}{os.getpid()}", catalog.meta()
    stamp = None if rebuild else CollectionStamp.read(place)
    if stamp is not None and stamp.fits(place, meta["store"]):
        ranges = catalog.chunk_ranges()
        kept = sum(last - first + 1 for first, last, _ in ranges if first <= stamp.last_chunk)
        if stamp.chunks - kept <= GONE_SHARE * stamp.chunks:
            stamp.check(place)
            shutil.copytree(place, building)
            (building / STAMP).unlink()
            return VectorIndex(building)
    return VectorIndex(building, meta["embedder"])


def _renew(store: Path, catalog: Catalog, index: VectorIndex) -> None:
    complete(index, catalog)
    put_in_place(store, index)


def put_in_place(store: Path, index: VectorIndex) -> None:
    """Replaces the collection by the next one, which is complete."""
    place, former = store / FOLDER, store / f"{FOLDER}.old"
    if place.exists():
        place.replace(former)
    index.folder.replace(place)
    shutil.rmtree(former, ignore_errors=True)


def complete(index: VectorIndex, catalog: Catalog) -> None:
    """Closes a collection that holds just what the catalog holds, stamped."""
    try:
        with catalog.reading():
            meta, ranges = catalog.meta(), catalog.chunk_ranges()
            wanted = {number for first, last, _ in ranges for number in range(first, last + 1)}
            held = index.ids()
            index.delete(sorted(held - wanted))
            missing = [(first, last, id_) for first, last, id_ in ranges if first not in held]
            for _, batch in groupby(missing, key=lambda each: each[0] // _WHOLE_BATCH):
                add(index, catalog, list(batch))
            lookups = lookup_checksum(catalog)
    finally:
        index.close()
    wipe_spare(index.folder)
    graph = _graph(index.folder)
    CollectionStamp(
        store=meta["store"],
        revision=int(meta["revision"]),
        chunks=len(wanted),
        last_chunk=max(wanted, default=0),
        graph=graph,
        content=content_checksum(index.folder / name for name in graph),
        lookups=lookups,
    ).write(index.folder)


def add(index: VectorIndex, catalog: Catalog, ranges: Sequence[Range]) -> None:
    """Writes episodes into a collection; those that are gone meanwhile are left out."""
    episodes = catalog.episodes([id_ for _, _, id_ in ranges])
    records = list[Record]()
    for first, last, _ in ranges:
        found = catalog.chunks(range(first, last + 1))
        if len(found) == last - first + 1:
            vectors = catalog.contextual_vectors(range(first, last + 1))
            records += [
                Record(str(it.id), vector, it.chunk.text, described(it, episodes[it.episode_id]))
                for it, vector in zip(found.values(), vectors, strict=True)
            ]
    index.add(records)


def _graph(folder: Path) -> dict[str, int]:
    """The sizes of the files that hold a collection's graph, by name."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.glob("*/*"))
        if path.is_file()
    }


def _sweep(store: Path) -> None:
    """Removes what a stopped run left."""
    for leftover in (*store.glob(f"{NEXT}*"), store / f"{FOLDER}.old"):
        shutil.rmtree(leftover, ignore_errors=True)
