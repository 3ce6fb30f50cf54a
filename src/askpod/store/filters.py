"""Filters: which episodes and speakers a search may use."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from askpod.errors import FilterError

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
NAMES = 20  # speakers of one condition: Chroma takes 3 ms for each
_LARGEST = 2**63 - 1  # that SQLite takes


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions on a search; all that are set must hold.

    episode: an episode's id. guest, speaker: a name or some words of it, without regard to
    case or accents ("gupta" finds "Lavanya Gupta"). season: its number. since, until: dates
    as YYYY, YYYY-MM or YYYY-MM-DD, both inclusive; an episode without a date matches neither.

    Raises:
        FilterError: a date is not of that form, the season is no number, a name no text.
    """

    episode: str | None = None
    guest: str | None = None
    speaker: str | None = None
    season: int | None = None
    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        for name in ("episode", "guest", "speaker"):
            value = getattr(self, name)
            if value is not None and not _is_text(value):
                raise FilterError(f"{name}: {value!r} is not text")
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None and not _DATE.fullmatch(str(value)):
                raise FilterError(
                    f"{name}: {value!r} is not a date; write YYYY, YYYY-MM or YYYY-MM-DD"
                )
        if self.season is not None and not (
            isinstance(self.season, int) and abs(self.season) <= _LARGEST
        ):
            raise FilterError(f"season: {self.season!r} is no season's number")

    @classmethod
    def of(cls, given: Filters | Mapping[str, Any] | None) -> Filters:
        """Accepts what a caller may pass: a Filters, a mapping of its fields, or nothing."""
        if given is None:
            return cls()
        if isinstance(given, Filters):
            return given
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(given) - known):
            raise FilterError(
                f"unknown filter {', '.join(unknown)}; there are {', '.join(sorted(known))}"
            )
        return cls(**given)

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    def describe(self) -> str:
        """The filters as a person would write them, such as "guest=gupta season=20"."""
        set_ones = ((field.name, getattr(self, field.name)) for field in fields(self))
        return " ".join(f"{name}={value}" for name, value in set_ones if value is not None)


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


def matches_name(wanted: str, name: str) -> bool:
    """Whether every word of `wanted` begins a word of `name`, or both are one when run together."""
    wanted_words, name_words = _words(wanted), _words(name)
    if not wanted_words:
        return False
    return "".join(wanted_words) == "".join(name_words) or all(
        any(word.startswith(part) for word in name_words) for part in wanted_words
    )


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


def _is_text(value: object) -> bool:
    """Whether it is text that UTF-8 can carry; bytes of a terminal that are not stay halves."""
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


@lru_cache(maxsize=100_000)  # a filter asks for the words of every name of the archive
def _words(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return tuple(re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c))))
