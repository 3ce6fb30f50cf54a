"""Words reduced to their stems, so that "forecasts" in a question finds "forecasting"."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_stemmer_lock = threading.Lock()  # a stemmer keeps the word it works on in itself
_stemmer = snowballstemmer.stemmer("english")


def stems(text: str) -> list[str]:
    """The stem of each word of a text, in order."""
    return [_stem(word) for word in _WORD.findall(text.casefold())]


def stem_set(words: Iterable[str]) -> frozenset[str]:
    """The distinct stems of words."""
    return frozenset(stem for word in words for stem in stems(word))


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    bare = word.replace("’", "'").removesuffix("'s").replace("'", "")
    with _stemmer_lock:
        return str(_stemmer.stemWord(bare))
