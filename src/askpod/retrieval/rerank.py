"""Scores the candidates of a search: their dense score, the question's words, who speaks.

Talk spreads the words of a question over many turns, so they are looked for in the chunk and in the
minutes and the quarter of an hour around it, and its neighbours get a part of what it gets
(docs/retrieval.md). The dense score has the talk around a chunk in it already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from askpod.embedding.contextual import CONTEXT_WINDOWS, NEIGHBOUR_SHARES

Ids = NDArray[np.int64]
Scores = NDArray[np.float64]

# Added to the dense score of a chunk within whose window all of the question's words are said; to
# others by the share that is, rare words counting for more. So words weigh much where a question
# takes them from the talk, and little where it puts things in its own way. Over several episodes
# they tell, too, which one it is; within one nearly everything is on the subject.
WORDS = 0.38
WORDS_IN_ONE = 0.2  # where only one episode is searched
# Added where all of the chunk is said by somebody whom the question names. 0.25 to 0.4 serve alike.
SPEAKER = 0.25


@dataclass(frozen=True, slots=True)
class Said:
    """A word of the question and where it is said."""

    idf: float  # its weight
    chunks: Ids  # ascending: those that say it


def idf(holding: int, count: int) -> float:
    """The weight of a word that `holding` of `count` chunks say, as BM25 has it.

    Robertson and Zaragoza, 2009, section 3.2, with 1 added so that no weight is negative.
    """
    return float(np.log1p((count - holding + 0.5) / (holding + 0.5)))


@dataclass(slots=True)
class Pool:
    """The candidates and the chunks next to them, as aligned arrays in the order of their ids.

    Chunks of one episode have consecutive ids in the order of speech, so neighbours in speech
    are neighbours in number.
    """

    ids: Ids
    firsts: Ids  # the first chunk of each one's episode
    lasts: Ids  # and the last
    dense: Scores  # the dense scores; -inf where not known: a neighbour, not to be shown
    unknown: float  # no dense score that is not known is greater: the dense search had better ones
    said: Sequence[Said]  # the question's words
    named: Scores  # share of each that is said by somebody whom the question names
    selected: NDArray[np.bool_]  # those that may be shown; the others count as neighbours only
    held: Scores = field(init=False)  # share of the question's words in each, by idf
    added: Scores = field(init=False)  # to the dense scores, for words and speakers

    def __post_init__(self) -> None:
        self.held = words_held(self, 0)
        self.added = _added(self)

    def learn(self, ids: Ids, scores: Scores) -> None:
        """Takes up the dense scores of chunks, in any order; those outside the pool are left."""
        _, own, theirs = np.intersect1d(self.ids, ids, assume_unique=True, return_indices=True)
        self.dense[own] = scores[theirs]

    def around(self, reach: int) -> tuple[Ids, Ids]:
        """For each chunk the first and the last one of its episode within `reach` of it."""
        return np.maximum(self.ids - reach, self.firsts), np.minimum(self.ids + reach, self.lasts)

    def at(self, step: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The chunk `step` later in the episode, for each chunk.

        Returns its index in the pool, and whether it is there (else the index means nothing).
        """
        wanted = self.ids + step
        index = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        there = (self.ids[index] == wanted) & (self.firsts[index] == self.firsts)
        return index, there


def score_chunks(pool: Pool) -> Scores:
    """The score of each chunk of the pool; higher is better, -inf where it is not known."""
    return pool.dense + pool.added


def score_at_most(pool: Pool) -> Scores:
    """The score of each chunk, where it is not known the greatest that it can have."""
    return np.where(np.isneginf(pool.dense), pool.unknown, pool.dense) + pool.added


def within_reach(pool: Pool, ids: Ids, count: int) -> Ids:
    """Those of `ids` that can be among the best `count` of the pool, whatever their dense scores.

    What cannot be reached need not be looked up (the threshold algorithm: Fagin, Lotem and Naor,
    2003).
    """
    known = np.sort(score_chunks(pool)[pool.selected])[::-1]
    if len(known) <= count:
        return ids
    reached: Ids = ids[score_at_most(pool)[np.searchsorted(pool.ids, ids)] >= known[count]]
    return reached


def _added(pool: Pool) -> Scores:
    """What words and speakers add to each chunk, with its share of what its neighbours get."""
    own = word_and_speaker_scores(pool)
    scores = own.copy()
    for distance, share in enumerate(NEIGHBOUR_SHARES, start=1):
        for step in (-distance, distance):
            index, there = pool.at(step)
            scores += np.where(there, share * own[index], 0.0)
    return scores


def word_and_speaker_scores(pool: Pool) -> Scores:
    """What the question's words and the people it names add to each chunk, neighbours aside."""
    in_one = len(pool.ids) and pool.firsts[0] == pool.firsts[-1]
    weight = WORDS_IN_ONE if in_one else WORDS
    around = sum(words_held(pool, window) for window in CONTEXT_WINDOWS)
    scores: Scores = weight * (pool.held + around) + SPEAKER * pool.named
    return scores


def coverage(pool: Pool) -> float:
    """The greatest share of the question's words, by idf, in one chunk that may be shown."""
    return float(pool.held[pool.selected].max(initial=0.0))


def words_held(pool: Pool, window: int) -> Scores:
    """The share of the question's words that is said within `window` chunks of each, by idf.

    Around a chunk each word counts by its idf times n / (n + 1), where n chunks say it: that many
    different words are said weighs more than that one is said often (as in BM25).
    """
    scores = np.zeros(len(pool.ids))
    begins, ends = pool.around(window)
    for word in pool.said:
        before = np.searchsorted(word.chunks, begins, side="left")
        held = np.searchsorted(word.chunks, ends, side="right") - before
        # In the chunk alone n is 0 or 1.
        scores += word.idf * (held / (held + 1) if window else held)
    return scores / (sum(word.idf for word in pool.said) or 1.0)


def best_first(ids: Ids, scores: Scores) -> NDArray[np.intp]:
    """Indices by descending score; of equal ones the earlier chunk."""
    return np.lexsort((ids, -scores))
