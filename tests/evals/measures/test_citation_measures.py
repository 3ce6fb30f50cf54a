"""Citations against the turns they name (ALCE), worked by hand, and against gold evidence."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_stretches import any_stretch, some_evidence

from askpod.answering.support import SupportChecker
from askpod.embedding.minilm import MiniLM
from askpod.evals.gold import Stretch, shared
from askpod.evals.measures.citations import (
    Sentence,
    against_gold,
    alce,
    crag,
    offered_and_cited,
    sentences,
    support,
)
from askpod.model import EvidenceTurn, Span


@pytest.fixture(scope="module")
def checker() -> SupportChecker:
    return SupportChecker(MiniLM())


def turn(number: int, text: str = "Said.") -> EvidenceTurn:
    span = Span(number, 0, "Ann", text, 10.0 * number, 10.0 * number + 10)
    return EvidenceTurn(number, "bees", "About bees", span, "")


TURNS = {number: turn(number) for number in (1, 2, 3, 4)}

IN, OUT = Stretch("bees", 130, 150), Stretch("bees", 10, 20)

Enough = dict[str, list[set[int]]]  # of each sentence, the sets of turns that support it


def figures(cited: Sequence[tuple[str, tuple[int, ...]]], enough: Enough) -> tuple[float, float]:
    """Citation recall and precision of sentences, where any set of turns in `enough` will do."""

    def supports(text: str, turns: Sequence[EvidenceTurn]) -> bool:
        numbers = {each.number for each in turns}
        return any(wanted <= numbers for wanted in enough.get(text, []))

    scores = alce([Sentence(*each) for each in cited], TURNS, supports)
    assert all(score.weight == 1 for score in scores.values())
    return scores["citation_recall"].value, scores["citation_precision"].value


# ALCE by hand: (sentences with their citations, what supports them, recall, precision)


@pytest.mark.parametrize(
    ("cited", "enough", "recall", "precision"),
    [
        pytest.param(
            # Sentences: 1 of 1 supported. Citations: 1 of 1 right.
            [("a", (1,))],
            {"a": [{1}]},
            1,
            1,
            id="one citation that supports",
        ),
        pytest.param(
            # Sentences: 0 of 1. The citation's sentence has recall 0, so 0 of 1 is right.
            [("a", (2,))],
            {"a": [{1}]},
            0,
            0,
            id="one citation that does not",
        ),
        pytest.param(
            # Sentences: a is supported, b cites nothing: 1 of 2. Citations: 1 of 1.
            [("a", (1,)), ("b", ())],
            {"a": [{1}], "b": [{1}]},
            1 / 2,
            1,
            id="a sentence without citations has recall 0",
        ),
        pytest.param(
            # Together 1 and 2 support a. Alone neither does; without 1 only {2} is left, which
            # does not either, and the same without 2: none is irrelevant, 2 of 2 right.
            [("a", (1, 2))],
            {"a": [{1, 2}]},
            1,
            1,
            id="two turns that support only together",
        ),
        pytest.param(
            # 1 supports alone: relevant. 3 does not alone, and {1} does without it: irrelevant.
            [("a", (1, 3))],
            {"a": [{1}]},
            1,
            1 / 2,
            id="a citation too many is irrelevant",
        ),
        pytest.param(
            # 1 and 2 each support alone: both relevant, though either would be enough.
            [("a", (1, 2))],
            {"a": [{1}, {2}]},
            1,
            1,
            id="two that support alone are both right",
        ),
        pytest.param(
            # Supported by {1, 2}. 1: alone no, {2, 3} no: relevant. 2: likewise. 3: alone no, and
            # {1, 2} support without it: irrelevant. 2 of 3.
            [("a", (1, 2, 3))],
            {"a": [{1, 2}]},
            1,
            2 / 3,
            id="two that are needed and one that is not",
        ),
        pytest.param(
            # 9 was never shown: recall 0 for the sentence, and 0 of its 2 citations is right,
            # though turn 1 supports it.
            [("a", (1, 9))],
            {"a": [{1}]},
            0,
            0,
            id="an unknown number voids its sentence",
        ),
        pytest.param(
            # a: voided, 0 of 2. b: supported, 1 of 1. Recall 1 of 2, precision 1 of 3.
            [("a", (1, 9)), ("b", (2,))],
            {"a": [{1}], "b": [{2}]},
            1 / 2,
            1 / 3,
            id="but not the others",
        ),
        pytest.param(
            # Nothing is cited: precision is 0 of 0, which is 0 and not undefined.
            [("a", ()), ("b", ())],
            {"a": [{1}]},
            0,
            0,
            id="an answer without citations",
        ),
        pytest.param([], {}, 0, 0, id="an answer without sentences"),
        pytest.param(
            # a: right, 1 of 1. b: 2 and 3 do not support it, 0 of 2. c: {1} is enough, 4 is
            # irrelevant, 1 of 2. d: no citation. Recall 2 of 4, precision 2 of 5.
            [("a", (1,)), ("b", (2, 3)), ("c", (1, 4)), ("d", ())],
            {"a": [{1}], "b": [{1}], "c": [{1}]},
            2 / 4,
            2 / 5,
            id="all of it at once",
        ),
    ],
)
def test_alce_by_hand(cited, enough, recall, precision):
    assert figures(cited, enough) == pytest.approx((recall, precision))


def test_what_is_supported_alone_but_not_together_has_recall_0():
    def supports(_: str, turns: Sequence[EvidenceTurn]) -> bool:
        return len(turns) == 1  # as a check that is led astray by more text

    scores = alce([Sentence("a", (1, 2))], TURNS, supports)
    assert [score.value for score in scores.values()] == [0, 0]


some_sentences = st.lists(
    st.tuples(st.sampled_from("abc"), st.lists(st.integers(1, 5), unique=True).map(tuple)),
    max_size=6,
)
some_enough = st.dictionaries(
    st.sampled_from("abc"), st.lists(st.sets(st.integers(1, 4), min_size=1), max_size=3)
)


@given(some_sentences, some_enough, st.randoms())
def test_alce_keeps_its_bounds_in_any_order(cited, enough, dice: random.Random):
    recall, precision = figures(cited, enough)
    assert 0 <= recall <= 1
    assert 0 <= precision <= 1
    assert (recall == 0) == (precision == 0)  # a supported sentence has a citation that is needed
    shuffled = [
        (text, tuple(dice.sample(numbers, len(numbers))))
        for text, numbers in dice.sample(cited, len(cited))
    ]
    assert figures(shuffled, enough) == pytest.approx((recall, precision))


@given(some_sentences, some_enough)
def test_an_uncited_sentence_lowers_recall_and_leaves_precision(cited, enough):
    recall, precision = figures(cited, enough)
    more_recall, same_precision = figures([*cited, ("z", ())], enough)
    assert more_recall <= recall
    assert same_precision == precision


def test_alce_with_our_own_check(checker):
    said = {
        1: turn(1, "The bookkeepers used to need a whole week for the closing."),
        2: turn(2, "We bought the hives in a sale, and painted all of them green."),
    }
    reply = "The closing took the bookkeepers a whole week [1][2]. The hives were painted red [1]."
    scores = alce(sentences(reply), said, checker.check_together)
    assert scores["citation_recall"].value == 1 / 2  # the second cites the wrong turn
    assert scores["citation_precision"].value == 1 / 3  # of [1], [2] and [1] the first alone


# Against the gold evidence

EVIDENCE = [Stretch("bees", 100, 140), Stretch("trains", 0, 20)]


def gold(cited, evidence=EVIDENCE) -> dict[str, float]:
    return {name: score.value for name, score in against_gold(cited, evidence).items()}


def test_citations_against_gold_by_hand():
    cited = [Stretch("bees", 130, 150), Stretch("bees", 155, 165), Stretch("moss", 0, 10)]
    # 10 of 40 seconds are evidence; one of three touches it; the first is 0 s off, the second
    # 155 - 140 = 15 s, the third in an episode without evidence, which is no distance at all.
    expected = {"cited_inside": 10 / 40, "cited_hit": 1 / 3, "seconds_off": 7.5}
    assert gold(cited) == pytest.approx(expected)


def test_the_nearest_evidence_counts():
    evidence = [*EVIDENCE, Stretch("bees", 300, 320)]
    assert gold([Stretch("bees", 280, 290)], evidence)["seconds_off"] == 10


def test_without_citations_both_shares_are_0_and_there_is_no_distance():
    assert against_gold([], EVIDENCE) == {"cited_inside": (0, 1), "cited_hit": (0, 1)}


def test_citations_in_other_episodes_only_have_no_distance():
    assert gold([Stretch("moss", 0, 10)]) == {"cited_inside": 0, "cited_hit": 0}


def test_seconds_cited_twice_count_once():
    cited = [Stretch("bees", 90, 110), Stretch("bees", 100, 110)]
    assert gold(cited)["cited_inside"] == 1 / 2


@given(st.lists(any_stretch, max_size=6), some_evidence, st.randoms())
def test_against_gold_keeps_its_bounds_in_any_order(cited, evidence, dice: random.Random):
    found = gold(cited, evidence)
    assert 0 <= found["cited_inside"] <= 1
    assert 0 <= found["cited_hit"] <= 1
    assert found.get("seconds_off", 0) >= 0
    assert (found["cited_inside"] > 0) == (shared(cited, evidence) > 0)
    mixed = gold(dice.sample(cited, len(cited)), dice.sample(evidence, len(evidence)))
    assert mixed == pytest.approx(found)


# Support in grades, by hand


def graded(cited: Sequence[tuple[str, tuple[int, ...]]], enough: Enough) -> dict[str, float]:
    def supports(text: str, turns: Sequence[EvidenceTurn]) -> bool:
        numbers = {each.number for each in turns}
        return any(wanted <= numbers for wanted in enough.get(text, []))

    scores = support([Sentence(*each) for each in cited], TURNS, supports)
    return {name: score.value for name, score in scores.items()}


BOTH = "The colonies starved in February and the scale cost ninety euros."
HALF = "The colonies starved in February"


@pytest.mark.parametrize(
    ("cited", "enough", "expected"),
    [
        pytest.param([("a", (1,))], {"a": [{1}]}, (1, 0, 0), id="full"),
        pytest.param([(BOTH, (1,))], {HALF: [{1}]}, (0.5, 0, 0), id="one clause of two"),
        pytest.param([("a", (1,))], {"a": [{3}]}, (0, 1, 0), id="said in another turn"),
        pytest.param([("a", (1,))], {}, (0, 0, 1), id="said nowhere"),
        pytest.param([("a", ())], {"a": [{3}]}, (0, 0, 0), id="said, and not cited"),
        pytest.param([("a", ())], {}, (0, 0, 1), id="neither said nor cited"),
        pytest.param([("a", (1, 9))], {"a": [{1}]}, (0, 1, 0), id="a number nobody was shown"),
        pytest.param(
            [("a", (1,)), ("b", (2,)), (BOTH, (3,)), ("c", (4,))],
            {"a": [{1}], "b": [{4}], HALF: [{3}]},
            (1.5 / 4, 1 / 4, 1 / 4),
            id="one of each",
        ),
        pytest.param([], {}, (0, 0, 0), id="nothing"),
    ],
)
def test_support_in_grades(cited, enough, expected):
    names = ("support", "misattributed", "invented")
    assert graded(cited, enough) == pytest.approx(dict(zip(names, expected, strict=True)))


def test_a_sentence_with_one_true_clause_is_partly_supported(checker):
    true, turns = (
        "The colonies starved in February",
        {1: turn(1, "The colonies starved in February.")},
    )
    mixed = f"{true}, and a commercial scale costs three hundred and ninety euros."
    grade = support([Sentence(mixed, (1,))], turns, checker.check_together)
    assert grade["support"].value == 0.5


# What was offered, and what was cited


@pytest.mark.parametrize(
    ("offered", "cited", "expected"),
    [
        ([IN], [IN, OUT], (1, 1, 1)),
        ([IN], [OUT, IN], (1, 1, 0)),
        ([OUT, IN], [OUT], (1, 0, 0)),
        ([OUT], [], (0, 0, 0)),
    ],
)
def test_what_was_offered_and_what_was_cited(offered, cited, expected):
    scores = offered_and_cited(offered, cited, [Stretch("bees", 100, 140)])
    names = ("evidence_offered", "evidence_cited", "first_right")
    assert tuple(scores[name].value for name in names) == expected


@pytest.mark.parametrize(
    ("answerable", "basis", "recall", "points"),
    [
        (True, "answered", 1.0, 1),
        (True, "answered", 0.5, 1),
        (True, "answered", 0.49, -1),
        (True, "nearest", 1.0, 0),
        (True, "none", None, 0),
        (True, "answered", None, None),
        (False, "answered", None, -1),
        (False, "nearest", None, 1),
        (False, "none", None, 1),
    ],
)
def test_a_wrong_answer_is_worse_than_none(answerable, basis, recall, points):
    found = crag(basis, recall, answerable=answerable)
    assert (found["crag"].value if found else None) == points
