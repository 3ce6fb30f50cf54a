"""`askpod eval compare`, as one types it: on two runs of the examples, one of them made worse."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

GOLD = Path(__file__).parents[2] / "evals" / "examples.yaml"


@pytest.fixture(scope="module")
def runs(indexed, tmp_path_factory) -> tuple[Path, Path]:
    """The search's run over a third, and one in which every passage comes up one place later."""
    from askpod import Archive
    from askpod.evals.gold import load_gold
    from askpod.evals.records import Score, read_records, summarise, write_records, write_summary
    from askpod.evals.run import RunSettings, run_gold, write_run

    folder = tmp_path_factory.mktemp("runs")
    sound, worse = folder / "sound", folder / "worse"
    with Archive.open(indexed) as archive:
        gold = load_gold(GOLD)
        gold = replace(gold, questions=gold.questions[::3])
        write_run(sound, run_gold(gold, archive, RunSettings(True)), gold, {"mode": "retrieval"})
    worse.mkdir()
    records = read_records(sound)
    for record in records:
        for name in {"mrr", "recall@1000"} & set(record.scores):
            value = record.scores[name].value
            record.scores[name] = Score(value / (1 + value) if name == "mrr" else 0.9 * value)
    write_records(worse, records)
    write_summary(worse, summarise(records, gold.name, {"mode": "retrieval", "shifted": True}))
    return sound, worse


def test_it_shows_differences_and_the_questions_that_changed(askpod, runs):
    run = askpod("eval", "compare", *runs)
    assert run.code == 0
    assert run.err == ""
    assert "52 questions of examples in both; shifted none → True" in run.out
    assert re.search(
        r"^mrr +0\.\d{3} +0\.\d{3} +-0\.\d{3} .* 0/\d+/\d+ +worse *$", run.out, re.MULTILINE
    )
    assert re.search(r"^ndcg@10 +.* \+0\.000 .* 0/0/\d+ *$", run.out, re.MULTILINE)
    assert "the questions that changed most, by recall@1000:" in run.out
    assert re.search(r"^examples-\d+ .* -0\.100 +\S", run.out, re.MULTILINE)
    assert max(map(len, run.out.splitlines()[2:])) <= 100


def test_next_to_nothing_has_no_sign_of_a_loss(askpod, runs, tmp_path):
    from askpod.evals.records import Score, read_records, summarise, write_records, write_summary

    sound, _ = runs
    records = read_records(sound)
    for record in records:
        for name, score in record.scores.items():
            record.scores[name] = Score((1 - 1e-6) * score.value)
    nearly = tmp_path / "nearly"
    nearly.mkdir()
    write_records(nearly, records)
    write_summary(nearly, summarise(records, "examples", {"mode": "retrieval"}))
    shown = askpod("eval", "compare", sound, nearly).out
    assert "+0.000 to +0.000" in shown
    assert "-0.000" not in shown


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits_a_terminal(terminal, runs, width):
    screen = terminal("eval", "compare", *runs, width=width)
    table = screen.text.partition("measure")[2]
    assert screen.code == 0
    assert max(map(len, table.splitlines())) <= width
    assert "precision@2000" in table
    assert "…" not in table


def test_as_json(askpod, runs):
    run = askpod("eval", "compare", *runs, "--json", "--fail-on-loss")
    assert run.code == 1
    assert (run.json["a"], run.json["b"]) == tuple(map(str, runs))
    assert run.json["questions"] == 52
    assert run.json["measures"]["mrr"]["verdict"] == "worse"
    assert run.json["measures"]["mrr"]["difference"]["high"] < 0
    assert len(run.json["changed"]) > 10
    assert [line.split()[0] for line in run.json["failures"]] == ["recall@1000", "mrr"]
    json.dumps(run.json, allow_nan=False)


def test_a_loss_leaves_1_and_names_the_measures(askpod, runs):
    run = askpod("eval", "compare", *runs, "--fail-on-loss")
    assert run.code == 1
    assert re.findall(r"^failed: (\S+) of B is worse by 0\.", run.err, re.MULTILINE) == [
        "recall@1000",
        "mrr",
    ]
    sound, worse = runs
    assert askpod("eval", "compare", worse, sound, "--fail-on-loss").code == 0
    assert askpod("eval", "compare", sound, sound, "--fail-on-loss").code == 0


def test_a_missed_threshold_leaves_1_and_a_kept_one_0(askpod, runs):
    run = askpod("eval", "compare", *runs, "--fail-below", "recall@1000=0.99")
    assert run.code == 1
    assert re.search(r"^failed: recall@1000 of B is 0\.\d+, below 0\.99$", run.err, re.MULTILINE)
    kept = ("--fail-below", "recall@1000=0.3", "--fail-below", "mrr=0.1")
    assert askpod("eval", "compare", *runs, *kept).code == 0


def test_an_unknown_measure_is_bad_usage(askpod, runs):
    run = askpod("eval", "compare", *runs, "--fail-below", "recall=0.5")
    assert run.code == 2
    assert "no measure is called 'recall'; there are recall@60," in run.err
    assert run.out == ""


def test_a_measure_that_b_lacks_is_bad_usage(askpod, runs):
    run = askpod("eval", "compare", *runs, "--fail-below", "fact_f1=0.5")
    assert run.code == 2
    assert "B has no fact_f1 to hold to 0.5; it has recall@60," in run.err
    assert run.out == ""


def test_what_is_no_run_is_bad_usage(askpod, runs, tmp_path):
    run = askpod("eval", "compare", tmp_path, runs[1])
    assert run.code == 2
    assert f"{tmp_path}: no run" in run.err
