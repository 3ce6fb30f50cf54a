"""Recall, precision and F1 in seconds of evidence, after so many words of passages."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_stretches import some_evidence, some_heard

from askpod.evals.gold import Stretch, seconds
from askpod.evals.measures import BUDGETS, Heard, at_budgets, within

EVIDENCE = [Stretch("bees", 100, 140), Stretch("trains", 0, 20)]  # 60 seconds


def heard(episode: str, start: float, end: float, words: int) -> Heard:
    return Heard(Stretch(episode, start, end), words)


def values(passages, evidence, budgets=BUDGETS) -> dict[str, float]:
    return {name: score.value for name, score in at_budgets(passages, evidence, budgets).items()}


def test_a_hand_worked_question():
    passages = [heard("bees", 80, 120, 100), heard("trains", 10, 30, 50)]
    # 100 words: the first passage, 40 s heard, of which 100 to 120 are evidence.
    # 150 words: both, 60 s heard; 20 s and 10 s of evidence.
    assert values(passages, EVIDENCE, (100, 150)) == pytest.approx(
        {
            "recall@100": 20 / 60,
            "precision@100": 20 / 40,
            "f1@100": 2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2),  # = 0.4
            "recall@150": 30 / 60,
            "precision@150": 30 / 60,
            "f1@150": 0.5,
        }
    )


def test_a_passage_that_does_not_fit_counts_up_to_where_the_budget_ends():
    # 60 of 100 words: the first 60 % of the 40 s, up to second 104, of which 4 are evidence.
    found = values([heard("bees", 80, 120, 100)], EVIDENCE, (60,))
    assert found["recall@60"] == pytest.approx(4 / 60)
    assert found["precision@60"] == pytest.approx(4 / 24)


def test_nothing_is_heard_past_the_budget():
    passages = [heard("trains", 300, 330, 60), heard("bees", 100, 140, 60)]
    found = values(passages, EVIDENCE, (60, 61))
    assert found["recall@60"] == 0
    assert found["recall@61"] == pytest.approx(40 / 60 / 60)  # one word of sixty


def test_a_second_that_is_brought_up_twice_counts_once_but_costs_its_words():
    once = [heard("bees", 100, 140, 100)]
    twice = [*once, heard("bees", 100, 140, 100)]
    assert values(once, EVIDENCE, (250,)) == values(twice, EVIDENCE, (250,))
    later = [*twice, heard("trains", 0, 20, 100)]
    assert values(later, EVIDENCE, (250,))["recall@250"] == pytest.approx(50 / 60)


def test_nothing_found_is_0_and_counts():
    scores = at_budgets([], EVIDENCE)
    assert set(scores) == {f"{kind}@{b}" for kind in ("recall", "precision", "f1") for b in BUDGETS}
    assert set(scores.values()) == {(0.0, 1.0)}


def test_passages_that_last_no_time_are_0_and_counts():
    assert set(values([heard("bees", 100, 100, 50)], EVIDENCE).values()) == {0.0}


def test_all_the_evidence_and_nothing_else_is_1():
    passages = [heard("trains", 0, 20, 30), heard("bees", 100, 140, 30)]
    assert set(values(passages, EVIDENCE).values()) == {1.0}


@given(some_heard, some_evidence)
def test_all_figures_lie_within_their_bounds(passages, evidence):
    found = values(passages, evidence)
    for budget in BUDGETS:
        recall, precision, f1 = (
            found[f"{kind}@{budget}"] for kind in ("recall", "precision", "f1")
        )
        assert 0 <= min(recall, precision) <= f1 + 1e-12
        assert f1 - 1e-12 <= max(recall, precision) <= 1
    recalls = [found[f"recall@{budget}"] for budget in BUDGETS]
    assert recalls == sorted(recalls)


@given(some_heard, some_evidence, st.randoms())
def test_the_order_of_the_evidence_is_irrelevant(passages, evidence, dice: random.Random):
    mixed = dice.sample(evidence, len(evidence))
    assert values(passages, mixed) == values(passages, evidence)
    assert values(passages, [*mixed, evidence[0]]) == values(passages, evidence)


@given(some_heard, some_evidence, st.integers(0, 300), st.data())
def test_a_right_passage_at_the_end_never_lowers_recall(passages, evidence, words, data):
    right = data.draw(st.sampled_from(evidence))
    before = values(passages, evidence)
    after = values([*passages, Heard(right, words)], evidence)
    for budget in BUDGETS:
        assert after[f"recall@{budget}"] >= before[f"recall@{budget}"]


@given(some_heard.filter(len), some_evidence, st.data())
def test_a_passage_in_two_parts_gives_the_same_figures(passages, evidence, data):
    at = data.draw(st.integers(0, len(passages) - 1))
    stretch, words = passages[at].stretch, passages[at].words
    first = data.draw(st.integers(0, words))
    middle = stretch.start + stretch.seconds * (first / words if words else 0.5)
    parts = [
        heard(stretch.episode, stretch.start, middle, first),
        heard(stretch.episode, middle, stretch.end, words - first),
    ]
    cut = [*passages[:at], *parts, *passages[at + 1 :]]
    assert values(cut, evidence) == pytest.approx(values(passages, evidence), abs=1e-9)


@given(some_heard, st.integers(1, 1500))
def test_no_more_is_heard_than_the_passages_hold(passages, budget):
    assert seconds(within(passages, budget)) <= seconds(each.stretch for each in passages) + 1e-9
