"""The replica: a catalog that follows an archive on a server, and what writes to both.

Its `meta` says which archive, from where on this machine, and up to which revision. Episodes are
taken over one by one, each in a transaction, in the order of their revisions, and what was taken
over counts: an interruption costs nothing, and a replica that is made anew has its chunks in the
same order as the others.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from askpod.errors import ReadError
from askpod.model import Episode
from askpod.store.catalog import Catalog, stored_meta
from askpod.store.rows import Embedded, Source
from askpod.store.schema import create_tables
from askpod.store.shared import ARCHIVE
from askpod.store.shared.client import PAGE, Collection
from askpod.store.shared.manifest import Manifest
from askpod.store.shared.records import (
    EpisodeRecord,
    NotWhole,
    chunk_records,
    entry_id,
    part_records,
    unpack,
)
from askpod.store.shared.writer_lock import WriterLock

_REVISION, _ORIGIN, _FILLED = "server_revision", "server_origin", "server_filled"
_TOLD = 50  # episodes, from which on a user is told how far it has come


@dataclass(frozen=True, slots=True)
class Known:
    """How far a replica has come."""

    archive: str
    revision: int
    origin: str  # this machine and folder, as they were when it was last brought up
    filled: bool  # whether it has ever been whole

    @classmethod
    def of(cls, meta: Mapping[str, str]) -> Known | None:
        """What the `meta` of a catalog says; None where it follows no server."""
        if ARCHIVE not in meta:
            return None
        revision, origin = int(meta.get(_REVISION, "0")), meta.get(_ORIGIN, "")
        return cls(meta[ARCHIVE], revision, origin, meta.get(_FILLED) == "yes")


class Replica(Catalog):
    """A catalog that follows a server. The caller holds the store's write lock to change it."""

    def follow(self, manifest: Manifest, origin: str) -> None:
        """Makes an empty catalog a replica, or lets one of another machine begin anew."""
        with self._connections.writing() as connection:
            if not stored_meta(connection):
                create_tables(connection, manifest.stamp)
            self._note({ARCHIVE: manifest.archive, _REVISION: "0", _ORIGIN: origin})

    def take(self, episode: Episode, source: Source, embedded: Embedded, revision: int) -> None:
        """Writes an episode of the server's `revision`."""
        with self._connections.writing():
            self.put(episode, source, embedded)
            self._note({_REVISION: str(revision)})

    def drop(self, episode_id: str, revision: int) -> None:
        """Removes an episode, as the server's `revision` did; it need not be there."""
        with self._connections.writing():
            if self.stored_episodes([episode_id]):
                self.remove([episode_id])
            self._note({_REVISION: str(revision)})

    def reached(self, revision: int) -> None:
        """Notes that nothing up to this revision of the server is missing."""
        self._note({_REVISION: str(revision), _FILLED: "yes"})

    def _note(self, values: dict[str, str]) -> None:
        with self._connections.writing() as connection:
            if not values.items() <= stored_meta(connection).items():
                rows = values.items()
                connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)


@dataclass(frozen=True, slots=True)
class Puller:
    """Brings a replica up to the server."""

    chunks: Collection
    origin: str  # this machine and folder
    notify: Callable[[str], None]

    def pull(self, replica: Replica, manifest: Manifest) -> None:
        """Takes over all that the server has and the replica lacks, up to `manifest`.

        Raises:
            ServerError: the server failed; what was taken over stays.
        """
        known = Known.of(replica.meta())
        if known and known.origin == self.origin and known.revision <= manifest.revision:
            entries = self._entries(manifest, known.revision)
        else:
            replica.follow(manifest, self.origin)
            entries = self._entries(manifest, 0)
            there = {entry.episode_id for entry in entries if entry.source}
            for episode_id in sorted(set(replica.sources()) - there):
                replica.drop(episode_id, 0)
        for number, entry in enumerate(entries, start=1):
            self._take(replica, manifest, entry)
            if number % _TOLD == 0:
                self.notify(
                    f"taken over from the server: {number:,} of {len(entries):,} episodes …"
                )
        replica.reached(manifest.revision)

    def _entries(self, manifest: Manifest, since: int) -> list[EpisodeRecord]:
        """The entries of revisions after `since`, up to the manifest's, in their order.

        By windows of revisions: each belongs to one entry at most, so that none is missed while
        others change.
        """
        entries = []
        for begin in range(since, manifest.revision, PAGE):
            window = [{"revision": {"$gt": begin}}, {"revision": {"$lte": begin + PAGE}}]
            for record in manifest.collection.select({"$and": window}):
                with suppress(NotWhole):  # not askpod's
                    entries.append(EpisodeRecord.of(record))
        return sorted(entries, key=lambda entry: entry.revision)

    def _take(self, replica: Replica, manifest: Manifest, entry: EpisodeRecord) -> None:
        """Takes one episode over. One that is replaced meanwhile comes with its next entry."""
        if entry.source is None:
            replica.drop(entry.episode_id, entry.revision)
            return
        try:
            episode, embedded = self._fetched(manifest, entry)
        except NotWhole as problem:
            if entry_of(manifest.collection, entry.episode_id) == entry:
                self.notify(
                    f"{entry.episode_id}: left out, as it is not whole on the server ({problem}); "
                    f"index its file again: {entry.source.path}"
                )
                replica.drop(entry.episode_id, entry.revision)
            return
        origin = "" if entry.source.origin == self.origin else entry.source.origin
        source = replace(entry.source, origin=origin)
        replica.take(episode, source, embedded, entry.revision)

    def _fetched(self, manifest: Manifest, entry: EpisodeRecord) -> tuple[Episode, Embedded]:
        """Raises NotWhole."""
        parts = manifest.collection.get(entry.part_ids(), "documents")
        there = {**parts, **self.chunks.get(entry.chunk_ids())}
        for id_ in [*entry.part_ids(), *entry.chunk_ids()]:
            if id_ not in there:
                raise NotWhole(f"{id_!r} is missing")
        episode, embedded = unpack("".join(parts[id_].text for id_ in entry.part_ids()))
        if episode.id != entry.episode_id or len(embedded.chunks) != entry.chunks:
            raise NotWhole("what is packed is of another episode")
        if entry.chunks and embedded.vectors.shape[1] != manifest.stamp.dimension:
            raise NotWhole("its vectors have not the archive's dimension")
        return episode, embedded


