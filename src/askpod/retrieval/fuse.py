"""Joins rankings from different searches into one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

# Cormack, Clarke, Büttcher: "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
# Learning Methods", SIGIR 2009, use 60; it keeps one first place from outweighing all else.
RANK_CONSTANT = 60


def reciprocal_rank(
    rankings: Sequence[Sequence[int]], weights: Sequence[float] | None = None
) -> list[tuple[int, float]]:
    """(id, score) of everything ranked, best first; of equal scores the lower id.

    The score is the sum over the rankings of weight / (RANK_CONSTANT + rank), rank from 1.
    """
    scores: dict[int, float] = defaultdict(float)
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, number in enumerate(ranking, start=1):
            scores[number] += weight / (RANK_CONSTANT + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
