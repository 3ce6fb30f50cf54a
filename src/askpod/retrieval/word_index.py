"""Keeps where words are said, for the next questions: common ones come again and again."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict

from askpod.store.lexical import Ids, chunks_that_say

KEPT = 2_000_000  # ids of the words that were asked last: 16 MB


class WordIndex:
    """Which chunks say a word; kept for the words asked last. Safe for several threads."""

    def __init__(self) -> None:
        self._state: object = None
        self._kept: OrderedDict[str, Ids | None] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def chunks_that_say(
        self, connection: sqlite3.Connection, word: str, state: object
    ) -> Ids | None:
        """As the function of this name; `state` tells one state of the archive from another."""
        with self._lock:
            if state != self._state:
                self._state, self._size = state, 0
                self._kept.clear()
            if word in self._kept:
                self._kept.move_to_end(word)
                return self._kept[word]
        ids = chunks_that_say(connection, word)
        with self._lock:
            if state == self._state and word not in self._kept:
                self._kept[word] = ids
                self._size += _count(ids)
                while self._size > KEPT:
                    self._size -= _count(self._kept.popitem(last=False)[1])
        return ids


def _count(ids: Ids | None) -> int:
    return 1 if ids is None else 1 + len(ids)
