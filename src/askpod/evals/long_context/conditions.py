"""The conditions of the long-context grid, and which questions share a haystack in each.

A condition is an arm, a length of the prompt and a position of the evidence.

One factor is varied at a time around a base arm: a full grid would cost several times as
much. The factors are those of Gupta et al. (EMNLP 2024, industry track).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

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


class Request(NamedTuple):
    """One question in one condition; without one it is asked with retrieved evidence."""

    question: GoldQuestion
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions that are asked over one haystack, in the order in which it holds their evidence."""

    questions: tuple[GoldQuestion, ...]
    positions: tuple[str, ...]  # of DEPTHS, the place of each evidence
    arm: Arm
    length: int  # tokens of each whole prompt, at most
    silent: frozenset[str] = frozenset()  # ids of those that are asked elsewhere, and not here

    @property
    def requests(self) -> tuple[Request, ...]:
        """Each question that is asked, with its condition."""
        return tuple(
            Request(question, Condition(self.arm, self.length, position))
            for question, position in zip(self.questions, self.positions, strict=True)
            if question.id not in self.silent
        )


def batches(
    group: Sequence[GoldQuestion], arm: Arm, length: int, silent: frozenset[str] = frozenset()
) -> Iterator[Batch]:
    """A haystack for each position, so that every question of a group has been in all of them.

    From one to the next the evidence moves on by a third; what leaves at the end enters at the
    beginning. Of one question alone the evidence is moved.
    """
    positions, size = tuple(DEPTHS), len(group)
    for turn in range(len(positions)):
        if size == 1:
            yield Batch(tuple(group), (positions[turn],), arm, length, silent)
            continue
        first = -turn * size // len(positions) % size
        questions = (*group[first:], *group[:first])
        places = (positions[slot * len(positions) // size] for slot in range(size))
        yield Batch(questions, tuple(places), arm, length, silent)


Step = Request | Batch  # what is asked one request after the other


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
