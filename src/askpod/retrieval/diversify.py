"""Drops passages that say what a better one already said: recordings published twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from askpod.model import Passage

SAME = 0.8  # share of the shorter passage's words that the other one must hold too
FEWEST = 12  # distinct words; shorter texts are alike by chance


def without_duplicates(passages: Iterable[Passage]) -> Iterator[Passage]:
    """The passages in order, less those whose words stand almost all in an earlier one.

    Only passages of different episodes are compared: those of one never overlap.
    """
    kept: list[tuple[str, frozenset[str]]] = []
    for passage in passages:
        words = frozenset(re.findall(r"\w+", passage.text.casefold()))
        if any(other != passage.episode_id and _alike(words, seen) for other, seen in kept):
            continue
        kept.append((passage.episode_id, words))
        yield passage


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shorter = min(len(one), len(other))
    return shorter >= FEWEST and len(one & other) >= SAME * shorter
