"""The acceptance on real files, which lie beside the repository and are not part of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import forked
from askpod.readers import find_files

SHARED = Path(__file__).parents[2] / "shared"
EPISODES = SHARED / "episodes"
QUESTION = "At what context length do long-context models start to fail in practice?"
ANSWERED_IN = {
    "build-strong-career-in-data",
    "applied-llm-research-and-career-growth-in-practice",
}
NAMES = [
    "applied-llm-research-and-career-growth-in-practice.md",
    "_template.md",
]
ELSEWHERE = [
    "How do I cook a risotto with mushrooms?",
    "Who won the football world cup in 2018?",
    "What did Napoleon eat at Austerlitz?",
]
SOUND = 2  # files besides those named

pytestmark = pytest.mark.skipif(
    not EPISODES.is_dir(), reason=f"the real episodes are not at {EPISODES}"
)


@pytest.fixture(scope="module")
def askpod(vectors_folder):
    def run(*arguments: str | Path) -> CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if name != "ASKPOD_STORE"}
        return forked.run(
            "-m", "askpod", *arguments, vectors=vectors_folder, env=known, timeout=120
        )

    return run


def untold() -> list[Path]:
    """The published files that hold no transcript."""
    return [path for path in find_files([EPISODES]) if b"\ntranscript:" not in path.read_bytes()]


@pytest.fixture(scope="module")
def indexing(tmp_path_factory, askpod):
    """A run over the messiest file, the named ones, those without transcript and a few more."""
    named = [EPISODES / name for name in NAMES]
    silent = [path for path in untold() if path not in named]
    short = sorted(
        (path for path in find_files([EPISODES]) if path not in {*named, *silent}),
        key=lambda path: (path.stat().st_size, path.name),
    )
    store = tmp_path_factory.mktemp("shared") / "store"
    files = [SHARED / "seed", *named, *silent, *short[:SOUND]]
    run = askpod("index", *files, "--store", store, "--json")
    return store, run, {str(path) for path in [*silent, EPISODES / "_template.md"]}


def test_the_files_that_fail_are_named_and_the_rest_is_indexed(indexing):
    _, run, failing = indexing
    report = json.loads(run.stdout)
    assert run.returncode == 1
    assert {each["path"] for each in report["failed"]} == failing
    assert len(failing) >= 2
    for path in failing:
        assert f"not indexed: {path}:" in run.stderr
    assert set(report["added"]) >= ANSWERED_IN
    assert len(report["added"]) == len(ANSWERED_IN) + SOUND


def test_the_long_context_question_is_answered_with_the_right_seconds(indexing, askpod):
    store, _, _ = indexing
    answer = json.loads(askpod("ask", QUESTION, "--store", store, "--json").stdout)
    assert not answer["refused"]
    right = [
        citation
        for citation in answer["citations"]
        if citation["speaker"] == "Lavanya Gupta"
        and citation["episode_id"] in ANSWERED_IN
        and citation["start"] < 913
        and citation["end"] > 756
    ]
    assert right
    assert all(f"&t={int(citation['start'])}s" in citation["url"] for citation in right)


@pytest.mark.parametrize("question", ELSEWHERE)
def test_questions_about_other_things_are_refused(indexing, askpod, question):
    store, _, _ = indexing
    answer = json.loads(askpod("ask", question, "--store", store, "--json").stdout)
    assert answer["refused"]
    assert answer["citations"] == []
