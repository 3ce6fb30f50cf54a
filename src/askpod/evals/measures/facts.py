"""Whether an answer states the gold facts: fact recall, fact precision and their F1.

A statement, a sentence of an answer, is held against a fact:

    score = similarity + WORDS * shared + FIGURES (where the fact has figures)

similarity: the cosine of the two; shared: the share of the fact's words and figures that the
statement holds, counted against it where one says what the other denies. It states the fact from
BAR on, unless a figure of the fact is missing. Where no statement does, two neighbours may. How
the figures were set, and how often a reader agrees: docs/evaluate.md.

It compares; it does not reason. A fact turned round in its own words passes, and a paraphrase
that shares no word and little meaning with it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from askpod.answering.claims import needs_source
from askpod.embedding import Embedder
from askpod.evals.measures.facts_text import statements
from askpod.evals.measures.facts_words import said
from askpod.evals.records import Score
from askpod.text import split_to_fit

__all__ = ["FactMatcher", "Match", "fact_scores", "statements"]

WORDS = 0.5  # as for citations; 0.4 to 0.6 do as well
FIGURES = 0.15  # few sentences hold all figures of a fact by chance; 0.1 to 0.3 do as well
BAR = 0.65
BAR_TOGETHER = 0.7  # two statements share more words with any fact by chance
MOSTLY = 0.5  # of a statement's words: from there on a "not" in it is about the fact
KEPT = 4000  # vectors that are remembered

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """Where an answer states a fact."""

    fact: int  # its number in the list, from 0
    statement: int | None  # that states it best (of two together: the better one), or None
    score: float  # of that statement or pair; the best that there was, where none states it
    second: int | None = None  # the other of two that state it only together


class FactMatcher:
    """Holds statements against facts. Safe for several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, Vector] = {}

    def states(self, statement: str, fact: str) -> bool:
        """Whether one statement by itself states the fact."""
        return self.score(statement, fact) >= BAR

    def score(self, statement: str, fact: str) -> float:
        """What is held against BAR, from -0.5 to 1.65; 0 where a figure of the fact is missing."""
        ours, gold = said(statement), said(fact)
        if not gold.needed <= ours.figures:
            return 0.0
        shared = gold.shared(ours)
        part = shared / gold.size if gold.size else 0.0
        if ours.denies != gold.denies and shared >= MOSTLY * ours.size:
            part = -part
        near = float((self._vector(statement) @ self._vector(fact).T).max())
        return near + WORDS * part + (FIGURES if gold.needed else 0.0)

    def match(self, facts: Sequence[str], statements: Sequence[str]) -> tuple[Match, ...]:
        """For each fact the statement, or the two neighbours, that state it."""
        pairs = [f"{one} {two}" for one, two in pairwise(statements)]
        self._embed([*facts, *statements, *pairs])
        return tuple(
            self._match(number, fact, statements, pairs) for number, fact in enumerate(facts)
        )

    def _match(
        self, number: int, fact: str, statements: Sequence[str], pairs: Sequence[str]
    ) -> Match:
        alone = [self.score(statement, fact) for statement in statements]
        best = _first_best(alone)
        if best is None or alone[best] >= BAR:
            return Match(number, best, alone[best] if best is not None else 0.0)
        together = [self.score(pair, fact) for pair in pairs]
        two = _first_best(together)
        if two is None or together[two] < BAR_TOGETHER:
            return Match(number, None, alone[best])
        one, other = sorted((two, two + 1), key=lambda each: -alone[each])
        return Match(number, one, together[two], other)

    def _vector(self, text: str) -> Vector:
        return self._embed([text])[text]

    def _embed(self, texts: Iterable[str]) -> dict[str, Vector]:
        """All vectors that are known, with those of each text: several where it is too long.

        All that are not known yet in one call, which the embedder can spread over the cores.
        """
        # Another thread may begin a new memory; this one keeps the one that it has filled.
        known = self._vectors if len(self._vectors) < KEPT else {}
        self._vectors = known
        new = {text: self._fitting(text) for text in dict.fromkeys(texts) if text not in known}
        if new:
            vectors = self._embedder.embed([part for parts in new.values() for part in parts])
            ends = np.cumsum([len(parts) for parts in new.values()])
            known.update(zip(new, np.split(vectors, ends[:-1]), strict=True))
        return known

    def _fitting(self, text: str) -> list[str]:
        """The text in parts that the embedder reads to their end."""
        embedder = self._embedder
        parts = split_to_fit(text, 0, len(text), embedder.count_tokens, embedder.max_tokens)
        return [text[begin:end] for begin, end, _ in parts]


def fact_scores(
    matcher: FactMatcher, facts: Sequence[str], text: str
) -> tuple[dict[str, Score], tuple[Match, ...]]:
    """fact_recall, fact_precision and fact_f1 of an answer, and what was found where.

    fact_recall: the share of the facts that the answer states. fact_precision: the share of its
    statements that state a fact, or a part of it together with a neighbour; courtesies and remarks
    on what the episodes do not hold are not counted. fact_f1: their harmonic mean. An answer that
    states nothing, such as a refusal, has 0 in all three.
    Facts as in the nuggets of question answering (Voorhees, TREC 2003), without a judge.
    """
    read = statements(text)
    matches = matcher.match(facts, read)
    stated = sum(match.statement is not None for match in matches)
    used = {number for match in matches for number in (match.statement, match.second)}
    right = {
        number
        for number, statement in enumerate(read)
        if number in used or any(matcher.states(statement, fact) for fact in facts)
    }
    counted = [n for n, statement in enumerate(read) if n in right or needs_source(statement)]
    recall = stated / len(facts) if facts else 0.0
    precision = len(right) / len(counted) if counted else 0.0
    both = recall + precision
    scores = {
        "fact_recall": Score(recall),
        "fact_precision": Score(precision),
        "fact_f1": Score(2 * recall * precision / both if both else 0.0),
    }
    return scores, matches


def _first_best(scores: Sequence[float]) -> int | None:
    return max(range(len(scores)), key=scores.__getitem__) if scores else None
