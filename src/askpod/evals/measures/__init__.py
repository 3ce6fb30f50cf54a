"""The measures: each a small pure function, with its definition and source in its docstring.

MEASURES lists all that a run can have, in the order in which tables and reports show them.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def _by_budget(kind: str, meaning: str) -> tuple[Measure, ...]:
    return tuple(
        Measure(f"{kind}@{words}", "retrieval", f"{kind} at {words:,} words", meaning)
        for words in BUDGETS
    )


MEASURES: tuple[Measure, ...] = (
    *_by_budget("recall", "share of the seconds of evidence in the first words of the passages"),
    *_by_budget("precision", "share of those passages' seconds that are evidence"),
    *_by_budget("f1", "harmonic mean of recall and precision, of each question"),
    Measure("hit@1", "ranking", "hit at 1", "questions whose first passage touches evidence"),
    Measure("hit@5", "ranking", "hit at 5", "questions with evidence in the first five passages"),
    Measure("mrr", "ranking", "MRR", "mean of 1 / rank of the first passage that touches evidence"),
    Measure("ndcg@10", "ranking", "nDCG at 10", "how high the passages with evidence stand"),
    Measure("fact_recall", "answers", "fact recall", "share of the gold facts that answers state"),
    Measure(
        "fact_precision", "answers", "fact precision", "share of the statements that are gold facts"
    ),
    Measure("fact_f1", "answers", "fact F1", "harmonic mean of the two, of each question"),
    Measure(
        "nugget_recall",
        "answers",
        "nugget recall",
        "share of the nuggets that answers state, an okay one counting half a vital one",
    ),
    Measure(
        "crag",
        "answers",
        "right less wrong",
        "1 for a right answer, 0 for none, -1 for a wrong one (CRAG)",
        unit="points",
    ),
    Measure(
        "citation_recall",
        "citations",
        "citation recall",
        "share of the sentences that their citations support (ALCE)",
    ),
    Measure(
        "citation_precision",
        "citations",
        "citation precision",
        "share of the citations that support their sentence and are needed for it (ALCE)",
    ),
    Measure(
        "support",
        "citations",
        "support in grades",
        "mean over the sentences: 1 where the cited turns support all of it, 0.5 a part, else 0",
    ),
    Measure(
        "misattributed",
        "citations",
        "misattributed sentences",
        "share of the sentences that another turn supports than the ones they cite",
        lower_is_better=True,
    ),
    Measure(
        "invented",
        "citations",
        "invented sentences",
        "share of the sentences that no turn supports which the model was shown",
        lower_is_better=True,
    ),
    Measure(
        "evidence_offered",
        "citations",
        "evidence offered",
        "questions with evidence among what the answer could be made from",
    ),
    Measure(
        "evidence_cited",
        "citations",
        "evidence cited",
        "questions with a citation that shares a second with evidence",
    ),
    Measure(
        "first_right",
        "citations",
        "first citation right",
        "questions whose first citation shares a second with evidence",
    ),
    Measure(
        "cited_inside",
        "citations",
        "cited seconds inside the evidence",
        "share of the seconds of the cited stretches that are gold evidence",
    ),
    Measure(
        "cited_hit",
        "citations",
        "citations that touch the evidence",
        "share of the citations that share a second with gold evidence",
    ),
    Measure(
        "seconds_off",
        "citations",
        "seconds off the evidence",
        "from a citation in the right episode to the nearest evidence",
        lower_is_better=True,
        unit="s",
    ),
    Measure(
        "refusal_precision",
        "refusals",
        "refusal precision",
        "share of the refusals whose question has no answer in the archive",
    ),
    Measure(
        "refusal_recall",
        "refusals",
        "refusal recall",
        "share of the questions without an answer that are refused",
    ),
    *(
        Measure(f"basis_{basis}", "refusals", f"shown as {words}", f"questions shown as {words}")
        for basis, words in BASES.items()
    ),
    Measure(
        "malformed",
        "refusals",
        "malformed answers",
        "replies that are empty, broken off, or cite nothing that can be read",
        lower_is_better=True,
    ),
)

BY_NAME = {measure.name: measure for measure in MEASURES}


def harmonic_mean(one: float, other: float) -> float:
    """F1 of a recall and a precision; 0 where both are."""
    return 2 * one * other / (one + other) if one + other > 0 else 0.0
