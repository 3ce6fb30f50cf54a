"""Runs and judgements in trec_eval's formats: written, read back, and scored by both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from random_stretches import any_stretch, random_question, some_evidence

from askpod.errors import GoldError, PathError
from askpod.evals.measures.ranking import OF_TREC, ranking
from askpod.evals.records import Record
from askpod.evals.stretches import Stretch, union
from askpod.evals.trec import (
    QRELS,
    RUN,
    docno,
    parse_docno,
    qrels_lines,
    read_qrels,
    read_run,
    run_lines,
    write_trec,
)


def record(name: str, passages, evidence) -> Record:
    """A question's record with what these files are made of."""
    retrieved = [{"episode": e.episode, "start": e.start, "end": e.end} for e in passages]
    gold = [{"episode": e.episode, "start": e.start, "end": e.end} for e in evidence]
    scores = ranking(passages, evidence) if evidence else {}
    return Record(
        id=name,
        question="?",
        cluster="bees",
        slices={},
        scores=scores,
        gold={"evidence": gold},
        retrieved=tuple(retrieved),
    )


def of_pytrec_eval(run, qrels) -> dict[str, dict[str, float]]:
    """Our measures of each question with a result, from lines of the two files."""
    evaluator = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(qrels), OF_TREC.values())
    found = evaluator.evaluate(pytrec_eval.parse_run(run))
    return {
        question: {ours: values[theirs] for ours, theirs in OF_TREC.items()}
        for question, values in found.items()
    }


def numbers(scores) -> dict[str, float]:
    return {name: score.value for name, score in scores.items()}


# Names of documents


@pytest.mark.parametrize(
    ("stretch", "name"),
    [
        (Stretch("crisp-dm", 12, 34.5), "crisp-dm@12.000-34.500"),
        (Stretch("a talk, 50 %", 0, 1), "a%20talk,%2050%20%25@0.000-1.000"),
        (Stretch("me@home", 0.0004, 1.0006), "me%40home@0.000-1.001"),
        (Stretch("Bienenstöcke", 3600, 7200), "Bienenst%C3%B6cke@3600.000-7200.000"),
    ],
)
def test_a_stretch_as_a_name(stretch, name):
    assert docno(stretch) == name


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
)
def test_a_name_is_one_field_and_is_read_back(episode, start, length):
    stretch = Stretch(episode, start / 1000, (start + length) / 1000)
    name = docno(stretch)
    assert name.isascii()
    assert len(name.split()) == 1
    assert parse_docno(name) == stretch


@pytest.mark.parametrize(
    "name", ["FT911-3", "bees@10", "bees@a-b", "@1-2", "bees@-1-2", "bees@1-nan", "b b@1-2", ""]
)
def test_any_other_name_is_refused(name):
    with pytest.raises(GoldError, match="episode@start-end"):
        parse_docno(name)


def test_a_stretch_that_ends_before_it_starts_is_refused():
    with pytest.raises(GoldError, match="ends before it starts"):
        parse_docno("bees@20-10")


# Written


def test_the_lines_of_a_question():
    passages = [Stretch("bees", 0, 9), Stretch("bees", 90, 120)]
    evidence = [Stretch("bees", 100, 140), Stretch("trains", 0, 20)]
    records = [record("q 1", passages, evidence)]
    assert list(run_lines(records, "our tag")) == [
        "q%201 Q0 bees@0.000-9.000 1 2 our%20tag",
        "q%201 Q0 bees@90.000-120.000 2 1 our%20tag",
    ]
    assert list(qrels_lines(records)) == [
        "q%201 0 bees@0.000-9.000 0",
        "q%201 0 bees@90.000-120.000 1",
        "q%201 0 trains@0.000-20.000 1",  # what was missed
    ]


def test_questions_without_evidence_are_not_judged():
    records = [record("q1", [Stretch("bees", 0, 9)], [])]
    assert len(list(run_lines(records, "t"))) == 1
    assert list(qrels_lines(records)) == []


