"""The examples' questions that can be answered, with the passages they find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from askpod import Archive, Passage

GOLD = Path(__file__).parents[2] / "evals" / "examples.yaml"


@pytest.fixture(scope="session")
def searched(archive: Archive) -> list[tuple[dict[str, Any], list[Passage]]]:
    """Questions with evidence in evals/examples.yaml that stand alone, with 20 passages each."""
    questions = yaml.safe_load(GOLD.read_text(encoding="utf-8"))
    return [
        (each, archive.search(each["question"], top=20))
        for each in questions
        if each["evidence"] and not each.get("history")  # a follow-up is first made whole
    ]
