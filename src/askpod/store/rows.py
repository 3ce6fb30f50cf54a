"""How the values of model.py become rows of the catalog, and rows values again.

Rows are read by the columns named here, checksum last, and are checked before anything is
made of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import cut_span
from askpod.model import Chunk, Episode, Turn
from askpod.store.checksums import VECTOR, DamagedRow, Value, checked, checksum, vector_checksums

EPISODE_COLUMNS = (
    "id, path, digest, transcript, faults, origin, revision, turns, first_chunk, last_chunk, "
    "title, short, guests, season, number, date, duration, description, topics, links, youtube, "
    "untimed, checksum"
)
TURN_COLUMNS = (
    'episode_id, position, speaker, text, start, "end", estimated, section, marks, label, '
    "turns.checksum"
)
CHUNK_COLUMNS = (
    "chunks.id, episode_id, position, heading, section, spans, chunks.revision, chunks.checksum"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an indexed episode came from."""

    path: str  # absolute, of its file
    digest: str  # of the file's bytes
    transcript: str  # digest of the words said
    faults: int = 0  # how many were mended
    origin: str = ""  # the machine that indexed it; "" for this one
    untimed: bool = False  # the file states no second, and was taken all the same


@dataclass(frozen=True, slots=True)
class StoredEpisode:
    """An episode, without its turns, as the catalog keeps it."""

    episode: Episode
    source: Source
    revision: int  # the store's revision that wrote it
    turns: int  # how many it has


@dataclass(frozen=True, slots=True)
class Cuts:
    """A chunk as the catalog keeps it: where it is cut from the turns."""

    id: int
    episode_id: str
    position: int  # in its episode, from 0
    heading: str
    section: str
    spans: list[tuple[int, int, int]]  # turn, first character, end character
    revision: int  # its episode's

    @property
    def first_turn(self) -> int:
        return self.spans[0][0]

    @property
    def last_turn(self) -> int:
        return self.spans[-1][0]


def delete_episode(connection: sqlite3.Connection, episode_id: str) -> None:
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
    values: tuple[Value, ...] = (
        episode.id,
        source.path,
        source.digest,
        source.transcript,
        source.faults,
        source.origin,
        revision,
        len(episode.turns),
        chunk_ids[0] if chunk_ids else None,
        chunk_ids[-1] if chunk_ids else None,
        episode.title,
        episode.short,
        json.dumps(episode.guests, ensure_ascii=False),
        episode.season,
        episode.number,
        episode.date,
        None if episode.duration is None else _real(episode.duration),
        episode.description,
        json.dumps(episode.topics, ensure_ascii=False),
        json.dumps(episode.links, ensure_ascii=False),
        episode.youtube,
        int(episode.untimed),
    )
    write_rows(connection, "episodes", [(*values, checksum(values))])
    turns = (_turn_values(episode.id, at, turn) for at, turn in enumerate(episode.turns))
    write_rows(connection, "turns", [(*values, checksum((revision, *values))) for values in turns])


def move_episode(connection: sqlite3.Connection, episode_id: str, path: str) -> None:
    """Notes another path of its file."""
    row = connection.execute(
        f"SELECT {EPISODE_COLUMNS} FROM episodes WHERE id = ?", (episode_id,)
    ).fetchone()
    id_, _, *rest = checked(f"episode {episode_id!r}", row)
    connection.execute(
        "UPDATE episodes SET path = ?, checksum = ? WHERE id = ?",
        (path, checksum((id_, path, *rest)), episode_id),
    )


def insert_chunks(
    connection: sqlite3.Connection,
    episode_id: str,
    ids: range,
    chunks: Sequence[Chunk],
    vectors: NDArray[np.float32],
    revision: int,
) -> None:
    """Writes all chunks of an episode that is there already."""
    numbered = list(zip(ids, chunks, strict=True))
    rows: list[tuple[Value, ...]] = []
    for position, (number, chunk) in enumerate(numbered):
        cuts = [[span.turn, span.offset, span.offset + len(span.text)] for span in chunk.spans]
        rows.append(
            (
                number,
                episode_id,
                position,
                chunk.heading,
                chunk.section,
                json.dumps(cuts),
                revision,
            )
        )
    write_rows(connection, "chunks", [(*values, checksum(values)) for values in rows])
    _insert_vectors(connection, ids, vectors.astype(VECTOR))
    connection.executemany(
        "INSERT INTO words (rowid, speech, heading) VALUES (?, ?, ?)",
        [(number, chunk.text, chunk.heading) for number, chunk in numbered],
    )
    write_rows(
        connection,
        "chunk_speakers",
        [
            (number, name, share)
            for number, chunk in numbered
            for name, share in chunk.speaker_shares().items()
        ],
    )


def _insert_vectors(
    connection: sqlite3.Connection, ids: range, vectors: NDArray[np.float32]
) -> None:
    checksums = vector_checksums(np.array(ids, dtype=np.int64), vectors).tolist()
    write_rows(
        connection,
        "vectors",
        [
            (number, vector.tobytes(), each)
            for number, vector, each in zip(ids, vectors, checksums, strict=True)
        ],
    )


def write_rows(
    connection: sqlite3.Connection, table: str, rows: Sequence[tuple[Value | bytes, ...]]
) -> None:
    """Inserts rows that have a value for each column of `table`."""
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def read_episode(row: Sequence[Any]) -> StoredEpisode:
    """An episode from EPISODE_COLUMNS. Raises DamagedRow."""
    id_, path, digest, transcript, faults, origin, revision, turns, _, _, *rest = checked(
        f"episode {row[0]!r}", row
    )
    *rest, youtube, untimed = rest
    title, short, guests, season, number, date, duration, about, topics, links = rest
    episode = Episode(
        id=id_,
        title=title,
        turns=(),
        short=short,
        guests=tuple(json.loads(guests)),
        season=season,
        number=number,
        date=date,
        duration=duration,
        description=about,
        topics=tuple(json.loads(topics)),
        links=json.loads(links),
        youtube=youtube,
        untimed=bool(untimed),
    )
    source = Source(path, digest, transcript, faults, origin, episode.untimed)
    return StoredEpisode(episode, source, revision, turns)


def read_turn(row: Sequence[Any], revision: int) -> Turn:
    """A turn from TURN_COLUMNS; `revision` is its episode's. Raises DamagedRow."""
    _, _, speaker, text, start, end, estimated, section, marks, label = checked(
        f"turn {row[1]} of episode {row[0]!r}", row, revision
    )
    return Turn(
        speaker,
        text,
        start,
        end,
        bool(estimated),
        section,
        tuple((at, second) for at, second in json.loads(marks or "[]")),
        label,
    )


def read_cuts(row: Sequence[Any]) -> Cuts:
    """A chunk from CHUNK_COLUMNS. Raises DamagedRow."""
    number, episode_id, position, heading, section, spans, revision = checked(
        f"chunk {row[0]}", row
    )
    return Cuts(number, episode_id, position, heading, section, json.loads(spans), revision)


def _turn_values(episode_id: str, position: int, turn: Turn) -> tuple[Value, ...]:
    marks = json.dumps([[at, float(second)] for at, second in turn.marks]) if turn.marks else None
    return (
        episode_id,
        position,
        turn.speaker,
        turn.text,
        _real(turn.start),
        _real(turn.end),
        int(turn.estimated),
        turn.section,
        marks,
        turn.label,
    )


def _real(number: float) -> float:
    """As SQLite gives it back: a float always, and never minus zero."""
    return float(number) + 0.0


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
