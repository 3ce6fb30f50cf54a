"""How much of the evidence somebody hears who reads the first words of the passages.

Ranks say little where passages differ in length: three of them may hold fifty words or five
hundred. So the cut is made in words, and what counts is seconds of speech.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askpod.evals.measures import BUDGETS
from askpod.evals.records import Score
from askpod.evals.stretches import Stretch, seconds, shared


@dataclass(frozen=True, slots=True)
class Heard:
    """What a ranked passage is for these measures: where it lies, and how many words it has."""

    stretch: Stretch
    words: int


def at_budgets(
    passages: Sequence[Heard], evidence: Sequence[Stretch], budgets: Sequence[int] = BUDGETS
) -> dict[str, Score]:
    """Recall, precision and F1 in seconds of evidence, for each budget of words.

        recall@B     seconds of evidence heard / seconds of evidence
        precision@B  seconds of evidence heard / seconds heard
        f1@B         2 * recall * precision / (recall + precision)

    Heard is what `within` leaves of the passages, best first. Every second counts once, in the
    evidence as among the passages, but its words are spent each time it is brought up.
    Where nothing is heard all three are 0; evidence must be some seconds long for a recall.
    Source: precision and recall of set retrieval (van Rijsbergen, Information Retrieval, 1979,
    chapter 7), over seconds in place of documents.
    """
    relevant = seconds(evidence)
    scores: dict[str, Score] = {}
    for budget in budgets:
        heard = tuple(within(passages, budget))
        found = shared(heard, evidence)
        recall = _share(found, relevant)
        precision = _share(found, seconds(heard))
        scores[f"recall@{budget}"] = Score(recall)
        scores[f"precision@{budget}"] = Score(precision)
        scores[f"f1@{budget}"] = Score(harmonic_mean(recall, precision))
    return scores


def within(passages: Sequence[Heard], budget: int) -> Iterator[Stretch]:
    """The stretches of the first `budget` words.

    A passage that does not fit counts up to where the budget ends: speech is taken to run
    evenly through it, so that half of its words are the first half of its seconds.
    """
    left = budget
    for passage in passages:
        if left <= 0:
            return
        stretch = passage.stretch
        if passage.words > left:
            end = stretch.start + stretch.seconds * left / passage.words
            stretch = Stretch(stretch.episode, stretch.start, end)
        yield stretch
        left -= passage.words


def harmonic_mean(one: float, other: float) -> float:
    """F1 of a recall and a precision; 0 where both are."""
    return 2 * one * other / (one + other) if one + other > 0 else 0.0


def _share(part: float, whole: float) -> float:
    # Sums of seconds differ in their last digits by the order in which they were added.
    return min(1.0, part / whole) if whole > 0 else 0.0
