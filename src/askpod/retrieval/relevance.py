"""How well each chunk fits a question: its meaning, its words, who speaks, and the talk around it.

Talk spreads an answer, and the words of a question, over many turns: "she" said a minute ago, the
company named at the beginning. So a chunk is judged by itself, with the minutes around it and with
the quarter of an hour around it, and its score is given to its neighbours in part.
What each part gives is measured in docs/retrieval.md; no part is tuned to one collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Scores = NDArray[np.float64]

# How many chunks to either side are looked at: the chunk alone, some minutes, about a quarter of an
# hour. Half or twice as far serves nearly as well.
REACHES = (0, 8, 32)
# Added to the cosine for the chunk that fits best within each reach, to others in proportion.
WORDS = 0.15
# Added where all of the chunk is said by somebody whom the question names. 0.15 to 0.5 serve alike.
SPEAKER = 0.25
# Shares of its neighbours' scores that a chunk is given: the next ones, those after them.
NEIGHBOURS = (0.3, 0.15)


@dataclass(frozen=True, slots=True)
class Said:
    """A word of the question and where it is said."""

    rarity: float  # its weight
    chunks: Ids  # ascending; all that say it, as far as the pool and what is around it goes


def rarity(holding: int, count: int) -> float:
    """The weight of a word that `holding` of `count` chunks say, as BM25 has it (Robertson and
    Zaragoza, 2009, section 3.2, with 1 added so that no weight is negative)."""
    return float(np.log1p((count - holding + 0.5) / (holding + 0.5)))


@dataclass(frozen=True, slots=True)
class Cosines:
    """How similar chunks are to the question: those of a pool and those around them."""

    ids: Ids  # ascending
    values: NDArray[np.float32]

    def mean(self, begins: Ids, ends: Ids) -> Scores:
        """The mean from each begin to its end, inclusive."""
        sums = np.concatenate([[0.0], np.cumsum(self.values, dtype=np.float64)])
        first = np.searchsorted(self.ids, begins, side="left")
        after = np.searchsorted(self.ids, ends, side="right")
        means: Scores = (sums[after] - sums[first]) / np.maximum(1, after - first)
        return means


@dataclass(frozen=True, slots=True)
class Pool:
    """The chunks that come into question, as aligned arrays in the order of their ids.

    Chunks of one episode have consecutive ids in the order of speech, so neighbours in speech
    are neighbours in number.
    """

    ids: Ids
    firsts: Ids  # the first chunk of each one's episode
    lasts: Ids  # and the last
    cosines: Cosines
    said: Sequence[Said]  # the question's words
    named: Scores  # share of each that is said by somebody whom the question names
    selected: NDArray[np.bool_]  # those that may be shown; the others count as neighbours only

    def around(self, reach: int) -> tuple[Ids, Ids]:
        """For each chunk the first and the last one of its episode within `reach` of it."""
        return np.maximum(self.ids - reach, self.firsts), np.minimum(self.ids + reach, self.lasts)

    def at(self, step: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each chunk the index of the one `step` later in its episode, and whether it is
        in the pool (where it is not, the index means nothing)."""
        wanted = self.ids + step
        index = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        there = (self.ids[index] == wanted) & (self.firsts[index] == self.firsts)
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
    """What each chunk has without its neighbours' scores."""
    around = [pool.around(reach) for reach in REACHES]
    chunk, minutes, quarter_hour = (pool.cosines.mean(*each) for each in around)
    # That minutes are on the subject tells more than one sentence does; that the whole episode
    # is, tells nothing of where in it the answer is.
    scores: Scores = chunk + minutes - quarter_hour + SPEAKER * pool.named
    for begins, ends in around:
        words = word_scores(pool.said, begins, ends)
        best = words.max(initial=0.0)
        if best > 0:
            scores += WORDS / best * words
    return scores


def coverage(pool: Pool, said: Sequence[Said]) -> float:
    """The greatest share of these words, by their rarity, in one chunk that may be shown."""
    ids = pool.ids[pool.selected]
    # In one chunk a word that is said has half of its rarity as its score.
    held = 2 * word_scores(said, ids, ids).max(initial=0.0)
    return float(held / (sum(word.rarity for word in said) or 1.0))


def word_scores(said: Sequence[Said], begins: Ids, ends: Ids) -> Scores:
    """How well the question's words are covered from each begin to its end, inclusive.

    Each word counts by its rarity times n / (n + 1), where n of these chunks say it: that many
    different words are said weighs more than that one is said often (as in BM25).
    """
    scores = np.zeros(len(begins))
    for word in said:
        before = np.searchsorted(word.chunks, begins, side="left")
        held = np.searchsorted(word.chunks, ends, side="right") - before
        scores += word.rarity * held / (held + 1)
    return scores


def best_first(ids: Sequence[int], scores: Scores) -> list[int]:
    """Indices by descending score; of equal ones the earlier chunk."""
    return [int(i) for i in np.lexsort((np.asarray(ids), -scores))]
