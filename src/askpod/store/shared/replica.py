"""The replica: a catalog that follows an archive on a server, and what writes to both.

Its `meta` says which archive, and up to which revision. Episodes are taken over one by one, each
in a transaction, in the order of their revisions, and what was taken over counts: an interruption
costs nothing, and a replica that is rebuilt has its chunks in the same order as the others.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from askpod.errors import ReadError
from askpod.model import Episode
from askpod.store.catalog import Catalog, stored_meta
from askpod.store.rows import Embedded, Source
from askpod.store.schema import create_tables
from askpod.store.shared import ARCHIVE, records
from askpod.store.shared.client import PAGE, Collection
from askpod.store.shared.records import EpisodeRecord, Manifest, NotWhole
from askpod.store.shared.writer_lock import WriterLock
from askpod.store.vectors import Record

_REVISION, _FILLED = "server_revision", "server_filled"
_LOOKED_AT = 20  # episodes that were taken over last
_TOLD = 50  # episodes, from which on a user is told how far it has come


@dataclass(frozen=True, slots=True)
class Known:
    """How far a replica has come."""

    archive: str
    revision: int
    filled: bool  # whether it has ever been whole

    @classmethod
    def of(cls, meta: Mapping[str, str]) -> Known | None:
        """What the `meta` of a catalog says; None where it follows no server."""
        if ARCHIVE not in meta:
            return None
        return cls(meta[ARCHIVE], int(meta.get(_REVISION, "0")), meta.get(_FILLED) == "yes")


class Replica(Catalog):
    """A catalog that follows a server. The caller holds the store's write lock to change it."""

    def follow(self, manifest: Manifest) -> None:
        """Makes an empty catalog a replica, or lets one begin again."""
        with self._connections.writing() as connection:
            if not stored_meta(connection):
                create_tables(connection, manifest.stamp)
            self._note({ARCHIVE: manifest.archive, _REVISION: "0"})

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

    def pull(self, manifest: Manifest, chunks: Collection, notify: Callable[[str], None]) -> None:
        """Takes over all that the server has and the replica lacks, up to `manifest`.

        Raises:
            ServerError: the server failed; what was taken over stays.
        """
        known = Known.of(self.meta())
        if known and known.revision <= manifest.revision and self._agrees(manifest, known):
            entries = _entries(manifest, known.revision)
        else:  # the server's archive has been put back to a former state
            self.follow(manifest)
            entries = _entries(manifest, 0)
            there = {entry.episode_id for entry in entries if entry.source}
            for episode_id in sorted(set(self.sources()) - there):
                self.drop(episode_id, 0)
        for number, entry in enumerate(entries, start=1):
            if problem := self._taken(manifest, chunks, entry):
                notify(problem)
            if number % _TOLD == 0:
                notify(f"taken over from the server: {number:,} of {len(entries):,} episodes …")
        self._note({_REVISION: str(manifest.revision), _FILLED: "yes"})

    def _agrees(self, manifest: Manifest, known: Known) -> bool:
        """Whether the server, not put back to a former state, has what was taken over last."""
        with self.reading() as connection:
            query = "SELECT id, version FROM episodes ORDER BY revision DESC LIMIT ?"
            last = dict(connection.execute(query, (_LOOKED_AT,)).fetchall())
        found = manifest.collection.get([records.entry_id(id_) for id_ in last], "metadatas")
        entries = _read(found.values())
        return len(entries) == len(last) and all(
            entry.revision > known.revision or entry.version == last[entry.episode_id]
            for entry in entries
        )

    def _taken(self, manifest: Manifest, chunks: Collection, entry: EpisodeRecord) -> str:
        """Takes one episode over; "" or why it is left out.

        One that is replaced meanwhile comes with its next entry.
        """
        if entry.source is None:
            self.drop(entry.episode_id, entry.revision)
            return ""
        try:
            self.take(*_fetched(manifest, chunks, entry), entry.revision)
        except NotWhole as problem:
            if entry_of(manifest.collection, entry.episode_id) == entry:
                self.drop(entry.episode_id, entry.revision)
                return (
                    f"{entry.episode_id}: left out, as it is not whole on the server ({problem}); "
                    f"index its file again: {entry.source.path}"
                )
        return ""

    def _note(self, values: dict[str, str]) -> None:
        with self._connections.writing() as connection:
            if not values.items() <= stored_meta(connection).items():
                rows = values.items()
                connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)


def _entries(manifest: Manifest, since: int) -> list[EpisodeRecord]:
    """The entries of revisions after `since`, up to the manifest's, in their order.

    By windows of revisions: each belongs to one entry at most, so that none is missed while
    others change.
    """
    found = list[Record]()
    for begin in range(since, manifest.revision, PAGE):
        window = [{"revision": {"$gt": begin}}, {"revision": {"$lte": begin + PAGE}}]
        found += manifest.collection.select({"$and": window})
    return sorted(_read(found), key=lambda entry: entry.revision)


def _read(found: Iterable[Record]) -> list[EpisodeRecord]:
    entries = []
    for record in found:
        with suppress(NotWhole):  # not askpod's
            entries.append(EpisodeRecord.of(record))
    return entries


