"""The examples' questions with the answers they get, asked once; and a model service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from askpod import Answer, Archive
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI

GOLD = Path(__file__).parents[2] / "evals" / "examples.yaml"


@pytest.fixture
def model_server() -> Iterator[FakeOpenAI]:
    """A model service on this machine; see tests/fake_openai.py."""
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="session")
def asked(archive: Archive) -> list[tuple[dict[str, Any], Answer]]:
    """Each question of the examples, as in evals/examples.yaml, with its answer."""
    questions = yaml.safe_load(GOLD.read_text(encoding="utf-8"))
    return [(each, archive.ask(each["question"])) for each in questions]


@pytest.fixture(scope="session")
def answers(asked: list[tuple[dict[str, Any], Answer]]) -> list[Answer]:
    """The answers that were given, without the refusals."""
    return [answer for _, answer in asked if not answer.refused]


@pytest.fixture
def ask(indexed: Path, model_server: FakeOpenAI, monkeypatch):
    """Opens the examples' archive with the model on the test server."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-tests")
    settings = Settings(
        model=ModelSettings("any", base_url=model_server.base_url, timeout=60.0, patience=0.5)
    )
    with Archive.open(indexed, settings=settings) as archive:
        yield archive
