"""The figures of a run, of all its questions and of every slice, and the file that holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from askpod.errors import GoldError
from askpod.evals.intervals import Interval, intervals
from askpod.evals.measures import BY_NAME, MEASURES
from askpod.evals.records import SUMMARY, Record, Score

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
