"""Hit rates, MRR and nDCG: those of pytrec_eval, and by hand."""

from __future__ import annotations

import random
import time
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_stretches import any_stretch, random_question, some_evidence

from askpod.evals.gold import Stretch, union
from askpod.evals.measures import ranking

EVIDENCE = [Stretch("bees", 100, 140)]
RIGHT = Stretch("bees", 90, 101)
WRONG = [Stretch("bees", 10 * start, 10 * start + 9) for start in range(9)]

some_passages = st.lists(any_stretch, max_size=15)


def values(passages, evidence) -> dict[str, float]:
    return {name: score.value for name, score in ranking(passages, evidence).items()}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (1, {"hit@1": 1, "hit@5": 1, "mrr": 1, "ndcg@10": 1}),
        (3, {"hit@1": 0, "hit@5": 1, "mrr": 1 / 3, "ndcg@10": 1 / log2(4)}),
        (6, {"hit@1": 0, "hit@5": 0, "mrr": 1 / 6, "ndcg@10": 1 / log2(7)}),
    ],
)
def test_one_right_passage(place, expected):
    passages = [*WRONG[: place - 1], RIGHT, *WRONG[place - 1 :]]
    assert values(passages, EVIDENCE) == pytest.approx(expected)


def test_evidence_that_no_passage_touches_is_a_document_that_was_missed():
    evidence = [*EVIDENCE, Stretch("trains", 0, 20), Stretch("trains", 50, 60)]
    # One of three relevant documents, at rank 2; the best ranking has them at 1, 2 and 3.
    best = 1 + 1 / log2(3) + 1 / log2(4)
    assert values([WRONG[0], RIGHT], evidence)["ndcg@10"] == pytest.approx((1 / log2(3)) / best)


def test_two_passages_of_one_stretch_of_evidence_are_both_relevant():
    passages = [RIGHT, WRONG[0], Stretch("bees", 139, 200)]
    best = 1 + 1 / log2(3)
    assert values(passages, EVIDENCE)["ndcg@10"] == pytest.approx((1 + 1 / log2(4)) / best)


def test_to_meet_the_evidence_is_not_to_touch_it():
    assert set(values([Stretch("bees", 140, 150)], EVIDENCE).values()) == {0.0}


def test_a_passage_that_is_brought_up_twice_counts_once():
    assert values([WRONG[0], WRONG[0], RIGHT], EVIDENCE) == values([WRONG[0], RIGHT], EVIDENCE)


def test_nothing_found_is_0_and_counts():
    assert set(ranking([], EVIDENCE).values()) == {(0.0, 1.0)}


def test_random_runs_have_the_figures_of_pytrec_eval():
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="it has no wheel for this machine")
    questions = {f"q{seed}": random_question(seed, passages=seed % 30) for seed in range(200)}
    run: dict[str, dict[str, float]] = {}
    qrels: dict[str, dict[str, int]] = {}
    for name, (passages, evidence) in questions.items():
        run[name] = {f"d{place}": 1 / place for place in range(1, len(passages) + 1)}
        qrels[name] = {
            f"d{place}": int(any(passage.overlap(other) > 0 for other in evidence))
            for place, passage in enumerate(passages, 1)
        }
        for number, each in enumerate(union(evidence)):
            if not any(each.overlap(passage) > 0 for passage in passages):
                qrels[name][f"missed{number}"] = 1
    measures = {"success_1", "success_5", "recip_rank", "ndcg_cut_10"}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    reciprocals = set()
    for name, (passages, evidence) in questions.items():
        ours = values(passages, evidence)
        assert list(ours.values()) == pytest.approx(
            [theirs[name][of] for of in ("success_1", "success_5", "recip_rank", "ndcg_cut_10")]
        )
        reciprocals.add(ours["mrr"])
    assert len(reciprocals) > 5  # the runs are not all alike


@given(some_passages, some_evidence)
def test_they_are_what_their_formulas_say(passages, evidence):
    distinct = list(dict.fromkeys(passages))
    right = [passage.touches(evidence) for passage in distinct]
    missed = sum(not each.touches(passages) for each in union(evidence))
    gains = [1 / log2(rank + 1) for rank in range(1, 11)]
    reached = sum(gain for gain, hit in zip(gains, right, strict=False) if hit)
    expected = {
        "hit@1": float(any(right[:1])),
        "hit@5": float(any(right[:5])),
        "mrr": 1 / (right.index(True) + 1) if any(right) else 0.0,
        "ndcg@10": reached / sum(gains[: sum(right) + missed]),
    }
    assert values(passages, evidence) == pytest.approx(expected)


@given(some_passages, some_evidence, st.randoms())
def test_bounds_and_the_order_of_the_evidence(passages, evidence, dice: random.Random):
    found = values(passages, evidence)
    assert all(0 <= value <= 1 for value in found.values())
    assert found["hit@1"] <= found["mrr"] <= found["hit@5"] + (1 - found["hit@5"]) / 6
    assert values(passages, dice.sample(evidence, len(evidence))) == found


@given(some_passages, some_evidence, st.data())
def test_a_right_passage_at_the_end_never_lowers_a_hit_or_a_rank(passages, evidence, data):
    right = data.draw(st.sampled_from(evidence))
    before, after = values(passages, evidence), values([*passages, right], evidence)
    assert all(after[name] >= before[name] for name in ("hit@1", "hit@5", "mrr"))


def test_a_run_of_240_questions_takes_less_than_a_second():
    questions = [random_question(seed) for seed in range(240)]
    begun = time.process_time()
    for passages, evidence in questions:
        ranking(passages, evidence)
    assert time.process_time() - begun < 1
