"""Stretches of episodes, in seconds: what gold evidence is, and what a search brings up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Seconds of one episode, from `start` up to but without `end`."""

    episode: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return max(0.0, self.end - self.start)

    def overlap(self, other: Stretch) -> float:
        """Seconds that both hold."""
        if self.episode != other.episode:
            return 0.0
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def touches(self, others: Iterable[Stretch]) -> bool:
        """Whether it shares any time with one of `others`."""
        return any(self.overlap(other) > 0 for other in others)

    def gap(self, other: Stretch) -> float:
        """Seconds between both; 0 where they touch, infinity in another episode."""
        if self.episode != other.episode:
            return float("inf")
        return max(0.0, other.start - self.end, self.start - other.end)


def union(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same seconds without overlaps, in order; empty stretches are left out."""
    joined: list[Stretch] = []
    for each in sorted(stretches):
        if each.seconds <= 0:
            continue
        if joined and joined[-1].episode == each.episode and each.start <= joined[-1].end:
            last = joined.pop()
            each = Stretch(last.episode, last.start, max(last.end, each.end))
        joined.append(each)
    return tuple(joined)


def seconds(stretches: Iterable[Stretch]) -> float:
    """How long they are together, every second counted once."""
    return sum(each.seconds for each in union(stretches))


def shared(some: Iterable[Stretch], others: Iterable[Stretch]) -> float:
    """Seconds that are in both, every second counted once."""
    theirs: Sequence[Stretch] = union(others)
    return sum(one.overlap(other) for one in union(some) for other in theirs)
