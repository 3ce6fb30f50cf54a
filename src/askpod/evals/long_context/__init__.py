"""How long a prompt a model reads reliably: the same questions over growing haystacks.

A *condition* is an arm, a length of the prompt and a position of the evidence. One factor is varied
at a time around a base arm. The factors follow Gupta et al., "Systematic Evaluation of Long-Context
LLMs on Financial Concepts" (EMNLP 2024, industry track).

The *effective window* is the longest prompt that a model reads nearly as well as a short one: RULER
(Hsieh et al., COLM 2024) holds each length against a fixed score, NoLiMa (Modarressi et al., ICML
2025) and this against 85 % of the model's own score on short prompts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from askpod.answering.prompts import Placement
from askpod.errors import GoldError
from askpod.evals.gold import GoldQuestion

SEED = 20_241

Negatives = Literal["hard", "random"]
Formatting = Literal["plain", "markdown"]

THOUSAND = 1_000  # tokens that "1k" stands for
SHORTEST = 2 * THOUSAND  # tokens; in less the instruction leaves no room for a haystack
LONGEST = 2_000 * THOUSAND

# Where the middle of the evidence stands, as a share of the haystack's tokens.
DEPTHS: Mapping[str, float] = {"first third": 1 / 6, "middle third": 1 / 2, "last third": 5 / 6}


def drawn(*names: str) -> bytes:
    """A key to sort by: as good as random, and the same whatever else is sorted with it."""
    return hashlib.sha256("\0".join((str(SEED), *names)).encode()).digest()


@dataclass(frozen=True, slots=True)
class Arm:
    """How a haystack and its prompt are made."""

    negatives: Negatives = "hard"  # other episodes: of the same guest or topic, or any
    instruction: Placement = "after"  # seen from the haystack; so does the answer prompt have it
    formatting: Formatting = "plain"

    @property
    def label(self) -> str:
        """What sets it apart from BASE, for people."""
        return _LABELS[self]


BASE = Arm()
_LABELS = {
    BASE: "base",
    Arm(negatives="random"): "random episodes",
    Arm(instruction="before"): "instruction before",
    Arm(instruction="both"): "instruction twice",
    Arm(formatting="markdown"): "Markdown",
}
ARMS = tuple(_LABELS)


@dataclass(frozen=True, slots=True)
class Condition:
    """One place in the grid: every question of the sample is asked there once."""

    arm: Arm
    length: int  # tokens of the whole prompt, at most
    position: str  # of DEPTHS

    def __str__(self) -> str:
        return f"{self.arm.label}, {in_k(self.length)}, {self.position}"


class Request(NamedTuple):
    """One question in one condition; without one it is asked with retrieved evidence."""

    question: GoldQuestion
    condition: Condition | None


# Asked one after the other: a request with retrieved evidence, or those over one haystack, in the
# order in which it holds their evidence.
Step = tuple[Request, ...]


def batches(group: Sequence[GoldQuestion], arm: Arm, length: int) -> Iterator[Step]:
    """A haystack for each position, so that every question of a group has been in all of them.

    From one to the next the evidence moves on by a third; what leaves at the end enters at the
    beginning. Of one question alone the evidence is moved.
    """
    positions, size = tuple(DEPTHS), len(group)
    for turn, position in enumerate(positions):
        first = -turn * size // len(positions) % size
        places = [positions[slot * len(positions) // size] for slot in range(size)]
        yield tuple(
            Request(question, Condition(arm, length, position if size == 1 else place))
            for question, place in zip((*group[first:], *group[:first]), places, strict=True)
        )


def parse_lengths(text: str, option: str = "--lengths") -> tuple[int, ...]:
    """Reads "4k,8k,16000" as tokens, shortest first, each once.

    Raises GoldError: it is no list of such lengths, or one is out of bounds.
    """
    lengths = set()
    for part in map(str.strip, text.lower().split(",")):
        found = re.fullmatch(r"([0-9]{1,9})(k?)", part)
        if not found:
            raise GoldError(f"{option}: {part!r} is no length; write 4k,8k,16k")
        length = int(found[1]) * (THOUSAND if found[2] else 1)
        if not SHORTEST <= length <= LONGEST:
            raise GoldError(f"{option}: {part} is not between {in_k(SHORTEST)} and {in_k(LONGEST)}")
        lengths.add(length)
    return tuple(sorted(lengths))


def in_k(tokens: int) -> str:
    """A length as people write it: 32000 -> "32k"."""
    return f"{tokens // THOUSAND}k" if tokens % THOUSAND == 0 else f"{tokens:,}"


KEPT = 0.85  # of the score at the shortest length
RESAMPLES = 2_000
WINDOW_SEED = 20_242
EDGES = (0.025, 0.975)  # of the resamples: 95 % lie between


@dataclass(frozen=True, slots=True)
class Window:
    """An effective window in tokens, and how sure it is. 0: even the shortest scores nothing."""

    length: int
    low: int  # the 2.5 % and the 97.5 % quantile of the windows of the resamples
    high: int
    lengths: tuple[int, ...]  # those asked, shortest first
    scores: tuple[float, ...]  # at each of them
    shares: Mapping[int, float]  # window -> share of the resamples that have it

    @property
    def is_longest(self) -> bool:
        """Whether no longer prompt was asked: the true window may be longer."""
        return self.length == self.lengths[-1]


def effective_window(
    lengths: Sequence[int], values: NDArray[np.float64], clusters: Sequence[str]
) -> Window:
    """The longest length up to which, and at every shorter one, the mean score keeps KEPT.

    `values` are questions x lengths, the shortest first; questions of one of `clusters`, the
    episode, are drawn together.
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
        shares={int(kind): float(n) / RESAMPLES for kind, n in zip(kinds, counts, strict=True)},
    )


def in_words(window: Window) -> str:
    """What a person should take along: "keeps 85 % of its score at 4k up to 32k; at 64k 41 %"."""
    shortest = in_k(window.lengths[0])
    if not window.length:
        return f"no effective window: the score at {shortest} is 0"
    if len(window.lengths) == 1:
        return f"no effective window: {shortest} is the only length"
    share = window.shares.get(window.length, 0.0)
    low, high = (in_k(each) if each else "none" for each in (window.low, window.high))
    lie = f"at {low}" if low == high else f"from {low} to {high}"
    sure = f"so in {100 * share:.0f} % of the resamples, 95 % of which lie {lie}"
    following = window.lengths.index(window.length) + 1
    up_to = f"up to {in_k(window.length)}" if following > 1 else "at no longer length"
    if window.is_longest:
        up_to += ", the longest length asked"
    else:
        kept = 100 * window.scores[following] / window.scores[0]
        up_to += f"; at {in_k(window.lengths[following])} {kept:.0f} %"
    return f"keeps {100 * KEPT:.0f} % of its score at {shortest} {up_to} ({sure})"


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
    belongs = of == np.arange(len(names))[:, np.newaxis]  # episodes x questions
    drawn = np.random.default_rng(WINDOW_SEED).integers(0, len(names), (RESAMPLES, len(names)))
    times = np.stack([np.bincount(each, minlength=len(names)) for each in drawn]) @ belongs
    totals: NDArray[np.float64] = (times @ values) / times.sum(axis=1, keepdims=True)
    return totals
