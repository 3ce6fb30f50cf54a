"""Looks through a whole catalog for damage. Changes nothing.

What is read in passing is checked as it is read (rows.py). This reads all there is, and
compares what a search looks up (words, speakers) with what it was made from.
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing, suppress
from functools import partial

import numpy as np

from askpod.embedding.contextual import contextual_vectors
from askpod.errors import StoreBusy, StoreDamaged, StoreUnwritable
from askpod.store.catalog import Catalog
from askpod.store.filters import Selection
from askpod.store.rows import DamagedRow

SUMMED_UP_TO = 100_000  # chunks: some 40 ms
# What a search reads that has no checksum of its own: where words stand, who speaks where,
# which chunks are whose. Read through the very indexes that a search uses, and summed up as
# whole numbers: a sum of fractions may differ between two versions of SQLite.
_SHARE = "CAST(share * 1000000000 AS INTEGER)"
_LOOKED_UP = (
    "SELECT id, block FROM words_data ORDER BY id",
    "SELECT segid, term, pgno FROM words_idx ORDER BY segid, term",
    f"SELECT speaker, count(*), sum(chunk_id), sum({_SHARE}) FROM chunk_speakers "
    "INDEXED BY chunks_of_speaker GROUP BY speaker ORDER BY speaker",
    f"SELECT count(*), sum(chunk_id), sum({_SHARE}), group_concat(speaker, char(31)) "
    "FROM chunk_speakers NOT INDEXED",
    "SELECT episode_id, count(*), sum(id), sum(position) FROM chunks "
    "INDEXED BY chunks_of_episode GROUP BY episode_id ORDER BY episode_id",
    "SELECT first_chunk, last_chunk, turns, id FROM episodes "
    "INDEXED BY extents ORDER BY first_chunk, id",
)


def lookup_checksum(catalog: Catalog) -> int | None:
    """Of what a search looks up; None past SUMMED_UP_TO, where it would take too long."""
    with catalog.reading() as connection:
        if catalog.counts()["chunks"] > SUMMED_UP_TO:
            return None
        total = 0
        for query in _LOOKED_UP:
            for row in connection.execute(query):
                values = (it if isinstance(it, bytes) else str(it).encode() for it in row)
                total = zlib.crc32(b"\x1f".join(values), total)
        return total


def examine(catalog: Catalog) -> dict[str, str]:
    """What is wrong in each part of the catalog; {} if nothing. A second for 300 episodes."""
    problems = {}
    for name, look in (
        ("structure", _structure),
        ("episodes", lambda _: [catalog.turns(id_) for id_ in catalog.stored_episodes()]),
        ("chunks", partial(_chunks, catalog)),
        ("vectors", lambda _: _vectors(catalog)),
        ("words", partial(_words, catalog)),
    ):
        try:
            with catalog.reading() as connection:
                look(connection)
        except StoreDamaged as error:
            problems[name] = str(error)
    return problems


def _structure(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DamagedRow(found)


def _chunks(catalog: Catalog, connection: sqlite3.Connection) -> None:
    ids = catalog.chunk_ids(Selection()).tolist()
    ranges = catalog.chunk_ranges()
    if ids != [number for first, last, _ in ranges for number in range(first, last + 1)]:
        raise DamagedRow("chunks are missing")
    for first, last, id_ in ranges:
        shares = connection.execute(
            "SELECT chunk_id, speaker, share FROM chunk_speakers WHERE chunk_id BETWEEN ? AND ?",
            (first, last),
        ).fetchall()
        said = [
            (number, speaker, share)
            for number, stored in catalog.chunks(range(first, last + 1)).items()
            for speaker, share in stored.chunk.speaker_shares().items()
        ]
        if sorted(shares) != sorted(said):
            raise DamagedRow(f"who speaks in the chunks of episode {id_!r} is wrong")


def _vectors(catalog: Catalog) -> None:
    for first, last, _ in catalog.chunk_ranges():
        ids = range(first, last + 1)
        if not np.array_equal(
            catalog.contextual_vectors(ids), contextual_vectors(catalog.vectors(ids))
        ):
            raise DamagedRow(f"the contextual vectors of the chunks {first} to {last} are wrong")
    for id_, stored in catalog.stored_episodes().items():  # reading them checks them
        catalog.sentence_vectors(id_, 0, stored.turns)


def _words(catalog: Catalog, connection: sqlite3.Connection) -> None:
    """FTS5's own check, which counts as writing; where nobody may write it cannot be done."""
    (count,) = connection.execute("SELECT count(*) FROM words_docsize").fetchone()
    if count != catalog.counts()["chunks"]:
        raise DamagedRow("words of chunks are missing")
    with (
        suppress(StoreBusy, StoreUnwritable),
        closing(Catalog(catalog.folder, catalog.path.name, writable=True)) as writer,
    ):
        writer.check_words()
