"""The harness can fail and can find: models with a planted fault, asked over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import Archive
from askpod.evals.gold import GoldSet, load_gold
from askpod.evals.records import read_summary
from askpod.evals.run import Run, RunSettings, run_gold, write_run
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI
from scripted_models import CitesWrongTurns, InventsNumbers, NeverRefuses, Prose, Sound

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"

Figures = dict[str, float]
THOROUGH = pytest.mark.thorough


QUARTER = pytest.param((slice(None, None, 4), slice(None)), id="quarter", marks=THOROUGH)
EIGHTH = pytest.param((slice(None, None, 8), slice(1, None, 4)), id="eighth")


@pytest.fixture(scope="module", params=[EIGHTH, QUARTER])
def gold(request: pytest.FixtureRequest) -> GoldSet:
    """Questions that have an answer, a multiple of five, and others.

    No follow-ups, which a model is asked in other words.
    """
    whole = load_gold(EXAMPLES)
    alone = [question for question in whole.questions if not question.history]
    answerable = [question for question in alone if question.answerable]
    others = [question for question in alone if not question.answerable]
    some, few = request.param
    return replace(whole, questions=(*answerable[some], *others[few]))


@pytest.fixture(scope="module")
def measured(
    gold: GoldSet, indexed: Path, archive: Archive, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[type[Sound]], tuple[Run, Figures]]:
    """Runs the examples with a model; gives the run and the figures that its folder reports."""
    known: dict[type[Sound], tuple[Run, Figures]] = {}

    def measure(model: type[Sound]) -> tuple[Run, Figures]:
        if model not in known:
            with FakeOpenAI() as server:
                server.answer_with(model(gold, archive))
                settings = Settings(model=ModelSettings("scripted", base_url=server.base_url))
                with Archive.open(indexed, settings=settings) as asked:
                    run = run_gold(gold, asked, RunSettings())
                assert len(server.requests) > 20  # it was the model that answered
            folder = tmp_path_factory.mktemp(model.__name__)
            write_run(folder, run, gold, {"model": model.__name__})
            figures = read_summary(folder).figures["all"]["all"]
            known[model] = run, {name: each.value for name, each in figures.items()}
        return known[model]

    return measure


def test_a_sound_model_scores_near_one(measured):
    run, figures = measured(Sound)
    assert run.failed == 0
    wrote = [record for record in run.records if record.details]
    assert all(record.scores["citation_precision"].value == 1 for record in wrote)
    # One question in ten is refused before a model is asked, wrongly, and counts as 0.
    assert figures["citation_precision"] == figures["citation_recall"] > 0.85
    assert figures["cited_hit"] > 0.85
    assert figures["refusal_recall"] == 1
    assert figures["malformed"] == 0


@pytest.mark.parametrize("model", [InventsNumbers, CitesWrongTurns])
def test_citations_invented_in_every_fifth_answer_cost_a_fifth(measured, model):
    _, sound = measured(Sound)
    _, figures = measured(model)
    assert figures["citation_precision"] == pytest.approx(
        0.8 * sound["citation_precision"], abs=0.03
    )
    assert figures["citation_recall"] == pytest.approx(0.8 * sound["citation_recall"], abs=0.03)
    assert figures["fact_recall"] == pytest.approx(sound["fact_recall"], abs=0.03)


def test_the_invented_numbers_are_named(measured):
    run, _ = measured(InventsNumbers)
    named = [record.details["unknown_numbers"] for record in run.records if record.details]
    invented = [numbers for numbers in named if numbers]
    assert len(invented) == pytest.approx(len(named) / 5, abs=2)
    assert all(number >= 900 for numbers in invented for number in numbers)


def test_a_model_that_never_refuses_is_found(measured):
    _, figures = measured(NeverRefuses)
    assert figures["refusal_recall"] < 0.2  # a few are refused before a model is asked
    assert measured(Sound)[1]["refusal_recall"] == 1


def test_prose_without_citations_earns_no_precision_and_is_of_use_where_sources_are_found(measured):
    run, figures = measured(Prose)
    assert figures["malformed"] < 0.05
    # Where little is near, a list of episodes is made without the model.
    wrote = [record.scores for record in run.records if record.answer and record.answer["reply"]]
    assert len(wrote) > 20
    assert all(not scores["citation_precision"].value for scores in wrote)
    assert all(not scores["citation_recall"].value for scores in wrote)
    assert figures["fact_recall"] == pytest.approx(measured(Sound)[1]["fact_recall"], abs=0.03)
