"""Running a gold set: every question is asked, scored, recorded in its order, and found again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import Archive
from askpod.evals.asking import in_order
from askpod.evals.gold import Evidence, GoldQuestion, GoldSet, load_gold
from askpod.evals.measures import BUDGETS
from askpod.evals.records import QUESTIONS, REPORT, SUMMARY, TIMINGS, read_records
from askpod.evals.run import Run, RunSettings, open_archive, run_gold, setup, write_run
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI, Request, Scripted, failed, said
from scripted_models import Sound

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"
RETRIEVAL = RunSettings(retrieval_only=True)
THOROUGH = pytest.mark.thorough


@pytest.fixture(scope="module")
def gold() -> GoldSet:
    return load_gold(EXAMPLES)


@pytest.fixture(scope="module")
def few(gold: GoldSet) -> GoldSet:
    """Six questions, the last two unanswerable."""
    answerable = [question for question in gold.questions if question.answerable]
    others = [question for question in gold.questions if not question.answerable]
    return replace(gold, questions=(*answerable[::12][:4], *others[:2]))


@pytest.fixture(scope="module", params=["a fifth", pytest.param("all", marks=THOROUGH)])
def many(request: pytest.FixtureRequest, gold: GoldSet) -> GoldSet:
    """Examples of all kinds, the first of all and as good a part of the others as the whole."""
    part = (gold.questions[0], *gold.questions[2::5])
    return gold if request.param == "all" else replace(gold, questions=part)


@pytest.fixture(scope="module")
def extractive(many: GoldSet, archive: Archive) -> Run:
    """The many, answered in quotations."""
    return run_gold(many, archive, RunSettings())


@pytest.fixture
def asked(
    few: GoldSet, server: FakeOpenAI, indexed: Path, archive: Archive, tmp_path: Path
) -> Callable[..., Run]:
    """Runs the few with a sound model on the server, whose replies are kept."""
    server.answer_with(Sound(few, archive))
    settings = Settings(model=ModelSettings("scripted", base_url=server.base_url, patience=0.1))

    def run(how: RunSettings = RunSettings(), replies: str = "replies") -> Run:  # noqa: B008
        with open_archive(indexed, settings, tmp_path / replies, print) as opened:
            run = run_gold(few, opened, how)
            write_run(tmp_path / "run", run, few, setup(opened, settings, retrieval_only=False))
        return run

    return run


def written(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (QUESTIONS, SUMMARY, REPORT)}


# Many of the examples


def test_the_examples_are_found_and_answered(extractive, many, tmp_path):
    summary = write_run(tmp_path, extractive, many, {"mode": "extractive"})
    figures = {name: each.value for name, each in summary.figures["all"]["all"].items()}
    assert extractive.failed == 0
    assert figures["recall@500"] > 0.72
    assert figures["mrr"] > 0.6
    assert figures["ndcg@10"] > 0.6
    assert figures["cited_hit"] > 0.38
    assert figures["fact_recall"] > 0.3
    assert figures["citation_precision"] > 0.95
    assert "malformed" not in figures
    assert set(summary.figures) == {"all", "type", "difficulty", "position", "episode", "turn"}


def test_each_question_has_its_record_in_the_gold_sets_order(extractive, many):
    assert [record.id for record in extractive.records] == [each.id for each in many.questions]
    assert [timing.id for timing in extractive.timings] == [each.id for each in many.questions]
    first = extractive.records[0]
    assert first.cluster == first.slices["episode"] == many.questions[0].evidence[0].episode
    assert first.slices["type"] == "single"
    assert first.slices["position"] in ("first third", "middle third", "last third")
    assert first.answer["citations"]
    assert "passages" not in first.answer
    (evidence,) = first.gold["evidence"]
    assert (evidence["start"], evidence["end"]) == (83, 107)
    assert "starved" in evidence["text"]
    assert evidence["url"].endswith("&t=83s")


def test_enough_passages_are_kept_to_fill_the_largest_budget(extractive):
    for record in extractive.records:
        if record.history:  # it may stay within one short episode
            continue
        words = [passage["words"] for passage in record.retrieved]
        assert sum(words) >= BUDGETS[-1]
        assert sum(words[:-1]) < BUDGETS[-1]


def test_an_unanswerable_question_measures_refusals_and_its_citations_only(extractive, many):
    answerable = {question.id: question.answerable for question in many.questions}
    for record in extractive.records:
        of_evidence = {"recall@500", "mrr", "cited_hit", "fact_recall"} & set(record.scores)
        assert bool(of_evidence) == answerable[record.id]
        assert ("refusal_recall" in record.scores) != answerable[record.id]
        assert ("refusal_precision" in record.scores) == (record.answer["basis"] != "answered")
        if record.answer["refused"] and not answerable[record.id]:
            assert {"refusal_recall", "refusal_precision"} <= set(record.scores)


def test_an_answerable_question_that_is_refused_scores_nothing(extractive, many):
    answerable = {question.id for question in many.questions if question.answerable}
    refused = [r for r in extractive.records if r.answer["refused"] and r.id in answerable]
    assert 0 < len(refused) <= len(answerable) / 10
    for record in refused:
        of_answer = {n: s for n, s in record.scores.items() if n.startswith(("fact", "cit"))}
        assert len(of_answer) == 7
        assert all(score == (0.0, 1.0) for score in of_answer.values())


# Runs are the same whenever they are repeated


def test_retrieval_alone_asks_no_model_and_makes_no_answer(asked, server):
    run = asked(RETRIEVAL)
    assert server.requests == []
    assert all(record.answer is None for record in run.records)
    assert {"recall@2000", "hit@1"} <= set(run.records[0].scores)
    assert not any(name.startswith(("fact", "cit", "ref")) for name in run.records[0].scores)


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(asked, server, tmp_path):
    first = asked()
    requests = len(server.requests)
    before = written(tmp_path / "run")
    assert requests >= 4
    again = asked(RunSettings(parallel=1))
    assert len(server.requests) == requests
    assert written(tmp_path / "run") == before
    assert [each.model for each in again.timings] == [each.model for each in first.timings]


def test_nothing_of_the_clock_or_the_machine_is_in_a_run(asked, tmp_path):
    asked()
    files = b"".join(written(tmp_path / "run").values()).decode()
    assert str(tmp_path) not in files
    assert "_seconds" not in files
    timings = json.loads((tmp_path / "run" / TIMINGS).read_text())
    assert timings["model_seconds"]["p95"] >= timings["model_seconds"]["p50"] > 0
    assert timings["retrieval_seconds"]["p50"] > 0
    assert timings["prompt_tokens"] > 1000
    assert timings["cost"] is None
    assert len(timings["questions"]) == 6


def test_what_is_written_can_be_read(asked, tmp_path):
    run = asked()
    assert read_records(tmp_path / "run") == run.records


def test_a_slow_first_reply_changes_no_order(asked, server, few, archive):
    sound = Sound(few, archive)

    def slow_at_first(request: Request) -> Scripted:
        return said(sound(request), wait=0.4 if len(server.requests) == 1 else 0.0)

    server.answer_with(slow_at_first)
    run = asked(RunSettings(parallel=3))
    assert [record.id for record in run.records] == [each.id for each in few.questions]


def test_progress_counts_up_to_all(few, archive):
    seen: list[tuple[int, int]] = []
    run_gold(few, archive, RETRIEVAL, lambda done, total: seen.append((done, total)))
    assert seen == [(number, 6) for number in range(1, 7)]


# What fails


def test_a_failed_reply_scores_nothing_and_is_asked_again(asked, server, few, archive):
    sound = Sound(few, archive)
    broken = few.questions[1]

    def fails_once(request: Request) -> str | Scripted:
        if broken.question in request.prompt:
            return failed(400, "out of order")
        return sound(request)

    server.answer_with(fails_once)
    run = asked()
    requests = len(server.requests)
    record = run.records[1]
    assert run.failed == 1
    assert "out of order" in record.problems[0]
    assert record.scores["malformed"] == (1.0, 1.0)
    assert record.scores["fact_recall"] == record.scores["citation_recall"] == (0.0, 1.0)
    assert record.scores["recall@2000"].value > 0  # the search did not fail
    assert run.records[0].scores["malformed"] == (0.0, 1.0)

    server.answer_with(sound)
    again = asked()
    assert again.failed == 0
    assert again.records[1].scores["citation_precision"].value == 1
    assert len(server.requests) == requests + 1


def test_a_question_that_cannot_be_asked_scores_nothing(few, archive):
    long = few.questions[0].model_copy(update={"question": "bees " * 300, "id": "long"})
    run = run_gold(replace(few, questions=(long, few.questions[1])), archive, RunSettings())
    assert "tokens" in run.records[0].problems[0]
    assert set(run.records[0].scores) >= {"recall@60", "mrr", "fact_f1", "citation_recall"}
    scores = dict(run.records[0].scores)
    assert scores.pop("basis_none").value == 1
    assert all(score.value == 0 for score in scores.values())
    assert run.records[1].problems == ()
    assert run.failed == 1


def test_a_question_of_one_episode_is_asked_of_that_alone(few, archive):
    elsewhere = next(
        each.id for each in archive.episodes() if each.id != few.questions[0].evidence[0].episode
    )
    question = few.questions[0].model_copy(update={"episode": elsewhere})
    run = run_gold(replace(few, questions=(question,)), archive, RunSettings())
    (record,) = run.records
    assert {passage["episode"] for passage in record.retrieved} == {elsewhere}
    assert {each["episode_id"] for each in record.answer["citations"]} <= {elsewhere}
    assert record.scores["recall@2000"] == (0.0, 1.0)


def follow_up(few) -> GoldQuestion:
    """Of the first question: nothing but the talk before says what it is about."""
    first = few.questions[0]
    asked = {"id": "then", "question": "And what about that?", "history": (first.question,)}
    return first.model_copy(update=asked)


def test_a_follow_up_is_understood_by_what_was_asked_before(few, archive):
    then = follow_up(few)
    bare = then.model_copy(update={"id": "bare", "history": ()})
    gold = replace(few, questions=(few.questions[0], then, bare))
    for retrieval_only in (True, False):
        first, asked, alone = run_gold(gold, archive, RunSettings(retrieval_only)).records
        assert first.scores["hit@5"].value == asked.scores["hit@5"].value == 1
        assert alone.scores["hit@5"].value == 0
        assert (first.slices["turn"], asked.slices["turn"]) == ("first question", "follow-up")
        assert asked.history == (few.questions[0].question,)


def test_follow_ups_are_a_slice_of_their_own(few, archive, tmp_path):
    gold = replace(few, questions=(*few.questions, follow_up(few)))
    summary = write_run(tmp_path, run_gold(gold, archive, RunSettings()), gold, {})
    assert list(summary.figures["turn"]) == ["first question", "follow-up"]
    (*_, record) = read_records(tmp_path)
    assert record.history == (few.questions[0].question,)


def test_the_conversation_before_a_follow_up_is_held_with_the_model(few, server, indexed, tmp_path):
    server.answer_with(
        lambda request: f"The colonies starved in February [{len(request.messages)}]."
    )
    settings = Settings(model=ModelSettings("scripted", base_url=server.base_url, patience=0.1))
    gold = replace(few, questions=(follow_up(few),))
    with open_archive(indexed, settings, tmp_path / "replies", print) as opened:
        (record,) = run_gold(gold, opened, RunSettings(parallel=1)).records
    first, *later = [request.prompt for request in server.requests]
    assert few.questions[0].question in first
    assert later  # the follow-up, after it was made a question by itself
    assert {"basis_answered", "evidence_offered"} <= set(record.scores)


def test_an_unanswerable_question_of_an_episode_belongs_to_it(few, archive):
    id_ = archive.episodes()[0].id
    question = GoldQuestion(id="x", question="Who?", type="unanswerable", episode=id_)
    free = GoldQuestion(id="y", question="Who?", type="unanswerable")
    run = run_gold(replace(few, questions=(question, free)), archive, RETRIEVAL)
    assert [record.cluster for record in run.records] == [id_, "y"]
    assert [record.slices["episode"] for record in run.records] == [id_, "none"]
    assert "position" not in run.records[0].slices


@pytest.mark.parametrize(
    ("start", "third"), [(0, "first third"), (0.5, "middle third"), (0.95, "last third")]
)
def test_where_the_evidence_lies_is_a_slice(few, archive, start, third):
    episode = archive.episodes()[0].id
    end = archive.turns(episode)[-1].end
    evidence = Evidence(episode=episode, start=start * end, end=start * end + 10)
    question = GoldQuestion(id="x", question="Who?", evidence=(evidence,))
    run = run_gold(replace(few, questions=(question,)), archive, RETRIEVAL)
    assert run.records[0].slices["position"] == third


# The threads


def test_results_come_in_order_and_an_error_is_raised():
    def work(number: int, _: threading.Event) -> int:
        time.sleep(0.02 * (3 - number))
        if number == 3:
            raise ValueError("three")
        return number * number

    with pytest.raises(ValueError, match="three"):
        list(in_order(work, [0, 1, 2, 3], parallel=2))
    assert list(in_order(work, [0, 1, 2], parallel=3)) == [0, 1, 4]


def test_giving_up_tells_the_workers_and_starts_nothing_more():
    started: list[int] = []
    told = threading.Event()

    def work(number: int, unwanted: threading.Event) -> int:
        started.append(number)
        if number and unwanted.wait(5):
            told.set()
        return number

    with closing(in_order(work, list(range(100)), parallel=2)) as results:
        assert next(results) == 0
    assert told.is_set()
    assert len(started) <= 4
