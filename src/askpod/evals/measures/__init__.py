"""The measures: each a small pure function, with its definition and source in its docstring.

Those of retrieval are here. Ranks say little where passages differ in length, so recall is cut at
budgets of words, and what counts is seconds of speech. Ranks are measured as trec_eval does.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2
from operator import mul
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

from pydantic import Field, TypeAdapter

from askpod.evals.gold import Stretch, seconds, shared, union

# Far from where sums of them would overflow.
Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]

BUDGETS = (60, 125, 250, 500, 1000, 2000)  # words of passages that somebody reads
BY_BUDGET = {"recall": "recall", "precision": "precision", "f1": "F1"}  # measure -> its label

BASES = {"answered": "answered", "nearest": "the nearest that was said", "none": "refused"}


@dataclass(frozen=True, slots=True)
class Measure:
    """How a measure is shown. Those of one group stand together."""

    name: str  # as `--fail-below` and summary.json have it
    group: str
    label: str  # for a person
    meaning: str  # one sentence
    lower_is_better: bool = False
    unit: str = ""  # "" is a share of 1; "s" is seconds; "points" run from -1 to 1

    @property
    def digits(self) -> int:
        """Digits after the point that are worth showing."""
        return 1 if self.unit == "s" else 3


def _by_budget(kind: str, meaning: str) -> list[Measure]:
    return [
        Measure(f"{kind}@{words}", "retrieval", f"{kind} at {words:,} words", meaning)
        for words in BUDGETS
    ]


# The columns of measures.csv are the fields of a Measure.
_TOLD = Path(__file__).with_name("measures.csv").read_text(encoding="utf-8").splitlines()

MEASURES: tuple[Measure, ...] = (
    *_by_budget("recall", "share of the seconds of evidence in the first words of the passages"),
    *_by_budget("precision", "share of those passages' seconds that are evidence"),
    *_by_budget("f1", "harmonic mean of recall and precision, of each question"),
    *TypeAdapter(list[Measure]).validate_python([*csv.DictReader(_TOLD)]),
)

BY_NAME = {measure.name: measure for measure in MEASURES}


class Score(NamedTuple):
    """A question's part in a measure, which is the sum of all values over that of all weights.

    A question to which a measure does not apply has no Score for it.
    """

    value: Number
    weight: Weight = 1.0


def harmonic_mean(one: float, other: float) -> float:
    """F1 of a recall and a precision; 0 where both are."""
    return 2 * one * other / (one + other) if one + other > 0 else 0.0


_GAINS = [1 / log2(rank + 1) for rank in range(1, 11)]  # of nDCG at 10
LEGIBLE = "/:+,="  # signs that stay as they are in names, beside letters, digits and -._~


@dataclass(frozen=True, slots=True)
class Heard:
    """What a ranked passage is for these measures: where it is, and how many words it has."""

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
    evidence as among the passages, but its words are spent each time it is retrieved.
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


def _share(part: float, whole: float) -> float:
    # Sums of seconds differ in their last digits by the order in which they were added.
    return min(1.0, part / whole) if whole > 0 else 0.0


def ranking(passages: Sequence[Stretch], evidence: Sequence[Stretch]) -> dict[str, Score]:
    """Hit rates, reciprocal rank and nDCG of passages, best first, as trec_eval has them.

        hit@K    1 if one of the first K passages touches evidence, else 0
        mrr      1 / rank of the first passage that touches evidence; 0 if none does
        ndcg@10  sum of 1 / log2(rank + 1) over those of the first ten that touch evidence, over
                 the same sum with all that is relevant at the top

    Relevant are the passages that touch evidence, and each stretch of evidence that none of them
    touches: a document that was never retrieved, which the best possible ranking would have.
    Of passages with the same seconds the first counts. Nothing retrieved: all are 0.
    Source: trec_eval; nDCG of Järvelin and Kekäläinen, ACM TOIS 20(4), 2002.
    """
    relevant = judgements(passages, evidence)
    found = [relevant[name] for name in ranks(passages)]
    first = found.index(1) + 1 if 1 in found else 0
    best = sum(_GAINS[: sum(relevant.values())])
    values = {
        "hit@1": float(first == 1),
        "hit@5": float(0 < first <= 5),
        "mrr": 1 / first if first else 0.0,
        "ndcg@10": sum(map(mul, found, _GAINS)) / best if best else 0.0,
    }
    return {name: Score(value) for name, value in values.items()}


def docno(stretch: Stretch) -> str:
    """A stretch as a document's name without white space: `episode@12.000-34.500`, in seconds."""
    return f"{quote(stretch.episode, safe=LEGIBLE)}@{stretch.start:.3f}-{stretch.end:.3f}"


def ranks(passages: Sequence[Stretch]) -> dict[str, float]:
    """Passages, best first, as documents with scores that fall strictly.

    trec_eval sorts by score, keeps it in 32 bits, and puts equal ones in the order of their
    names: a search's own scores would not keep its order. A document can be ranked once only.
    """
    names = list(dict.fromkeys(map(docno, passages)))
    return {name: float(len(names) - place) for place, name in enumerate(names)}


def judgements(passages: Sequence[Stretch], evidence: Sequence[Stretch]) -> dict[str, int]:
    """Documents with 1 if they are relevant (see `ranking`), else 0."""
    evidence = union(evidence)
    judged: dict[str, int] = {}
    for passage in passages:
        judged.setdefault(docno(passage), int(passage.touches(evidence)))
    missed = (each for each in evidence if not each.touches(passages))
    return {**judged, **{docno(each): 1 for each in missed}}
