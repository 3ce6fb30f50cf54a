"""What a search may use: filters resolved to episodes, speakers and ranges of chunks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from askpod.model import Filters
from askpod.people import Labels, People
from askpod.text import matches_name

if TYPE_CHECKING:
    from askpod.store.catalog import Catalog

# Of an episode's details.
SEASON, DATE, GUESTS = (f"json_extract(details, '$.{key}')" for key in ("season", "date", "guests"))
NAMES = 20  # speakers of one condition: Chroma takes 3 ms for each


@dataclass(frozen=True, slots=True)
class Selection:
    """What the filters leave of an archive. None stands for no restriction."""

    episodes: tuple[str, ...] | None = None
    speakers: tuple[str, ...] | None = None  # labels that stand for them in any episode
    single: tuple[tuple[str, str], ...] = ()  # (episode, label) that do so in one
    others: tuple[tuple[str, str], ...] = ()  # (episode, one of `speakers`) that do not there

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return self.episodes == () or (self.speakers == () and not self.single)

    @property
    def labels(self) -> Labels:
        """Those of the speakers."""
        return Labels(self.speakers or (), self.single, self.others)


def select(
    connection: sqlite3.Connection, filters: Filters, people: People | None = None
) -> Selection:
    """Resolves filters to episode ids and speakers' labels, by the names of `people`."""
    people = people or People()
    episodes = _episodes(connection, filters, people)
    if filters.speaker is None:
        return Selection(episodes)
    fits = partial(matches_name, filters.speaker)
    labels = people.labels_of(speakers(connection), fits)
    return Selection(episodes, labels.everywhere, labels.single, labels.others)


