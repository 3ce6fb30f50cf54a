"""A run's folder: its record of each question, the figures with intervals, the seconds.

`questions.jsonl` (one Record a line, in the gold set's order), `summary.json`, `report.html`,
`timings.json`. All but the last are the same, byte for byte, when a run is repeated. Seconds are
those of one machine with `parallel` questions at a time; a reply that was kept has those of the
request that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from askpod.errors import GoldError
from askpod.evals.gold import Stretch, worded
from askpod.evals.intervals import Interval, intervals
from askpod.evals.measures import BY_NAME, MEASURES, Number, Score
from askpod.files import read_bounded, write_atomically
from askpod.parsing import ParseError, json_lines, parse_json
from askpod.text import visible

QUESTIONS = "questions.jsonl"
SUMMARY = "summary.json"
REPORT = "report.html"
TIMINGS = "timings.json"
MOST_BYTES = 200_000_000  # of a file; a question takes some twenty thousand

ALL = "all"
DIGITS = 6  # that are kept: more than anybody reads, fewer than rounding can touch

# Values that have an order of their own; all others stand by the alphabet.
TURNS = ("first question", "follow-up")
THIRDS = ("first third", "middle third", "last third")
IN_ORDER = (*TURNS, "easy", "medium", "hard", *THIRDS)
TURN = "turn"  # whether a question is the first or a follow-up
SLICES = ("type", TURN, "difficulty", "position", "episode")

Parsed = TypeVar("Parsed")
Figures = dict[str, Interval]  # by the measure's name


class _Place(BaseModel):
    episode: str
    start: Number
    end: Number


class _Gold(BaseModel):
    answer: str | None = None
    facts: list[str]
    evidence: list[_Place]


# Checked are the keys that the models above name; others (title, url, text) stay as they are.
Place = Annotated[dict[str, Any], AfterValidator(lambda its: _Place.model_validate(its) and its)]
Gold = Annotated[dict[str, Any], AfterValidator(lambda its: _Gold.model_validate(its) and its)]


def as_stretch(place: Mapping[str, Any]) -> Stretch:
    """The stretch of a record's passage or evidence."""
    return Stretch.stated(place["episode"], place["start"], place["end"])


@dataclass(frozen=True, slots=True)
class Record:
    """One question of a run. All of it is JSON."""

    id: str
    question: str
    cluster: str  # the episode whose questions are drawn together (see intervals.py)
    slices: Mapping[str, str]  # slice -> the value it has here, e.g. {"type": "single"}
    scores: Mapping[str, Score]  # by the measure's name (see measures/__init__.py)
    gold: Gold  # answer, facts, evidence: [Place]
    retrieved: tuple[Place, ...] = ()  # passages, best first
    answer: Mapping[str, Any] | None = None  # Answer.to_dict() without passages and usage seconds
    problems: tuple[str, ...] = ()  # what went wrong with it, in words
    details: Mapping[str, Any] = field(default_factory=dict)  # e.g. which fact was found where
    history: tuple[str, ...] = ()  # questions that were asked before it, oldest first

    def figure(self, measure: str) -> float | None:
        """The question's own figure; None where the measure does not apply to it."""
        score = self.scores.get(measure)
        return score.value / score.weight if score and score.weight > 0 else None


_RECORD = TypeAdapter(Record)


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Writes `questions.jsonl`. Raises OSError where that cannot be."""
    dumped = (json.dumps(asdict(each), ensure_ascii=False, allow_nan=False) for each in records)
    # Half a character, which a model's reply can hold and no file, is escaped as JSON does.
    lines = "".join(f"{line}\n" for line in dumped)
    write_atomically(folder / QUESTIONS, lines.encode(errors="backslashreplace"))


def read_records(folder: Path) -> tuple[Record, ...]:
    """The records of a run's folder.

    Raises GoldError: it is no run's folder, or the file is damaged; its line is named.
    """
    return tuple(_read(folder / QUESTIONS, _records).values())


def _records(content: bytes) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for number, value in json_lines(content):
        try:
            record = _RECORD.validate_python(value)
        except ValidationError as error:
            raise ParseError(worded(error)[0], number) from None
        if record.id in records:
            raise ParseError(f"{visible(record.id)[:80]} has a line already", number)
        records[record.id] = record
    return records


def _read(path: Path, parse: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return parse(read_bounded(path, MOST_BYTES))
    except OSError as error:
        raise GoldError(
            f"{path.parent}: no run ({path.name}: {error.strerror}); "
            "name a folder that `askpod eval run` has written"
        ) from error
    except (ParseError, ValidationError) as error:
        line = error.line if isinstance(error, ParseError) else None
        problem = error.problem if isinstance(error, ParseError) else worded(error)[0]
        raise GoldError(f"{path}:{line or 1}: damaged: {problem}; run the eval again") from None


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
    return {f"p{each}": round(float(np.percentile(known, each)), DIGITS) for each in (50, 95)}


def write_timings(folder: Path, timings: Sequence[Timing]) -> None:
    """Writes `timings.json`: the figures, and each question's own."""
    whole = {**figures(timings), "questions": [asdict(timing) for timing in timings]}
    write_atomically(folder / TIMINGS, f"{json.dumps(whole, indent=1)}\n".encode())


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
    sliced = {name for record in records for name in record.slices}
    for name in [each for each in SLICES if each in sliced] + sorted(sliced.difference(SLICES)):
        there = [record for record in records if name in record.slices]
        values = sorted({record.slices[name] for record in there}, key=value_order)
        if name == TURN and len(values) < 2:
            continue  # a set without follow-ups
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
    bounds = (interval.value, interval.low, interval.high)
    value, low, high = (round(each, DIGITS) + 0.0 for each in bounds)
    return Interval(value, low, high, interval.questions, interval.clusters)


def rounded_floats(value: Any) -> Any:  # noqa: ANN401 (whatever JSON can carry)
    """The same as JSON, with DIGITS after the point of every float in it."""
    return json.loads(json.dumps(value), parse_float=lambda digits: round(float(digits), DIGITS))


def write_summary(folder: Path, summary: Summary) -> None:
    """Writes `summary.json`. Raises OSError where that cannot be."""
    text = json.dumps(asdict(summary), indent=1, allow_nan=False)
    write_atomically(folder / SUMMARY, f"{text}\n".encode())


def read_summary(folder: Path) -> Summary:
    """The summary in a run's folder.

    Raises GoldError: it is no run's folder, or the file is damaged.
    """
    return _read(
        folder / SUMMARY, lambda content: TypeAdapter(Summary).validate_python(parse_json(content))
    )


def value_order(value: str) -> tuple[int, str]:
    """To sort by: values of IN_ORDER as they stand there, then any others."""
    return (IN_ORDER.index(value) if value in IN_ORDER else len(IN_ORDER), value)