def entry_of(episodes: Collection, episode_id: str) -> EpisodeRecord | None:
    """The episode's entry on the server as it is now."""
    with suppress(NotWhole, KeyError):
        return EpisodeRecord.of(
            episodes.get([entry_id(episode_id)], "metadatas")[entry_id(episode_id)]
        )
    return None


def origin_of(store: Path) -> str:
    """This machine and folder, by which an archive tells whose an episode is."""
    return f"{platform.node() or 'unnamed'}:{store.resolve()}"


class ServerStore:
    """Writes episodes to the server, each visible at once and whole, then into the replica.

    The manifest names the episode being worked on (`pending`) from before its first record is
    written until nothing of a former version is left. So a stop at any instant leaves records that
    no replica sees, or former ones that none needs, and the next writer knows whose they are.
    The caller holds the store's write lock and the writer's lock.
    """

    def __init__(
        self, manifest: Manifest, lock: WriterLock, puller: Puller, replica: Replica
    ) -> None:
        """Sweeps what a stopped writer left, and brings the replica up."""
        self._lock = lock
        self._chunks = puller.chunks
        self._origin = puller.origin
        self._replica = replica
        self._manifest = manifest
        self.sources = replica.sources
        self._put_in_order()
        puller.pull(replica, self._manifest)

    @property
    def _entries(self) -> Collection:
        return self._manifest.collection

    def put(self, episode: Episode, source: Source, embedded: Embedded) -> None:
        """Writes an episode, replacing the whole of a former one with its id.

        Raises:
            ReadError: another machine has an episode of this name, from a file elsewhere.
            ServerError: the server failed, or another machine has taken over. Nothing of this
                episode is to be seen.
        """
        stored = self._replica.stored_episodes([episode.id]).get(episode.id)
        if stored and stored.source.origin and stored.source.path != source.path:
            raise shared_with(stored.source, source.path, episode.id)
        revision, version = self._manifest.revision + 1, uuid4().hex[:16]
        self._note(self._manifest.revision, episode.id)
        self._chunks.write(chunk_records(version, episode, embedded))
        parts = part_records(version, episode, embedded)
        self._entries.write(parts)
        there = replace(source, origin=self._origin, version=version)
        sizes = len(parts), len(embedded.chunks)
        self._commit(EpisodeRecord(episode.id, revision, there, *sizes, episode.title))
        here = replace(source, version=version)
        self._replica.take(episode, here, embedded, revision)
        if stored:
            self._sweep(episode.id, version)

    def remove(self, episode_ids: Sequence[str]) -> None:
        """Removes episodes of this machine."""
        for episode_id in episode_ids:
            revision = self._manifest.revision + 1
            self._note(self._manifest.revision, episode_id)
            self._commit(EpisodeRecord(episode_id, revision))
            self._replica.drop(episode_id, revision)
            self._sweep(episode_id, "")

    def moved(self, episode_id: str, path: str) -> None:
        """Notes another path of an episode of this machine; another's stays as it is noted."""
        known = self._replica.stored_episodes([episode_id])[episode_id]
        if known.source.origin:
            return
        entry = entry_of(self._entries, episode_id)
        if entry and entry.source:  # no news for the other machines: the revision stays
            source = replace(entry.source, path=path)
            self._lock.check()
            self._entries.write([replace(entry, title=known.episode.title, source=source).record])
        self._replica.moved(episode_id, path)

    def finish(self) -> None:
        """Notes that nothing is pending."""
        if self._manifest.pending:
            self._note(self._manifest.revision, "")

    def _commit(self, entry: EpisodeRecord) -> None:
        self._lock.check()
        self._entries.write([entry.record])
        self._note(entry.revision, entry.episode_id)

    def _note(self, revision: int, pending: str) -> None:
        self._manifest = self._manifest.with_metadata(revision=revision, pending=pending)

    def _put_in_order(self) -> None:
        """Sees to what a writer that was stopped had begun."""
        pending, revision = self._manifest.pending, self._manifest.revision
        if not pending:
            return
        self._lock.check()
        entry = entry_of(self._entries, pending)
        self._sweep(pending, entry.version if entry else "")
        self._note(max(revision, entry.revision) if entry else revision, "")

    def _sweep(self, episode_id: str, version: str) -> None:
        """Removes an episode's chunks and parts of all versions but this one."""
        where = {"$and": [{"episode_id": episode_id}, {"version": {"$ne": version}}]}
        self._chunks.delete(where)
        self._entries.delete({"$and": [*where["$and"], {"kind": "part"}]})


def shared_with(known: Source, path: str, id_: str) -> ReadError:
    """The error for a file whose episode would take the place of another machine's."""
    return ReadError(
        path,
        f"would have the id {id_!r}, which {known.path} on {known.origin.partition(':')[0]} has "
        "already; give one of the two files another name, or index them into different archives",
    )
