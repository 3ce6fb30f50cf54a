"""How well each chunk fits a question: its meaning, its words, and the talk around it.

Talk spreads an answer over several turns, so a chunk is judged with its neighbours. What each
part gives is measured in docs/retrieval.md; no part is tuned to one collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

# Added to the cosine for the chunk that matches the question's words best, and for the others
# in proportion of their BM25. Anything from 0.15 to 0.5 serves nearly as well.
WORDS = 0.3
# Shares of its neighbours' scores that a chunk is given: the next ones, those after them, …
NEIGHBOURS = (0.4, 0.2)


@dataclass(frozen=True, slots=True)
class Pool:
    """The chunks that come into question, as aligned arrays in the order of their ids.

    Chunks of one episode have consecutive ids in the order of speech, so neighbours in speech
    are neighbours in number.
    """

    ids: NDArray[np.int64]
    episodes: NDArray[np.int64]  # the same number for chunks of one episode
    cosines: NDArray[np.float32]
    words: NDArray[np.float64]  # BM25, 0.0 where no word matches
    selected: NDArray[np.bool_]  # those that may be shown; the others count as neighbours only

    def at(self, step: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each chunk the index of the one `step` later in its episode, and whether it is
        in the pool (where it is not, the index means nothing)."""
        wanted = self.ids + step
        index = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        there = (self.ids[index] == wanted) & (self.episodes[index] == self.episodes)
        return index, there


def relevance(pool: Pool) -> Scores:
    """The score of each chunk of the pool; higher is better."""
    own = own_scores(pool)
    scores = own.copy()
    for distance, share in enumerate(NEIGHBOURS, start=1):
        for step in (-distance, distance):
            index, there = pool.at(step)
            scores += np.where(there, share * own[index], 0.0)
    return scores


def own_scores(pool: Pool) -> Scores:
    """What each chunk has by itself: the cosine, and its share of the best match of words."""
    best = pool.words.max(initial=0.0)
    return pool.cosines + (WORDS / best * pool.words if best > 0 else 0.0)


def best_first(ids: Sequence[int], scores: Scores) -> list[int]:
    """Indices by descending score; of equal ones the earlier chunk."""
    return [int(i) for i in np.lexsort((np.asarray(ids), -scores))]
