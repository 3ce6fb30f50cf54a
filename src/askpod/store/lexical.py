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
