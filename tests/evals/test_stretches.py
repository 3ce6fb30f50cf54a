"""Seconds of episodes: what two of them share, and what several are together."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from random_stretches import any_stretch

from askpod.evals.gold import Stretch, seconds, shared, union

several = st.lists(any_stretch, max_size=8)


def ticks(stretches) -> set[tuple[str, int]]:
    """Every second by itself: the plainest way to count, as all times here are whole."""
    return {
        (each.episode, second)
        for each in stretches
        for second in range(int(each.start), int(each.end))
    }


def test_two_stretches_share_what_both_hold():
    talk = Stretch("bees", 10, 40)
    assert talk.overlap(Stretch("bees", 30, 60)) == 10
    assert talk.overlap(Stretch("bees", 40, 60)) == 0  # its end is not in it
    assert talk.overlap(Stretch("trains", 10, 40)) == 0


def test_they_touch_where_they_share_any_time():
    talk = Stretch("bees", 10, 40)
    assert talk.touches([Stretch("trains", 0, 99), Stretch("bees", 39.5, 41)])
    assert not talk.touches([Stretch("bees", 40, 41), Stretch("bees", 20, 20)])
    assert not talk.touches([])


def test_the_gap_is_what_lies_between():
    talk = Stretch("bees", 10, 40)
    assert talk.gap(Stretch("bees", 55, 60)) == 15
    assert talk.gap(Stretch("bees", 0, 4)) == 6
    assert talk.gap(Stretch("bees", 20, 90)) == 0
    assert talk.gap(Stretch("trains", 10, 40)) == float("inf")


def test_a_union_joins_what_overlaps_or_meets():
    given_ = [Stretch("bees", 30, 50), Stretch("bees", 0, 10), Stretch("bees", 10, 35)]
    assert union(given_) == (Stretch("bees", 0, 50),)
    apart = (Stretch("bees", 0, 10), Stretch("trains", 0, 10))
    assert union([*reversed(apart), Stretch("bees", 7, 7)]) == apart


@given(several)
def test_a_union_holds_the_same_seconds_once_and_in_order(stretches):
    joined = union(stretches)
    assert ticks(joined) == ticks(stretches)
    assert seconds(stretches) == sum(each.seconds for each in joined) == len(ticks(stretches))
    assert list(joined) == sorted(joined)
    assert union(joined) == joined


@given(several, several)
def test_shared_seconds_are_those_in_both(some, others):
    assert shared(some, others) == shared(others, some) == len(ticks(some) & ticks(others))


@given(several, several, st.randoms())
def test_their_order_is_irrelevant(some, others, dice: random.Random):
    mixed = dice.sample(some, len(some))
    assert union(mixed) == union(some)
    assert shared(mixed, others) == shared(some, others)


@given(any_stretch, any_stretch)
def test_stretches_that_share_time_have_no_gap(one, other):
    assert one.gap(other) == other.gap(one) >= 0
    if one.touches([other]):
        assert one.gap(other) == 0
