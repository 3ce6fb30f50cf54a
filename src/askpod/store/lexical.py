"""Finds chunks by their words, with SQLite's FTS5 (stemmed words)."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

COMMON = 100_000  # chunks: what more of them say is not looked for, as listing them takes 10 ms


def chunks_that_say(connection: sqlite3.Connection, word: str) -> Ids | None:
    """Ids, ascending, of the chunks in whose speech a word stands, in any of its endings.

    None where more than COMMON say it: such a word tells next to nothing.
    """
    # As one text: rows by themselves would take three times as long.
    (numbers,) = connection.execute(
        "SELECT group_concat(rowid) FROM (SELECT rowid FROM words "
        "WHERE words MATCH ? ORDER BY rowid LIMIT ?)",
        [f"speech : {quoted(word)}", COMMON + 1],
    ).fetchone()
    ids = np.fromstring(numbers or "", dtype=np.int64, sep=",")
    return ids if len(ids) <= COMMON else None


def quoted(word: str) -> str:
    """A word as FTS5's query language takes it literally."""
    return '"' + word.replace('"', '""') + '"'


def is_held(connection: sqlite3.Connection, word: str) -> bool:
    """Whether a word stands in any speech or heading, in any of its endings."""
    said = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return connection.execute(said, [quoted(word)]).fetchone() is not None


def texts_with(connection: sqlite3.Connection, stem: str) -> list[str]:
    """The speech and headings of a chunk in which a stem stands."""
    _name_vocabulary(connection)
    row = connection.execute(
        "SELECT speech, heading FROM words WHERE rowid = "
        "(SELECT doc FROM temp.occurrences WHERE term = ? LIMIT 1)",
        [stem],
    ).fetchone()
    return [text for text in row or () if text]


def stems_from(connection: sqlite3.Connection, letter: str) -> list[str]:
    """The words of the archive that begin with a letter, as FTS5 keeps them."""
    _name_vocabulary(connection)
    like = connection.execute(
        "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?",
        [letter, chr(ord(letter) + 1)],
    )
    return [term for (term,) in like]


def _name_vocabulary(connection: sqlite3.Connection) -> None:
    for name, kind in (("vocabulary", "row"), ("occurrences", "instance")):
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{name} USING fts5vocab (main, words, {kind})"
        )
