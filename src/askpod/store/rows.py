"""How the values of model.py become rows of the catalog, and rows values again.

Rows are read by the columns named here, checksum last, and are checked before anything is made of
them. An archive on a server sends turns and chunks in the same form (shared/records.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import cut_span
from askpod.model import Chunk, Episode, Turn
from askpod.parsing import parse_json
from askpod.store.checksums import VECTOR, DamagedRow, checked, signed, vector_checksums

EPISODE_COLUMNS = (
    "id, path, digest, transcript, faults, origin, version, revision, turns, "
    "first_chunk, last_chunk, details, checksum"
)
TURN_COLUMNS = (
    'episode_id, position, speaker, text, start, "end", estimated, section, marks, checksum'
)
CHUNK_COLUMNS = "chunks.id, episode_id, position, heading, section, spans, chunks.checksum"

# What is kept of an episode beside its id and turns.
_DETAILS = tuple(field.name for field in fields(Episode) if field.name not in ("id", "turns"))
_TUPLES = ("guests", "topics")

Cut = Sequence[int]  # turn, first character, end character


@dataclass(frozen=True, slots=True)
class Source:
    """Where an indexed episode came from."""

    path: str  # absolute, of its file
    digest: str  # of the file's bytes
    transcript: str  # digest of the words said
    faults: int = 0  # how many were mended
    origin: str = ""  # the machine that indexed it; "" for this one
    version: str = ""  # of its records on a server; "" in an archive that is on none


@dataclass(frozen=True, slots=True)
class StoredEpisode:
    """An episode, without its turns, as the catalog keeps it."""

    episode: Episode
    source: Source
    revision: int  # the store's revision that wrote it
    turns: int  # how many it has


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the catalog keeps it, its speech looked up in the turns."""

    id: int
    episode_id: str
    position: int  # in its episode, from 0
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Embedded:
    """An episode's chunks and the embedder's vectors of them, one row each."""

    chunks: Sequence[Chunk]
    vectors: NDArray[np.float32]


def details_of(episode: Episode) -> dict[str, Any]:
    """What is known about an episode, as values of JSON."""
    return {name: getattr(episode, name) for name in _DETAILS}


def episode_of(id_: str, details: dict[str, Any], turns: Iterable[Turn] = ()) -> Episode:
    """An episode from its details. Raises ValueError, TypeError or LookupError."""
    known = {name: details[name] for name in _DETAILS}
    return Episode(id=id_, turns=tuple(turns), **known | {it: tuple(known[it]) for it in _TUPLES})


def turn_values(turn: Turn) -> tuple[str | int | float | None, ...]:
    """A turn as values of SQLite and of JSON, just as both give them back."""
    marks = json.dumps([[at, float(second)] for at, second in turn.marks]) if turn.marks else None
    said, times = (turn.speaker, turn.text), (float(turn.start) + 0.0, float(turn.end) + 0.0)
    return (*said, *times, int(turn.estimated), turn.section, marks)  # + 0.0: never minus zero


def turn_of(values: Sequence[Any]) -> Turn:
    """A turn from its values. Raises ValueError or TypeError."""
    speaker, text, start, end, estimated, section, marks = values
    if not all(isinstance(value, str) for value in (speaker, text, section)):
        raise TypeError("a turn's text is none")
    known = tuple((int(at), float(second)) for at, second in parse_json(marks or "[]"))
    return Turn(speaker, text, float(start), float(end), bool(estimated), section, known)


def cuts_of(chunk: Chunk) -> list[Cut]:
    """Where a chunk is cut from the turns of its episode."""
    return [(span.turn, span.offset, span.offset + len(span.text)) for span in chunk.spans]


def chunk_of(
    heading: str, section: str, cuts: Sequence[Cut], turns: Sequence[Turn], first: int = 0
) -> Chunk:
    """A chunk cut from turns, of which `first` is the position of the first one.

    Raises:
        ValueError, TypeError, IndexError: there are no such turns, or the heading is no text.
    """
    if not (cuts and all(turn >= first for turn, _, _ in cuts)):
        raise ValueError("a chunk is of no turn")
    if not (isinstance(heading, str) and isinstance(section, str)):
        raise TypeError("a chunk's heading is no text")
    spans = (cut_span(turns[turn - first], turn, begin, end) for turn, begin, end in cuts)
    return Chunk(heading, section, tuple(spans))


def delete_episode(connection: sqlite3.Connection, episode_id: str) -> None:
    """Removes an episode with all that belongs to it, if it is there."""
    connection.execute(
        "DELETE FROM words WHERE rowid IN (SELECT id FROM chunks WHERE episode_id = ?)",
        (episode_id,),
    )
    connection.execute("DELETE FROM episodes WHERE id = ?", (episode_id,))  # the rest cascades


