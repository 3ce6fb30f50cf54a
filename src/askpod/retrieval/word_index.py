"""Which chunks say a word, by SQLite's FTS5 (stemmed words), and how much of one who says.

What is found of a word is kept for the questions that follow.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from askpod.people import Labels
from askpod.retrieval.rerank import Ids, Scores
from askpod.store.filters import spoken_under

# A word that more than a fifth of the chunks say, or more than MOST, tells next to nothing and is
# not looked for: to list 100,000 of them takes 10 ms. Where a fifth is few, it costs nothing.
COMMON_SHARE = 0.2
FEW, MOST = 20_000, 30_000  # chunks
KEPT = 2_000_000  # ids of the words that were asked last, as common ones come again: 16 MB
GUEST = 10_000  # chunks; of somebody who speaks in more each candidate is looked up


class WordIndex:
    """Which chunks say a word; kept for the words asked last. Safe for several threads."""

    def __init__(self) -> None:
        self._state: object = None
        self._kept: OrderedDict[str, Ids | None] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def is_said(self, connection: sqlite3.Connection, word: str, count: int, state: object) -> bool:
        """Whether any chunk says a word; arguments as of `chunks_that_say`."""
        ids = self.chunks_that_say(connection, word.lower(), count, state)
        return ids is None or len(ids) > 0

    def chunks_that_say(
        self, connection: sqlite3.Connection, word: str, count: int, state: object
    ) -> Ids | None:
        """As the function of this name; `state` tells one state of the archive from another."""
        with self._lock:
            if state != self._state:
                self._state, self._size = state, 0
                self._kept.clear()
            if word in self._kept:
                self._kept.move_to_end(word)
                return self._kept[word]
        ids = chunks_that_say(connection, word, count)
        with self._lock:
            if state == self._state and word not in self._kept:
                self._kept[word] = ids
                self._size += _count(ids)
                while self._size > KEPT:
                    self._size -= _count(self._kept.popitem(last=False)[1])
        return ids


def chunks_that_say(connection: sqlite3.Connection, word: str, count: int) -> Ids | None:
    """Ids, ascending, of the chunks in whose speech a word stands, in any of its endings.

    None where too many of all `count` chunks say it.
    """
    most = min(MOST, max(FEW, int(COMMON_SHARE * count)))
    # As one text: rows by themselves would take three times as long.
    (numbers,) = connection.execute(
        "SELECT group_concat(rowid) FROM (SELECT rowid FROM words "
        "WHERE words MATCH ? ORDER BY rowid LIMIT ?)",
        [f"speech : {quoted(word)}", most + 1],
    ).fetchone()
    ids = np.fromstring(numbers or "", dtype=np.int64, sep=",")
    return ids if len(ids) <= most else None


def speech_shares(connection: sqlite3.Connection, labels: Labels) -> Callable[[Ids], Scores]:
    """The share of chunks' speech that is under these labels, for chunk ids in ascending order.

    All chunks of somebody who speaks in few are read now, while candidates are still looked for.
    A host speaks in half of an archive: then each candidate's share is looked up.
    """
    if not labels:
        return lambda ids: np.zeros(len(ids))
    query, parameters = spoken_under(labels)
    counted = f"SELECT count(*) FROM ({query} LIMIT ?)"
    if connection.execute(counted, [*parameters, GUEST + 1]).fetchone()[0] <= GUEST:
        return partial(_shares, connection.execute(query, parameters).fetchall())
    among = f"SELECT * FROM ({query}) WHERE chunk_id IN (SELECT value FROM json_each(?))"
    return lambda ids: _shares(
        connection.execute(among, [*parameters, json.dumps(ids.tolist())]).fetchall(), ids
    )


def _shares(spoken: Sequence[tuple[int, float]], ids: Ids) -> Scores:
    """The sum of the shares of each of `ids`, from pairs of a chunk's id and a share."""
    shares = np.zeros(len(ids))
    if spoken and len(ids):
        pairs = np.array(spoken)
        places = np.minimum(np.searchsorted(ids, pairs[:, 0]), len(ids) - 1)
        held = ids[places] == pairs[:, 0]
        np.add.at(shares, places[held], pairs[held, 1])
    return shares


def quoted(word: str) -> str:
    """A word as FTS5's query language takes it literally."""
    return '"' + word.replace('"', '""') + '"'


def _count(ids: Ids | None) -> int:
    return 1 if ids is None else 1 + len(ids)
