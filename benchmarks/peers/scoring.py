"""Scores of a search as `askpod eval` counts them, and how sure they are.

The measures are askpod's own (docs/measures.md); a test holds them against pytrec_eval's and
hand-worked cases. What is added here is the best F1 over the budgets, which only a set has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from askpod.evals.gold import Stretch
from askpod.evals.measures import BUDGETS, at_budgets, ranking
from askpod.evals.measures import Heard as Found

MEASURES = ("recall", "precision", "F1")
FIGURES = (
    *(f"{measure} at {budget:,}" for measure in MEASURES for budget in BUDGETS),
    "MRR",
    "best F1",
)
MEASURED = slice(2 * len(BUDGETS), 3 * len(BUDGETS))  # where the F1 stand among the figures

Figures = NDArray[np.float64]  # its last axis is FIGURES


def scores(found: Sequence[Found], evidence: Sequence[Stretch]) -> Figures:
    """One question's figures, all but "best F1", which a single question does not have.

    Of a passage `words` are those of its speech; speakers' names are free.
    """
    heard = at_budgets(found, evidence)
    figures = [heard[f"{m.lower()}@{budget}"].value for m in MEASURES for budget in BUDGETS]
    ranked = ranking([each.stretch for each in found], evidence)
    return np.array([*figures, ranked["mrr"].value])


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
