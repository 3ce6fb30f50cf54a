"""The catalog: what the archive holds, in one SQLite file. It is the truth of a store.

One transaction writes an episode with its turns, chunks, vectors and words: it is there
whole or not at all, whenever the process stops. Reads see one state from begin to end; a
`Layout` tells, for one state, which chunks are which episode's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from os.path import samestat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.errors import EpisodeNotFound, damaged, no_archive
from askpod.late_chunking import Packed
from askpod.model import Episode, Turn
from askpod.store import rows
from askpod.store.filters import Selection, chunk_condition, speakers
from askpod.store.rows import DamagedRow, Embedded, Source, StoredChunk, StoredEpisode
from askpod.store.schema import (
    FILE,
    Connections,
    Stamp,
    create_tables,
    drop,
    leftovers,
)
from askpod.text import nearest

Ids = NDArray[np.int64]


class Catalog:
    """Reads and writes one catalog file. Reads may come from several threads."""

    def __init__(self, folder: Path, name: str = FILE, *, writable: bool = False) -> None:
        """Opens the catalog in `folder`, creating it when writable.

        Raises:
            ArchiveNotFound: there is none, and it was not opened to write.
            StoreDamaged: there is none where there has been one.
        """
        self.folder = folder
        self.path = path = folder / name
        if not writable and not path.is_file():
            if left := leftovers(folder):
                raise damaged(path, f"it is missing, and {left} tells of a store")
            raise no_archive(str(folder))
        self._connections = Connections(path, writable=writable)
        self.reading = self._connections.reading
        self.close = self._connections.close
        self._opened = path.stat() if path.exists() else None

    def in_place(self) -> bool:
        """Whether the file that was opened is still the one in the folder."""
        with suppress(OSError):
            return self._opened is not None and samestat(self._opened, self.path.stat())
        return False

    def meta(self) -> dict[str, str]:
        """The stamp and the revision; empty in a file that holds no store yet.

        A file that is empty beside what only a store leaves is one that has lost its content.
        """
        with self.reading() as connection:
            meta = stored_meta(connection)
            if not meta and (left := leftovers(self._connections.path.parent)):
                raise DamagedRow(f"it holds nothing, and {left} beside it tells of a store")
            if meta and not (meta.get("revision", "").isdecimal() and "store" in meta):
                raise DamagedRow("what made it is not as it was written")
            return meta

    def revision(self) -> int:
        """A number that every change raises; 0 where there is no store yet."""
        with self.reading() as connection:
            revision = stored_meta(connection).get("revision", "0")
            if not revision.isdecimal():
                raise DamagedRow("its revision is not as it was written")
            return int(revision)

    def sources(self) -> dict[str, Source]:
        """Every episode's source, by episode id."""
        return {id_: stored.source for id_, stored in self.stored_episodes().items()}

    def episodes(self, ids: Sequence[str] | None = None) -> dict[str, Episode]:
        """Episodes by id, without their turns; all of them by default."""
        return {id_: stored.episode for id_, stored in self.stored_episodes(ids).items()}

    def stored_episodes(self, ids: Sequence[str] | None = None) -> dict[str, StoredEpisode]:
        """Episodes by id, with what the catalog knows of them besides; all by default."""
        where, parameters = "", []
        if ids is not None:
            where, parameters = "WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
        with self.reading() as connection:
            found = connection.execute(
                f"SELECT {rows.EPISODE_COLUMNS} FROM episodes {where} ORDER BY id", parameters
            )
            return {row[0]: rows.read_episode(row) for row in found}

    def turns(self, episode_id: str, first: int = 0, last: int | None = None) -> list[Turn]:
        """The turns of an episode from position `first` to `last`, both inclusive."""
        with self.reading() as connection:
            known = self.stored_episodes([episode_id]).get(episode_id)
            if known is None:
                return []
            end = known.turns if last is None else min(last + 1, known.turns)
            wanted = [(episode_id, position) for position in range(first, end)]
            found = rows.read_turns(connection, {episode_id: known.revision}, wanted)
            return [*found[episode_id].values()]

    def chunks(self, ids: Sequence[int]) -> dict[int, StoredChunk]:
        """Chunks by id; ids that are gone are left out."""
        with self.reading() as connection:
            return rows.read_chunks(connection, ids)

    def chunk_ranges(self) -> list[tuple[int, int, str]]:
        """First and last chunk id of each episode that has chunks, in order, with its id.

        All ids between them are chunks of this episode, in the order of speech.
        """
        with self.reading() as connection:
            ranges = connection.execute(
                "SELECT first_chunk, last_chunk, id FROM episodes "
                "WHERE first_chunk IS NOT NULL ORDER BY first_chunk"
            ).fetchall()
            if any(type(number) is not int for row in ranges for number in row[:2]):
                raise DamagedRow("a range of chunks is not as it was written")
            if any(one[1] >= after[0] for one, after in pairwise(ranges)):
                raise DamagedRow("the ranges of the episodes' chunks overlap")
            return ranges

    def speakers(self) -> tuple[str, ...]:
        """Everybody who speaks, by name."""
        with self.reading() as connection:
            return speakers(connection)

    def require(self, episode_ids: Iterable[str]) -> list[str]:
        """The ids, once each.

        Raises:
            EpisodeNotFound: there is no such episode; the message says which are near.
        """
        wanted, there = list(dict.fromkeys(episode_ids)), self.sources()
        for episode_id in wanted:
            if episode_id not in there:
                near = nearest(episode_id, there)
                raise EpisodeNotFound(f"the archive holds no episode {episode_id!r}{near}")
        return wanted

    def speaking_times(self) -> list[tuple[str, str, int, float]]:
        """(episode, label, turns, seconds) of all speech; the label is "" where there is none."""
        with self.reading() as connection:
            return connection.execute(
                'SELECT episode_id, speaker, count(*), sum("end" - start) FROM turns '
                "GROUP BY episode_id, speaker"
            ).fetchall()

    def episode_ids(self, selection: Selection) -> Sequence[str] | None:
        """Ids of the episodes that hold what is selected; None where that may be all."""
        if selection.labels is None:
            return selection.episodes
        condition, parameters = chunk_condition(selection)
        with self.reading() as connection:
            query = f"SELECT DISTINCT episode_id FROM chunks WHERE {condition} ORDER BY episode_id"
            return [id_ for (id_,) in connection.execute(query, parameters)]

    def chunk_ids(self, selection: Selection) -> Ids:
        """Ids of the selected chunks, ascending."""
        condition, parameters = chunk_condition(selection)
        with self.reading() as connection:
            # As one text: a host speaks in half of an archive, and rows take three times as long.
            (ids,) = connection.execute(
                f"SELECT group_concat(id) FROM chunks WHERE {condition}", parameters
            ).fetchone()
        return np.sort(np.fromstring(ids or "", dtype=np.int64, sep=","))

    def vectors(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """The embedder's vectors of chunks that are there, one row each, in the order of ids."""
        return self._vectors(rows.RAW, ids)

    def contextual_vectors(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """The contextual vectors of chunks that are there, one row each, in the order of ids."""
        return self._vectors(rows.CONTEXTUAL, ids)

    def _vectors(self, table: str, ids: Sequence[int]) -> NDArray[np.float32]:
        with self.reading() as connection:
            return rows.read_vectors(connection, table, ids, int(self.meta()["dimension"]))

    def sentence_vectors(self, episode_id: str, first: int, last: int) -> dict[int, Packed]:
        """Of the sentences of turns, both inclusive, by position; {} where none are kept."""
        with self.reading() as connection:
            stored = self.stored_episodes([episode_id]).get(episode_id)
            if stored is None:
                return {}
            dimension = int(self.meta()["dimension"])
            return rows.read_sentences(connection, stored, range(first, last + 1), dimension)

    def counts(self) -> dict[str, int]:
        """How many episodes, turns and chunks there are."""
        with self.reading() as connection:
            episodes, turns, chunks = connection.execute(
                "SELECT count(*), coalesce(sum(turns), 0), "
                "coalesce(sum(last_chunk - first_chunk + 1), 0) FROM episodes"
            ).fetchone()
            return {"episodes": episodes, "turns": turns, "chunks": chunks}

    def found(self, stamp: Stamp) -> None:
        """Lays the tables where there are none yet, stamped."""
        if self.meta():
            return
        with self._connections.writing() as connection:
            create_tables(connection, stamp)

    @contextmanager
    def emptied(self, stamp: Stamp) -> Iterator[None]:
        """A transaction that drops everything and holds what is put inside the `with`.

        Readers see the former state until it ends, and for good if it fails.
        """
        with self._connections.writing() as connection:
            revision = self.revision() + 1
            drop(connection)
            create_tables(connection, stamp, revision)
            yield

    def check_words(self) -> None:
        """Compares all words with where they are said to stand. Raises StoreDamaged."""
        with self._connections.writing() as connection:
            connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")

    def put(self, episode: Episode, source: Source, embedded: Embedded) -> range:
        """Writes an episode in place of a former one with its id; the ids of its chunks."""
        with self._connections.writing() as connection:
            revision = self._raise_revision(connection)
            rows.delete_episode(connection, episode.id)
            query = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'chunks'"
            (first,) = connection.execute(query).fetchone()
            ids = range(first, first + len(embedded.chunks))
            rows.insert_episode(connection, episode, source, embedded, ids, revision)
        return ids

    def remove(self, episode_ids: Sequence[str]) -> None:
        """Removes episodes; an unknown id is passed over."""
        with self._connections.writing() as connection:
            self._raise_revision(connection)
            for episode_id in episode_ids:
                rows.delete_episode(connection, episode_id)

    def _raise_revision(self, connection: sqlite3.Connection) -> int:
        revision = self.revision() + 1
        connection.execute("UPDATE meta SET value = ? WHERE key = 'revision'", (str(revision),))
        return revision

    def moved(self, episode_id: str, path: str) -> None:
        """Notes that an unchanged episode's file now lies elsewhere."""
        query = f"SELECT {rows.EPISODE_COLUMNS} FROM episodes WHERE id = ?"
        with self._connections.writing() as connection:
            row = connection.execute(query, (episode_id,)).fetchone()
            id_, _, *rest = rows.checked(f"episode {episode_id!r}", row)
            connection.execute(
                "UPDATE episodes SET path = ?, checksum = ? WHERE id = ?",
                (path, rows.signed((id_, path, *rest))[-1], episode_id),
            )


def meta_in(folder: Path) -> dict[str, str]:
    """The `meta` of the catalog in a folder; empty where there is none, or nothing in it."""
    if not (folder / FILE).is_file():
        return {}
    with closing(Catalog(folder)) as catalog:
        return catalog.meta()


def stored_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """The stamp and the revision as they stand; empty where there are no tables."""
    known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
    if not connection.execute(known).fetchone():
        return {}
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if not meta:
        raise DamagedRow("what made it is missing")
    return meta


@dataclass(frozen=True, slots=True)
class Layout:
    """An archive's episodes, as aligned arrays in the order of their chunks, and its speakers."""

    store: str  # which store, and at which of its revisions
    revision: int
    firsts: Ids  # the first chunk of each episode, ascending
    lasts: Ids
    places: dict[str, int]  # where in the arrays an episode stands, by its id
    speakers: tuple[str, ...]

    @classmethod
    def of(cls, catalog: Catalog, known: Layout | None = None) -> Layout:
        """Of the catalog as it is; `known` if that is of the same state."""
        with catalog.reading():
            meta = catalog.meta()
            state = meta["store"], int(meta["revision"])
            if known is not None and state == (known.store, known.revision):
                return known
            ranges = catalog.chunk_ranges()
            return cls(
                *state,
                np.array([first for first, _, _ in ranges], dtype=np.int64),
                np.array([last for _, last, _ in ranges], dtype=np.int64),
                {name: place for place, (_, _, name) in enumerate(ranges)},
                catalog.speakers(),
            )

    def count(self, last: int | None = None) -> int:
        """How many chunks there are, up to the id `last` if one is given."""
        sizes = self.lasts - self.firsts + 1
        return int((sizes if last is None else sizes[self.firsts <= last]).sum())

    def places_of(self, ids: Ids) -> NDArray[np.intp]:
        """Where in the arrays the episode stands of which each of these is a chunk."""
        return np.searchsorted(self.firsts, ids, side="right") - 1

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Whether each of `ids` is a chunk."""
        lasts = np.append(self.lasts, np.iinfo(np.int64).min)  # the place -1: before all episodes
        return ids <= lasts[self.places_of(ids)]

    def among(self, ids: Ids, episodes: Collection[str] | None) -> Ids:
        """Those of `ids` that are chunks of these episodes (None: of any), in their order."""
        there = self.holds(ids)
        if episodes is not None:
            there &= np.isin(self.places_of(ids), self._chosen(episodes))
        return ids[there]

    def ids(self, episodes: Collection[str]) -> Ids:
        """All chunks of these episodes, ascending."""
        return self.at(self._chosen(episodes))

    def at(self, places: Sequence[int]) -> Ids:
        """All chunks of the episodes that stand there in the arrays, in the places' order."""
        ranges = [np.arange(self.firsts[place], self.lasts[place] + 1) for place in places]
        return np.concatenate([np.empty(0, np.int64), *ranges])

    def _chosen(self, episodes: Collection[str]) -> list[int]:
        return sorted(self.places[name] for name in episodes if name in self.places)
