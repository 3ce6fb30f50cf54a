"""The scripts in examples/ run as their first lines say, here against a model on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import forked
from fake_openai import FakeOpenAI

FOLDER = Path(__file__).parent.parent / "examples"
QUESTION = "How long did the trial of the bee kit run?"


@pytest.fixture
def run(indexed: Path, vectors_folder: Path):
    def run_example(name: str, *questions: str, **variables: str) -> str:
        known = {**os.environ, "ASKPOD_STORE": str(indexed), **variables}
        done = forked.run(FOLDER / name, *questions, vectors=vectors_folder, env=known)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_example


def test_one_question(run):
    assert "“Fourteen months" in run("ask.py", QUESTION)


def test_a_stream(run):
    assert "citations, 0 tokens read" in run("stream.py", QUESTION)


def test_several_at_once(run):
    printed = run("several.py", QUESTION, "What is the boiling point of mercury?")
    assert "Fourteen months" in printed
    assert "I found nothing" in printed


def test_a_chain(run):
    with FakeOpenAI("Fourteen months.") as server:
        local = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none"}
        assert run("chain.py", QUESTION, ASKPOD_MODEL="any", **local) == "Fourteen months.\n"
        assert "twenty-two hives" in server.requests[0].prompt


def test_the_collection_opened_with_plain_chroma(run, archive):
    vectors, *found = run("plain_chroma.py", QUESTION).splitlines()
    assert vectors.startswith("contextual: ")
    vector = archive._embedder.embed([QUESTION])[0]
    ids, _ = archive._dense.search(lambda all_: all_.nearest(vector, 5, None)())
    known = archive._catalog.chunks(ids.tolist())
    assert [line.partition(":")[0] for line in found] == [
        f"{known[number].episode_id} {known[number].chunk.start:.0f} s" for number in ids.tolist()
    ]
