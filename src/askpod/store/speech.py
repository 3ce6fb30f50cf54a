"""Reads turns, and chunks with their speech cut from the turns, every row checked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askpod.chunking import cut_span
from askpod.model import Chunk, Turn
from askpod.store.checksums import DamagedRow
from askpod.store.rows import CHUNK_COLUMNS, TURN_COLUMNS, Cuts, read_cuts, read_turn


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the catalog keeps it, its speech looked up in the turns."""

    id: int
    episode_id: str
    position: int  # in its episode, from 0
    chunk: Chunk


def read_turns(
    connection: sqlite3.Connection, episode_id: str, revision: int, positions: range
) -> list[Turn]:
    """Turns that are there, of the version of their episode that `revision` wrote.

    Raises:
        DamagedRow: one is missing, of another version, or not as it was written.
    """
    rows = connection.execute(
        f"SELECT {TURN_COLUMNS} FROM turns "
        "WHERE episode_id = ? AND position BETWEEN ? AND ? ORDER BY position",
        (episode_id, positions.start, positions.stop - 1),
    ).fetchall()
    if [row[1] for row in rows] != list(positions):
        raise DamagedRow(f"turns of episode {episode_id!r} are missing")
    return [read_turn(row, revision) for row in rows]


def read_chunks(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, StoredChunk]:
    """Chunks by id, ascending; ids that are gone are left out.

    Raises:
        DamagedRow: one is missing that an episode says it has, or is not as it was written.
    """
    rows = connection.execute(
        f"SELECT episodes.revision, {CHUNK_COLUMNS} "
        "FROM chunks JOIN episodes ON episodes.id = episode_id "
        "WHERE chunks.id IN (SELECT value FROM json_each(?)) ORDER BY chunks.id",
        (json.dumps([int(number) for number in ids]),),
    ).fetchall()
    cuts = [read_cuts(row[1:]) for row in rows]
    for (revision, *_), cut in zip(rows, cuts, strict=True):
        if cut.revision != revision:
            raise DamagedRow(f"chunk {cut.id} is of another version of its episode")
    found = {chunk.id: chunk for run in _runs(cuts) for chunk in _cut(connection, run)}
    for number in set(ids).difference(found):
        if _belongs(connection, int(number)):
            raise DamagedRow(f"chunk {number} is missing")
    return found


def _runs(cuts: Sequence[Cuts]) -> Iterator[list[Cuts]]:
    """Chunks that touch, so that each turn is read once."""
    run: list[Cuts] = []
    for cut in cuts:
        if run and (cut.episode_id != run[-1].episode_id or cut.first_turn > run[-1].last_turn + 1):
            yield run
            run = []
        run.append(cut)
    if run:
        yield run


def _cut(connection: sqlite3.Connection, run: Sequence[Cuts]) -> Iterator[StoredChunk]:
    first, last = run[0].first_turn, run[-1].last_turn
    turns = read_turns(connection, run[0].episode_id, run[0].revision, range(first, last + 1))
    for cut in run:
        spans = tuple(
            cut_span(turns[turn - first], turn, begin, end) for turn, begin, end in cut.spans
        )
        chunk = Chunk(cut.heading, cut.section, spans)
        yield StoredChunk(cut.id, cut.episode_id, cut.position, chunk)


def _belongs(connection: sqlite3.Connection, chunk_id: int) -> bool:
    """Whether an episode says that it has this chunk."""
    query = "SELECT 1 FROM episodes WHERE ? BETWEEN first_chunk AND last_chunk LIMIT 1"
    return connection.execute(query, (chunk_id,)).fetchone() is not None
