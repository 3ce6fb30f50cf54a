"""What the store's tests share: questions on the examples, and askpod as another process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from askpod import Archive
from askpod.model import Passage
from forked import Python

QUESTIONS = (
    "What killed the beekeeper's first colonies?",
    "How many rolls are thrown away?",
    "Why should a night train be slow?",
    "What does frost do to a coupler?",
    "How is an organ pipe measured?",
    "Where do the recordings of the language come from?",
    "How long does a laboratory test take?",
    "false alarms",
    "a model that lost to one line in a spreadsheet",
    "Which sensor was the first?",
)

Results = list[list[Passage]]


@pytest.fixture(scope="session")
def questions() -> tuple[str, ...]:
    return QUESTIONS


@pytest.fixture(scope="session")
def results() -> Callable[[Path], Results]:
    """What an archive answers to all the questions."""

    def search(store: Path) -> Results:
        with Archive.open(store) as archive:
            return [archive.search(question) for question in QUESTIONS]

    return search


@pytest.fixture(scope="session")
def expected(indexed, results) -> Results:
    """What a clean archive of the examples answers."""
    return results(indexed)


@pytest.fixture
def start(vectors_folder):
    """Starts `python -m askpod …` or another Python program; ends it with the test."""
    running: list[Python] = []

    def run(*arguments: str | Path) -> Python:
        running.append(Python(*arguments, vectors=vectors_folder))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()
