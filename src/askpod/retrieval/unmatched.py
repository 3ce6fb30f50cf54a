"""Why filters leave nothing of an archive, and what is near to what was asked for."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from askpod.model import Filters
from askpod.people import People
from askpod.store.filters import Selection, chunk_condition, select, speakers
from askpod.text import nearest


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
    query = f"SELECT min({column}), max({column}) FROM episodes"
    first, last = connection.execute(query).fetchone()
    there = f"they are of {first} to {last}" if first is not None else f"none has a {column}"
    return f"no episode fits {name}={value}; {there}"
