"""The replica: a catalog that follows an archive on a server.

Its `meta` says which archive, from where on this machine, and up to which revision. Episodes are
taken over one by one, each in a transaction, in the order of their revisions, and what was taken
over counts: an interruption costs nothing, and a replica that is made anew has its chunks in the
same order as the others.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from askpod.model import Episode
from askpod.store.catalog import Catalog, stored_meta
from askpod.store.rows import Embedded, Source
from askpod.store.schema import create_tables
from askpod.store.shared import ARCHIVE
from askpod.store.shared.database import PAGE, Collection
from askpod.store.shared.manifest import Manifest
from askpod.store.shared.records import EpisodeRecord, NotWhole, entry_id, unpack

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
