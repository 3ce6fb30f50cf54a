"""What a search may use: filters resolved to episodes and speakers, for SQL and Chroma.

Also why filters leave nothing of an archive, and what is near to what was asked for.
"""

from __future__ import annotations

import json
import sqlite3
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
    labels: Labels | None = None  # of the speakers


def select(
    connection: sqlite3.Connection, filters: Filters, people: People | None = None
) -> Selection:
    """Resolves filters to episode ids and speakers' labels, by the names of `people`."""
    people = people or People()
    episodes = _episodes(connection, filters, people)
    if filters.speaker is None:
        return Selection(episodes)
    fits = partial(matches_name, filters.speaker)
    return Selection(episodes, people.labels_of(speakers(connection), fits))


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
    if selection.labels is not None:
        query, values = spoken_under(selection.labels)
        conditions.append(f"chunks.id IN (SELECT chunk_id FROM ({query}))")
        parameters += values
    return " AND ".join(conditions), parameters


def spoken_under(labels: Labels) -> tuple[str, list[str]]:
    """A query for `chunk_id` and `share` of what is said under labels, and its parameters."""
    query = "SELECT chunk_id, share FROM chunk_speakers"
    known = "speaker IN (SELECT value FROM json_each(?))"
    if not (labels.single or labels.others):
        return f"{query} WHERE {known}", [json.dumps(labels.everywhere)]
    everybody = {*labels.everywhere, *(label for _, label in labels.single)}
    pairs = [["\x1f".join(pair) for pair in pairs] for pairs in (labels.others, labels.single)]
    paired = "episode_id || char(31) || speaker IN (SELECT value FROM json_each(?))"
    query += (
        f" JOIN chunks AS spoken ON spoken.id = chunk_id WHERE {known} "
        f"AND ({known} AND NOT {paired} OR {paired})"
    )
    values: list[Any] = [sorted(everybody), labels.everywhere, *pairs]
    if nameless := [episode for episode, label in labels.single if not label]:
        whole = "SELECT id, 1.0 FROM chunks WHERE episode_id IN (SELECT value FROM json_each(?))"
        query, values = f"{query} UNION ALL {whole}", [*values, nameless]
    return query, [json.dumps(each) for each in values]


def chroma_condition(selection: Selection) -> dict[str, Any] | None:
    """The same as Chroma's `where`; None where there is none, or one too long to be quick."""
    conditions: list[dict[str, Any]] = []
    if selection.episodes is not None:
        conditions.append({"episode_id": {"$in": list(selection.episodes)}})
    if (labels := selection.labels) is not None:
        if len(labels.everywhere) + len(labels.single) > NAMES or len(labels.others) > NAMES:
            return None
        named: list[dict[str, Any]] = [
            {"$and": [{"episode_id": episode}, {"speakers": {"$contains": label}}]}
            if label
            else {"episode_id": episode}  # where nobody has a label, one name is everybody's
            for episode, label in labels.single
        ]
        for label in labels.everywhere:
            speaks: dict[str, Any] = {"speakers": {"$contains": label}}
            others = [episode for episode, own in labels.others if own == label]
            named.append({"$and": [speaks, {"episode_id": {"$nin": others}}]} if others else speaks)
        conditions.append(named[0] if len(named) == 1 else {"$or": named})
    return {"$and": conditions} if len(conditions) > 1 else next(iter(conditions), None)


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


def unmatched(connection: sqlite3.Connection, filters: Filters, people: People) -> tuple[str, ...]:
    """Why filters leave nothing of an archive, with what is near; empty where they leave some."""
    if not filters or _leaves_some(connection, select(connection, filters, people)):
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
    query = f"SELECT min({column}), max({column}) FROM episodes"
    first, last = connection.execute(query).fetchone()
    there = f"they are of {first} to {last}" if first is not None else f"none has a {column}"
    return f"no episode fits {name}={value}; {there}"