def test_pytrec_eval_finds_our_figures_in_the_files_of_a_random_run(tmp_path):
    records = [
        record(f"q{seed}", *random_question(seed, passages=seed % 40)) for seed in range(150)
    ]
    written = write_trec(tmp_path / "new", records, "t")
    run, qrels = (path.read_text(encoding="utf-8").splitlines() for path in written)
    assert list(written.values()) == [len(run), len(qrels)]
    theirs = of_pytrec_eval(run, qrels)
    unfound = {each.id for each in records if not each.retrieved}
    assert unfound
    assert theirs.keys() == {each.id for each in records} - unfound
    for each in records:
        assert numbers(each.scores) == theirs.get(each.id, dict.fromkeys(OF_TREC, 0))


@settings(deadline=None)
@given(st.lists(any_stretch, min_size=1, max_size=12), some_evidence)
def test_whatever_is_brought_up_both_say_the_same(passages, evidence):
    records = [record("q1", passages, evidence)]
    theirs = of_pytrec_eval(run_lines(records, "t"), qrels_lines(records))
    assert theirs["q1"] == numbers(records[0].scores)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PathError, match="cannot be written"):
        write_trec(tmp_path / "file", [], "t")


# Read


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("trec")


@settings(deadline=None)  # it writes files
@given(st.lists(any_stretch, max_size=12), some_evidence)
def test_what_is_written_is_read_back(folder, passages, evidence):
    records = [record("q 1%", passages, evidence), record("q2", passages[:1], evidence)]
    write_trec(folder, records, "t")
    if passages:
        assert read_run(folder / RUN)["q 1%"] == list(dict.fromkeys(passages))
    relevant = read_qrels(folder / QRELS)["q 1%"]
    assert all(each.touches(evidence) for each in relevant)
    assert all(each.touches(relevant) for each in union(evidence))


def test_a_run_is_read_in_the_order_of_trec_eval(tmp_path):
    """By score and not by rank; equal scores, also those equal in 32 bits, by falling name."""
    lines = [
        "q1 Q0 bees@0-10 1 0.500000001 t",
        "q1 Q0 bees@10-20 2 9e99 t",
        "q1 Q0 bees@20-30 3 0.5 t",
        "q1 Q0 bees@30-40 4 0.5 t",
        "q1 Q0 bees@5-10 5 -3 t",
        "q1\tQ0\tbees@40-50\t6\t0.7\tt",
        "",
    ]
    path = tmp_path / RUN
    path.write_text("\n".join(lines))
    ranked = read_run(path)["q1"]
    assert [each.start for each in ranked] == [10, 40, 30, 20, 0, 5]
    for each in ranked:
        name = f"bees@{each.start:.0f}-{each.end:.0f}"
        theirs = of_pytrec_eval(lines[:-1], [f"q1 0 {name} 1"])["q1"]
        assert theirs["mrr"] == pytest.approx(1 / (ranked.index(each) + 1))


def test_qrels_are_read(tmp_path):
    path = tmp_path / QRELS
    path.write_text("q1 0 bees@0-10 1\nq1 0 bees@10-20 0\nq2 0 bees@0-10 -1\nq1 0 a@0-1.5 2\n")
    assert read_qrels(path) == {"q1": [Stretch("bees", 0, 10), Stretch("a", 0, 1.5)], "q2": []}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("q1 Q0 bees@0-10 1 0.5", ":1: 5 fields in place of 6"),
        ("\nq1 Q0 FT911-3 1 0.5 t", ":2: 'FT911-3' is not of the form episode@start-end"),
        ("q1 Q0 bees@0-10 1 high t", ":1: 'high' is no number"),
        ("q1 Q0 bees@0-10 1 nan t", ":1: 'nan' is no number"),
        ("q1 Q0 b@0-1 1 2 t\nq1 Q0 b@0-1 2 1 t", ":2: b@0-1 was ranked for q1 already"),
        ("", "is empty"),
    ],
)
def test_a_bad_line_of_a_run_is_named(tmp_path, lines, problem):
    path = tmp_path / RUN
    path.write_text(lines)
    with pytest.raises(GoldError, match=re.escape(problem)) as raised:
        read_run(path)
    assert str(raised.value).startswith(str(path))


@pytest.mark.parametrize("line", ["q1 0 bees@0-10", "q1 0 bees@0-10 yes", "q1 0 bees 1"])
def test_a_bad_line_of_qrels_is_named(tmp_path, line):
    path = tmp_path / QRELS
    path.write_text(line)
    with pytest.raises(GoldError, match=":1: "):
        read_qrels(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read(tmp_path, content):
    path = tmp_path / RUN
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GoldError, match="cannot be read"):
        read_run(path)
