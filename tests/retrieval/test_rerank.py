"""Words of a question count by the share of them that is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.retrieval.rerank import (
    SPEAKER,
    WORDS,
    WORDS_IN_ONE,
    Pool,
    Said,
    best_first,
    idf,
    score_chunks,
    within_reach,
    word_and_speaker_scores,
    words_held,
)

CHUNKS = 100  # all candidates


def pool(*said: Said, named: np.ndarray | None = None, episodes: int = 1) -> Pool:
    ids = np.arange(CHUNKS)
    chunks = CHUNKS // episodes  # of each
    return Pool(
        ids=ids,
        firsts=ids // chunks * chunks,
        lasts=ids // chunks * chunks + chunks - 1,
        dense=np.zeros(CHUNKS),
        unknown=0.0,
        said=said,
        named=np.zeros(CHUNKS) if named is None else named,
        selected=np.ones(CHUNKS, np.bool_),
    )


def word(*chunks: int) -> Said:
    return Said(idf(len(chunks), CHUNKS), np.array(chunks, dtype=np.int64))


def test_all_words_in_a_chunk_count_in_full_and_half_of_them_by_half():
    both = word_and_speaker_scores(pool(word(50), word(50)))[50]
    one = word_and_speaker_scores(pool(word(50), word(2)))[50]
    # By itself a word that is said once fills the chunk's window, and half of each wider one.
    assert both == pytest.approx(WORDS_IN_ONE * (1 + 1 / 2 + 1 / 2))
    assert one == pytest.approx(both / 2)


def test_over_several_episodes_words_weigh_more():
    one = word_and_speaker_scores(pool(word(50)))[50]
    several = word_and_speaker_scores(pool(word(50), episodes=2))[50]
    assert several == pytest.approx(one * WORDS / WORDS_IN_ONE)
    assert several > one


def test_a_word_that_nobody_says_makes_the_others_count_for_less():
    lacking = Said(idf(0, CHUNKS), np.empty(0, np.int64))
    alone = word_and_speaker_scores(pool(word(50)))[50]
    assert 0 < word_and_speaker_scores(pool(word(50), lacking))[50] < alone / 2


def test_who_speaks_counts_without_any_words():
    named = np.zeros(CHUNKS)
    named[7] = 1.0
    assert word_and_speaker_scores(pool(named=named))[7] == SPEAKER
    assert word_and_speaker_scores(pool(named=named)).sum() == SPEAKER


@given(st.lists(st.sets(st.integers(0, CHUNKS - 1), min_size=1), min_size=1, max_size=6))
def test_words_never_add_more_than_their_weight(places):
    scores = word_and_speaker_scores(pool(*(word(*sorted(each)) for each in places)))
    assert (scores >= 0).all()
    assert (scores <= 3 * WORDS + 1e-9).all()


def test_a_word_said_more_often_counts_a_little_more():
    held = words_held(pool(word(10, 30, 31, 32)), 8)
    assert held[10] < held[31] < 2 * held[10]


def test_dense_scores_are_taken_up_in_any_order_and_those_of_others_left():
    known = pool()
    known.dense[:] = -np.inf
    known.learn(np.array([CHUNKS + 7, 30, 2]), np.array([0.9, 0.3, 0.2]))
    assert np.flatnonzero(np.isfinite(known.dense)).tolist() == [2, 30]
    assert known.dense[[2, 30]].tolist() == [0.2, 0.3]


@given(
    st.lists(st.floats(-1, 1), min_size=CHUNKS, max_size=CHUNKS),
    st.lists(st.sets(st.integers(0, CHUNKS - 1), min_size=1), max_size=4),
    st.integers(1, CHUNKS),
    st.integers(1, CHUNKS),
)
def test_what_need_not_be_looked_up_is_not_among_the_best(dense, places, near, count):
    everything = pool(*(word(*sorted(each)) for each in places))
    everything.dense[:] = dense
    best = set(best_first(everything.ids, score_chunks(everything))[:count].tolist())
    found = best_first(everything.ids, everything.dense)[:near]  # by the dense search
    known = pool(*everything.said)
    known.dense[:] = -np.inf
    known.dense[found] = everything.dense[found]
    others = np.setdiff1d(known.ids, found)
    known.unknown = float(known.dense[found].min())
    reached = within_reach(known, others, count)
    assert best <= {*found.tolist(), *reached.tolist()}


def test_far_from_the_best_nothing_is_looked_up():
    known = pool(word(3))
    known.dense[:] = -np.inf
    known.dense[10:50] = 0.9
    known.unknown = 0.2
    assert not len(within_reach(known, np.arange(50, CHUNKS), 10))
