"""Which statements of an answer state which gold facts, and how often a reader agrees."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from askpod import Archive
from askpod.answering.refusal import REFUSAL, SENTINEL
from askpod.embedding.minilm import MiniLM
from askpod.evals.gold import load_gold
from askpod.evals.measures.facts import FactMatcher, fact_scores, said, statements

ROOT = Path(__file__).parents[3]
BATTERIES = (
    "They lasted nineteen days",
    "The radio retried all night since the gateway's antenna had iced over",
)
FROZE, THAWED = "It froze in 1968.", "All of it thawed."
COSTS = "The commercial scale was three hundred and ninety plus a subscription"


@pytest.fixture(scope="module")
def matcher() -> FactMatcher:
    return FactMatcher(MiniLM())


@pytest.fixture(scope="module")
def agreement() -> ModuleType:
    """The script benchmarks/fact_agreement.py."""
    path = ROOT / "benchmarks" / "fact_agreement.py"
    spec = importlib.util.spec_from_file_location("fact_agreement", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)  # where its data class looks for itself
        spec.loader.exec_module(module)
    return module


# --- what an answer states --------------------------------------------------------------------


def test_quotations_are_read_without_speaker_time_and_number():
    answer = (
        "Marisol Vanterpool (7:09): “Because the batteries died in January. On paper they lasted "
        "two years.” [1]\n\n1:02:03: “Nobody knew. We asked: why? It was the antenna.” [2]"
    )
    assert statements(answer) == (
        "Because the batteries died in January.",
        "On paper they lasted two years.",
        "Nobody knew. It was the antenna.",
    )


def test_an_extractive_answer_states_what_was_said(archive: Archive):
    answer = archive.ask("Why did batteries that should have lasted two years give out?")
    speech = " ".join(
        " ".join(turn.text.split()) for turn in archive.turns(answer.citations[0].episode_id)
    )
    assert len(statements(answer.text)) > 2
    assert all(statement in speech for statement in statements(answer.text))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("It froze in 1968 [1]. All of it thawed [2, 3].", [FROZE, THAWED]),
        ("It froze in 1968.[1] All of it thawed.【2†source】", [FROZE, THAWED]),
        ("All of it thawed [1] (unsupported). It froze in 1968 (no source).", [THAWED, FROZE]),
        (
            "Here is what they said:\n- the **queen** was lost [1]\n- rain [2]",
            ["the queen was lost", "rain"],
        ),
        (
            "## Costs\n1. It costs 74 euros.\n2. A box is 390.",
            ["It costs 74 euros.", "A box is 390."],
        ),
        ("Velmic [1]. It has long consonants [1].", ["Velmic. It has long consonants."]),
        ("It has the same long consonants. Velmic.", ["It has the same long consonants. Velmic."]),
        ("Velmic", ["Velmic"]),
        ("Why was that? Nobody knows why it was.", ["Nobody knows why it was."]),
        ("The bees, who\nlike shade, moved.", ["The bees, who like shade, moved."]),
        (REFUSAL, []),
        (SENTINEL, []),
        (" \n", []),
    ],
)
def test_a_models_reply_is_read_by_sentences(reply: str, expected: list[str]):
    assert list(statements(reply)) == expected


# --- one statement, one fact ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "fact"),
    [
        ("After 19 days all of the batteries were empty.", BATTERIES[0]),
        ("The bought scale costs €390, and a subscription on top.", COSTS),
        ("Training on the weather that really came flatters it.", "It trains on real weather"),
        ("Waste fell to 10.2% after a year.", "Ten point two percent after a full year"),
        ("Repeat orders went down by nine percent.", "9 % fewer repeat orders"),
    ],
)
def test_it_states_the_fact(matcher: FactMatcher, statement: str, fact: str):
    assert matcher.states(statement, fact)


@pytest.mark.parametrize(
    ("statement", "fact"),
    [
        ("They lasted ninety days.", BATTERIES[0]),
        ("The commercial scale was three hundred and eighty plus a subscription.", COSTS),
        ("The committee wanted to stop after five months.", BATTERIES[0]),
        ("The printer would come later, not on day one.", "The printer on day one"),
        ("They lasted a long time.", "They voted a hundred and sixty-one to forty-four against"),
        ("", BATTERIES[0]),
    ],
)
def test_it_does_not(matcher: FactMatcher, statement: str, fact: str):
    assert not matcher.states(statement, fact)


def test_a_missing_figure_outweighs_all_likeness(matcher: FactMatcher):
    assert matcher.score("It costs 75 euros in parts.", "It costs 74 euros in parts.") == 0
    assert matcher.score("It costs 74 euros in parts.", "It costs 74 euros in parts.") > 1.6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sixteen point eight percent", "16.8 %"),
        ("zero point four points", "0.4 points"),
        ("a hundred and sixty-one votes", "161 votes"),
        ("it was twenty-one point five", "it was 21.5"),
        ("€52,000", "fifty-two thousand euros"),
    ],
)
def test_numbers_are_the_same_however_written(one: str, other: str):
    assert said(one).figures == said(other).figures
    assert said(one).needed == said(other).needed != frozenset()


@pytest.mark.parametrize("text", ["At this point two of them left.", "A hundred times no."])
def test_what_is_no_figure_is_not_needed(text: str):
    assert said(text).needed == frozenset()


# --- a whole answer ---------------------------------------------------------------------------


def test_each_fact_is_found_where_it_is_stated(matcher: FactMatcher):
    reply = [
        "The pilot ran for fourteen months.",
        "Ice on the gateway's antenna kept the radio retrying all night.",
        "So the batteries were empty after 19 days.",
    ]
    first, second = matcher.match(BATTERIES, reply)
    assert (first.fact, first.statement, first.second) == (0, 2, None)
    assert (second.fact, second.statement, second.second) == (1, 1, None)


def test_two_neighbours_may_state_a_fact_together(matcher: FactMatcher):
    reply = ["They changed forty percent of the lines at first.", "By now it is about twelve."]
    fact = "Forty percent of the lines at first, about twelve now"
    (found,) = matcher.match([fact], reply)
    assert (found.statement, found.second) == (0, 1)
    (apart,) = matcher.match([fact], [reply[0], "The shops are small and busy.", reply[1]])
    assert apart.statement is None
    scores, _ = fact_scores(matcher, [fact], " ".join(reply))
    assert scores["fact_precision"].value == 1


def test_recall_and_precision_of_an_answer(matcher: FactMatcher):
    reply = (
        "Here is what she said:\n\n- The batteries lasted nineteen days [1].\n"
        "- Two boxes were lost to a badger [1].\n- The honey was coming in [2].\n\n"
        "The episodes do not say what they cost."
    )
    scores, matches = fact_scores(matcher, BATTERIES, reply)
    assert scores["fact_recall"] == (1 / 2, 1)
    assert scores["fact_precision"] == (pytest.approx(1 / 3), 1)
    assert scores["fact_f1"] == (pytest.approx(2 / 5), 1)
    assert [match.statement for match in matches] == [0, None]


@pytest.mark.parametrize("text", ["", REFUSAL, SENTINEL, "What do you mean?", "[1][2]"])
def test_an_answer_that_states_nothing_scores_nothing(matcher: FactMatcher, text: str):
    scores, matches = fact_scores(matcher, BATTERIES, text)
    assert scores == {name: (0, 1) for name in ("fact_recall", "fact_precision", "fact_f1")}
    assert [match.statement for match in matches] == [None, None]


def test_gold_answers_state_their_own_facts_and_no_others(matcher: FactMatcher):
    rows = [row for row in load_gold(ROOT / "evals" / "examples.yaml").questions if row.facts]
    own, others = [], []
    for row, other in zip(rows, rows[5:] + rows[:5], strict=True):
        own.append(fact_scores(matcher, row.facts, row.answer)[0]["fact_recall"].value)
        others.append(fact_scores(matcher, row.facts, other.answer)[0]["fact_recall"].value)
    assert np.mean(own) > 0.9
    assert np.mean(others) < 0.03


def test_a_text_longer_than_the_embedder_reads_is_read_to_its_end(matcher: FactMatcher):
    filler = "and then we talked about the weather in the valley for a while, " * 60
    assert matcher.states(f"Well, {filler} they lasted nineteen days.", BATTERIES[0])
    assert not matcher.states("z" * 9000, BATTERIES[0])


@settings(max_examples=30)
@given(text=st.text(max_size=300))
@example(text="10² and ¹")
def test_any_text_has_scores_from_0_to_1(matcher: FactMatcher, text: str):
    scores, matches = fact_scores(matcher, BATTERIES, text)
    assert all(0 <= score.value <= 1 and score.weight == 1 for score in scores.values())
    assert len(matches) == len(BATTERIES)


@settings(max_examples=25)
@given(data=st.data())
def test_a_statement_more_never_lowers_recall(matcher: FactMatcher, data: st.DataObject):
    pool = [row["statement"] for row in pairs()[:40]]
    before = data.draw(st.lists(st.sampled_from(pool), max_size=4))
    more = data.draw(st.sampled_from(pool))
    facts = sorted({row["fact"] for row in pairs()[:40]})

    def stated(reply: list[str]) -> set[int]:
        return {m.fact for m in matcher.match(facts, reply) if m.statement is not None}

    assert stated(before) <= stated([*before, more])


# --- agreement with a reader ------------------------------------------------------------------


def test_the_labelled_pairs_are_of_the_example_gold_set():
    facts = {
        f for q in load_gold(ROOT / "evals" / "examples.yaml").questions for f in q.facts or ()
    }
    by_split = {name: [r for r in pairs() if r["split"] == name] for name in ("dev", "test")}
    assert {row["fact"] for row in pairs()} <= facts
    assert len({(row["fact"], row["statement"]) for row in pairs()}) == len(pairs())
    assert len(by_split["test"]) >= 100
    assert not {r["fact"] for r in by_split["dev"]} & {r["fact"] for r in by_split["test"]}
    assert all(0.4 < np.mean([r["states"] for r in rows]) < 0.6 for rows in by_split.values())


def test_it_agrees_with_a_reader(agreement: ModuleType):
    test = [pair for pair in agreement.judged() if pair.split == "test"]
    rates = agreement.rates(*agreement.both_ways(test))
    assert rates["accuracy"] > 0.82
    assert rates["precision"] > 0.84
    assert rates["recall"] > 0.78
    assert rates["kappa"] > 0.65


def test_the_rates_of_a_worked_example(agreement: ModuleType):
    # 20 both yes, 5 only the reader, 10 only the matcher, 15 both no: Cohen's kappa is 0.4.
    states = np.array([True] * 25 + [False] * 25)
    found = np.array([True] * 20 + [False] * 5 + [True] * 10 + [False] * 15)
    assert agreement.rates(states, found) == pytest.approx(
        {"accuracy": 0.7, "precision": 2 / 3, "recall": 0.8, "kappa": 0.4}
    )


def pairs() -> list[dict[str, object]]:
    text = (ROOT / "evals" / "fact-pairs.yaml").read_text(encoding="utf-8")
    return yaml.load(text, yaml.CSafeLoader)


def test_an_okay_fact_weighs_half_a_vital_one(matcher: FactMatcher):
    vital = ["The colonies starved in February", "The scale cost seventy-four euros in parts"]
    okay = ["The beekeeper lives near a river"]
    text = "The colonies starved in February. The beekeeper lives near a river."
    scores, matches = fact_scores(matcher, vital, text, okay)
    assert scores["fact_recall"].value == 0.5  # of the vital ones
    assert scores["fact_precision"].value == 1  # to say what is okay is not beside the point
    assert scores["nugget_recall"].value == pytest.approx((1 + 0.5) / (2 + 0.5))
    assert [match.statement for match in matches] == [0, None, 1]
    assert "nugget_recall" not in fact_scores(matcher, vital, text)[0]
