"""Filters: which episodes and speakers a search may use."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from askpod.model import Filters
from askpod.text import matches_name

NAMES = 20  # speakers of one condition: Chroma takes 3 ms for each


@dataclass(frozen=True, slots=True)
class Selection:
    """What the filters leave of an archive. None stands for no restriction."""

    episodes: tuple[str, ...] | None = None
    speakers: tuple[str, ...] | None = None

    @property
    def empty(self) -> bool:
        return self.episodes == () or self.speakers == ()


def select(connection: sqlite3.Connection, filters: Filters) -> Selection:
    """Resolves filters to episode ids and speakers' names."""
    chosen = None
    if filters.speaker is not None:
        everyone = speakers(connection)
        chosen = tuple(name for name in everyone if matches_name(filters.speaker, name))
    return Selection(_episodes(connection, filters), chosen)


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
        conditions.append(
            "chunks.id IN (SELECT chunk_id FROM chunk_speakers "
            "WHERE speaker IN (SELECT value FROM json_each(?)))"
        )
        parameters.append(json.dumps(selection.speakers))
    return " AND ".join(conditions), parameters


def chroma_condition(selection: Selection) -> dict[str, Any] | None:
    """The same as Chroma's `where`; None where there is none, or one too long to be quick."""
    conditions: list[dict[str, Any]] = []
    if selection.episodes is not None:
        conditions.append({"episode_id": {"$in": list(selection.episodes)}})
    if selection.speakers is not None:
        if len(selection.speakers) > NAMES:
            return None
        named = [{"speakers": {"$contains": name}} for name in selection.speakers]
        conditions.append(named[0] if len(named) == 1 else {"$or": named})
    return {"$and": conditions} if len(conditions) > 1 else next(iter(conditions), None)


def _episodes(connection: sqlite3.Connection, filters: Filters) -> tuple[str, ...] | None:
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
        for episode_id, guests in rows
        if wanted is None or any(matches_name(wanted, guest) for guest in json.loads(guests))
    )
