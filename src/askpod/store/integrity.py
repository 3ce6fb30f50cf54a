"""Looks through a whole catalog for damage. Changes nothing.

What is read in passing is checked as it is read (lookups.py). This reads all there is, and
compares what a search looks up (words, speakers) with what it was made from.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from contextlib import closing

from askpod.errors import StoreBusy, StoreDamaged, StoreUnwritable
from askpod.store.catalog import Catalog
from askpod.store.checksums import DamagedRow
from askpod.store.filters import Selection

_BATCH = 2000  # chunks
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
                total = zlib.crc32(_bytes(row), total)
        return total


def examine(catalog: Catalog) -> dict[str, str]:
    """What is wrong in each part of the catalog; empty where it is whole.

    Takes a second for some hundred episodes, and grows with them.
    """
    parts: dict[str, Callable[[Catalog], None]] = {
        "structure": _structure,
        "episodes": _episodes,
        "chunks": _chunks,
        "vectors": _vectors,
        "words": _words,
    }
    problems = {}
    for name, look in parts.items():
        try:
            look(catalog)
        except StoreDamaged as error:
            problems[name] = str(error)
    return problems


def _structure(catalog: Catalog) -> None:
    with catalog.reading() as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DamagedRow(found)


def _episodes(catalog: Catalog) -> None:
    with catalog.reading():
        for id_ in catalog.stored_episodes():
            catalog.turns(id_)


def _chunks(catalog: Catalog) -> None:
    with catalog.reading() as connection:
        ids = catalog.chunk_ids(Selection()).tolist()
        told = [number for first, last, _ in catalog.chunk_ranges() for number in _to(first, last)]
        if ids != told:
            raise DamagedRow("chunks are missing")
        for begin in range(0, len(ids), _BATCH):
            batch = ids[begin : begin + _BATCH]
            shares = connection.execute(
                "SELECT chunk_id, speaker, share FROM chunk_speakers "
                "WHERE chunk_id BETWEEN ? AND ?",
                (batch[0], batch[-1]),
            ).fetchall()
            said = [
                (number, speaker, share)
                for number, stored in catalog.chunks(batch).items()
                for speaker, share in stored.chunk.speaker_shares().items()
            ]
            if sorted(shares) != sorted(said):
                raise DamagedRow(f"who speaks in chunks {batch[0]} to {batch[-1]} is wrong")


def _to(first: int, last: int) -> Iterable[int]:
    return range(first, last + 1)


def _vectors(catalog: Catalog) -> None:
    with catalog.reading():
        for first, last, _ in catalog.chunk_ranges():
            catalog.vectors_between(first, last)


def _words(catalog: Catalog) -> None:
    """FTS5's own check, which counts as writing; where nobody may write it cannot be done."""
    with catalog.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM words_docsize").fetchone()
        if count != catalog.counts()["chunks"]:
            raise DamagedRow("words of chunks are missing")
    try:
        with closing(Catalog(catalog.folder, catalog.path.name, writable=True)) as writer:
            writer.check_words()
    except (StoreBusy, StoreUnwritable):
        return


def _bytes(row: tuple[object, ...]) -> bytes:
    return b"\x1f".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
