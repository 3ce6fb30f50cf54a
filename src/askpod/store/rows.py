"""How the values of model.py become rows of the catalog, and rows values again.

The last column of a row is a checksum of all others, so that a byte that changes on the disk is
noticed. That of a turn or a chunk covers the revision that wrote it too: rows of two versions of
an episode, which a copy made in the middle of a write may hold, are never taken for one. Against
who means to deceive it does nothing. A server's archive has the same form (shared/records.py).
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import cut_span
from askpod.embedding.contextual import contextual_vectors
from askpod.late_chunking import Packed
from askpod.model import Chunk, Episode, Turn
from askpod.parsing import parse_json

_encoded = json.JSONEncoder(default=repr).encode  # made once: a search checks some 130 rows
VECTOR = np.dtype("<f4")
RAW, CONTEXTUAL = "vectors", "contextual_vectors"  # tables of the embedder's, of the collection's

Value = str | int | float | None

EPISODE_COLUMNS = (
    "id, path, digest, transcript, faults, origin, version, revision, turns, "
    "first_chunk, last_chunk, guests, season, date, details, checksum"
)
TURN_COLUMNS = (
    'episode_id, position, speaker, text, start, "end", estimated, section, marks, label, checksum'
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
    origin: str = ""  # the machine that indexed it; "" in an archive that is on no server
    version: str = ""  # of its records there
    untimed: bool = False  # its file states no second; kept with the episode, in no column


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
    sentences: Sequence[Packed] | None = None  # of each turn, where the embedder can tell them


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
    # + 0.0 above: never minus zero.
    return (*said, *times, int(turn.estimated), turn.section, marks, turn.label)


def turn_of(values: Sequence[Any]) -> Turn:
    """A turn from its values. Raises ValueError or TypeError."""
    speaker, text, start, end, estimated, section, marks, label = values
    if not all(isinstance(value, str) for value in (speaker, text, section, label)):
        raise TypeError("a turn's text is none")
    known = tuple((int(a), float(second)) for a, second in parse_json(marks)) if marks else ()
    return Turn(speaker, text, float(start), float(end), bool(estimated), section, known, label)


def cuts_of(chunk: Chunk) -> list[Cut]:
    """Where a chunk is cut from the turns of its episode."""
    return [(span.turn, span.offset, span.offset + len(span.text)) for span in chunk.spans]


def chunk_of(turns: Mapping[int, Turn], heading: str, section: str, cuts: Sequence[Cut]) -> Chunk:
    """A chunk cut from turns, by their positions.

    Raises:
        ValueError, TypeError, KeyError: there are no such turns, or the heading is no text.
    """
    if not cuts:
        raise ValueError("a chunk is of no turn")
    if not (isinstance(heading, str) and isinstance(section, str)):
        raise TypeError("a chunk's heading is no text")
    spans = (cut_span(turns[turn], turn, begin, end) for turn, begin, end in cuts)
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
    embedded: Embedded,
    ids: range,
    revision: int,
) -> None:
    """Writes an episode that is not there yet, with its turns and chunks.

    Args:
        connection: the catalog, in a transaction.
        episode: what is written.
        source: where it came from.
        embedded: its chunks and their vectors.
        ids: of the chunks.
        revision: the store's that this makes.
    """
    guests, details = (
        json.dumps(each, ensure_ascii=False) for each in (episode.guests, details_of(episode))
    )
    facets = guests, episode.season, episode.date
    extent = (ids[0], ids[-1]) if ids else (None, None)
    origin = astuple(source)[:-1]  # all but `untimed`, which is among the details
    kept = (episode.id, *origin, revision, len(episode.turns), *extent, *facets, details)
    _write(connection, "episodes", [signed(kept)])
    turns = ((episode.id, at, *turn_values(turn)) for at, turn in enumerate(episode.turns))
    _write(connection, "turns", [signed(values, revision) for values in turns])
    numbered = list(zip(ids, embedded.chunks, strict=True))
    rows = (
        (id_, episode.id, at, chunk.heading, chunk.section, json.dumps(cuts_of(chunk)))
        for at, (id_, chunk) in enumerate(numbered)
    )
    _write(connection, "chunks", [signed(values, revision) for values in rows])
    contextual = contextual_vectors(embedded.vectors)
    for table, vectors in ((RAW, embedded.vectors), (CONTEXTUAL, contextual)):
        packed = zip(ids, (vector.tobytes() for vector in vectors.astype(VECTOR)), strict=True)
        _write(connection, table, [(id_, each, zlib.crc32(each, id_)) for id_, each in packed])
    told = [(at, each.tobytes()) for at, each in enumerate(embedded.sentences or ()) if each.size]
    sums = ((episode.id, at, each, _sum(episode.id, revision, at, each)) for at, each in told)
    _write(connection, "sentence_vectors", list(sums))
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
    id_, *source, revision, turns, _, _, _, _, _, details = checked(f"episode {row[0]!r}", row)
    episode = episode_of(id_, json.loads(details))
    known = replace(Source(*source), untimed=episode.untimed)
    return StoredEpisode(episode, known, revision, turns)


def read_turns(
    connection: sqlite3.Connection, revisions: Mapping[str, int], wanted: Sequence[tuple[str, int]]
) -> dict[str, dict[int, Turn]]:
    """Turns that are there, by episode and then position, in the order in which they are wanted.

    Args:
        connection: the catalog.
        revisions: those of the store that wrote the episodes, which the episodes' rows name.
        wanted: episode and position in it, each once.

    Raises:
        DamagedRow: one is missing, of another version, or not as it was written.
    """
    rows = connection.execute(
        f"SELECT {TURN_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN turns "
        "ON episode_id = json_extract(wanted.value, '$[0]') "
        "AND position = json_extract(wanted.value, '$[1]') ORDER BY wanted.key",
        (json.dumps(wanted),),
    ).fetchall()
    if len(rows) < len(wanted):
        missing = set(wanted).difference((row[0], row[1]) for row in rows)
        raise DamagedRow(f"turns of episode {min(missing)[0]!r} are missing")
    found: dict[str, dict[int, Turn]] = defaultdict(dict)
    for row in rows:
        id_, at = row[:2]
        values = checked(f"turn {at} of episode {id_!r}", row, revisions[id_])
        found[id_][at] = turn_of(values[2:])
    return found


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
    revisions = {row[2]: row[0] for row in selected}
    read = [checked(f"chunk {row[1]}", row[1:], row[0]) for row in selected]
    cuts = {id_: json.loads(cut) for id_, *_, cut in read}
    said = {(episode, turn): None for id_, episode, *_ in read for turn, _, _ in cuts[id_]}
    turns = read_turns(connection, revisions, list(said))
    found = {
        id_: StoredChunk(
            id_, episode, position, chunk_of(turns[episode], heading, section, cuts[id_])
        )
        for id_, episode, position, heading, section, _ in read
    }
    for number in set(ids).difference(found):
        belongs = "SELECT 1 FROM episodes WHERE ? BETWEEN first_chunk AND last_chunk LIMIT 1"
        if connection.execute(belongs, (int(number),)).fetchone():
            raise DamagedRow(f"chunk {number} is missing")
    return found


def read_vectors(
    connection: sqlite3.Connection, table: str, ids: Sequence[int], dimension: int
) -> NDArray[np.float32]:
    """The vectors of chunks that are there, one row each, in the order of ids.

    Args:
        connection: the catalog.
        table: RAW, or CONTEXTUAL.
        ids: of the chunks.
        dimension: of each vector.

    Raises:
        DamagedRow: one is missing, or not as it was written.
    """
    rows = connection.execute(
        f"SELECT chunk_id, vector, checksum FROM {table} "
        "WHERE chunk_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    found: dict[int, bytes] = {}
    for id_, vector, written in rows:
        whole = isinstance(vector, bytes) and len(vector) == dimension * VECTOR.itemsize
        if not (whole and zlib.crc32(vector, id_) == written):
            raise DamagedRow(f"the vector of chunk {id_} is not as it was written")
        found[id_] = vector
    if missing := sorted(set(ids).difference(found)):
        raise DamagedRow(f"vectors of the chunks {missing[0]} to {missing[-1]} are missing")
    joined = b"".join(found[id_] for id_ in ids)
    return np.frombuffer(joined, dtype=VECTOR).reshape(len(ids), dimension)


def read_sentences(
    connection: sqlite3.Connection, stored: StoredEpisode, turns: range, dimension: int
) -> dict[int, Packed]:
    """The vectors of the sentences of turns, by the turn's position; {} where none are kept.

    Args:
        connection: the catalog.
        stored: whose turns.
        turns: their positions.
        dimension: of each vector.

    Raises:
        DamagedRow: they are not as they were written.
    """
    id_ = stored.episode.id
    found = connection.execute(
        "SELECT position, vectors, checksum FROM sentence_vectors "
        "WHERE episode_id = ? AND position BETWEEN ? AND ?",
        (id_, turns.start, turns.stop - 1),
    ).fetchall()
    for at, vectors, written in found:
        if not isinstance(vectors, bytes) or _sum(id_, stored.revision, at, vectors) != written:
            raise DamagedRow(f"the sentences of turn {at} of {id_!r} are not as they were written")
    return {
        at: np.frombuffer(vectors, dtype=np.int8).reshape(-1, dimension) for at, vectors, _ in found
    }


def _sum(id_: str, revision: int, position: int, vectors: bytes) -> int:
    return zlib.crc32(vectors, checksum([id_, revision, position]))


class DamagedRow(sqlite3.DatabaseError):
    """A row is not as it was written. `schema.plain_errors` says what to do about it."""


def checksum(values: Sequence[Value]) -> int:
    """CRC-32 of values as SQLite gives them back; the same under any Python and system."""
    return zlib.crc32(_encoded(values).encode())


def signed(values: Sequence[Value], revision: int | None = None) -> tuple[Value, ...]:
    """The values of a row with their checksum behind them; it covers `revision` too if given."""
    return (*values, checksum(values if revision is None else (revision, *values)))


def checked(what: str, row: Sequence[Any], revision: int | None = None) -> tuple[Any, ...]:
    """The values of `row` but the last, which is their checksum (with `revision` where given).

    Raises:
        DamagedRow: it is not. `what` names the row in the message.
    """
    values = tuple(row[:-1])
    if tuple(row) == signed(values, revision):
        return values
    raise DamagedRow(f"{what} is not as it was written")
