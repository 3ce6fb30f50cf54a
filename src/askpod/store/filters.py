"""Filters: which episodes and speakers a search may use."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from askpod.model import Filters
from askpod.people import Labels, People
from askpod.text import matches_name, nearest

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


def unmatched(connection: sqlite3.Connection, filters: Filters, people: People) -> tuple[str, ...]:
    """Why filters leave nothing of an archive, with what is near; empty where they leave some."""
    if _leaves_some(connection, select(connection, filters, people)):
        return ()
    set_ones = {name: value for name, value in asdict(filters).items() if value is not None}
    alone = [
        _nothing_for(connection, name, value, people)
        for name, value in set_ones.items()
        if not _leaves_some(connection, select(connection, Filters(**{name: value}), people))
    ]
    return tuple(alone) or (f"nothing in the archive fits all of {filters.describe()} together",)


def _leaves_some(connection: sqlite3.Connection, selection: Selection) -> bool:
    condition, parameters = chunk_condition(selection)
    query = f"SELECT 1 FROM chunks WHERE {condition} LIMIT 1"
    return connection.execute(query, parameters).fetchone() is not None


def _nothing_for(connection: sqlite3.Connection, name: str, value: object, people: People) -> str:
    """What is said of one filter that leaves nothing by itself."""
    if name == "episode":
        ids = (id_ for (id_,) in connection.execute("SELECT id FROM episodes"))
        return f"no episode has the id {value!r}{nearest(str(value), ids)}"
    if name == "speaker":
        near = nearest(str(value), people.everybody(speakers(connection)))
        return f"nobody speaks under the name {value!r}{near}"
    if name == "guest":
        rows = connection.execute("SELECT guests FROM episodes")
        guests = {people.everywhere(guest) for (held,) in rows for guest in json.loads(held)}
        return f"no episode has the guest {value!r}{nearest(str(value), guests)}"
    column = "season" if name == "season" else "date"
    first, last = connection.execute(
        f"SELECT min({column}), max({column}) FROM episodes"
    ).fetchone()
    there = f"they are of {first} to {last}" if first is not None else f"none has a {column}"
    return f"no episode fits {name}={value}; {there}"


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
        ("season", "=", filters.season),
        ("date", ">=", filters.since),
        # "2024-05" as an end means all of that month: '~' sorts behind every digit and dash.
        ("date", "<=", f"{filters.until}~" if filters.until else None),
    ):
        if value is not None:
            conditions.append(f"{column} {operator} ?")
            parameters.append(value)
    if not conditions and filters.guest is None:
        return None
    rows = connection.execute(
        f"SELECT id, guests FROM episodes WHERE {' AND '.join(conditions) or '1'} ORDER BY id",
        parameters,
    ).fetchall()
    wanted = filters.guest
    return tuple(
        episode_id
        for episode_id, held in rows
        if wanted is None
        or any(matches_name(wanted, guest) for guest in map(people.everywhere, json.loads(held)))
    )
