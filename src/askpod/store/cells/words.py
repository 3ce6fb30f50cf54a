"""Words that very many chunks say: where they are said, as one bit for each chunk.

FTS5 takes 0.1 s to list a million chunks, and a question has several such words. What a search
wants of them is only which of the chunks that come into question say them. Also the vocabulary,
for words that are misspelt: to list it, FTS5 reads all of its index.
"""

from __future__ import annotations

import sqlite3
import threading
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.store.schema import TOKENIZER

Ids = NDArray[np.int64]

COMMON = 50_000  # chunks that say a word, from which on it is kept here
VOCABULARY, COMMONEST, BITS = "vocabulary.txt", "common.txt", "common.npy"
_LONGEST = 100  # characters of a word of the vocabulary: longer ones are none


class Words:
    """The words of a cell index."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError where the files cannot be read."""
        self._folder = folder
        lines = (folder / COMMONEST).read_text(encoding="utf-8").splitlines()
        common = [line.split(" ") for line in lines]
        self._common = {word: place for place, (word, _) in enumerate(common)}
        self._counts = [int(count) for _, count in common]
        self._bits: NDArray[np.uint8] = np.load(folder / BITS, mmap_mode="r", allow_pickle=False)
        self._vocabulary: list[str] | None = None

    def common(self, word: str) -> int | None:
        """The number of a word of a question among the common ones; None if it is none."""
        stem = stem_of(word)
        return None if stem is None else self._common.get(stem)

    def count(self, number: int) -> int:
        """How many chunks of the index say a common word."""
        return self._counts[number]

    def said(self, number: int, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether the chunks at these places of the index say a common word."""
        bits = self._bits[number][places >> 3] >> (7 - (places & 7)).astype(np.uint8)
        said: NDArray[np.bool_] = (bits & 1).astype(np.bool_)
        return said

    def beginning(self, letter: str) -> Sequence[str]:
        """The words of the vocabulary that begin with a letter, as FTS5 keeps them."""
        if self._vocabulary is None:
            text = (self._folder / VOCABULARY).read_text(encoding="utf-8")
            self._vocabulary = text.split("\n")
        words = self._vocabulary
        return words[bisect_left(words, letter) : bisect_left(words, chr(ord(letter) + 1))]


def write_words(folder: Path, connection: sqlite3.Connection, ids: Ids) -> None:
    """Writes the words of the chunks with these ids, ascending, which are all there are."""
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.said USING fts5vocab (main, words, col)"
    )
    found = connection.execute("SELECT term, col, doc FROM temp.said ORDER BY term").fetchall()
    vocabulary = sorted({term for term, _, _ in found if len(term) <= _LONGEST})
    (folder / VOCABULARY).write_text("\n".join(vocabulary), encoding="utf-8")
    counts = {term: doc for term, column, doc in found if column == "speech" and doc > COMMON}
    # A stem whose own stem is another word cannot be asked for by itself; it is searched as ever.
    common = [term for term in counts if stem_of(term) == term]
    lines = "\n".join(f"{term} {counts[term]}" for term in common)
    (folder / COMMONEST).write_text(lines, encoding="utf-8")
    bits = np.lib.format.open_memmap(
        folder / BITS, "w+", np.dtype(np.uint8), shape=(len(common), -(-len(ids) // 8))
    )
    for place, term in enumerate(common):
        says = np.zeros(len(ids), np.bool_)
        says[np.searchsorted(ids, all_that_say(connection, term))] = True
        bits[place] = np.packbits(says)
    bits.flush()


def all_that_say(connection: sqlite3.Connection, word: str, after: int = 0, most: int = -1) -> Ids:
    """Ids, ascending and above `after`, of the chunks in whose speech a word stands, in any of
    its endings; the first `most` of them, unless that is -1."""
    # As one text: rows by themselves would take three times as long.
    (numbers,) = connection.execute(
        "SELECT group_concat(rowid) FROM (SELECT rowid FROM words "
        "WHERE words MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?)",
        [f"speech : {quoted(word)}", after, most],
    ).fetchone()
    return np.fromstring(numbers or "", dtype=np.int64, sep=",")


def quoted(word: str) -> str:
    """A word as FTS5's query language takes it literally."""
    return '"' + word.replace('"', '""') + '"'


def stem_of(word: str) -> str | None:
    """A word as FTS5 keeps it; None where it is kept as several, or as none."""
    return _stemmer().stem(word)


@cache
def _stemmer() -> _Stemmer:
    return _Stemmer()


class _Stemmer:
    """Asks the tokenizer of the catalog's word index, which only an index can be asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute(
            f"CREATE VIRTUAL TABLE one USING fts5 (word, tokenize = '{TOKENIZER}')"
        )
        self._connection.execute("CREATE VIRTUAL TABLE kept USING fts5vocab (one, instance)")

    def stem(self, word: str) -> str | None:
        with self._lock:
            self._connection.execute("DELETE FROM one")
            self._connection.execute("INSERT INTO one VALUES (?)", [word])
            terms = self._connection.execute("SELECT term FROM kept").fetchall()
        return terms[0][0] if len(terms) == 1 else None