def insert_episode(
    connection: sqlite3.Connection,
    episode: Episode,
    source: Source,
    revision: int,
    chunk_ids: range,
) -> None:
    """Writes an episode that is not there yet, and its turns."""
    details = json.dumps(details_of(episode), ensure_ascii=False)
    extent = (chunk_ids[0], chunk_ids[-1]) if chunk_ids else (None, None)
    kept = (episode.id, *astuple(source), revision, len(episode.turns), *extent, details)
    _write(connection, "episodes", [signed(kept)])
    turns = ((episode.id, at, *turn_values(turn)) for at, turn in enumerate(episode.turns))
    _write(connection, "turns", [signed(values, revision) for values in turns])


def move_episode(connection: sqlite3.Connection, episode_id: str, path: str) -> None:
    """Notes another path of its file."""
    row = connection.execute(
        f"SELECT {EPISODE_COLUMNS} FROM episodes WHERE id = ?", (episode_id,)
    ).fetchone()
    id_, _, *rest = checked(f"episode {episode_id!r}", row)
    connection.execute(
        "UPDATE episodes SET path = ?, checksum = ? WHERE id = ?",
        (path, signed((id_, path, *rest))[-1], episode_id),
    )


def insert_chunks(
    connection: sqlite3.Connection,
    episode_id: str,
    ids: range,
    embedded: Embedded,
    revision: int,
) -> None:
    """Writes all chunks of an episode that is there already."""
    numbered = list(zip(ids, embedded.chunks, strict=True))
    rows = (
        (id_, episode_id, at, chunk.heading, chunk.section, json.dumps(cuts_of(chunk)))
        for at, (id_, chunk) in enumerate(numbered)
    )
    _write(connection, "chunks", [signed(values, revision) for values in rows])
    vectors = embedded.vectors.astype(VECTOR)
    checksums = vector_checksums(np.array(ids, dtype=np.int64), vectors).tolist()
    packed = [vector.tobytes() for vector in vectors]
    _write(connection, "vectors", list(zip(ids, packed, checksums, strict=True)))
    words = [(number, chunk.text, chunk.heading) for number, chunk in numbered]
    _write(connection, "words (rowid, speech, heading)", words)
    shares = ((id_, chunk.speaker_shares().items()) for id_, chunk in numbered)
    speakers = [(number, name, share) for number, told in shares for name, share in told]
    _write(connection, "chunk_speakers", speakers)


def _write(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Inserts rows that have a value for each column of `table`."""
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def read_episode(row: Sequence[Any]) -> StoredEpisode:
    """An episode from EPISODE_COLUMNS. Raises DamagedRow."""
    id_, *source, revision, turns, _, _, details = checked(f"episode {row[0]!r}", row)
    return StoredEpisode(episode_of(id_, json.loads(details)), Source(*source), revision, turns)


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
    name = f"of episode {episode_id!r}"
    return [turn_of(checked(f"turn {row[1]} {name}", row, revision)[2:]) for row in rows]


class _Row(NamedTuple):
    """A chunk's row, with the revision of its episode before it."""

    revision: int
    id: int
    episode_id: str
    position: int
    heading: str
    section: str
    cuts: list[Cut]


def read_chunks(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, StoredChunk]:
    """Chunks by id, ascending; ids that are gone are left out.

    Raises:
        DamagedRow: one is missing that an episode says it has, is of another version of its
            episode, or not as it was written.
    """
    selected = connection.execute(
        f"SELECT episodes.revision, {CHUNK_COLUMNS} "
        "FROM chunks JOIN episodes ON episodes.id = episode_id "
        "WHERE chunks.id IN (SELECT value FROM json_each(?)) ORDER BY chunks.id",
        (json.dumps([int(number) for number in ids]),),
    ).fetchall()
    rows = []
    for revision, *row in selected:
        id_, of, at, heading, section, cuts = checked(f"chunk {row[0]}", row, revision)
        rows.append(_Row(revision, id_, of, at, heading, section, json.loads(cuts)))
    found = {chunk.id: chunk for run in _runs(rows) for chunk in _cut(connection, run)}
    for number in set(ids).difference(found):
        belongs = "SELECT 1 FROM episodes WHERE ? BETWEEN first_chunk AND last_chunk LIMIT 1"
        if connection.execute(belongs, (int(number),)).fetchone():
            raise DamagedRow(f"chunk {number} is missing")
    return found


def _runs(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Chunks that touch, so that each turn is read once."""
    run: list[_Row] = []
    for row in rows:
        last = run[-1] if run else row
        if row.episode_id != last.episode_id or row.cuts[0][0] > last.cuts[-1][0] + 1:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _cut(connection: sqlite3.Connection, run: Sequence[_Row]) -> Iterator[StoredChunk]:
    first, last = run[0].cuts[0][0], run[-1].cuts[-1][0]
    turns = read_turns(connection, run[0].episode_id, run[0].revision, range(first, last + 1))
    for row in run:
        chunk = chunk_of(row.heading, row.section, row.cuts, turns, first)
        yield StoredChunk(row.id, row.episode_id, row.position, chunk)
