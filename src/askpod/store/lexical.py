"""Finds chunks by their words, with SQLite's FTS5 (stemmed words)."""

from __future__ import annotations

import re
import sqlite3
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from askpod.store.catalog import Catalog

COMMONEST = 50_000  # chunks, about 800 hours of talk

ALIKE = 0.85  # difflib's ratio, from which on two spellings are taken for one name

# A word behind a word, not behind the end of a sentence or an opening quotation mark.
_WITHIN = re.compile(r"(?<=[\w,;] )[^\W\d_]+(?:['’][^\W\d_]+)*")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Words so common in questions that they say nothing of the subject.
STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        """a about above after again all also am an and any are as at be because been before being
        between both but by can could did do does doing down during each few for from further get
        gets got had has have having he her here hers him his how i if in into is it its just like
        me more most my no nor not of off on once one only or other our out over own s said same
        say says she should so some such t tell than that the their them then there these they
        thing things this those through to too under until up us very was we were what when where
        which while who whom why will with would you your yours talk talks mean means make makes""",
    )
)


def query_words(text: str) -> list[str]:
    """The words of a question that are worth looking for, in order, each once.

    All of its words where it has no others.
    """
    # "Mara's" must find "Mara"; to FTS5 it would be the two words "mara s".
    found = (word.casefold().replace("’", "'").removesuffix("'s") for word in _WORD.findall(text))
    words = list(dict.fromkeys(found))
    return [word for word in words if word.split("'")[0] not in STOPWORDS] or words


def chunks_that_say(connection: sqlite3.Connection, word: str) -> NDArray[np.int64]:
    """The ids, ascending, of the chunks in whose speech a word stands, in any of its endings.

    None of a word in more than COMMONEST chunks: it tells little, and reading them takes long.
    """
    # As one text: rows by themselves would take three times as long.
    (numbers,) = connection.execute(
        "SELECT group_concat(rowid) FROM "
        "(SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT ?)",
        [f"speech : {quoted(word)}", COMMONEST + 1],
    ).fetchone()
    ids = np.fromstring(numbers or "", dtype=np.int64, sep=",")
    return ids if len(ids) <= COMMONEST else ids[:0]


def unmentioned_names(catalog: Catalog, text: str) -> list[str]:
    """Names in a question that no speaker bears or says and no title, guest or section has.

    A name is a word with a capital that begins no sentence and is no acronym. One that sounds
    like a word of the archive counts as mentioned: transcripts misspell names.
    """
    within = (word.replace("’", "'").removesuffix("'s") for word in _WITHIN.findall(text))
    names = dict.fromkeys(word for word in within if word[0].isupper() and word[1:2].islower())
    with catalog.reading() as connection:
        return [name for name in names if not _mentioned(catalog, connection, name)]


def _mentioned(catalog: Catalog, connection: sqlite3.Connection, name: str) -> bool:
    said = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    if connection.execute(said, [quoted(name)]).fetchone():
        return True
    if any(name.casefold() in speaker.casefold() for speaker in catalog.speakers()):
        return True
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab (main, words, row)"
    )
    like = connection.execute(
        "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?",
        [name[0].casefold(), chr(ord(name[0].casefold()) + 1)],
    )
    return bool(get_close_matches(name.casefold(), [term for (term,) in like], 1, ALIKE))


def quoted(word: str) -> str:
    """A word as FTS5's query language takes it literally."""
    return '"' + word.replace('"', '""') + '"'
