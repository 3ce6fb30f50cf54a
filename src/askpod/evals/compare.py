"""Compares two runs question by question, holds one to thresholds, exports runs for trec_eval.

What makes a question hard for both runs drops out of paired differences: they show much smaller
changes than two intervals side by side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import numpy as np

from askpod.errors import GoldError, PathError
from askpod.evals.intervals import Interval, paired
from askpod.evals.measures import BY_NAME, LEGIBLE, Measure, judgements, ranks
from askpod.evals.records import (
    Figures,
    Record,
    Summary,
    as_stretch,
    columns,
    figures_of,
    measured,
    read_records,
    read_summary,
    rounded,
)
from askpod.text import visible

HEADLINES = ("fact_f1", "recall@1000")  # the first that both runs have says what changed most
SAME = 1e-9  # scores that differ by less are a tie
NAMED = 5  # questions that an error names

Verdict = Literal["better", "worse", ""]


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of two runs, over the questions of both.

    Wins are the questions on which B is the better one; a question counts among wins, losses and
    ties where the measure applies to it in both runs.
    """

    a: Interval
    b: Interval
    difference: Interval  # b - a
    wins: int
    losses: int
    ties: int
    verdict: Verdict  # of B; "" where the interval of the difference holds 0


@dataclass(frozen=True, slots=True)
class Change:
    """A question on which the runs differ by the headline measure."""

    id: str
    question: str
    a: float
    b: float
    difference: float  # how much b is above a


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of one gold set side by side."""

    gold: str
    questions: int  # that both have
    measures: Mapping[str, Compared]  # those that both have, in the order of MEASURES
    headline: str  # the measure of `changed`
    changed: tuple[Change, ...]  # the largest differences first
    only_in_a: tuple[str, ...]  # ids of questions, left out
    only_in_b: tuple[str, ...]
    unshared: tuple[str, ...]  # measures that only one of the runs has, left out
    setup_a: Mapping[str, Any]
    setup_b: Mapping[str, Any]
    figures_b: Figures  # of B by itself, over all of its questions


class Threshold(NamedTuple):
    """The worst that a figure may be: the least, or of a measure to be kept low the most."""

    measure: Measure
    value: float


def compare(a: Path, b: Path) -> Comparison:
    """Compares the runs in two folders. Differences are B's figure minus A's.

    Raises GoldError: a folder holds no run, or they are not runs of the same gold set.
    """
    summary_a, summary_b = read_summary(a), read_summary(b)
    records_a = {record.id: record for record in read_records(a)}
    records_b = {record.id: record for record in read_records(b)}
    shared = [name for name in records_a if name in records_b]
    _check((a, summary_a), (b, summary_b), [(records_a[name], records_b[name]) for name in shared])
    ours, theirs = [records_a[name] for name in shared], [records_b[name] for name in shared]
    of_a, of_b = measured(ours), measured(theirs)
    names = [name for name in of_a if name in of_b]
    if not names:
        raise GoldError(f"{a} and {b} share no measure; compare runs of the same kind")
    headline = next((name for name in HEADLINES if name in names), names[0])
    pairs = zip(ours, theirs, strict=True)
    both = ((one, one.figure(headline), other.figure(headline)) for one, other in pairs)
    changes = [
        Change(one.id, one.question, was, now, now - was)
        for one, was, now in both
        if was is not None and now is not None and abs(now - was) > SAME
    ]
    return Comparison(
        gold=summary_a.gold,
        questions=len(shared),
        measures=_compared(ours, theirs, names),
        headline=headline,
        changed=tuple(sorted(changes, key=lambda each: (-abs(each.difference), each.id))),
        only_in_a=tuple(name for name in records_a if name not in records_b),
        only_in_b=tuple(name for name in records_b if name not in records_a),
        unshared=tuple(name for name in BY_NAME if (name in of_a) != (name in of_b)),
        setup_a=summary_a.setup,
        setup_b=summary_b.setup,
        figures_b=figures_of(list(records_b.values())),
    )


def threshold(text: str) -> Threshold:
    """Reads `recall@1000=0.5`. Raises GoldError: it is not of that form, or no such measure."""
    name, _, value = text.partition("=")
    if name not in BY_NAME:
        known = ", ".join(BY_NAME)
        raise GoldError(f"--fail-below: no measure is called {name!r}; there are {known}")
    with suppress(ValueError):
        if math.isfinite(number := float(value)):
            return Threshold(BY_NAME[name], number)
    how = f"should be a measure and a number, such as {name}=0.5"
    raise GoldError(f"--fail-below: {text!r} {how}")


def missed(comparison: Comparison, thresholds: Sequence[Threshold]) -> list[str]:
    """What B misses of the thresholds, a line each. B's figures are of all its questions.

    Raises GoldError: B has no figure for one of them.
    """
    lines = []
    for each in thresholds:
        name = each.measure.name
        found = comparison.figures_b.get(name)
        if found is None:
            there = ", ".join(comparison.figures_b)
            raise GoldError(f"B has no {name} to hold to {each.value:g}; it has {there}")
        low = each.measure.lower_is_better
        if found.value > each.value if low else found.value < each.value:
            side = "above" if low else "below"
            lines.append(f"{name} of B is {found.value:.6g}, {side} {each.value:g}")
    return lines


def losses(comparison: Comparison) -> list[str]:
    """The measures by which B is worse beyond chance, a line each; one if that cannot be told."""
    if all(each.difference.questions < 2 for each in comparison.measures.values()):
        return ["whether B is worse cannot be told from a single question"]
    return [
        f"{name} of B is worse by {abs(each.difference.value):.6g} "
        f"(95 % interval {each.difference.low:+.6g} to {each.difference.high:+.6g})"
        for name, each in comparison.measures.items()
        if each.verdict == "worse"
    ]


def _check(
    a: tuple[Path, Summary], b: tuple[Path, Summary], pairs: Sequence[tuple[Record, Record]]
) -> None:
    """Raises GoldError unless both are runs of the same questions with the same right answers."""
    if a[1].gold != b[1].gold:
        raise GoldError(
            f"{a[0]} is a run of {visible(a[1].gold)}, {b[0]} one of {visible(b[1].gold)}; "
            "compare runs of the same gold set"
        )
    if not pairs:
        raise GoldError(f"{a[0]} and {b[0]} have no question in common; run the eval again")
    edited = [one.id for one, other in pairs if _asked(one) != _asked(other)]
    if edited:
        more = f" and {len(edited) - NAMED} more" if len(edited) > NAMED else ""
        raise GoldError(
            f"{visible(a[1].gold)} was changed between the runs in {a[0]} and {b[0]}: "
            f"{', '.join(map(visible, edited[:NAMED]))}{more}; run the older one again"
        )


def _asked(record: Record) -> tuple[Any, ...]:
    """What a question's scores are held against."""
    gold = record.gold
    evidence = [(each["episode"], each["start"], each["end"]) for each in gold["evidence"]]
    facts = [list(gold["facts"]), list(gold.get("okay", ()))]
    return record.question, gold.get("episode"), record.history, facts, evidence


