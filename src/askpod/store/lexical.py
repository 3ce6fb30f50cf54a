"""Finds chunks by their words, with SQLite's FTS5 (stemmed words)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

COMMON = 100_000  # chunks: what more of them say is not looked for, as listing them takes 10 ms

ALIKE = 0.85  # difflib's ratio, from which on two spellings are taken for one name

# A word behind a word, not behind the end of a sentence or an opening quotation mark.
_WITHIN = re.compile(r"(?<=[\w,;] )[^\W\d_]+(?:['’][^\W\d_]+)*")


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


def unmentioned_names(
    connection: sqlite3.Connection, text: str, speakers: Collection[str]
) -> list[str]:
    """Names in a question that none of the `speakers` bears or says and no title, guest or
    section has.

    A name is a word with a capital that begins no sentence and is no acronym. One that sounds
    like a word of the archive counts as mentioned: transcripts misspell names.
    """
    within = (word.replace("’", "'").removesuffix("'s") for word in _WITHIN.findall(text))
    names = dict.fromkeys(word for word in within if word[0].isupper() and word[1:2].islower())
    return [name for name in names if not _mentioned(connection, name, speakers)]


def _mentioned(connection: sqlite3.Connection, name: str, speakers: Collection[str]) -> bool:
    if is_held(connection, name):
        return True
    folded = name.casefold()
    if any(folded in speaker.casefold() for speaker in speakers):
        return True
    return bool(alike_stems(connection, folded))


def is_held(connection: sqlite3.Connection, word: str) -> bool:
    """Whether a word stands in any speech or heading, in any of its endings."""
    said = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return connection.execute(said, [quoted(word)]).fetchone() is not None


def alike_stems(connection: sqlite3.Connection, word: str) -> list[str]:
    """Up to three of the archive's stems that are spelt almost like a word, the nearest first."""
    like = _perhaps_alike(word, _beginning(connection, word[0]))
    return get_close_matches(word, list(like), 3, ALIKE)


def texts_with(connection: sqlite3.Connection, stem: str) -> list[str]:
    """The speech and headings of a chunk in which a stem stands."""
    _name_vocabulary(connection)
    row = connection.execute(
        "SELECT speech, heading FROM words WHERE rowid = "
        "(SELECT doc FROM temp.occurrences WHERE term = ? LIMIT 1)",
        [stem],
    ).fetchone()
    return [text for text in row or () if text]


def _perhaps_alike(name: str, words: Iterable[str]) -> Iterator[str]:
    """Those that have enough letters in common with the name; all that are alike are among them.

    A hundred times quicker than to compare them, and of many thousands few are left.
    """
    letters, size = set(name), len(name)
    longest = size * (2 - ALIKE) / ALIKE
    shortest = size * ALIKE / (2 - ALIKE)
    for word in [word for word in words if shortest <= len(word) <= longest]:
        own = set(word)
        most = min(size - len(letters - own), len(word) - len(own - letters))
        if 2 * most >= ALIKE * (size + len(word)):
            yield word


def _beginning(connection: sqlite3.Connection, letter: str) -> Sequence[str]:
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
