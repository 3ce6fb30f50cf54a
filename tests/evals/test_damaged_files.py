"""Gold files, run folders and replies that are damaged, hostile, or no files at all."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from askpod.answering.llm_client import Reply
from askpod.errors import GoldError
from askpod.evals.asking import StoredModel
from askpod.evals.compare import compare, losses
from askpod.evals.gold import GoldSet, load_gold
from askpod.evals.records import (
    QUESTIONS,
    SUMMARY,
    Record,
    Score,
    read_records,
    read_summary,
    summarise,
    write_records,
    write_summary,
)
from askpod.settings import ModelSettings
from fuzz.evals import examine, starts, write_case

SEED = 3
PLACE = {"episode": "bees", "start": 1.0, "end": 2.0}
BREAKS = "one\u2028two\u2029three\x85four\x0bfive\x0csix\x1cseven\r\neight"
ROW = Record(
    id="q1",
    question="What starved?",
    cluster="bees",
    slices={"type": "single"},
    scores={"fact_f1": Score(0.5)},
    gold={"answer": None, "facts": ["The bees"], "evidence": [PLACE]},
    retrieved=(PLACE,),
)


@pytest.fixture
def run(tmp_path) -> Path:
    return written(tmp_path / "run", ROW, replace(ROW, id="q2", cluster="trains"))


def written(folder: Path, *records: Record) -> Path:
    folder.mkdir()
    write_records(folder, records)
    write_summary(folder, summarise(records, "bees", {"mode": "llm"}))
    return folder


def test_mutated_files_are_read_or_refused_with_file_and_line(tmp_path):
    sound = starts()
    findings = []
    for index in range(90):
        (tmp_path / str(index)).mkdir()
        kind, path = write_case(tmp_path / str(index), SEED, index, sound)
        findings += examine(index, kind, path).findings
    assert findings == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("scores", {"fact_f1": [float("nan"), 1.0]}, "holds NaN, which is no number"),
        ("scores", {"fact_f1": [float("-inf"), 1.0]}, "holds -Infinity, which is no number"),
        ("scores", {"fact_f1": [10**400, 1.0]}, "which is no number of anything"),
        ("scores", {"fact_f1": [1e300, 1.0]}, "scores.fact_f1.0: Input should be less than"),
        ("scores", {"fact_f1": [0.5, -1.0]}, "scores.fact_f1.1: Input should be greater"),
        ("scores", {"fact_f1": 0.5}, "scores.fact_f1: "),
        ("scores", [], "scores: "),
        ("retrieved", [{"episode": "bees"}], "retrieved.0.start: is missing"),
        ("retrieved", 7, "retrieved: "),
        ("gold", {"facts": [], "evidence": [{**PLACE, "end": "late"}]}, "gold.evidence.0.end: "),
        ("gold", {}, "gold.facts: is missing"),
        ("slices", {"type": ["single"]}, "slices.type: Input should be a valid string"),
        ("id", "q1", "q1 has a line already"),
        ("details", json.loads('{"a":' * 200 + "1" + "}" * 200), "nests values more than 100"),
    ],
)
def test_a_damaged_line_of_a_run_is_named(run, key, value, said):
    path = run / QUESTIONS
    first, second = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{first}\n{json.dumps({**json.loads(second), key: value})}\n")
    with pytest.raises(GoldError) as raised:
        read_records(run)
    assert str(raised.value).startswith(f"{path}:2: damaged: ")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"gold": NaN}', "[1e999]", "9" * 10_000, "\ufeff"]
)
def test_a_damaged_summary_is_named(run, text):
    (run / SUMMARY).write_text(text, encoding="utf-8")
    with pytest.raises(GoldError, match=r"summary\.json:1: damaged: "):
        compare(run, run)


def test_a_figure_of_a_summary_must_be_a_number(run):
    whole = json.loads((run / SUMMARY).read_text())
    whole["figures"]["all"]["all"]["fact_f1"]["value"] = "high"
    (run / SUMMARY).write_text(json.dumps(whole))
    with pytest.raises(GoldError, match=r"damaged: figures\.all\.all\.fact_f1\.value: "):
        read_summary(run)


def test_what_looks_like_a_line_end_ends_no_line(tmp_path):
    record = replace(ROW, question=BREAKS, answer={"text": BREAKS}, details={"said": [BREAKS]})
    (back,) = read_records(written(tmp_path / "run", record))
    assert (back.question, back.answer, back.details) == (
        BREAKS,
        {"text": BREAKS},
        {"said": [BREAKS]},
    )


def test_half_a_character_of_a_reply_does_not_damage_its_run(tmp_path):
    record = replace(ROW, answer={"text": "half \ud83d"})
    (back,) = read_records(written(tmp_path / "run", record))
    assert back.answer == {"text": "half \ud83d"}


def test_a_kept_reply_with_half_a_character_is_found_again(tmp_path):
    model, asked = StoredModel(ModelSettings("any"), tmp_path), [("user", "Why?")]
    model.keep(asked, Reply(f"half \ud83d, {BREAKS}, \ud83d\udc1d", "stop", 1, 1, 1.0, 0.5))
    kept = model.kept(asked)
    assert kept is not None
    assert kept.text == f"half \ufffd, {BREAKS}, 🐝"


def test_a_loss_cannot_be_told_from_one_question(tmp_path):
    run = written(tmp_path / "run", ROW)
    assert losses(compare(run, run)) == ["whether B is worse cannot be told from a single question"]


@pytest.mark.parametrize("name", [QUESTIONS, SUMMARY])
def test_a_pipe_in_a_run_is_refused_and_not_waited_for(run, name):
    (run / name).unlink()
    os.mkfifo(run / name)
    with pytest.raises(GoldError, match=rf"no run \({name}: is no regular file\)"):
        compare(run, run)


def test_a_pipe_or_a_device_is_no_gold_file(tmp_path):
    os.mkfifo(tmp_path / "gold.yaml")
    for path in (tmp_path / "gold.yaml", Path("/dev/zero"), tmp_path):
        with pytest.raises(GoldError, match="cannot be read: is no regular file"):
            load_gold(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: a, question: b, evidence: [{episode: c, start: yes, end: 2}]}", "start: "),
        ("- {id: a, question: b, evidence: [{episode: c, start: 0x1, end: 2}]}", "start: "),
        ("- {id: a, question: b, evidence: [{episode: c, start: 0, end: .inf}]}", "end: "),
        (f"- {{id: a, evidence: [{{start: {'9' * 400}}}]}}", "start: "),
        ("- id: a\n  facts: [b]\n  facts: [c]", ":3: “facts” again"),
        ("- id: a\n---\n- id: b", ":2: begins another YAML document"),
        ('- !!int ""\n- !!bool foo', ":1: must be a mapping"),
        ("- " * 60_000, ":1: nests values more than"),
        ("- {id: a, \u200bfact: b}", "\\u200bfact: is no key"),
        (f"- {{id: a, {'f' * 900}: b}}", f"{'f' * 80}: is no key"),
        ("- a\n" * 200, "and 100 more"),
    ],
)
def test_what_is_wrong_with_a_gold_file_is_said_with_its_line(tmp_path, text, said):
    path = tmp_path / "bees.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GoldError) as raised:
        load_gold(path)
    assert f"{path}:" in str(raised.value)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 101 * 300


@pytest.mark.parametrize("name", ["...yaml", "..yaml", ".yaml", "gold.yaml"])
def test_no_name_of_a_gold_file_leads_out_of_the_folder_of_runs(name):
    called = GoldSet(Path("/") / name, (), {}).name
    assert called.strip(".")
    assert "/" not in called
