"""Finds chunks by their words, with SQLite's FTS5 (stemmed words)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from askpod.store.cells.index import CellIndex
from askpod.store.cells.words import COMMON, all_that_say, quoted

Ids = NDArray[np.int64]

# Chunks that a word of the cell index's rest may be in: those of COMMON, and ones written since.
_MOST = 2 * COMMON

ALIKE = 0.85  # difflib's ratio, from which on two spellings are taken for one name

# A word behind a word, not behind the end of a sentence or an opening quotation mark.
_WITHIN = re.compile(r"(?<=[\w,;] )[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Places:
    """Where a word of a question is said."""

    count: int  # chunks that say it; -1 where that is not known
    chunks: Ids  # ascending: all of them, unless the word is a common one
    common: int | None = None  # its number in the cell index, which tells of any chunk

    def among(self, ids: Ids, cells: CellIndex | None) -> Ids:
        """The chunks that say it, ascending; of a common word those of ascending `ids` alone."""
        if self.common is None or cells is None:
            return self.chunks
        held = cells.said(self.common, ids)
        return np.concatenate([held, np.intersect1d(self.chunks, ids, assume_unique=True)])


def places_of(connection: sqlite3.Connection, word: str, cells: CellIndex | None) -> Places:
    """Where a word stands in the speech of the archive, in any of its endings.

    Not looked for where it is said in more chunks than can be listed in a few milliseconds, and
    there is no cell index to tell of them.
    """
    common = None if cells is None else cells.words.common(word)
    if cells is not None and common is not None:
        newer = all_that_say(connection, word, after=cells.stamp.last_chunk)
        return Places(cells.words.count(common) + len(newer), newer, common)
    ids = all_that_say(connection, word, most=_MOST + 1)
    return Places(len(ids), ids) if len(ids) <= _MOST else Places(-1, ids[:0])


def unmentioned_names(
    connection: sqlite3.Connection, text: str, speakers: Collection[str], cells: CellIndex | None
) -> list[str]:
    """Names in a question that none of the `speakers` bears or says and no title, guest or
    section has.

    A name is a word with a capital that begins no sentence and is no acronym. One that sounds
    like a word of the archive counts as mentioned: transcripts misspell names.
    """
    within = (word.replace("’", "'").removesuffix("'s") for word in _WITHIN.findall(text))
    names = dict.fromkeys(word for word in within if word[0].isupper() and word[1:2].islower())
    return [name for name in names if not _mentioned(connection, name, speakers, cells)]


def _mentioned(
    connection: sqlite3.Connection, name: str, speakers: Collection[str], cells: CellIndex | None
) -> bool:
    said = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    if connection.execute(said, [quoted(name)]).fetchone():
        return True
    folded = name.casefold()
    if any(folded in speaker.casefold() for speaker in speakers):
        return True
    like = _perhaps_alike(folded, _beginning(connection, folded[0], cells))
    return bool(get_close_matches(folded, list(like), 1, ALIKE))


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


def _beginning(
    connection: sqlite3.Connection, letter: str, cells: CellIndex | None
) -> Sequence[str]:
    """The words of the archive that begin with a letter, as FTS5 keeps them."""
    if cells is not None:
        return cells.words.beginning(letter)
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab (main, words, row)"
    )
    like = connection.execute(
        "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?",
        [letter, chr(ord(letter) + 1)],
    )
    return [term for (term,) in like]
