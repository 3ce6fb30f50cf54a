"""Models side by side: what is measured of models that follow a script, asked over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import count
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from askpod import Archive
from askpod.answering.llm_client import LanguageModel
from askpod.evals.gold import GoldQuestion, GoldSet, load_gold
from askpod.evals.models import (
    Candidate,
    Load,
    ModelFigures,
    Prompt,
    estimate,
    figures,
    measure,
    send,
)
from askpod.evals.report.models import groups, tables, write_models
from askpod.settings import ModelSettings, Settings
from askpod.tokens import TokenCounter
from fake_openai import Answering, FakeOpenAI, Request, Scripted, failed, said
from scripted_models import MOST_QUOTED, Shown, Sound, quoted

EXAMPLES = Path(__file__).parents[3] / "evals" / "examples.yaml"
QUESTIONS = 9
HOSTILE = "<b>gone</b>"
WORDS = "one two three four five"  # that a scripted reply takes five tokens for

Measure = Callable[..., ModelFigures]


class Elsewhere(Sound):
    """Quotes, of all it is shown, what does not hold the answer."""

    def reply(self, place: int, question: GoldQuestion, shown: list[Shown]) -> str:
        del place, question
        return quoted([turn for turn in shown if not turn.right][:MOST_QUOTED])


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> GoldSet:
    """A few questions of the examples, the first and last of them."""
    rows = yaml.load(EXAMPLES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    alone = [row for row in rows if "history" not in row]
    kept = [*alone[: QUESTIONS - 2], *alone[-2:]]
    path = tmp_path_factory.mktemp("gold") / "few.yaml"
    path.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return load_gold(path)


@pytest.fixture(scope="module")
def measured(gold: GoldSet, indexed: Path) -> Measure:
    """Measures a model that answers by a function. `server.requests` are those it received."""

    def run(server: FakeOpenAI, answering: Answering, **how: float) -> ModelFigures:
        server.answer_with(answering)
        model = ModelSettings(**{"name": "scripted", "base_url": server.base_url, **how})
        settings = Settings(model=model)
        return measure(gold, indexed, Candidate.of(gold, indexed, settings))

    return run


@pytest.fixture(scope="module")
def steady(measured: Measure, gold: GoldSet, archive: Archive) -> ModelFigures:
    """A model that answers well and never fails."""
    with FakeOpenAI() as server:
        return measured(server, Sound(gold, archive), name="with/a-rather-long-name:70b")


@pytest.fixture(scope="module")
def silent(measured: Measure) -> ModelFigures:
    """A model that only fails, with a name and a complaint that would act on a page."""
    with FakeOpenAI(failed(500, "<script>alert(1)</script>")) as server:
        found = measured(server, lambda _: server.default, name=HOSTILE, patience=60)
        assert len(server.requests) == 1 + found.asked  # not asked on
    return found


def prompts(number: int) -> list[Prompt]:
    return [Prompt((("user", f"Question {each}"),)) for each in range(number)]


def load(
    server: FakeOpenAI,
    answering: Answering,
    parallel: int = 1,
    number: int = 24,
    timeout: float = 60.0,
) -> Load:
    """What comes of so many short prompts."""
    model = LanguageModel(replace(settings_of(server), timeout=timeout))
    model.reply(prompts(1)[0].messages)  # the client's code is loaded by then
    server.answer_with(answering)
    return send(model, prompts(number), parallel)


def settings_of(server: FakeOpenAI) -> ModelSettings:
    return ModelSettings("scripted", base_url=server.base_url, patience=0)


# --- Latency -----------------------------------------------------------------------------------


def test_the_first_text_takes_what_the_model_waits_and_the_whole_answer_what_it_pauses(server):
    waits = load(server, lambda _: said(WORDS, wait=0.2, pause=0.02), number=6)
    found = figures(settings_of(server), 6, [waits], {}).latency
    assert found["first_text_p50"].low >= 0.2
    assert found["first_text_p95"].value >= found["first_text_p50"].value
    assert found["whole_p50"].low >= 0.2 + 5 * 0.02
    quick = load(server, lambda _: said(WORDS, pause=0.1), number=3)
    found = figures(settings_of(server), 3, [quick], {}).latency
    assert found["first_text_p50"].value <= found["whole_p50"].value - 4 * 0.1


def test_what_was_measured_before_is_asked_anew(server, measured, steady, gold, archive):
    again = measured(server, Sound(gold, archive), name=steady.model)
    assert len(server.requests) == 1 + sum(level.requests for level in again.levels)
    assert {each.model for each in (steady, again)} == {server.requests[0].body["model"]}
    assert again.quality == steady.quality


def test_what_is_measured_is_the_request_for_an_answer_as_ask_makes_it(
    server, gold, indexed, archive
):
    server.answer_with(Sound(gold, archive))
    settings = Settings(model=settings_of(server), rewrite="always")
    candidate = Candidate.of(gold, indexed, settings)
    measure(gold, indexed, candidate)
    assert len(server.requests) == estimate(candidate.model, candidate.prompts).requests
    assert all("response_format" in request.body for request in server.requests)


# --- Throughput --------------------------------------------------------------------------------


@pytest.mark.parametrize("parallel", [1, 4])
def test_so_many_requests_are_made_at_a_time_and_no_more(server, parallel):
    together = threading.Barrier(parallel, timeout=60)  # broken where one of them is missing
    busy: list[int] = []

    def answering(_: Request) -> str:
        busy.append(1)
        assert len(busy) <= parallel
        together.wait()
        busy.pop()
        together.wait()
        return WORDS

    assert load(server, answering, parallel, number=12).failed == 0


def test_tokens_per_second_are_those_of_all_requests_in_the_time_from_first_to_last(server):
    made = [load(server, lambda _: said(WORDS, wait=0.1), each, number=4) for each in (1, 4)]
    assert made[0].seconds >= 4 * 0.1
    assert made[1].seconds >= 0.1
    as_if = [replace(each, seconds=seconds) for each, seconds in zip(made, (4.0, 2.0), strict=True)]
    levels = figures(settings_of(server), 4, as_if, {}).levels
    assert [level.tokens_per_second for level in levels] == [4 * 5 / 4.0, 4 * 5 / 2.0]


def test_tokens_that_the_service_does_not_count_are_counted_here(server):
    uncounted = load(server, lambda _: said("It is the bees.", usage=False), number=3)
    found = figures(settings_of(server), 3, [uncounted], {})
    counter = TokenCounter("scripted")
    assert found.completion_tokens == counter.count("It is the bees.") == 5
    assert found.prompt_tokens == counter.count_messages(prompts(1)[0].messages)
    assert found.levels[0].completion_tokens == 3 * 5


# --- Failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("parallel", [1, 4])
def test_a_service_that_fails_every_third_request_shows_it(server, parallel):
    number = count()

    def third(_: Request) -> str | Scripted:
        return failed(500) if next(number) % 3 == 2 else WORDS

    found = load(server, third, parallel)
    assert found.failed == 8
    assert len(found.sent) == 24


def test_refused_late_and_broken_replies_are_failures_and_stop_nothing(server):
    kinds = {
        "Question 3": failed(429),
        "Question 5": said(WORDS, wait=60),
        "Question 7": said(WORDS, cut=True),
    }
    found = load(server, lambda request: kinds.get(request.prompt, WORDS), parallel=4, timeout=1.5)
    assert found.failed == 3
    levels = figures(ModelSettings("m", base_url=server.base_url), 24, [found], {})
    assert levels.levels[0].error_rate == 3 / 24
    assert levels.levels[0].completion_tokens == 21 * 5
    said_so = "\n".join(levels.problems)
    assert "is asked too often (429)" in said_so
    assert "said nothing for 1.5 seconds" in said_so
    assert "broke off in the middle of the answer" in said_so


def test_a_passing_failure_shows_in_the_error_rate_and_not_in_the_quality(
    server, measured, steady, gold, archive
):
    sound = Sound(gold, archive)
    number = count()

    def third(request: Request) -> str | Scripted:
        return failed(503) if next(number) % 3 == 2 else sound(request)

    shaky = measured(server, third, patience=10)
    assert [level.failed for level in steady.levels] == [0, 0, 0]
    assert shaky.levels[0].error_rate == pytest.approx(1 / 3, abs=0.12)
    assert shaky.quality == steady.quality


def test_a_model_that_only_fails_has_no_seconds_and_scores_nothing(silent):
    assert [(level.parallel, level.error_rate) for level in silent.levels] == [(1, 1.0)]
    assert silent.latency == {}
    assert silent.cost is None
    assert silent.quality["malformed"].value > 0.8
    # Where little comes near, the model is not asked: such quotations alone earn something.
    assert silent.quality["fact_f1"].value < 0.1


# --- Quality -----------------------------------------------------------------------------------


def test_the_model_that_quotes_the_evidence_is_the_better_one(
    server, measured, steady, gold, archive
):
    worse = measured(server, Elsewhere(gold, archive))
    assert steady.quality["fact_f1"].value > 1.5 * worse.quality["fact_f1"].value
    assert steady.quality["citation_precision"].value > 0.8


# --- Shown -------------------------------------------------------------------------------------


def test_the_folder_holds_the_figures_and_a_page_that_needs_nothing_else(steady, silent, tmp_path):
    write_models(tmp_path / "out", "few", [steady, silent])
    kept = json.loads((tmp_path / "out" / "models.json").read_text(encoding="utf-8"))
    assert kept["gold"] == "few"
    first, second = kept["models"]
    assert first["quality"]["fact_f1"]["value"] == round(steady.quality["fact_f1"].value, 6)
    assert first["levels"][2]["tokens_per_second"] > 0
    assert (second["latency"], second["cost"]) == ({}, None)
    page = (tmp_path / "out" / "models.html").read_text(encoding="utf-8")
    assert page.count("<svg class=") >= 4
    assert "&lt;b&gt;gone&lt;/b&gt;" in page
    assert "<b>gone" not in page
    assert "<script>alert" not in page
    assert "src=" not in page
    for rows in groups([steady, silent]).values():
        assert all(label in page for label in rows)


def test_the_table_fits_a_terminal(steady, silent):
    screen = Console(width=100, file=StringIO(), markup=False)
    for table in tables([steady, silent, steady, silent]):
        screen.print(table)
    shown = screen.file.getvalue()
    assert shown.count("fact F1") == 2  # three models, then the fourth
    assert "…" not in shown
    assert "100% (" in shown
