"""Drops hits that say what a better one already said: recordings published twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from askpod.retrieval.hit import Hit

SAME = 0.8  # share of the shorter text's words that the longer one must hold too


def without_duplicates(hits: Sequence[Hit]) -> list[Hit]:
    """The hits in order, less those whose words stand almost all in an earlier one.

    Only hits of different episodes are compared: within one, overlapping neighbours are joined
    (see widen.py), not dropped.
    """
    kept: list[Hit] = []
    kept_words: list[frozenset[str]] = []
    for hit in hits:
        words = frozenset(re.findall(r"\w+", hit.stored.chunk.text.casefold()))
        if not any(
            hit.stored.episode_id != other.stored.episode_id and _alike(words, other_words)
            for other, other_words in zip(kept, kept_words, strict=True)
        ):
            kept.append(hit)
            kept_words.append(words)
    return kept


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shorter, longer = sorted((len(one), len(other)))
    # Far apart in length cannot be the same words; short texts are alike by chance.
    if shorter < 12 or shorter < SAME * longer * 0.6:
        return False
    return len(one & other) >= SAME * shorter
