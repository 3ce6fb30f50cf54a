"""Which texts hold which words, inflections included.

SQLite's FTS5 does the matching, with the tokenizer of the archive's own word index, so that
"forecasts" in a question finds "forecasting" here exactly where it does there.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from askpod.store.lexical import quoted
from askpod.store.schema import TOKENIZER


def held_words(words: Sequence[str], texts: Sequence[str]) -> list[frozenset[str]]:
    """For each text those of `words` that it holds."""
    held: list[set[str]] = [set() for _ in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = '{TOKENIZER}')"
        )
        connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts))
        for word in words:
            query = "SELECT rowid FROM texts WHERE texts MATCH ?"
            for (number,) in connection.execute(query, [quoted(word)]):
                held[number].add(word)
    return [frozenset(each) for each in held]


def shares(words: Sequence[str], texts: Sequence[str]) -> list[float]:
    """For each text the share of `words` it holds, from 0 to 1.

    A word weighs the more the fewer of the texts hold it (inverse document frequency).
    """
    held = held_words(words, texts)
    counts = Counter(word for each in held for word in each)
    weights = {word: math.log(1 + len(texts) / (1 + counts[word])) for word in words}
    total = sum(weights.values()) or 1.0
    return [sum(weights[word] for word in each) / total for each in held]
