"""The grid: haystacks of which lengths, made in which ways, with the evidence in which place.

One factor is varied at a time around a base condition: a full grid would cost several times as
much. The factors are those of Gupta et al. (EMNLP 2024, industry track).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from askpod.errors import GoldError
from askpod.prompts import Placement

Negatives = Literal["hard", "random"]
Formatting = Literal["plain", "markdown"]

THOUSAND = 1_000  # tokens that "1k" stands for
LENGTHS = tuple(THOUSAND * thousands for thousands in (4, 8, 16, 32, 64, 128))
SHORTEST = 2 * THOUSAND  # tokens; in less the instruction leaves no room for a haystack
LONGEST = 2_000 * THOUSAND

# Where the middle of the evidence stands, as a share of the haystack's tokens.
DEPTHS: Mapping[str, float] = {"first third": 1 / 6, "middle third": 1 / 2, "last third": 5 / 6}


@dataclass(frozen=True, slots=True)
class Condition:
    """How a haystack and its prompt are made."""

    negatives: Negatives = "hard"  # other episodes: of the same guest or topic, or any
    instruction: Placement = "both"  # before the haystack, after it, or both
    formatting: Formatting = "plain"

    @property
    def label(self) -> str:
        """What sets it apart from BASE, for people."""
        return _LABELS[self]


BASE = Condition()
_LABELS = {
    BASE: "base",
    Condition(negatives="random"): "random episodes",
    Condition(instruction="before"): "instruction before",
    Condition(instruction="after"): "instruction after",
    Condition(formatting="markdown"): "Markdown",
}
CONDITIONS = tuple(_LABELS)


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in the grid: every question of the sample is asked there once."""

    condition: Condition
    length: int  # tokens of the whole prompt, at most
    position: str  # of DEPTHS

    def __str__(self) -> str:
        return f"{self.condition.label}, {in_k(self.length)}, {self.position}"


def grid(lengths: Sequence[int], conditions: Sequence[Condition] = CONDITIONS) -> Iterator[Cell]:
    """Every cell: each condition at each length with the evidence in each position."""
    for length in lengths:
        for condition in conditions:
            for position in DEPTHS:
                yield Cell(condition, length, position)


def parse_lengths(text: str) -> tuple[int, ...]:
    """Reads "4k,8k,16000" as tokens, shortest first, each once.

    Raises:
        GoldError: it is no list of such lengths, or one is out of bounds.
    """
    lengths = set()
    for part in text.lower().split(","):
        digits = part.strip().removesuffix("k")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
            raise GoldError(f"--lengths: {part.strip()!r} is no length; write 4k,8k,16k")
        length = int(digits) * (THOUSAND if part.strip().endswith("k") else 1)
        if not SHORTEST <= length <= LONGEST:
            raise GoldError(
                f"--lengths: {part.strip()} is not between {in_k(SHORTEST)} and {in_k(LONGEST)}"
            )
        lengths.add(length)
    return tuple(sorted(lengths))


def in_k(tokens: int) -> str:
    """A length as people write it: 32000 -> "32k"."""
    return f"{tokens // THOUSAND}k" if tokens % THOUSAND == 0 else f"{tokens:,}"
