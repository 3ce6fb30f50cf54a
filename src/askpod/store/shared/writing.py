"""Writes episodes to the server, each visible at once and whole, then into the replica.

The manifest names the episode being worked on (`pending`) from before its first record is written
until nothing of a former version is left. So a stop at any instant leaves records that no
replica sees, or former ones that none needs, and the next writer knows whose they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from askpod.errors import ReadError
from askpod.model import Episode
from askpod.store.rows import Embedded, Source
from askpod.store.shared.database import Collection
from askpod.store.shared.manifest import Manifest
from askpod.store.shared.records import EpisodeRecord, chunk_records, part_records
from askpod.store.shared.replica import Puller, Replica, entry_of
from askpod.store.shared.writer_lock import WriterLock


class ServerStore:
    """What indexing writes to. The caller holds the store's write lock and the writer's lock."""

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
