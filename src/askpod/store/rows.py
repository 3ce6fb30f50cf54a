"""How the values of model.py become rows of the catalog, and rows values again."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.model import Chunk, Episode, Turn

VECTOR = np.dtype("<f4")
EPISODE_COLUMNS = (
    "id, title, short, guests, season, number, date, duration, description, topics, links, youtube"
)
TURN_COLUMNS = 'speaker, text, start, "end", estimated, section'


@dataclass(frozen=True, slots=True)
class Source:
    """Where an indexed episode came from."""

    path: str  # absolute, of its file
    digest: str  # of the file's bytes
    transcript: str  # digest of the words said
    faults: int = 0  # how many were mended


def delete_episode(connection: sqlite3.Connection, episode_id: str) -> None:
    connection.execute(
        "DELETE FROM words WHERE rowid IN (SELECT id FROM chunks WHERE episode_id = ?)",
        (episode_id,),
    )
    connection.execute("DELETE FROM episodes WHERE id = ?", (episode_id,))  # the rest cascades


def insert_episode(connection: sqlite3.Connection, episode: Episode, source: Source) -> None:
    connection.execute(
        "INSERT INTO episodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            episode.id,
            source.path,
            source.digest,
            source.transcript,
            episode.title,
            episode.short,
            json.dumps(episode.guests, ensure_ascii=False),
            episode.season,
            episode.number,
            episode.date,
            episode.duration,
            episode.description,
            json.dumps(episode.topics, ensure_ascii=False),
            json.dumps(episode.links, ensure_ascii=False),
            episode.youtube,
            source.faults,
        ),
    )
    connection.executemany(
        "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (episode.id, i, t.speaker, t.text, t.start, t.end, int(t.estimated), t.section)
            for i, t in enumerate(episode.turns)
        ],
    )


def insert_chunk(
    connection: sqlite3.Connection,
    episode_id: str,
    position: int,
    chunk: Chunk,
    vector: NDArray[np.float32],
    revision: int,
) -> None:
    cuts = [[span.turn, span.offset, span.offset + len(span.text)] for span in chunk.spans]
    number = connection.execute(
        "INSERT INTO chunks (episode_id, position, heading, section, spans, revision) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (episode_id, position, chunk.heading, chunk.section, json.dumps(cuts), revision),
    ).lastrowid
    connection.execute(
        "INSERT INTO vectors VALUES (?, ?)", (number, vector.astype(VECTOR).tobytes())
    )
    connection.execute(
        "INSERT INTO words (rowid, speech, heading) VALUES (?, ?, ?)",
        (number, chunk.text, chunk.heading),
    )
    connection.executemany(
        "INSERT INTO chunk_speakers VALUES (?, ?, ?)",
        [(number, name, share) for name, share in chunk.speaker_shares().items()],
    )


def read_episode(row: tuple[Any, ...]) -> Episode:
    """An episode, without its turns, from EPISODE_COLUMNS."""
    return Episode(
        id=row[0],
        title=row[1],
        turns=(),
        short=row[2],
        guests=tuple(json.loads(row[3])),
        season=row[4],
        number=row[5],
        date=row[6],
        duration=row[7],
        description=row[8],
        topics=tuple(json.loads(row[9])),
        links=json.loads(row[10]),
        youtube=row[11],
    )


def read_turn(row: tuple[Any, ...]) -> Turn:
    """A turn from TURN_COLUMNS."""
    speaker, text, start, end, estimated, section = row
    return Turn(speaker, text, start, end, bool(estimated), section)
