"""Scores of a search, in seconds of evidence, and how sure they are.

Passages are taken best first until a budget of words is spent; the one that does not fit counts up
to where the budget ends, its seconds cut in proportion. A second that two passages hold counts
once, in precision as in recall. A question that finds nothing scores 0 and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

BUDGETS = (60, 125, 250, 500, 1000, 2000)  # words
MEASURES = ("recall", "precision", "F1")
FIGURES = (
    *(f"{measure} at {budget:,}" for measure in MEASURES for budget in BUDGETS),
    "MRR",
    "best F1",
)
MEASURED = slice(2 * len(BUDGETS), 3 * len(BUDGETS))  # where the F1 stand among the figures

Figures = NDArray[np.float64]  # its last axis is FIGURES


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds of one episode."""

    episode: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as it is scored. `words` are those of its speech; speakers' names are free."""

    stretch: Stretch
    words: int


def scores(found: Sequence[Found], evidence: Sequence[Stretch]) -> Figures:
    """One question's figures, all but "best F1", which a single question does not have."""
    heard = [_merged(_first_words(found, budget)) for budget in BUDGETS]
    wanted = _merged(evidence)
    got = np.array([_shared(each, wanted) for each in heard])
    recall = got / _seconds(wanted)
    precision = got / np.maximum([_seconds(each) for each in heard], 1e-9)
    f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-9)
    touching = (rank for rank, p in enumerate(found, 1) if _shared(_merged([p.stretch]), wanted))
    return np.concatenate([recall, precision, f1, [1 / next(touching, float("inf"))]])


def means(each: Figures) -> Figures:
    """The FIGURES of a set: the means of `scores` over its questions (rows), and the best F1."""
    return _with_best(each.mean(axis=0))


def resampled(
    each: Figures, clusters: Sequence[str], draws: int = 10_000, seed: int = 0
) -> Figures:
    """The FIGURES of `draws` sets like this one, clusters drawn with replacement.

    Questions of one episode are no independent trials, so they are drawn together. The same
    seed draws the same clusters: differences of two searches are paired.
    """
    names, members = np.unique(clusters, return_inverse=True)
    sums = np.zeros((len(names), each.shape[1]))
    np.add.at(sums, members, each)
    even = np.full(len(names), 1 / len(names))
    times = np.random.default_rng(seed).multinomial(len(names), even, size=draws)
    questions = times @ np.bincount(members)
    return _with_best(times @ sums / questions[:, np.newaxis])


def interval(draws: Figures) -> Figures:
    """Lower and upper end of the 95 % interval of each figure."""
    return np.percentile(draws, [2.5, 97.5], axis=0)


def target(peer: float) -> float:
    """What is to be reached: 1.3 times the best peer's, or 30 % of what it misses removed."""
    return min(1.3 * peer, peer + 0.3 * (1 - peer))


def _with_best(figures: Figures) -> Figures:
    best = figures[..., MEASURED].max(axis=-1, keepdims=True)
    return np.concatenate([figures, best], axis=-1)


def _first_words(found: Iterable[Found], budget: int) -> list[Stretch]:
    taken = []
    for passage in found:
        if budget <= 0:
            break
        episode, start, end = passage.stretch.episode, passage.stretch.start, passage.stretch.end
        share = min(1.0, budget / max(1, passage.words))
        taken.append(Stretch(episode, start, start + share * (end - start)))
        budget -= passage.words
    return taken


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same seconds in stretches that do not overlap."""
    ordered = sorted(stretches, key=lambda each: (each.episode, each.start))
    merged: list[Stretch] = []
    for episode, members in groupby(ordered, key=lambda each: each.episode):
        end = float("-inf")
        for each in members:
            if each.end > end:
                merged.append(Stretch(episode, max(each.start, end), each.end))
                end = each.end
    return merged


def _seconds(stretches: Iterable[Stretch]) -> float:
    return sum(each.end - each.start for each in stretches)


def _shared(some: Sequence[Stretch], others: Sequence[Stretch]) -> float:
    """Seconds in both; within either nothing overlaps."""
    return sum(
        max(0.0, min(one.end, other.end) - max(one.start, other.start))
        for one in some
        for other in others
        if one.episode == other.episode
    )
