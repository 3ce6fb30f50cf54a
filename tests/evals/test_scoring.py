"""Which measures apply to a question, and what they are counted from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from askpod import Answer, Archive, Citation
from askpod.answering.llm_answer import FALLBACK
from askpod.answering.refusal import REFUSAL, SENTINEL
from askpod.evals.gold import Evidence, GoldQuestion
from askpod.evals.scoring import OF_CITATIONS, OF_FACTS, Scorers, score_question
from askpod.model import EvidenceTurn, Span

QUESTION = GoldQuestion(
    id="bees",
    question="Why did the bees die?",
    facts=("The colonies starved in February",),
    evidence=(Evidence(episode="bees", start=10, end=30),),
)
UNANSWERABLE = GoldQuestion(id="x", question="Which bees sing?", type="unanswerable")

STARVED = "The colonies starved in February because the combs were empty."
SCALE = "A commercial scale costs three hundred and ninety euros."


def turn(number: int, text: str, start: float) -> EvidenceTurn:
    return EvidenceTurn(number, "bees", "Bees", Span(number, 0, "Ann", text, start, start + 10), "")


def citation(number: int, text: str, start: float) -> Citation:
    return Citation(number, "bees", "Bees", "Ann", start, start + 10, text, "", True)


def modelled(reply: str, /, **fields: object) -> Answer:
    answer = Answer(
        question=QUESTION.question,
        text=reply,
        citations=(citation(1, STARVED, 15),),
        passages=(),
        refused=False,
        mode="llm",
        model="any",
        reply=reply,
        evidence=(turn(1, STARVED, 15), turn(2, SCALE, 100)),
    )
    return replace(answer, **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def scorers(archive: Archive) -> Scorers:
    return Scorers.of(archive.support_embedder)


def values(scores) -> dict[str, float]:
    return {name: score.value for name, score in scores.items()}


def basis(shown: str) -> dict[str, float]:
    return {f"basis_{name}": float(name == shown) for name in ("answered", "nearest", "none")}


def test_a_right_answer_scores_one(scorers):
    reply = "The colonies starved in February because the combs were empty [1]."
    scores, details = score_question(QUESTION, (), modelled(reply), scorers)
    found = values(scores)
    assert [found[name] for name in OF_CITATIONS] == [1, 1, 1, 1]
    assert found["fact_f1"] == 1
    assert (found["seconds_off"], found["malformed"]) == (0, 0)
    assert found["recall@2000"] == 0  # nothing was retrieved, and that counts
    assert "refusal_recall" not in found
    assert "refusal_precision" not in found
    (sentence,) = details["sentences"]
    assert (sentence["numbers"], sentence["supported"]) == ([1], True)
    (fact,) = details["facts"]
    assert fact["fact"] == QUESTION.facts[0]
    assert fact["statement"].startswith("The colonies starved")
    assert details["unknown_numbers"] == []


def test_what_the_model_wrote_is_judged_not_what_our_checks_left_of_it(scorers):
    reply = f"The colonies starved in February [1][7]. {SCALE.rstrip('.')} [1]."
    shown = "The colonies starved in February [1]."
    scores, details = score_question(QUESTION, (), modelled(reply, text=shown), scorers)
    assert scores["citation_recall"].value == 0  # an unknown number, and a wrong turn
    assert scores["citation_precision"].value == 0
    assert details["unknown_numbers"] == [7]
    assert [each["supported"] for each in details["sentences"]] == [False, False]
    assert scores["fact_precision"].value == 1  # what was shown states nothing else


def test_quotations_are_their_own_evidence(scorers):
    quoted = modelled(
        f"Ann (0:15): “{STARVED}” [1]", mode="extractive", model=None, reply=None, evidence=()
    )
    scores, details = score_question(QUESTION, (), quoted, scorers)
    assert scores["citation_recall"].value == scores["citation_precision"].value == 1
    assert scores["cited_hit"].value == 1
    assert scores["fact_recall"].value == 1
    assert "malformed" not in scores
    assert details["sentences"] == [{"text": STARVED, "numbers": [1], "supported": True}]


@pytest.mark.parametrize("facts", [QUESTION.facts, None])
def test_a_wrong_refusal_scores_nothing_on_all_that_should_be_there(scorers, facts):
    question = QUESTION.model_copy(update={"facts": facts})
    refusal = modelled(SENTINEL, text=REFUSAL, refused=True, citations=())
    scores, _ = score_question(question, (), refusal, scorers)
    expected = {*OF_CITATIONS, *(OF_FACTS if facts else ()), "refusal_precision", "malformed"}
    expected |= {"support", "crag", "evidence_cited", "first_right"}
    expected |= {"basis_answered", "basis_nearest"}
    shown = {"basis_none": 1, "evidence_offered": 1}  # the evidence was in the prompt
    of_answer = {name for name in scores if "@" not in name and name != "mrr"}
    assert of_answer == {*expected, *shown}
    assert all(scores[name] == (0, 1) for name in expected)
    assert {name: scores[name].value for name in shown} == shown


def test_a_right_refusal_is_measured_as_a_refusal_only(scorers):
    refusal = modelled(SENTINEL, text=REFUSAL, refused=True, citations=())
    scores, details = score_question(UNANSWERABLE, (), refusal, scorers)
    assert values(scores) == {
        "refusal_recall": 1,
        "refusal_precision": 1,
        "malformed": 0,
        "crag": 1,
        **basis("none"),
    }
    assert details == {}


def test_an_answer_where_there_is_none_is_measured_without_gold(scorers):
    reply = "The colonies starved in February because the combs were empty [1]."
    scores, _ = score_question(UNANSWERABLE, (), modelled(reply), scorers)
    assert values(scores) == {
        "refusal_recall": 0,
        "malformed": 0,
        "crag": -1,
        **basis("answered"),
        "citation_recall": 1,
        "citation_precision": 1,
        "support": 1,
        "misattributed": 0,
        "invented": 0,
    }


@pytest.mark.parametrize("question", [QUESTION, UNANSWERABLE])
@pytest.mark.parametrize("refused", [True, False])
def test_quotations_in_a_failed_models_place_earn_it_nothing(scorers, question, refused):
    fallback = modelled(
        REFUSAL if refused else f"Ann (0:15): “{STARVED}” [1]",
        mode="extractive",
        reply=None,
        evidence=(),
        refused=refused,
        warnings=(f"{FALLBACK}: the service is down",),
    )
    scores, details = score_question(question, (), fallback, scorers)
    found = values(scores)
    assert found.pop("malformed") == found.pop("basis_none") == 1
    assert "refusal_precision" not in found
    assert ("refusal_recall" in found) == (question is UNANSWERABLE)
    assert set(found.values()) == {0}
    assert details == {}


def test_without_an_answer_the_search_alone_is_measured():
    scores, details = score_question(QUESTION, (), None, None)
    assert {"recall@60", "precision@2000", "f1@500", "hit@1", "mrr", "ndcg@10"} <= set(scores)
    assert not any(name.startswith(("fact", "cit", "ref", "mal")) for name in scores)
    assert score_question(UNANSWERABLE, (), None, None) == ({}, {})
    assert details == {}