def _fetched(
    manifest: Manifest, chunks: Collection, entry: EpisodeRecord
) -> tuple[Episode, Source, Embedded]:
    """Raises NotWhole."""
    parts = manifest.collection.get(entry.part_ids(), "documents")
    there = {**parts, **chunks.get(entry.chunk_ids())}
    for id_ in [*entry.part_ids(), *entry.chunk_ids()]:
        if id_ not in there:
            raise NotWhole(f"{id_!r} is missing")
    episode, embedded = records.unpack("".join(parts[id_].text for id_ in entry.part_ids()))
    whose = episode.id, len(embedded.chunks)
    if entry.source is None or whose != (entry.episode_id, entry.chunks):
        raise NotWhole("what is packed is of another episode")
    if entry.chunks and embedded.vectors.shape[1] != manifest.stamp.dimension:
        raise NotWhole("its vectors have not the archive's dimension")
    return episode, entry.source, embedded


def entry_of(episodes: Collection, episode_id: str) -> EpisodeRecord | None:
    """The episode's entry on the server as it is now."""
    found = _read(episodes.get([records.entry_id(episode_id)], "metadatas").values())
    return found[0] if found else None


def origin_of(store: Path) -> str:
    """This machine and folder, by which an archive tells whose an episode is."""
    return f"{platform.node() or 'unnamed'}:{store.resolve()}"


@dataclass(slots=True)
class ServerStore:
    """Writes episodes to the server, each visible at once and whole, then into the replica.

    The manifest names the episode being worked on (`pending`) from before its first record is
    written until nothing of a former version is left. So a stop at any instant leaves records that
    no replica sees, or former ones that none needs, and the next writer knows whose they are.
    The caller holds the store's write lock and the writer's lock.
    """

    manifest: Manifest
    lock: WriterLock
    chunks: Collection
    origin: str  # this machine and folder
    replica: Replica  # brought up before the first episode is written

    def sources(self) -> dict[str, Source]:
        """As `Catalog.sources`: those of this machine have no origin."""
        return {
            id_: replace(source, origin="") if source.origin == self.origin else source
            for id_, source in self.replica.sources().items()
        }

    def put(self, episode: Episode, source: Source, embedded: Embedded) -> None:
        """Writes an episode, replacing the whole of a former one with its id.

        Raises:
            ReadError: another machine has an episode of this name, from a file elsewhere.
            ServerError: the server failed, or another machine has taken over. Nothing of this
                episode is to be seen.
        """
        stored = self.replica.stored_episodes([episode.id]).get(episode.id)
        if stored and stored.source.origin != self.origin and stored.source.path != source.path:
            machine = stored.source.origin.partition(":")[0]
            raise ReadError(
                source.path,
                f"would have the id {episode.id!r}, which {stored.source.path} on {machine} has "
                "already; give one of the two files another name, or index them into different "
                "archives",
            )
        revision, version = self.manifest.revision + 1, uuid4().hex[:16]
        self._note(self.manifest.revision, episode.id)
        self.chunks.write(records.chunk_records(version, episode, embedded))
        parts = records.part_records(version, episode, embedded)
        self.manifest.collection.write(parts)
        source = replace(source, origin=self.origin, version=version)
        sizes = len(parts), len(embedded.chunks)
        self._commit(EpisodeRecord(episode.id, revision, source, *sizes, episode.title))
        self.replica.take(episode, source, embedded, revision)
        if stored:
            self._sweep(episode.id, version)

    def remove(self, episode_ids: Sequence[str]) -> None:
        """Removes episodes of this machine."""
        for episode_id in episode_ids:
            revision = self.manifest.revision + 1
            self._note(self.manifest.revision, episode_id)
            self._commit(EpisodeRecord(episode_id, revision))
            self.replica.drop(episode_id, revision)
            self._sweep(episode_id, "")

    def moved(self, episode_id: str, path: str) -> None:
        """Notes another path of an episode of this machine; another's stays as it is noted."""
        known = self.replica.stored_episodes([episode_id])[episode_id]
        if known.source.origin != self.origin:
            return
        entry = entry_of(self.manifest.collection, episode_id)
        if entry and entry.source:  # no news for the other machines: the revision stays
            source = replace(entry.source, path=path)
            self.lock.check()
            self.manifest.collection.write(
                [replace(entry, title=known.episode.title, source=source).record]
            )
        self.replica.moved(episode_id, path)

    def finish(self) -> None:
        """Notes that nothing is pending."""
        if self.manifest.pending:
            self._note(self.manifest.revision, "")

    def _commit(self, entry: EpisodeRecord) -> None:
        self.lock.check()
        self.manifest.collection.write([entry.record])
        self._note(entry.revision, entry.episode_id)

    def _note(self, revision: int, pending: str) -> None:
        changed = self.manifest.collection.with_metadata(revision=revision, pending=pending)
        self.manifest = Manifest.of(changed)

    def put_in_order(self) -> None:
        """Sees to what a writer that was stopped had begun."""
        pending, revision = self.manifest.pending, self.manifest.revision
        if not pending:
            return
        self.lock.check()
        entry = entry_of(self.manifest.collection, pending)
        self._sweep(pending, entry.version if entry else "")
        self._note(max(revision, entry.revision) if entry else revision, "")

    def _sweep(self, episode_id: str, version: str) -> None:
        """Removes an episode's chunks and parts of all versions but this one."""
        where = {"$and": [{"episode_id": episode_id}, {"version": {"$ne": version}}]}
        self.chunks.delete(where)
        self.manifest.collection.delete({"$and": [*where["$and"], {"kind": "part"}]})
