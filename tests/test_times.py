"""Times: how seconds are written, and how turns get theirs."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.times import anchors, clock, parse_clock, time_turns


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (59.99, "0:59"), (754, "12:34"), (3600, "1:00:00"), (3723.5, "1:02:03")],
)
def test_a_clock_is_rounded_down(seconds, written):
    assert clock(seconds) == written


def test_a_clock_of_nonsense_is_zero():
    assert {clock(value) for value in (-3.0, math.nan, math.inf)} == {"0:00"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("12:34", 754), ("1:02:03", 3723), ("62:23", 3743), (" 0:00 ", 0)]
)
def test_clocks_are_read(text, seconds):
    assert parse_clock(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "12", "12:3", "12:61", "1:75:00", "a:bc", "12:34 pm", "-1:00"]
)
def test_what_is_no_clock_is_none(text):
    assert parse_clock(text) is None


def test_two_anchors_share_the_time_between_them_by_characters():
    turns = time_turns([100, None, None, 200], [50, 25, 25, 30])
    assert turns == [
        (100, 150, False),
        (150, 175, True),
        (175, 200, True),
        (200, 202, False),
    ]


def test_before_the_first_anchor_time_starts_from_zero():
    turns = time_turns([None, None, 30], [10, 20, 15])
    assert turns == [(0, 10, True), (10, 30, True), (30, 31, False)]


def test_after_the_last_anchor_speech_runs_at_fifteen_characters_a_second():
    assert time_turns([60, None, None], [150, 30, 15]) == [
        (60, 70, False),
        (70, 72, True),
        (72, 73, True),
    ]


def test_without_any_stated_second_speech_runs_from_zero():
    assert time_turns([None, None], [30, 45]) == [(0, 2, True), (2, 5, True)]


def test_of_anchors_with_one_second_only_the_first_stands():
    turns = time_turns([10, 10, 10, 40], [100, 100, 100, 15])
    assert turns == [(10, 20, False), (20, 30, True), (30, 40, True), (40, 41, False)]


def test_a_second_that_goes_backwards_counts_as_not_stated():
    turns = time_turns([10, 5, 30], [10, 10, 15])
    assert turns == [(10, 20, False), (20, 30, True), (30, 31, False)]


def test_one_wild_second_does_not_cost_the_rest():
    assert anchors([10, 9000, 20, 30, 40]) == [0, 2, 3, 4]


def test_of_equally_long_runs_the_earliest_turns_are_kept():
    assert anchors([20, 10]) == [0]
    assert anchors([1, 5, 3, 4, 2]) == [0, 2, 3]
    assert anchors([5, 6, 1, 2]) == [0, 1]


def test_no_turns_have_no_times():
    assert time_turns([], []) == []


def test_silence_takes_no_time():
    assert time_turns([5, None, 9], [0, 0, 0]) == [(5, 5, False), (5, 9, True), (9, 9, False)]


def test_sequences_of_different_length_are_refused():
    with pytest.raises(ValueError, match="1 stated seconds for 2 turns"):
        time_turns([1], [1, 2])


def test_a_hundred_thousand_turns_take_no_time():
    count = 100_000
    turns = time_turns([float(i % 977) for i in range(count)], [10] * count)
    assert len(turns) == count


SECONDS = st.one_of(st.none(), st.floats(), st.integers(-5, 200).map(float))


@given(st.lists(st.tuples(SECONDS, st.integers(0, 500))))
def test_times_never_go_backwards_and_are_finite(rows):
    stated, lengths = [row[0] for row in rows], [row[1] for row in rows]
    turns = time_turns(stated, lengths)
    assert all(math.isfinite(value) for start, end, _ in turns for value in (start, end))
    assert all(end >= start for start, end, _ in turns)
    assert all(first[1] == second[0] for first, second in itertools.pairwise(turns))
    for second, (start, _, estimated) in zip(stated, turns, strict=True):
        assert estimated or start == second


@given(st.lists(st.integers(0, 9), max_size=10))
def test_anchors_are_the_longest_run_with_the_earliest_turns(seconds):
    runs = [
        run
        for size in range(len(seconds), -1, -1)
        for run in itertools.combinations(range(len(seconds)), size)
        if all(seconds[a] <= seconds[b] for a, b in itertools.pairwise(run))
    ]
    longest = len(runs[0])
    assert anchors(seconds) == list(min(run for run in runs if len(run) == longest))
