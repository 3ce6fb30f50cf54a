"""The long-context eval finds what is planted in scripted readers, through the real HTTP path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from askpod import Archive
from askpod.answering.llm_client import LanguageModel
from askpod.answering.prompts import Prompts
from askpod.errors import GoldError, ModelError
from askpod.evals.asking import StoredModel
from askpod.evals.gold import Stretch, load_gold
from askpod.evals.long_context import (
    BASE,
    DEPTHS,
    Arm,
    Condition,
    effective_window,
    in_words,
    parse_lengths,
)
from askpod.evals.long_context.prompt_maker import PromptMaker
from askpod.evals.long_context.results import (
    FILE,
    Result,
    Row,
    citation_scores,
    make_result,
    write_document,
)
from askpod.evals.long_context.run import cited_numbers, make_plan, run_plan
from askpod.evals.measures.facts import FactMatcher
from askpod.evals.report.long_context import long_context_report
from askpod.settings import ModelSettings
from fake_openai import FakeOpenAI, Request, Scripted, failed, said
from scripted_readers import ObeysWhatComesFirst, Prose, Reader, ReadsTheFirst, SkipsTheMiddle

GOLD = load_gold(Path(__file__).parents[3] / "evals" / "examples.yaml")
LENGTHS = (4_000, 16_000, 32_000)
SHORT = (4_000, 8_000)
POSITIONS = tuple(DEPTHS)


@pytest.fixture(scope="module")
def matcher(long_archive: Archive) -> FactMatcher:
    return FactMatcher(long_archive.support_embedder)


class Eval:
    """Runs the eval against the server, in this process."""

    def __init__(self, maker: PromptMaker, matcher: FactMatcher, base_url: str) -> None:
        self._matcher = matcher
        self.settings = ModelSettings("gpt-4o", base_url, patience=0.0)
        self._maker = maker

    def __call__(
        self,
        lengths: Sequence[int],
        questions: int = 3,
        arms: Sequence[Arm] = (BASE,),
        model: LanguageModel | None = None,
        parallel: int = 4,
    ) -> Result:
        plan = make_plan(GOLD, self._maker, lengths, questions, arms)
        asked = model or LanguageModel(self.settings)
        outcomes = run_plan(plan, self._maker, asked, parallel)
        asked.close()
        return make_result(plan, outcomes, self._matcher)


@pytest.fixture(scope="module")
def maker(long_archive: Archive) -> PromptMaker:
    """Shared, because it counts the tokens of the whole archive."""
    return PromptMaker(long_archive, Prompts(), ModelSettings("gpt-4o"))


@pytest.fixture
def run(maker: PromptMaker, matcher: FactMatcher, server: FakeOpenAI) -> Eval:
    return Eval(maker, matcher, server.base_url)


def value(result: Result, name: str, length: int, position: str = "all", by=BASE) -> float:
    return result.rows[Row(by, length, position)][name].value


# What is planted is found


def test_a_perfect_reader_is_as_good_at_every_length(run: Eval, server, long_archive):
    server.answer_with(Reader(GOLD, long_archive))
    result = run(LENGTHS)
    for position in POSITIONS:
        cited = [value(result, "citation_f1", length, position) for length in LENGTHS]
        facts = [value(result, "fact_f1", length, position) for length in LENGTHS]
        assert cited == pytest.approx([1.0] * len(LENGTHS))
        assert facts == pytest.approx([facts[0]] * len(LENGTHS))
        assert facts[0] > 0.3  # a turn says more than the facts, so precision is low
        assert value(result, "fact_recall", LENGTHS[0], position) > 0.8
    for measure in ("fact_f1", "citation_f1"):
        window = result.windows[BASE, measure]
        assert window.length == window.low == window.high == LENGTHS[-1]
        assert "up to 32k, the longest length asked" in in_words(window)
    assert result.failed == 0
    assert all(value(result, "malformed", length) == 0 for length in LENGTHS)


def test_a_reader_of_the_first_16k_tokens_has_that_window(run: Eval, server, long_archive):
    server.answer_with(ReadsTheFirst(GOLD, long_archive, 16_000))
    result = run(LENGTHS)
    for measure in ("fact_f1", "citation_f1"):
        window = result.windows[BASE, measure]
        assert window.length == 16_000
        assert window.high == 16_000
        assert "up to 16k; at 32k" in in_words(window)
    # At 32k it sees the first third, and of the last one nothing.
    assert value(result, "citation_f1", 32_000, "first third") == pytest.approx(1.0)
    assert value(result, "citation_f1", 32_000, "last third") == 0.0
    assert value(result, "refused", 32_000, "last third") == 1.0


def test_a_reader_that_skips_the_middle_dips_there_and_nowhere_else(run, server, long_archive):
    server.answer_with(SkipsTheMiddle(GOLD, long_archive))
    result = run((8_000, 16_000))
    for length in (8_000, 16_000):
        first, middle, last = (value(result, "citation_f1", length, each) for each in POSITIONS)
        assert first == last == pytest.approx(1.0)
        assert middle < 0.2
        facts = [value(result, "fact_f1", length, each) for each in POSITIONS]
        assert facts[0] == pytest.approx(facts[2])
        assert facts[1] < 0.4 * facts[0]


def test_prose_without_citations_is_malformed(run, server, long_archive):
    server.answer_with(Prose(GOLD, long_archive))
    result = run(SHORT)
    for length in SHORT:
        assert value(result, "malformed", length) == 1.0
        assert value(result, "citation_f1", length) == 0.0
        assert value(result, "fact_recall", length) > 0.8  # what it says is right all the same
    assert result.windows[BASE, "citation_f1"].length == 0


def test_a_reader_that_obeys_what_comes_first_shows_where_instructions_belong(
    run, server, long_archive
):
    server.answer_with(ObeysWhatComesFirst(GOLD, long_archive))
    before, twice = Arm(instruction="before"), Arm(instruction="both")
    result = run(SHORT, arms=(BASE, before, twice))
    for length in SHORT:
        both = value(result, "fact_f1", length, by=twice)
        assert both > 0.3
        assert value(result, "fact_f1", length, by=before) == pytest.approx(both)
        assert value(result, "fact_f1", length) < 0.3 * both
        assert value(result, "malformed", length) == 1.0


def test_the_same_questions_are_asked_with_retrieved_evidence(run, server, long_archive):
    server.answer_with(Reader(GOLD, long_archive))
    result = run((4_000,))
    assert len(server.requests) == 3 * (1 + len(POSITIONS))
    usual = [outcome for outcome in result.outcomes if outcome.condition is None]
    assert all(0 < outcome.tokens <= run.settings.context_tokens for outcome in usual)
    assert result.rows[Row()]["citation_f1"].value > 0.6


# Failures, repeats, interruptions


def test_failures_are_noted_and_score_0(run, server, long_archive):
    reader = Reader(GOLD, long_archive)

    def fails_when_long(request: Request) -> str | Scripted:
        too_long = len(request.prompt) > 24_000
        code = "context_length_exceeded"
        return failed(400, "maximum context length", code) if too_long else reader(request)

    server.answer_with(fails_when_long)
    result = run(SHORT, questions=2)
    assert result.failed == 2 * len(POSITIONS) + 2  # and the usual prompts, which are as long
    assert value(result, "malformed", 8_000) == 1.0
    assert value(result, "fact_f1", 8_000) == value(result, "citation_f1", 8_000) == 0.0
    assert value(result, "malformed", 4_000) == 0.0
    window = result.windows[BASE, "fact_f1"]
    assert window.length == 4_000
    assert "at no longer length; at 8k 0 %" in in_words(window)


def test_a_service_that_answers_nothing_is_asked_once(run, server):
    server.default = failed(401, "no such key")
    with pytest.raises(ModelError):
        run(SHORT)
    assert len(server.requests) == 1


def test_a_reply_that_breaks_off_is_malformed_and_still_scored(run, server, long_archive):
    reader = Reader(GOLD, long_archive)
    server.answer_with(lambda request: said(reader(request), finish="length"))
    result = run((4_000,), questions=2)
    assert value(result, "malformed", 4_000) == 1.0
    assert value(result, "citation_f1", 4_000) == pytest.approx(1.0)


def test_a_service_that_cuts_prompts_in_silence_is_found_out(run, server, long_archive, matcher):
    server.answer_with(Reader(GOLD, long_archive))
    honest = run((4_000,), questions=1)
    assert honest.notes == ()
    counts_less = [replace(outcome, counted=2_048) for outcome in honest.outcomes]
    (note,) = make_result(honest.plan, counts_less, matcher).notes
    assert note.startswith("4k: in 3 replies the service counted 2,048 prompt tokens or fewer")


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(
    run, server, long_archive, tmp_path: Path
):
    server.answer_with(Reader(GOLD, long_archive))
    pages = []
    for name, parallel in (("one", 4), ("two", 1)):
        model = StoredModel(run.settings, tmp_path / "replies")
        result = run(SHORT, questions=2, model=model, parallel=parallel)
        (tmp_path / name).mkdir()
        write_document(tmp_path / name, result, {"gold": GOLD.name, "model": "gpt-4o"})
        pages.append(long_context_report(result, GOLD.name, {"model": "gpt-4o"}))
    assert len(server.requests) == 2 * (1 + 2 * len(POSITIONS))
    assert pages[0] == pages[1]
    first, second = ((tmp_path / name / FILE).read_bytes() for name in ("one", "two"))
    assert first == second
    replies = json.loads(first)["replies"]
    assert len(replies) == len(server.requests)
    assert {reply["row"] for reply in replies} == {"retrieved", "base"}


# The report


def test_the_report_shows_the_window_the_map_and_the_factors(run, server, long_archive):
    server.answer_with(ReadsTheFirst(GOLD, long_archive, 6_000))
    arms = (BASE, Arm(negatives="random"), Arm(formatting="markdown"))
    result = run(SHORT, questions=3, arms=arms)
    page = long_context_report(result, GOLD.name, {"model": "<b>gpt</b>"})
    assert "keeps 85 % of its score at 4k at no longer length" in page
    for heading in ("Effective window", "Other episodes around", "Formatting", "Difficulty"):
        assert heading in page
    assert "facts F1 by length of the prompt and place of the evidence" in page
    assert "<b>gpt" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")


# The measures


@pytest.mark.parametrize(
    ("cited", "unknown", "expected"),
    [
        ([], 0, (0.0, 0.0, 0.0)),
        ([(0, 10), (10, 20)], 0, (1.0, 1.0, 1.0)),
        ([(0, 10)], 0, (1.0, 0.5, 2 / 3)),
        ([(0, 10), (90, 99)], 0, (0.5, 0.5, 0.5)),
        ([(0, 20)], 1, (0.5, 1.0, 2 / 3)),
        ([(90, 99)], 0, (0.0, 0.0, 0.0)),
        ([(-5, 5)], 0, (1.0, 0.25, 0.4)),
    ],
)
def test_citations_by_hand(cited, unknown, expected):
    evidence = [Stretch("bees", 0, 20)]
    scores = citation_scores([Stretch("bees", *each) for each in cited], unknown, evidence)
    names = ("citation_precision", "citation_recall", "citation_f1")
    assert tuple(scores[name] for name in names) == pytest.approx(expected)


def test_numbers_are_read_in_every_form():
    assert cited_numbers("So [3], [1, 3], [5-6]. 【8†source】 and [none].") == (3, 1, 5, 6, 8)


def windows(*rows: Sequence[float], clusters: Sequence[str] = ()) -> tuple[int, int, int]:
    table = np.array(rows, dtype=float)
    names = clusters or [str(number) for number in range(len(rows))]
    found = effective_window([4_000, 8_000, 16_000], table, names)
    return found.length, found.low, found.high


def test_the_window_is_the_last_length_before_the_first_that_falls():
    assert windows([1, 0.9, 0.85]) == (16_000,) * 3
    assert windows([1, 0.9, 0.84]) == (8_000,) * 3
    assert windows([1, 0.5, 1.0]) == (4_000,) * 3  # a later recovery does not count
    assert windows([0.4, 0.4, 0.2]) == (8_000,) * 3  # its own score is the measure
    assert windows([0, 1, 1]) == (0, 0, 0)


def test_a_window_that_hangs_on_few_questions_says_so():
    length, low, high = windows([1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0.3])
    assert length == 8_000
    assert low == 4_000 or low == 8_000
    assert high == 16_000


def test_questions_of_one_episode_are_drawn_together():
    rows = [[1, 1, 1]] * 10 + [[1, 1, 0]]
    assert windows(*rows)[1:] == (8_000, 16_000)
    # In one episode with as many others there is nothing to draw it apart from.
    assert windows(*rows, clusters=["a"] * 5 + ["b"] * 6)[2] == 16_000


@pytest.mark.parametrize(
    ("text", "lengths"),
    [("4k", (4_000,)), ("8k, 4K,8000", (4_000, 8_000)), ("2500,1000k", (2_500, 1_000_000))],
)
def test_lengths_are_read(text: str, lengths: tuple[int, ...]):
    assert parse_lengths(text) == lengths


@pytest.mark.parametrize("text", ["", "k", "4k,", "four", "1k", "-4k", "9999k", "4.5k", "٤k"])
def test_what_is_no_length_is_refused(text: str):
    with pytest.raises(GoldError, match="--lengths"):
        parse_lengths(text)


def test_a_cell_says_what_it_is():
    condition = Condition(Arm(formatting="markdown"), 64_000, "middle third")
    assert str(condition) == "Markdown, 64k, middle third"
