"""The summary of a run: its figures by slice, its file, and its tables for a terminal."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from askpod.errors import GoldError
from askpod.evals.intervals import Interval
from askpod.evals.measures import MEASURES
from askpod.evals.records import SUMMARY, Record, Score, read_summary, summarise, write_summary
from askpod.evals.report.tables import basis_table, slices_table, table


def asked(name: str, cluster: str = "bees", **scores: float | Score) -> Record:
    """A question with its scores; `recall_at_60` is recall@60."""
    given = {
        measure.replace("_at_", "@"): score if isinstance(score, Score) else Score(score)
        for measure, score in scores.items()
    }
    gold = {"answer": None, "facts": [], "evidence": []}
    return Record(name, f"What of {name}?", cluster, {"type": "single"}, given, gold)


def refusing(refused: int, of: int, wrongly: int = 0) -> list[Record]:
    """Unanswerable questions some of which are refused, and answerable ones that are as well."""
    both = {"refusal_recall": 1, "refusal_precision": 1}
    right = [asked(f"no{n}", f"e{n}", **both) for n in range(refused)]
    missed = [asked(f"no{n}", f"e{n}", refusal_recall=0) for n in range(refused, of)]
    wrong = [asked(f"yes{n}", "e9", refusal_precision=0, fact_f1=0) for n in range(wrongly)]
    return [*right, *missed, *wrong, asked("yes", fact_f1=0.5)]


def whole_run(questions: int, episodes: int, measures: int = len(MEASURES)) -> list[Record]:
    """A run that has figures of all measures and slices."""
    rng = random.Random(7)
    records = []
    for number in range(questions):
        scores = {
            each.name: Score(rng.random() * (90 if each.unit else 1))
            for each in MEASURES[:measures]
        }
        slices = {
            "type": rng.choice(["single", "comparison", "list"]),
            "difficulty": rng.choice(["hard", "easy", "medium"]),
            "position": rng.choice(["last third", "middle third", "first third"]),
            "episode": f"episode-{number % episodes}",
        }
        record = asked(f"q{number}", slices["episode"])
        records.append(replace(record, slices=slices, scores=scores))
    return records


def shown(what: RenderableType, width: int) -> str:
    screen = Console(width=width, file=StringIO(), markup=False, highlight=False)
    screen.print(what)
    return screen.file.getvalue()


# Figures


def test_figures_are_by_slice_and_value():
    records = [
        replace(asked("a", "bees", mrr=1.0), slices={"type": "single", "position": "first third"}),
        replace(asked("b", "bees", mrr=0.5), slices={"type": "single"}),
        replace(asked("c", "ants", mrr=0.0), slices={"type": "list"}),
    ]
    summary = summarise(records, "insects", {"mode": "retrieval"})
    figures = {
        (name, value): measures["mrr"].value
        for name, values in summary.figures.items()
        for value, measures in values.items()
    }
    assert (summary.gold, summary.questions, summary.setup["mode"]) == ("insects", 3, "retrieval")
    assert figures == {
        ("all", "all"): 0.5,
        ("type", "list"): 0,
        ("type", "single"): 0.75,
        ("position", "first third"): 1,
    }


def test_a_figure_weighs_its_questions():
    records = [
        asked("a", citation_precision=Score(1, 1)),
        asked("b", "ants", citation_precision=Score(1, 3)),
    ]
    figure = summarise(records, "g", {}).figures["all"]["all"]["citation_precision"]
    assert (figure.value, figure.questions, figure.clusters) == (0.5, 2, 2)


def test_a_measure_that_no_question_has_is_left_out():
    records = [asked("a", mrr=1.0, cited_hit=Score(0, 0)), asked("b")]
    assert list(summarise(records, "g", {}).figures["all"]["all"]) == ["mrr"]
    assert summarise([asked("b")], "g", {}).figures["all"]["all"] == {}
    assert summarise([], "g", {}).figures == {"all": {"all": {}}}


def test_slices_measures_and_their_values_stand_in_their_order():
    figures = summarise(whole_run(60, 4), "g", {}).figures
    assert list(figures) == ["all", "type", "difficulty", "position", "episode"]
    assert list(figures["difficulty"]) == ["easy", "medium", "hard"]
    assert list(figures["position"]) == ["first third", "middle third", "last third"]
    assert list(figures["type"]) == ["comparison", "list", "single"]
    assert list(figures["all"]["all"]) == [measure.name for measure in MEASURES]


def test_only_measures_that_are_shares_are_taken_for_shares():
    records = [asked(f"q{n}", f"e{n}", seconds_off=0.0, malformed=0.0) for n in range(9)]
    figures = summarise(records, "g", {}).figures["all"]["all"]
    assert figures["seconds_off"].high == 0
    assert 0.3 < figures["malformed"].high < 0.4


# Refusals: no result counts as 0


def test_refusals_as_they_should_be():
    figures = summarise(refusing(3, of=4, wrongly=1), "g", {}).figures["all"]["all"]
    assert (figures["refusal_recall"].value, figures["refusal_recall"].questions) == (0.75, 4)
    assert (figures["refusal_precision"].value, figures["refusal_precision"].questions) == (0.75, 4)


def test_who_never_refuses_though_it_should_has_precision_0():
    figures = summarise(refusing(0, of=4), "g", {}).figures["all"]["all"]
    assert figures["refusal_precision"] == Interval(0, 0, 0, 4, 4)
    assert figures["refusal_recall"].value == 0


def test_refusals_of_answerable_questions_alone_have_precision_0():
    figures = summarise(refusing(0, of=0, wrongly=2), "g", {}).figures["all"]["all"]
    assert (figures["refusal_precision"].value, figures["refusal_precision"].questions) == (0, 2)
    assert "refusal_recall" not in figures


def test_where_nothing_was_to_refuse_and_nothing_was_there_is_no_figure():
    assert list(summarise(refusing(0, of=0), "g", {}).figures["all"]["all"]) == ["fact_f1"]


# summary.json


def test_a_summary_is_read_as_it_was_written(tmp_path):
    summary = summarise(whole_run(20, 3), "g", {"model": None, "chunks": 3, "lengths": [1, 2]})
    write_summary(tmp_path, summary)
    assert read_summary(tmp_path) == summary


def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path):
    records = whole_run(40, 6)
    files = []
    for order in (records, records[::-1], random.Random(1).sample(records, len(records))):
        write_summary(tmp_path, summarise(order, "g", {"b": 1, "a": 2}))
        files.append((tmp_path / SUMMARY).read_bytes())
    assert files[0] == files[1] == files[2]
    write_summary(tmp_path, summarise(records, "g", {"a": 2, "b": 1}))
    assert (tmp_path / SUMMARY).read_bytes() == files[0]


def test_numbers_are_rounded(tmp_path):
    write_summary(tmp_path, summarise(whole_run(20, 3), "g", {}))
    figure = json.loads((tmp_path / SUMMARY).read_text())["figures"]["all"]["all"]["recall@60"]
    assert set(figure) == {"value", "low", "high", "questions", "clusters"}
    assert figure["low"] == round(figure["low"], 6)


def test_a_folder_without_a_run_is_said_to_be_none(tmp_path):
    with pytest.raises(GoldError, match=r"no run .*name a folder that `askpod eval run`"):
        read_summary(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"gold": "g", "questions": "many"}'])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path, text):
    (tmp_path / SUMMARY).write_text(text)
    with pytest.raises(GoldError, match=r"summary\.json:1: damaged: .*; run the eval again"):
        read_summary(tmp_path)


def test_a_large_run_is_summed_up_at_once():
    records = whole_run(240, 40)
    began = time.process_time()
    summarise(records, "g", {})
    assert time.process_time() - began < 4  # about one second where nothing else runs


# Tables


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_shows_every_figure_and_fits(width):
    summary = summarise(whole_run(50, 9), "insects", {"mode": "extractive"})
    text = shown(table(summary), width)
    figures = summary.figures["all"]["all"]
    assert text.startswith("insects · extractive · 50 questions · 95 % intervals\n")
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for measure in MEASURES:
        value = figures[measure.name].value
        assert (f"{value:.1f} s" if measure.unit == "s" else f"{value:.3f}") in text
        assert f"{figures[measure.name].low:.{1 if measure.unit == 's' else 2}f}–" in text
        if measure.group != "retrieval":
            assert measure.label in text


def test_budgets_are_columns():
    summary = summarise([asked("a", recall_at_60=0.25, recall_at_2000=1.0)], "g", {})
    lines = shown(table(summary), 80).splitlines()
    (head,) = (line for line in lines if line.startswith("words read"))
    (recall,) = (line for line in lines if line.startswith("recall"))
    assert head.split() == ["words", "read", "60", "2,000"]
    assert recall.split() == ["recall", "0.250", "1.000"]


def test_the_table_of_the_search_alone_has_no_answers():
    text = shown(table(summarise(whole_run(30, 5, measures=22), "g", {})), 80)
    assert "nDCG at 10" in text
    assert "fact" not in text
    assert "refusal" not in text


def test_the_table_of_no_figures_is_a_line():
    assert shown(table(summarise([], "g", {})), 80) == "g · 0 questions · 95 % intervals\n"


@pytest.mark.parametrize("width", [80, 100])
def test_slices_stand_below_all_of_them(width):
    text = shown(slices_table(summarise(whole_run(50, 9), "g", {})), width)
    names = [line.split("  ")[0] for line in text.splitlines() if line[:1].strip()]
    assert max(map(len, text.splitlines())) <= width
    assert names[:3] == ["slice", "all", "type"]
    assert names[3:] == [
        *("comparison", "list", "single", "difficulty", "easy", "medium", "hard"),
        *("position", "first third", "middle third", "last third"),
    ]


def test_names_of_others_do_not_act_on_a_terminal():
    records = [
        replace(asked("a", mrr=1.0), slices={"type": "\x1b[2Jred"}),
        replace(asked("b", mrr=1.0), slices={"type": "[bold]x"}),
    ]
    summary = summarise(records, "gold\x1b]0;x\x07", {"model": "m\n\x1b[31m"})
    text = shown(table(summary), 80) + shown(slices_table(summary), 80)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]x" in text


def test_what_questions_were_shown_as_by_type():
    rows = [
        ("a", "list", {"basis_answered": 1.0, "basis_nearest": 0.0, "basis_none": 0.0}),
        ("b", "list", {"basis_answered": 0.0, "basis_nearest": 1.0, "basis_none": 0.0}),
        ("c", "unanswerable", {"basis_answered": 0.0, "basis_nearest": 0.0, "basis_none": 1.0}),
    ]
    records = [replace(asked(name, **scores), slices={"type": kind}) for name, kind, scores in rows]
    lines = shown(basis_table(summarise(records, "g", {})), 80).splitlines()
    cells = {line.split()[0]: line.split()[1:] for line in lines if line[:1].strip()}
    assert cells["list"] == ["2", "0.500", "0.500", "0.000"]
    assert cells["unanswerable"] == ["1", "0.000", "0.000", "1.000"]
    assert basis_table(summarise([asked("a", mrr=1.0)], "g", {})) is None
