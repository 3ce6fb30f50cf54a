"""A run's folder: its record of each question, the figures with intervals, the seconds.

`questions.jsonl` (one Record a line, in the gold set's order), `summary.json`, `report.html`,
`timings.json`. All but the last are the same, byte for byte, when a run is repeated. Seconds are
those of one machine with `parallel` questions at a time; a reply that was kept has those of the
request that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from askpod.errors import GoldError
from askpod.evals.intervals import Interval, intervals
from askpod.evals.measures import BY_NAME, MEASURES
from askpod.model import Usage

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


@dataclass(frozen=True, slots=True)
class Timing:
    """One question's. Seconds of the model are None where none was asked or it failed."""

    id: str
    retrieval: float
    model: float | None = None
    first_text: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None  # US dollars; None where the price is not known

    @classmethod
    def of(cls, id_: str, usage: Usage) -> Timing:
        """From what an answer notes of itself."""
        return cls(
            id_,
            usage.retrieval_seconds,
            usage.model_seconds or None,
            usage.first_text_seconds,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cost,
        )


def figures(timings: Sequence[Timing]) -> dict[str, Any]:
    """Median and 95th percentile of the seconds, sums of tokens and cost (None: not all known)."""
    asked = [timing for timing in timings if timing.model is not None]
    costs = [timing.cost for timing in asked if timing.cost is not None]
    return {
        "retrieval_seconds": percentiles(timing.retrieval for timing in timings),
        "model_seconds": percentiles(timing.model for timing in asked),
        "first_text_seconds": percentiles(timing.first_text for timing in asked),
        "prompt_tokens": sum(timing.prompt_tokens for timing in timings),
        "completion_tokens": sum(timing.completion_tokens for timing in timings),
        "cost": sum(costs) if costs and len(costs) == len(asked) else None,
    }


def percentiles(seconds: Iterable[float | None]) -> dict[str, float] | None:
    """p50 and p95 of those that are known, interpolated; None where none is."""
    known = [each for each in seconds if each is not None]
    if not known:
        return None
    p50, p95 = np.percentile(known, (50, 95))
    return {"p50": round(float(p50), 6), "p95": round(float(p95), 6)}


def write_timings(folder: Path, timings: Sequence[Timing]) -> None:
    """Writes `timings.json`: the figures, and each question's own."""
    whole = {**figures(timings), "questions": [asdict(timing) for timing in timings]}
    (folder / TIMINGS).write_text(f"{json.dumps(whole, indent=1)}\n", encoding="utf-8")


ALL = "all"
DIGITS = 6  # that are kept: more than anybody reads, fewer than rounding can touch

# Values that have an order of their own; all others stand by the alphabet.
IN_ORDER = ("easy", "medium", "hard", "first third", "middle third", "last third")
SLICES = ("type", "difficulty", "position", "episode")

Figures = dict[str, Interval]  # by the measure's name


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures of a run: slice -> its value -> measure -> figure.

    `figures["all"]["all"]` are those of all questions. A measure that has no part in a slice is
    not in it. Shares are from 0 to 1; the rest has its unit in measures/__init__.py.
    """

    gold: str  # the gold set's name
    setup: Mapping[str, Any]  # what was run
    questions: int
    figures: Mapping[str, Mapping[str, Mapping[str, Interval]]]


def summarise(records: Sequence[Record], gold: str, setup: Mapping[str, Any]) -> Summary:
    """The figures of a run's records. Their order does not matter."""
    by_slice: dict[str, dict[str, list[Record]]] = {ALL: {ALL: list(records)}}
    for name in sorted({name for record in records for name in record.slices}, key=_slice_order):
        there = [record for record in records if name in record.slices]
        values = sorted({record.slices[name] for record in there}, key=_value_order)
        by_slice[name] = {
            value: [record for record in there if record.slices[name] == value] for value in values
        }
    figures = {
        name: {value: figures_of(those) for value, those in values.items()}
        for name, values in by_slice.items()
    }
    return Summary(gold, dict(sorted(setup.items())), len(records), figures)


def figures_of(records: Sequence[Record]) -> Figures:
    """The figure of every measure that applies to any of the records, rounded to DIGITS.

    Precision of refusals: where some should have been and none was, it is 0 and stands on the
    questions that should have been refused. No result counts as 0, never as missing.
    """
    names = measured(records)
    if not names:
        return {}
    values, weights = columns(records, names)
    clusters = [record.cluster for record in records]
    shares = [not BY_NAME[name].unit for name in names]
    found = intervals(values, weights, clusters, shares=shares)
    figures = {name: rounded(each) for name, each in zip(names, found, strict=True)}
    precision = figures.get("refusal_precision")
    if precision is not None and precision.questions == 0:
        missed = figures["refusal_recall"]
        figures["refusal_precision"] = Interval(0.0, 0.0, 0.0, missed.questions, missed.clusters)
    return figures


def measured(records: Sequence[Record]) -> list[str]:
    """The measures that apply to any of the records, in the order of MEASURES."""
    there = {
        name for record in records for name, score in record.scores.items() if score.weight > 0
    }
    if "refusal_recall" in there:
        there.add("refusal_precision")
    return [measure.name for measure in MEASURES if measure.name in there]


def columns(
    records: Sequence[Record], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and weights, each records x names; 0 and 0 where a measure does not apply."""
    nothing = Score(0.0, 0.0)
    scores = np.array(
        [[record.scores.get(name, nothing) for name in names] for record in records], dtype=float
    ).reshape(len(records), len(names), 2)
    return scores[..., 0], scores[..., 1]


def rounded(interval: Interval) -> Interval:
    """An Interval with DIGITS after the point, and no -0."""
    value, low, high = (
        round(each, DIGITS) + 0.0 for each in (interval.value, interval.low, interval.high)
    )
    return Interval(value, low, high, interval.questions, interval.clusters)


def write_summary(folder: Path, summary: Summary) -> None:
    """Writes `summary.json`. Raises OSError where that cannot be."""
    text = json.dumps(asdict(summary), indent=1, allow_nan=False)
    (folder / SUMMARY).write_text(f"{text}\n", encoding="utf-8")


def read_summary(folder: Path) -> Summary:
    """The summary in a run's folder.

    Raises:
        GoldError: it is no run's folder, or the file is damaged.
    """
    path = folder / SUMMARY
    try:
        return TypeAdapter(Summary).validate_json(path.read_bytes())
    except OSError as error:
        raise GoldError(
            f"{folder}: no run ({error}); name a folder that `askpod eval run` has written"
        ) from error
    except ValidationError as error:
        raise GoldError(f"{path}: damaged; run the eval again") from error


def _slice_order(name: str) -> tuple[int, str]:
    return (SLICES.index(name) if name in SLICES else len(SLICES), name)


def _value_order(value: str) -> tuple[int, str]:
    return (IN_ORDER.index(value) if value in IN_ORDER else len(IN_ORDER), value)
