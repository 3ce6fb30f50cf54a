"""Two runs of a gold set side by side: differences, wins and losses, thresholds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from askpod.errors import GoldError
from askpod.evals.compare import Comparison, compare, losses, missed, threshold
from askpod.evals.records import Record, Score, summarise, write_records, write_summary

Write = Callable[..., Path]


def asked(name: str, cluster: str = "", /, **scores: float) -> Record:
    """A question of an episode of its own, unless one is named."""
    evidence = [{"episode": cluster or name, "start": 1.0, "end": 2.0, "title": "", "url": ""}]
    gold = {"answer": "So.", "facts": ["So."], "evidence": evidence}
    given = {measure.replace("_at_", "@"): Score(value) for measure, value in scores.items()}
    return Record(name, f"What of {name}?", cluster or name, {"type": "single"}, given, gold)


def each_asked(measure: str, values: Sequence[float]) -> list[Record]:
    return [asked(f"q{n:02d}", **{measure: value}) for n, value in enumerate(values)]


@pytest.fixture
def write(tmp_path) -> Write:
    """Writes the folder of a run."""

    def write(
        name: str,
        records: Sequence[Record],
        gold: str = "bees",
        setup: Mapping[str, object] | None = None,
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        write_records(folder, records)
        write_summary(folder, summarise(records, gold, setup or {"mode": "llm"}))
        return folder

    return write


@pytest.fixture
def compared(write: Write) -> Callable[..., Comparison]:
    """Compares two runs by one measure, a score for each question."""

    def compared(measure: str, a: Sequence[float], b: Sequence[float]) -> Comparison:
        return compare(
            write("a", each_asked(measure, a)),
            write("b", each_asked(measure, b)),
        )

    return compared


LOW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.3, 0.1]
HIGH = [0.4, 0.4, 0.5, 0.7, 0.9, 0.3, 0.6, 0.3]


# Differences


def test_a_difference_is_bs_figure_minus_as(compared):
    found = compared("fact_f1", LOW, HIGH).measures["fact_f1"]
    assert found.a.value == pytest.approx(np.mean(LOW), abs=1e-6)
    assert found.b.value == pytest.approx(np.mean(HIGH), abs=1e-6)
    assert found.difference.value == pytest.approx(np.mean(HIGH) - np.mean(LOW), abs=1e-6)
    assert 0.1 < found.difference.low < found.difference.value < found.difference.high < 0.4
    assert (found.wins, found.losses, found.ties) == (8, 0, 0)
    assert found.verdict == "better"


def test_the_other_way_round_it_is_worse(compared):
    found = compared("fact_f1", HIGH, LOW).measures["fact_f1"]
    assert (found.wins, found.losses, found.verdict) == (0, 8, "worse")


def test_of_a_measure_to_be_kept_low_the_lower_figure_is_the_better_one(compared):
    found = compared("seconds_off", LOW, HIGH).measures["seconds_off"]
    assert found.difference.value > 0
    assert (found.wins, found.losses, found.verdict) == (0, 8, "worse")
    assert compared("seconds_off", HIGH, LOW).measures["seconds_off"].verdict == "better"


def test_what_may_be_chance_is_neither_better_nor_worse(compared):
    found = compared("fact_f1", LOW, LOW[::-1]).measures["fact_f1"]
    assert found.verdict == ""
    assert found.difference.low < 0 < found.difference.high


def test_the_same_run_twice_is_all_ties(compared):
    comparison = compared("fact_f1", LOW, LOW)
    found = comparison.measures["fact_f1"]
    assert (found.wins, found.losses, found.ties, found.verdict) == (0, 0, 8, "")
    assert (found.difference.low, found.difference.high) == (0, 0)
    assert comparison.changed == ()


def test_one_question_decides_nothing(compared):
    assert compared("fact_f1", [1.0], [0.0]).measures["fact_f1"].verdict == ""


def test_episodes_are_drawn_whole(write):
    # One episode of thirty questions got better; that says little of the others.
    lone = [asked(f"q{n}", f"ep{n}", fact_f1=0.5) for n in range(6)]
    many = [asked(f"m{n}", "big", fact_f1=0.2) for n in range(30)]
    better = [asked(f"m{n}", "big", fact_f1=0.4) for n in range(30)]
    found = compare(write("a", [*lone, *many]), write("b", [*lone, *better])).measures["fact_f1"]
    assert (found.wins, found.ties, found.difference.clusters) == (30, 6, 7)
    assert found.difference.low == 0
    assert found.verdict == ""


def test_who_stops_refusing_loses_precision_too(write):
    refused = [asked(f"q{n}", refusal_recall=1, refusal_precision=1) for n in range(8)]
    answered = [asked(f"q{n}", refusal_recall=0) for n in range(8)]
    measures = compare(write("a", refused), write("b", answered)).measures
    assert measures["refusal_recall"].verdict == "worse"
    assert measures["refusal_precision"].difference.value == -1
    assert measures["refusal_precision"].verdict == "worse"
    ties = measures["refusal_precision"]
    assert (ties.wins, ties.losses, ties.ties) == (0, 0, 0)  # no question is refused in both


# What changed most


def test_the_largest_changes_come_first(compared):
    changed = compared("fact_f1", [0.5, 0.5, 0.5, 0.5], [0.6, 0.1, 0.5, 0.9]).changed
    assert [(each.id, round(each.difference, 6)) for each in changed] == [
        ("q01", -0.4),
        ("q03", 0.4),
        ("q00", 0.1),
    ]
    assert changed[0].question == "What of q01?"


@pytest.mark.parametrize(
    ("measures", "headline"),
    [
        (("mrr", "recall_at_1000", "fact_f1"), "fact_f1"),
        (("mrr", "recall_at_1000"), "recall@1000"),
        (("hit_at_1", "mrr"), "hit@1"),
    ],
)
def test_changes_are_told_by_the_headline_measure(write, measures, headline):
    folders = [
        write(name, [asked("q", **dict.fromkeys(measures, score))])
        for name, score in (("a", 0.1), ("b", 0.3))
    ]
    comparison = compare(*folders)
    assert comparison.headline == headline
    assert comparison.changed[0].difference == pytest.approx(0.2)


# What can be compared


def test_questions_of_one_run_only_are_named_and_left_out(write):
    a = [asked("x", mrr=0.0), asked("y", mrr=0.5), asked("z", mrr=1.0)]
    b = [asked("z", mrr=1.0), asked("y", mrr=0.5), asked("new", mrr=0.0)]
    comparison = compare(write("a", a), write("b", b))
    assert comparison.questions == 2
    assert (comparison.only_in_a, comparison.only_in_b) == (("x",), ("new",))
    assert comparison.measures["mrr"].a.value == comparison.measures["mrr"].b.value == 0.75
    assert comparison.figures_b["mrr"].value == 0.5


def test_measures_of_one_run_only_are_named_and_left_out(write):
    answered = [asked("x", mrr=0.5, fact_f1=0.5), asked("y", mrr=0.5, fact_f1=1.0)]
    searched = [asked("x", mrr=0.5), asked("y", mrr=1.0)]
    comparison = compare(write("a", answered), write("b", searched))
    assert list(comparison.measures) == ["mrr"]
    assert comparison.unshared == ("fact_f1",)


def test_runs_of_different_gold_sets_are_refused(write):
    a, b = write("a", [asked("x", mrr=1)], "bees"), write("b", [asked("x", mrr=1)], "ants")
    with pytest.raises(GoldError, match=r"a is a run of bees, .*b one of ants"):
        compare(a, b)


def test_a_gold_set_that_was_edited_between_the_runs_is_refused(write):
    before = [asked(f"q{n}", mrr=1) for n in range(9)]
    moved = {"answer": "", "facts": ["So."], "evidence": [{"episode": "e", "start": 0, "end": 9}]}
    worded = [replace(before[0], question="Why?"), before[1], replace(before[2], gold=moved)]
    with pytest.raises(GoldError, match=r"changed between the runs .*: q0, q2; run the older"):
        compare(write("a", before), write("b", worded))
    all_moved = [replace(record, gold=moved) for record in before]
    with pytest.raises(GoldError, match="q0, q1, q2, q3, q4 and 4 more"):
        compare(write("a", before), write("b", all_moved))


@pytest.mark.parametrize("edited", [{"okay": ["Perhaps."]}, {"episode": "q0"}])
def test_so_is_one_of_which_okay_facts_or_the_episode_asked_of_were_edited(write, edited):
    before = asked("q0", mrr=1)
    after = replace(before, gold={**before.gold, **edited})
    with pytest.raises(GoldError, match=r"changed between the runs .*: q0; run the older"):
        compare(write("a", [before]), write("b", [after]))


def test_runs_that_share_nothing_are_refused(write):
    with pytest.raises(GoldError, match="no question in common"):
        compare(write("a", [asked("x", mrr=1)]), write("b", [asked("y", mrr=1)]))
    with pytest.raises(GoldError, match="share no measure"):
        compare(write("a", [asked("x", mrr=1)]), write("b", [asked("x", fact_f1=1)]))


def test_a_folder_without_a_run_is_refused(write, tmp_path):
    with pytest.raises(GoldError, match="nowhere: no run"):
        compare(tmp_path / "nowhere", write("b", [asked("x", mrr=1)]))


def test_a_comparison_is_json_and_always_the_same(compared):
    once, again = (
        json.dumps(asdict(compared("fact_f1", LOW, HIGH)), allow_nan=False) for _ in range(2)
    )
    assert once == again
    assert json.loads(once)["changed"][0]["difference"] == pytest.approx(0.4)


# Thresholds


@pytest.mark.parametrize(
    ("measure", "text", "fails"),
    [
        ("recall_at_1000", "recall@1000=0.5", ["recall@1000 of B is 0.425, below 0.5"]),
        ("recall_at_1000", "recall@1000=0.425", []),
        ("recall_at_1000", "recall@1000=0.4", []),
        ("seconds_off", "seconds_off=0.4", ["seconds_off of B is 0.425, above 0.4"]),
        ("seconds_off", "seconds_off=0.5", []),
    ],
)
def test_bs_figure_is_held_to_a_threshold(compared, measure, text, fails):
    comparison = compared(measure, [1.0] * 4, [0.2, 0.4, 0.5, 0.6])
    assert missed(comparison, [threshold(text)]) == fails


def test_a_threshold_is_held_against_all_questions_of_b(write):
    a = [asked("x", mrr=1.0), asked("y", mrr=1.0)]
    comparison = compare(write("a", a), write("b", [*a, asked("z", mrr=0.1)]))
    assert comparison.measures["mrr"].b.value == 1
    assert missed(comparison, [threshold("mrr=0.9"), threshold("mrr=0.6")]) == [
        "mrr of B is 0.7, below 0.9"
    ]


def test_a_threshold_on_what_b_has_not_is_an_error(compared):
    with pytest.raises(GoldError, match=r"B has no fact_f1 to hold to 0\.5; it has mrr"):
        missed(compared("mrr", LOW, HIGH), [threshold("fact_f1=0.5")])


@pytest.mark.parametrize("text", ["recall=0.5", "", "=1", "recall@999=1", "MRR=0.5"])
def test_a_measure_that_is_unknown_is_told_those_that_are_known(text):
    with pytest.raises(GoldError, match=r"no measure is called .*; there are recall@60, .*mrr"):
        threshold(text)


@pytest.mark.parametrize("text", ["mrr", "mrr=", "mrr=high", "mrr=nan", "mrr=inf", "mrr=0,5"])
def test_a_threshold_without_a_number_is_told_how_one_looks(text):
    with pytest.raises(GoldError, match=r"should be a measure and a number, such as mrr=0\.5"):
        threshold(text)


def test_losses_name_what_is_worse_beyond_chance(compared):
    (line,) = losses(compared("fact_f1", HIGH, LOW))
    assert line.startswith("fact_f1 of B is worse by 0.25 (95 % interval -0.")
    assert losses(compared("fact_f1", LOW, HIGH)) == []
    assert losses(compared("fact_f1", LOW, LOW[::-1])) == []
