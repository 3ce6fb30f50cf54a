"""The effective window: the longest prompt that a model reads nearly as well as a short one.

RULER (Hsieh et al., COLM 2024) holds each length against a fixed score, NoLiMa (Modarressi et al.,
ICML 2025) against 85 % of the model's own score on short prompts. This is the latter, with the
score at the shortest length as the base: a window that every model can be held to, whatever the
questions. How sure it is comes from a bootstrap over episodes, the same draw at all lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askpod.evals.long_context.conditions import in_k

KEPT = 0.85  # of the score at the shortest length
RESAMPLES = 2_000
SEED = 20_242
EDGES = (0.025, 0.975)  # of the resamples: 95 % lie between


@dataclass(frozen=True, slots=True)
class Window:
    """An effective window in tokens, and how sure it is. 0: even the shortest scores nothing."""

    length: int
    low: int  # the 2.5 % and the 97.5 % quantile of the windows of the resamples
    high: int
    lengths: tuple[int, ...]  # those asked, shortest first
    scores: tuple[float, ...]  # at each of them
    shares: tuple[tuple[int, float], ...]  # window -> share of the resamples that have it

    @property
    def is_longest(self) -> bool:
        """Whether no longer prompt was asked: the true window may be longer."""
        return self.length == self.lengths[-1]


def effective_window(
    lengths: Sequence[int], values: NDArray[np.float64], clusters: Sequence[str]
) -> Window:
    """The longest length up to which, and at every shorter one, the mean score keeps KEPT.

    Args:
        lengths: tokens, shortest first.
        values: scores from 0 to 1, questions x lengths.
        clusters: the episode of each question; questions of one are drawn together.
    """
    means = values.mean(axis=0)
    found = _windows(lengths, means[np.newaxis])[0]
    drawn = _windows(lengths, _resampled(values, clusters))
    low, high = np.quantile(drawn, EDGES, method="inverted_cdf")
    kinds, counts = np.unique(drawn, return_counts=True)
    return Window(
        length=int(found),
        low=int(low),
        high=int(high),
        lengths=tuple(lengths),
        scores=tuple(float(mean) for mean in means),
        shares=tuple(
            (int(kind), float(count) / RESAMPLES) for kind, count in zip(kinds, counts, strict=True)
        ),
    )


def in_words(window: Window) -> str:
    """What a person should take along: "keeps 85 % of its score at 4k up to 32k; at 64k 41 %"."""
    shortest = in_k(window.lengths[0])
    if not window.length:
        return f"no effective window: the score at {shortest} is 0"
    if len(window.lengths) == 1:
        return f"no effective window: {shortest} is the only length"
    return f"keeps {_percent(KEPT)} of its score at {shortest} {_up_to(window)} ({_sure(window)})"


def _up_to(window: Window) -> str:
    if window.is_longest:
        return f"up to {in_k(window.length)}, the longest length asked"
    following = window.lengths.index(window.length) + 1
    share = _percent(window.scores[following] / window.scores[0])
    up_to = f"up to {in_k(window.length)}" if following > 1 else "at no longer length"
    return f"{up_to}; at {in_k(window.lengths[following])} {share}"


def _sure(window: Window) -> str:
    share = dict(window.shares).get(window.length, 0.0)
    low, high = (in_k(each) if each else "none" for each in (window.low, window.high))
    lie = f"at {low}" if low == high else f"from {low} to {high}"
    return f"so in {_percent(share)} of the resamples, 95 % of which lie {lie}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _windows(lengths: Sequence[int], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The window of each row of mean scores; 0 where the first one is 0."""
    base = scores[:, :1]
    keeps = (scores >= KEPT * base - 1e-9) & (base > 0)
    held = np.cumprod(keeps, axis=1).sum(axis=1)
    found: NDArray[np.int64] = np.array([0, *lengths], dtype=np.int64)[held]
    return found


def _resampled(values: NDArray[np.float64], clusters: Sequence[str]) -> NDArray[np.float64]:
    """Mean scores of resamples, resamples x lengths. With a single episode questions are drawn."""
    names, of = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2:
        names, of = np.arange(len(values)), np.arange(len(values))
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, of, values)
    sizes = np.bincount(of, minlength=len(names)).astype(np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(names), (RESAMPLES, len(names)))
    times = np.zeros((RESAMPLES, len(names)))
    np.add.at(times, (np.arange(RESAMPLES)[:, np.newaxis], drawn), 1.0)
    totals: NDArray[np.float64] = (times @ sums) / (times @ sizes)[:, np.newaxis]
    return totals