def speakers(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Everybody who speaks, by name."""
    # Stepping from name to name through the index; DISTINCT would read all of it.
    query = """
        WITH RECURSIVE names (name) AS (
            SELECT min(speaker) FROM chunk_speakers
            UNION ALL
            SELECT (SELECT min(speaker) FROM chunk_speakers WHERE speaker > name)
            FROM names WHERE name IS NOT NULL
        )
        SELECT name FROM names WHERE name IS NOT NULL"""
    return tuple(name for (name,) in connection.execute(query))


def chunk_condition(selection: Selection) -> tuple[str, list[str]]:
    """An SQL condition on the table `chunks` for a selection, and its parameters."""
    conditions, parameters = ["1"], []
    if selection.episodes is not None:
        conditions.append("chunks.episode_id IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(selection.episodes))
    if selection.speakers is not None:
        of_episode = "chunks.episode_id || char(31) || speaker IN (SELECT value FROM json_each(?))"
        conditions.append(
            "EXISTS (SELECT 1 FROM chunk_speakers WHERE chunk_id = chunks.id AND ("
            "speaker IN (SELECT value FROM json_each(?)) "
            f"AND NOT {of_episode} OR {of_episode}))"
            if selection.single or selection.others
            else "chunks.id IN (SELECT chunk_id FROM chunk_speakers "
            "WHERE speaker IN (SELECT value FROM json_each(?)))"
        )
        parameters.append(json.dumps(selection.speakers))
        if selection.single or selection.others:
            for pairs in (selection.others, selection.single):
                parameters.append(json.dumps(["\x1f".join(pair) for pair in pairs]))
    return " AND ".join(conditions), parameters


def chroma_condition(selection: Selection) -> dict[str, Any] | None:
    """The same as Chroma's `where`; None where there is none, or one too long to be quick."""
    conditions: list[dict[str, Any]] = []
    if selection.episodes is not None:
        conditions.append({"episode_id": {"$in": list(selection.episodes)}})
    if selection.speakers is not None:
        if len(selection.speakers) + len(selection.single) > NAMES or len(selection.others) > NAMES:
            return None
        named = [*_speaking(selection)]
        conditions.append(named[0] if len(named) == 1 else {"$or": named})
    return {"$and": conditions} if len(conditions) > 1 else next(iter(conditions), None)


def _speaking(selection: Selection) -> Iterator[dict[str, Any]]:
    """A condition of Chroma's for each label of the selected speakers."""
    for label in selection.speakers or ():
        speaks: dict[str, Any] = {"speakers": {"$contains": label}}
        others = [episode for episode, own in selection.others if own == label]
        yield {"$and": [speaks, {"episode_id": {"$nin": others}}]} if others else speaks
    for episode, label in selection.single:
        yield {"$and": [{"episode_id": episode}, {"speakers": {"$contains": label}}]}


def _episodes(
    connection: sqlite3.Connection, filters: Filters, people: People
) -> tuple[str, ...] | None:
    conditions, parameters = [], []
    for column, operator, value in (
        ("id", "=", filters.episode),
        (SEASON, "=", filters.season),
        (DATE, ">=", filters.since),
        # "2024-05" as an end means all of that month: '~' sorts behind every digit and dash.
        (DATE, "<=", f"{filters.until}~" if filters.until else None),
    ):
        if value is not None:
            conditions.append(f"{column} {operator} ?")
            parameters.append(value)
    if not conditions and filters.guest is None:
        return None
    rows = connection.execute(
        f"SELECT id, {GUESTS} FROM episodes WHERE {' AND '.join(conditions) or '1'} ORDER BY id",
        parameters,
    ).fetchall()
    wanted = filters.guest
    return tuple(
        episode_id
        for episode_id, held in rows
        if wanted is None
        or any(matches_name(wanted, guest) for guest in map(people.everywhere, json.loads(held)))
    )


Ids = NDArray[np.int64]


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
    def of(cls, catalog: Catalog) -> Layout:
        with catalog.reading():
            ranges = catalog.chunk_ranges()
            meta = catalog.meta()
            return cls(
                meta["store"],
                int(meta["revision"]),
                np.array([first for first, _, _ in ranges], dtype=np.int64),
                np.array([last for _, last, _ in ranges], dtype=np.int64),
                {name: place for place, (_, _, name) in enumerate(ranges)},
                catalog.speakers(),
            )

    def is_of(self, catalog: Catalog) -> bool:
        """Whether it is of the state that is being read."""
        meta = catalog.meta()
        return (self.store, str(self.revision)) == (meta["store"], meta["revision"])

    @property
    def chunk_count(self) -> int:
        return int((self.lasts - self.firsts + 1).sum())

    def count(self, last: int) -> int:
        """How many chunks there are up to the id `last`."""
        return int((self.lasts - self.firsts + 1)[self.firsts <= last].sum())

    def among(self, ids: Ids, episodes: Collection[str] | None) -> tuple[Ids, NDArray[np.intp]]:
        """Those of `ids` that are chunks of these episodes (None: of any), in their order, and
        the place of each one's episode in the arrays."""
        there, places = self._found(ids, episodes)
        return ids[there], places[there]

    def holds(self, ids: Ids, episodes: Collection[str] | None) -> NDArray[np.bool_]:
        """Whether each of `ids` is a chunk of these episodes (None: of any)."""
        return self._found(ids, episodes)[0]

    def ids(self, episodes: Collection[str] | None) -> Ids:
        """All chunks of these episodes (None: of any), ascending."""
        chosen = self._chosen(episodes)
        return spread(self.firsts[chosen], self.lasts[chosen])

    def _found(
        self, ids: Ids, episodes: Collection[str] | None
    ) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        if not len(self.firsts):
            return np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.intp)
        places = np.searchsorted(self.firsts, ids, side="right") - 1
        there = (places >= 0) & (ids <= self.lasts[places])
        if episodes is not None:
            there &= self._chosen(episodes)[places]
        return there, places

    def _chosen(self, episodes: Collection[str] | None) -> NDArray[np.bool_]:
        """For each episode whether it is one of these."""
        if episodes is None:
            return np.ones(len(self.firsts), np.bool_)
        chosen = np.zeros(len(self.firsts), np.bool_)
        chosen[[self.places[name] for name in episodes if name in self.places]] = True
        return chosen


def spread(begins: Ids, ends: Ids) -> Ids:
    """All numbers from each begin to its end, inclusive: ranges in order, none overlapping."""
    sizes = ends - begins + 1
    steps = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    numbers: Ids = np.repeat(begins, sizes) + steps
    return numbers
