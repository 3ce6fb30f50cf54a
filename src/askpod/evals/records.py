"""What an eval notes of each question: its scores, and all that a person needs to check them.

A run is a folder: `questions.jsonl` (one Record a line, in the gold set's order), `summary.json`,
`report.html`, `timings.json`. All but the last are the same, byte for byte, when a run is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from askpod.errors import GoldError

QUESTIONS = "questions.jsonl"
SUMMARY = "summary.json"
REPORT = "report.html"
TIMINGS = "timings.json"


class Score(NamedTuple):
    """A question's part in a measure, which is the sum of all values over that of all weights.

    A mean over questions has weight 1 for each; a share of citations weighs each question by
    its citations. A question whose measure does not apply has no Score for it.
    """

    value: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Record:
    """One question of a run. All of it is JSON."""

    id: str
    question: str
    cluster: str  # the episode whose questions are drawn together (see intervals.py)
    slices: Mapping[str, str]  # slice -> the value it has here, e.g. {"type": "single"}
    scores: Mapping[str, Score]  # by the measure's name (see measures/__init__.py)
    gold: Mapping[str, Any]  # answer, facts, evidence: [{episode, title, start, end, url, text}]
    retrieved: tuple[Mapping[str, Any], ...] = ()  # {episode, title, start, end, words, score, url}
    answer: Mapping[str, Any] | None = None  # Answer.to_dict() without passages and usage seconds
    problems: tuple[str, ...] = ()  # what went wrong with it, in words
    details: Mapping[str, Any] = field(default_factory=dict)  # e.g. which fact was found where

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Record:
        scores = {name: Score(*score) for name, score in given["scores"].items()}
        lists = {name: tuple(given[name]) for name in ("retrieved", "problems")}
        return cls(**{**given, **lists, "scores": scores})


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Writes `questions.jsonl`."""
    lines = [json.dumps(record.to_dict(), ensure_ascii=False) for record in records]
    (folder / QUESTIONS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_records(folder: Path) -> tuple[Record, ...]:
    """The records of a run's folder.

    Raises:
        GoldError: it is no run's folder, or the file is damaged.
    """
    path = folder / QUESTIONS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(
            f"{folder}: no run ({error}); name a folder that `askpod eval run` has written"
        ) from error
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(Record.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise GoldError(f"{path}:{number}: damaged ({error}); run the eval again") from error
    return tuple(records)