def _compared(
    a: Sequence[Record], b: Sequence[Record], names: Sequence[str]
) -> dict[str, Compared]:
    values_a, weights_a = columns(a, names)
    values_b, weights_b = columns(b, names)
    clusters = [record.cluster for record in a]
    differences = paired(values_a, weights_a, values_b, weights_b, clusters)
    figures_a, figures_b = figures_of(a), figures_of(b)
    compared = {}
    for place, (name, difference) in enumerate(zip(names, differences, strict=True)):
        sign = -1.0 if BY_NAME[name].lower_is_better else 1.0
        both = (weights_a[:, place] > 0) & (weights_b[:, place] > 0)
        was = values_a[both, place] / weights_a[both, place]
        gains = sign * (values_b[both, place] / weights_b[both, place] - was)
        compared[name] = Compared(
            a=figures_a[name],
            b=figures_b[name],
            difference=rounded(difference),
            wins=int(np.sum(gains > SAME)),
            losses=int(np.sum(gains < -SAME)),
            ties=int(np.sum(np.abs(gains) <= SAME)),
            verdict=_verdict(difference, sign),
        )
    return compared


def _verdict(difference: Interval, sign: float) -> Verdict:
    """What B is. A single question decides nothing."""
    if difference.questions < 2:
        return ""
    ends = sorted((sign * difference.low, sign * difference.high))
    if ends[0] > SAME:
        return "better"
    return "worse" if ends[1] < -SAME else ""


RUN = "run.trec"
QRELS = "qrels.txt"


def run_lines(records: Iterable[Record], tag: str) -> Iterator[str]:
    """A run in trec_eval's format, without line ends: question Q0 document rank score tag."""
    for record in records:
        scores = ranks([*map(as_stretch, record.retrieved)])
        for rank, (document, score) in enumerate(scores.items(), start=1):
            yield f"{_field(record.id)} Q0 {document} {rank} {score:.0f} {_field(tag)}"


def qrels_lines(records: Iterable[Record]) -> Iterator[str]:
    """What is relevant, in trec_eval's format: question 0 document relevance.

    Questions without evidence are not judged: nothing that is retrieved for them is right.
    """
    for record in records:
        if evidence := record.gold["evidence"]:
            passages = [*map(as_stretch, record.retrieved)]
            judged = judgements(passages, [*map(as_stretch, evidence)])
            for document, relevance in judged.items():
                yield f"{_field(record.id)} 0 {document} {relevance}"


def write_trec(folder: Path, records: Iterable[Record], tag: str) -> dict[Path, int]:
    """Writes a run and its judgements into a folder: the two files with their numbers of lines.

    Raises PathError: they cannot be written there; the message says why.
    """
    kept = tuple(records)
    files = {folder / RUN: [*run_lines(kept, tag)], folder / QRELS: [*qrels_lines(kept)]}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, lines in files.items():
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise PathError(f"{folder}: cannot be written: {reason}; name another folder") from error
    return {path: len(lines) for path, lines in files.items()}


def _field(text: str) -> str:
    return quote(text, safe=LEGIBLE)
