"""Intervals: they hold the truth as often as they say, and depend on nothing but the numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from askpod.evals.intervals import Interval, intervals, paired

Floats = NDArray[np.float64]
REPEATS = 1000  # experiments, each a measure of its own: all are drawn in one go

# Coverage: experiments whose truth is known. A sampled coverage of 95 % has a standard error of
# 0.7 % over the repeats, so 92 to 98 % is four of them on either side.


def clustered(number: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """The cluster of each question; a cluster has one to eight."""
    return np.repeat(np.arange(number), rng.integers(1, 9, number))


def of_means(of: NDArray[np.int_], rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Recalls between 0 and 1: most of what makes them differ is the episode."""
    easy = rng.beta(2, 2, (of.max() + 1, REPEATS))
    found = rng.random((len(of), REPEATS)) < easy[of]
    values = np.where(found, rng.beta(2, 1, found.shape), 0.0)
    return values, np.ones_like(values), 0.5 * 2 / 3


def of_ratios(of: NDArray[np.int_], rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Right citations out of one to many in an answer."""
    right = rng.beta(3, 1.5, (of.max() + 1, REPEATS))
    weights = 1.0 + rng.poisson(2, (len(of), REPEATS))
    values = rng.binomial(weights.astype(int), right[of]).astype(float)
    return values, weights, 3 / 4.5


def share_with(truth: float, found: Sequence[Interval]) -> float:
    return float(np.mean([each.low <= truth <= each.high for each in found]))


def names(of: NDArray[np.int_]) -> list[str]:
    return [f"episode {number}" for number in of]


@pytest.mark.parametrize("number", [12, 24, 60])
@pytest.mark.parametrize("experiment", [of_means, of_ratios])
def test_95_of_100_intervals_hold_the_truth(experiment: Callable[..., tuple], number: int):
    rng = np.random.default_rng(number)
    of = clustered(number, rng)
    values, weights, truth = experiment(of, rng)
    assert 0.92 <= share_with(truth, intervals(values, weights, names(of))) <= 0.98


def test_to_draw_questions_one_by_one_would_hold_it_too_seldom():
    rng = np.random.default_rng(24)
    of = clustered(24, rng)
    values, weights, truth = of_means(of, rng)
    alone = [f"question {number}" for number in range(len(of))]
    assert share_with(truth, intervals(values, weights, alone)) < 0.88


@pytest.mark.parametrize("number", [12, 40])
def test_95_of_100_intervals_of_a_difference_hold_the_truth(number):
    a, b, of = two_systems(number)
    ones = np.ones_like(a)
    assert 0.92 <= share_with(0.05, paired(a, ones, b, ones, names(of))) <= 0.98


def test_differences_drawn_one_by_one_would_hold_it_too_seldom():
    a, b, of = two_systems(40)
    ones = np.ones_like(a)
    alone = [f"question {number}" for number in range(len(of))]
    assert share_with(0.05, paired(a, ones, b, ones, alone)) < 0.88


def test_pairing_makes_a_small_difference_visible():
    a, b, of = two_systems(40)
    ones = np.ones_like(a)
    apart = np.mean([each.high - each.low for each in intervals(a, ones, names(of), shares=False)])
    together = np.mean([each.high - each.low for each in paired(a, ones, b, ones, names(of))])
    assert together < 0.5 * apart


def two_systems(number: int) -> tuple[Floats, Floats, NDArray[np.int_]]:
    """Scores of A and of B, which is better by 0.05, more in some episodes than in others."""
    rng = np.random.default_rng(100 + number)
    of = clustered(number, rng)
    hard = rng.normal(0.5, 0.2, (number, REPEATS))[of] + rng.normal(0, 0.2, (len(of), REPEATS))
    better = rng.normal(0.05, 0.05, (number, REPEATS))[of] + rng.normal(0, 0.05, (len(of), REPEATS))
    return hard, hard + better, of


# What an interval is


def test_of_many_equal_clusters_it_is_that_of_student():
    values = np.random.default_rng(5).normal(0.5, 0.1, (30, 1))
    (found,) = intervals(values, np.ones_like(values), [str(n) for n in range(30)], shares=False)
    reach = 2.045 * values.std(ddof=1) / np.sqrt(30)  # t of 29 degrees of freedom
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * reach, rel=0.08)
    assert (found.questions, found.clusters) == (30, 30)


def test_a_figure_is_the_sum_of_values_over_that_of_weights():
    (found,) = intervals([[1.0], [1.0]], [[1.0], [3.0]], ["a", "b"])
    assert found.value == 0.5
    assert (found.low, found.high) == (1 / 3, 1.0)  # both times b, both times a


def test_a_measure_rests_on_the_questions_it_applies_to():
    values = [[1.0, 0.2], [0.5, 0.4], [0.0, 0.6], [9.0, 0.8]]
    weights = [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]
    first, second = intervals(values, weights, ["a", "a", "b", "c"])
    assert (first.value, first.questions, first.clusters) == (0.5, 3, 2)
    assert (second.value, second.questions, second.clusters) == (0.5, 4, 3)
    (alone,) = intervals([[1.0], [0.5], [0.0]], [[1.0]] * 3, ["a", "a", "b"])
    assert alone == first


def test_without_weight_a_figure_is_0():
    assert intervals([[0.3]], [[0.0]], ["a"]) == [Interval(0, 0, 0, 0, 0)]
    assert intervals(np.empty((0, 2)), np.empty((0, 2)), []) == [Interval(0, 0, 0, 0, 0)] * 2


def test_with_one_cluster_questions_are_drawn():
    (found,) = intervals([[0.0], [1.0], [0.5], [0.2]], [[1.0]] * 4, ["a"] * 4)
    assert found.low < found.value < found.high
    assert (found.questions, found.clusters) == (4, 1)


def test_one_question_has_no_interval_but_its_value():
    assert intervals([[0.4]], [[1.0]], ["a"]) == [Interval(0.4, 0.4, 0.4, 1, 1)]


@pytest.mark.parametrize("number", [2, 6, 48])
def test_what_never_failed_may_fail_yet(number):
    clusters = [str(n) for n in range(number)]
    always, never = np.ones((number, 1)), np.zeros((number, 1))
    (best,) = intervals(always, always, clusters)
    (worst,) = intervals(never, always, clusters)
    # With a truth of `low`, no failure at all comes up in 2.5 % of the cases.
    assert (best.value, best.high) == (1, 1)
    assert best.low**number == pytest.approx(0.025)
    assert (worst.value, worst.low, worst.high) == (0, 0, pytest.approx(1 - best.low))
    assert intervals(never, always, clusters, shares=False)[0].high == 0


def test_two_runs_that_are_the_same_do_not_differ():
    values, ones = np.random.default_rng(1).random((9, 2)), np.ones((9, 2))
    clusters = list("aabbccdde")
    for found in paired(values, ones, values, ones, clusters):
        assert found == Interval(0, 0, 0, 9, 5)


def test_a_difference_is_of_figures_and_no_result_is_a_figure_of_0():
    (found,) = paired([[1.0], [0.0]], [[1.0], [1.0]], [[0.0], [0.0]], [[0.0], [0.0]], ["a", "b"])
    assert (found.value, found.low, found.high, found.questions) == (-0.5, -1, 0, 2)


# Whatever the numbers


@st.composite
def scored(draw: st.DrawFn) -> tuple[Floats, Floats, list[str]]:
    """Values that are shares of their weights, some of which are 0, in one to four clusters."""
    questions = draw(st.integers(1, 12))
    shape = questions * 3
    weight = st.sampled_from([0.0, 1.0, 1.0, 2.0, 5.0])
    weights = np.array(draw(st.lists(weight, min_size=shape, max_size=shape))).reshape(-1, 3)
    parts = np.array(draw(st.lists(st.floats(0, 1), min_size=shape, max_size=shape))).reshape(-1, 3)
    clusters = draw(st.lists(st.sampled_from("abcd"), min_size=questions, max_size=questions))
    return parts * weights, weights, clusters


@settings(max_examples=60)
@given(scored(), st.randoms(use_true_random=False))
def test_the_order_of_questions_changes_nothing(given_scores, random):
    values, weights, clusters = given_scores
    order = random.sample(range(len(clusters)), len(clusters))
    mixed = [clusters[place] for place in order]
    assert intervals(values, weights, clusters) == intervals(values[order], weights[order], mixed)
    assert paired(values, weights, values / 2, weights, clusters) == paired(
        values[order], weights[order], values[order] / 2, weights[order], mixed
    )


@settings(max_examples=60)
@given(scored())
def test_shares_stay_between_0_and_1_and_hold_their_value(given_scores):
    for found in intervals(*given_scores):
        assert 0 <= found.low <= found.value <= found.high <= 1 + 1e-12
        assert found.clusters <= found.questions


@settings(max_examples=60)
@given(scored())
def test_a_difference_turned_round_changes_its_sign(given_scores):
    values, weights, clusters = given_scores
    forth = paired(values, weights, values**2, weights, clusters)
    back = paired(values**2, weights, values, weights, clusters)
    for one, other in zip(forth, back, strict=True):
        assert one.value == -other.value
        assert one.low == pytest.approx(-other.high, abs=1e-9)
        assert one.high == pytest.approx(-other.low, abs=1e-9)


def test_measures_do_not_touch_each_other():
    rng = np.random.default_rng(3)
    values, weights = rng.random((20, 4)), (rng.random((20, 4)) < 0.7).astype(float)
    clusters = [str(number // 3) for number in range(20)]
    together = intervals(values, weights, clusters)
    for place, found in enumerate(together):
        (alone,) = intervals(values[:, [place]], weights[:, [place]], clusters)
        assert alone.low == pytest.approx(found.low)
        assert alone.high == pytest.approx(found.high)
