"""Finds chunks by their words, with SQLite's FTS5 (BM25 over stemmed words)."""

from __future__ import annotations

import re

from askpod.store.catalog import Catalog
from askpod.store.filters import Selection, chunk_condition

HEADING_WEIGHT = 0.5  # a word of the title or section counts half of one that was said

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
    words = list(dict.fromkeys(word.casefold().replace("’", "'") for word in _WORD.findall(text)))
    return [word for word in words if word.split("'")[0] not in STOPWORDS] or words


def match_words(
    catalog: Catalog, words: list[str], count: int, selection: Selection
) -> list[tuple[int, float]]:
    """(chunk id, BM25 score) of the `count` selected chunks that match best, best first.

    A chunk matches by any of the words. The score is FTS5's, its sign turned: higher is better.
    """
    if not words or selection.empty:
        return []
    condition, parameters = chunk_condition(selection)
    joined = "JOIN chunks ON chunks.id = words.rowid" if parameters else ""
    with catalog.reading() as connection:
        rows = connection.execute(
            f"SELECT words.rowid, bm25(words, 1.0, {HEADING_WEIGHT}) AS score FROM words {joined} "
            f"WHERE words MATCH ? AND {condition} ORDER BY score, words.rowid LIMIT ?",
            [" OR ".join(_quoted(word) for word in words), *parameters, count],
        )
        return [(number, -score) for number, score in rows]


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
