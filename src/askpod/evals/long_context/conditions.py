"""The conditions of the long-context grid: arm, length of the haystack, position of the evidence.

One factor is varied at a time around a base arm: a full grid would cost several times as
much. The factors are those of Gupta et al. (EMNLP 2024, industry track).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from askpod.answering.prompts import Placement
from askpod.errors import GoldError

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
    instruction: Placement = "both"  # before the haystack, after it, or both
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
    Arm(instruction="after"): "instruction after",
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


def grid(
    lengths: Sequence[int], arms: Sequence[Arm] = ARMS, factors_at: int | None = None
) -> Iterator[Condition]:
    """Every condition: each arm at each length with the evidence in each position.

    Arms other than BASE are only at the length `factors_at`, where that is given.
    """
    for length in lengths:
        for arm in arms if factors_at in (None, length) else (BASE,):
            for position in DEPTHS:
                yield Condition(arm, length, position)


def parse_lengths(text: str, option: str = "--lengths") -> tuple[int, ...]:
    """Reads "4k,8k,16000" as tokens, shortest first, each once.

    Raises:
        GoldError: it is no list of such lengths, or one is out of bounds.
    """
    lengths = set()
    for part in text.lower().split(","):
        digits = part.strip().removesuffix("k")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
            raise GoldError(f"{option}: {part.strip()!r} is no length; write 4k,8k,16k")
        length = int(digits) * (THOUSAND if part.strip().endswith("k") else 1)
        if not SHORTEST <= length <= LONGEST:
            raise GoldError(
                f"{option}: {part.strip()} is not between {in_k(SHORTEST)} and {in_k(LONGEST)}"
            )
        lengths.add(length)
    return tuple(sorted(lengths))


def in_k(tokens: int) -> str:
    """A length as people write it: 32000 -> "32k"."""
    return f"{tokens // THOUSAND}k" if tokens % THOUSAND == 0 else f"{tokens:,}"
