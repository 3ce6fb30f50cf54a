"""An archive shared by several machines, as one machine's Archive uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from askpod.errors import ArchiveNotFound, StoreBusy, StoreDamaged, StoreMismatch, other_archive
from askpod.store.catalog import Catalog, Layout, meta_in
from askpod.store.dense import DIGITS, Hits, Neighbours, Notify, dense_scores
from askpod.store.schema import FILE, KEPT, Stamp, plain_errors
from askpod.store.shared import ARCHIVE
from askpod.store.shared.client import Address, Collection, Database
from askpod.store.shared.records import Manifest, chunks_of, found
from askpod.store.shared.replica import Known, Replica, ServerStore, origin_of
from askpod.store.shared.writer_lock import WriterLock
from askpod.store.vectors import Vectors, Where
from askpod.store_lock import PATIENCE, write_lock

_POLL = 0.2  # seconds
_PATIENCE = 5.0  # seconds that a search waits for another process to bring the replica up
_MORE = 100  # neighbours asked for beyond those wanted: some may be of versions that are gone
_T = TypeVar("_T")


class SharedArchive:
    """Joins a server's archive and its replica in a store's folder. Safe for several threads."""

    def __init__(self, store: Path, database: Database, manifest: Manifest, notify: Notify) -> None:
        self._store = store
        self._database = database
        self._archive = manifest.archive
        self._chunks = chunks_of(database, manifest.stamp.embedder)
        self._remote: _Remote | None = None
        self._notify = notify
        self.catalog = Replica(store)

    @classmethod
    def open(
        cls,
        store: Path,
        address: Address,
        notify: Notify,
        stamp: Stamp,
        found_with: Callable[[], Stamp] | None = None,
        *,
        rebuild: bool = False,
    ) -> SharedArchive:
        """Opens the archive at `address`, its replica in the folder `store` brought up.

        Args:
            store: the folder.
            address: where the archive is.
            notify: told of what takes long.
            stamp: what this machine would make.
            found_with: gives that with its dimension, to found an archive where there is none.
            rebuild: make the replica from nothing; a damaged one is kept beside it.

        Raises:
            ArchiveNotFound: there is none, and none is to be founded.
            StoreMismatch: it was made with other settings, or the folder holds something else.
            ServerError: the server failed, or cannot be used.
        """
        if not rebuild:
            _check_folder(store, address)
        database = Database(address)
        try:
            manifest = _read_or_found(store, database, found_with)
            manifest.check(stamp)
            if rebuild and store.is_dir():
                with write_lock(store, notify):
                    _set_aside(store, address)
            _make_replica(store, manifest, notify)
            shared = cls(store, database, manifest, notify)
            shared._bring_up(manifest)
        except BaseException:
            database.close()
            raise
        return shared

    def close(self) -> None:
        """Closes the connections and the replica."""
        self._database.close()
        self.catalog.close()

    def refresh(self) -> None:
        """Brings the replica up to the server's revision: one small request if nothing is new.

        Raises:
            ServerError: the server failed.
            StoreMismatch: the server holds another archive now, or the replica was rebuilt.
        """
        if not self.catalog.in_place():
            raise StoreMismatch(f"{self._store}: rebuilt since it was opened; open it again")
        self._bring_up(self._manifest())

    @contextmanager
    def writing(self) -> Iterator[ServerStore]:
        """What indexing writes to. The caller holds the folder's write lock.

        Raises:
            StoreBusy: another machine has been writing for ten minutes.
        """
        with closing(Replica(self._store, writable=True)) as replica:
            origin = origin_of(self._store)
            holder = f"{origin} ({replica.meta()['store'][:8]})"
            with WriterLock(self._database, holder, self._notify) as lock:
                store = ServerStore(self._manifest(), lock, self._chunks, origin, replica)
                store.put_in_order()
                replica.pull(store.manifest, self._chunks, self._notify)
                yield store
                store.finish()

    def search(self, look: Callable[[Neighbours], _T]) -> _T:
        """What `look` makes of the replica's state, the server's collection answering."""
        replica = self.catalog
        with replica.reading() as connection:
            known = self._remote
            layout = Layout.of(replica, known.layout if known else None)
            if known is None or layout is not known.layout:
                query = "SELECT id, version FROM episodes"
                versions = dict(connection.execute(query).fetchall())
                known = self._remote = _Remote(replica, layout, versions, self._chunks)
            return look(known)

    def _manifest(self) -> Manifest:
        with suppress(ArchiveNotFound):
            manifest = Manifest.read(self._database)
            if manifest.archive == self._archive:
                return manifest
        raise other_archive(self._database.address, self._store)

    def _bring_up(self, manifest: Manifest) -> None:
        known = self._known()
        if manifest.revision and not known.filled:
            self._notify("taking over the archive from the server …")
        given_up = time.monotonic() + _PATIENCE
        while not known.filled or known.revision != manifest.revision:
            try:
                with (
                    write_lock(self._store, patience=_POLL if known.filled else PATIENCE),
                    closing(Replica(self._store, writable=True)) as replica,
                ):
                    return replica.pull(self._manifest(), self._chunks, self._notify)
            except StoreBusy:
                # Another process of this machine brings it up, or writes itself; if that takes
                # long, what it has finished is to be seen.
                if not known.filled:
                    raise
                if time.monotonic() > given_up:
                    return
                known = self._known()

    def _known(self) -> Known:
        known = Known.of(self.catalog.meta())
        if known is None:
            raise other_archive(self._database.address, self._store)
        return known


def condition(store: Path, address: Address) -> str:
    """How far the server and the replica in a folder are, in words. Changes nothing.

    Raises:
        ArchiveNotFound: there is no archive on the server.
        ServerError: it failed, or cannot be used.
    """
    with closing(Database(address)) as database:
        manifest = Manifest.read(database)
    known = Known.of(meta_in(store))
    here = f"{known.revision:,}" if known and known.archive == manifest.archive else "nothing"
    return f"{address}, revision {manifest.revision:,}; here {here}"


def _read_or_found(
    store: Path, database: Database, found_with: Callable[[], Stamp] | None
) -> Manifest:
    try:
        return Manifest.read(database)
    except ArchiveNotFound:
        if found_with is None:
            raise
        if (store / FILE).is_file():  # a replica, of one that is no more
            raise other_archive(database.address, store) from None
        return found(database, found_with())


def _make_replica(store: Path, manifest: Manifest, notify: Notify) -> None:
    with plain_errors(store / FILE):
        store.mkdir(parents=True, exist_ok=True)
    if not meta_in(store):
        with write_lock(store, notify):
            if not meta_in(store):  # else another process was quicker
                with closing(Replica(store, writable=True)) as replica:
                    replica.follow(manifest)
    if meta_in(store).get(ARCHIVE) != manifest.archive:
        raise other_archive(manifest.collection.database.address, store)


def _check_folder(store: Path, address: Address) -> None:
    """Raises StoreMismatch where the folder holds an archive of its own."""
    meta = meta_in(store)
    if meta and Known.of(meta) is None:
        raise StoreMismatch(
            f"{store}: this folder holds an archive of its own, and ASKPOD_CHROMA_URL names "
            f"{address}. Name another folder for the replica (--store, ASKPOD_STORE) and index "
            "the files again to bring them to the server; or unset ASKPOD_CHROMA_URL"
        )


def _set_aside(store: Path, address: Address) -> None:
    """Takes the catalog away. One that cannot be read may be of more than the server has."""
    try:
        _check_folder(store, address)
        damaged = False
    except StoreDamaged:
        damaged = True
    with plain_errors(store / FILE):
        for suffix in ("-wal", "-shm", ""):
            file, kept = store / f"{FILE}{suffix}", store / f"{KEPT}{suffix}"
            if damaged and file.exists() and file.stat().st_size:
                file.replace(kept)
            file.unlink(missing_ok=True)


class _Remote:
    """Answers from the server's collection, for the replica's state at one revision."""

    def __init__(
        self, replica: Catalog, layout: Layout, versions: Mapping[str, str], chunks: Collection
    ) -> None:
        self.layout = layout
        self._replica = replica
        self._versions = versions  # of each episode's records
        self._chunks = chunks

    def nearest(self, vector: Vectors, count: int, where: Where | None) -> Callable[[], Hits]:
        """As Neighbours."""
        said = self._chunks.nearest(vector, count + _MORE, where)
        return lambda: self._hits(said, vector)

    def _hits(self, said: Mapping[str, float], vector: Vectors) -> Hits:
        """The chunks of the server's records, and their scores."""
        ids, scores, replaced = list[int](), list[float](), set[int]()
        for record, score in said.items():
            name, _, position = record.rpartition("#")
            episode_id, _, version = name.rpartition("#")
            place = self.layout.places.get(episode_id)
            if place is None or not position.isdecimal():
                continue
            if version == self._versions[episode_id]:
                ids.append(int(self.layout.firsts[place]) + int(position))
                scores.append(round(score, DIGITS))
            else:  # another version by now: its chunks are compared by the replica's vectors
                replaced.add(place)
        found, own = np.array(ids, dtype=np.int64), self.layout.at(sorted(replaced))
        own = own[np.isin(own, found, invert=True)]
        return (
            np.concatenate([found, own]),
            np.concatenate([scores, dense_scores(self._replica, own, vector)]),
        )
