"""Runs and judgements in trec_eval's formats: written, and scored by both."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_stretches import any_stretch, random_question, some_evidence

from askpod.errors import PathError
from askpod.evals.compare import qrels_lines, run_lines, write_trec
from askpod.evals.gold import Stretch
from askpod.evals.measures import docno, ranking
from askpod.evals.records import Record
from of_trec import of_trec


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


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
)
def test_a_name_is_one_field(episode, start, length):
    stretch = Stretch(episode, start / 1000, (start + length) / 1000)
    name = docno(stretch)
    assert name.isascii()
    assert len(name.split()) == 1
    assert unquote(name.rpartition("@")[0]) == episode
    assert len({name, docno(replace(stretch, end=stretch.end + 1))}) == 2


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
    theirs = of_trec(run, qrels)
    unfound = {each.id for each in records if not each.retrieved}
    assert unfound
    assert theirs.keys() == {each.id for each in records} - unfound
    for each in records:
        expected = theirs.get(each.id) or dict.fromkeys(numbers(each.scores), 0.0)
        assert numbers(each.scores) == pytest.approx(expected)


@given(st.lists(any_stretch, min_size=1, max_size=12), some_evidence)
def test_whatever_is_brought_up_both_say_the_same(passages, evidence):
    records = [record("q1", passages, evidence)]
    theirs = of_trec(run_lines(records, "t"), qrels_lines(records))
    assert theirs["q1"] == pytest.approx(numbers(records[0].scores))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PathError, match="cannot be written"):
        write_trec(tmp_path / "file", [], "t")
