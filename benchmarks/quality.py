"""How good search and answers are on a gold set, in figures that a change can be held against.

    python benchmarks/quality.py ../shared/gold/dtc-dev.yaml --store build/bench/store

The gold set is YAML as in evals/examples.yaml; a row with `episode` is asked of that one alone.
The store must hold its episodes (`askpod index … --store DIR`). Printed are, for search, recall,
precision and F1 in seconds of evidence after 60 to 2,000 words of passages (the last passage
counts up to where the budget ends, its seconds cut in proportion) and the mean reciprocal rank of
the first passage that touches evidence; for answers, the share of the words of the gold facts that
they hold, the share of cited seconds inside the evidence, and how often they refuse.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from askpod import Answer, Archive, Passage
from askpod.answering.words import held_words
from askpod.store.lexical import query_words

BUDGETS = (60, 125, 250, 500, 1000, 2000)  # words


@dataclass(frozen=True)
class Stretch:
    """Seconds of one episode."""

    episode: str
    start: float
    end: float

    def shared(self, others: list[Stretch]) -> float:
        """Seconds that it shares with others, which do not overlap each other."""
        return sum(
            max(0.0, min(self.end, other.end) - max(self.start, other.start))
            for other in others
            if other.episode == self.episode
        )

    @property
    def seconds(self) -> float:
        return self.end - self.start


def main() -> None:
    rows, store = gold_and_store(__doc__)
    with Archive.open(store) as archive:
        print_search(archive, [row for row in rows if row["evidence"]])
        print_answers(archive, rows)


def gold_and_store(description: str) -> tuple[list[dict[str, Any]], Path]:
    """Reads a benchmark's command line: the rows of the gold set, and the store's folder."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    return yaml.safe_load(options.gold.read_text(encoding="utf-8")), options.store


def print_search(archive: Archive, rows: list[dict[str, Any]]) -> None:
    figures, reciprocal = search_figures(archive, rows)
    print(f"search, {len(rows)} questions   MRR {reciprocal:.3f}")
    print("  words      " + "".join(f"{budget:>8,}" for budget in BUDGETS))
    for name, column in (("recall", 0), ("precision", 1), ("F1", 2)):
        print(f"  {name:<11}" + "".join(f"{value:8.3f}" for value in figures[:, column]))


def search_figures(archive: Archive, rows: list[dict[str, Any]]) -> tuple[np.ndarray, float]:
    """Means over the questions: recall, precision, F1 for each budget; reciprocal rank."""
    figures, reciprocal = [], []
    for row in rows:
        passages = archive.search(row["question"], top=60, episode=row.get("episode"))
        evidence = evidence_of(row)
        figures.append([at_budget(passages, evidence, budget) for budget in BUDGETS])
        touching = (i for i, p in enumerate(passages, 1) if stretch_of(p).shared(evidence) > 0)
        reciprocal.append(1 / next(touching, float("inf")))
    return np.array(figures).mean(axis=0), float(np.mean(reciprocal))


def at_budget(
    passages: list[Passage], evidence: list[Stretch], budget: int
) -> tuple[float, float, float]:
    """Recall, precision and F1 in seconds of evidence, of the first `budget` words."""
    got = heard = 0.0
    left = budget
    for passage in passages:
        if left <= 0:
            break
        words = len(passage.text.split())
        share = min(1.0, left / max(1, words))
        end = passage.start + share * (passage.end - passage.start)
        part = Stretch(passage.episode_id, passage.start, end)
        got += part.shared(evidence)
        heard += part.seconds
        left -= words
    recall = got / sum(stretch.seconds for stretch in evidence)
    precision = got / heard if heard else 0.0
    f1 = 2 * recall * precision / (recall + precision) if got else 0.0
    return recall, precision, f1


def print_answers(archive: Archive, rows: list[dict[str, Any]]) -> None:
    facts, inside, hits, wrong, right = [], [], [], [], []
    for row in rows:
        only = {"episode": row["episode"]} if "episode" in row else None
        answer = archive.ask(row["question"], filters=only)
        evidence = evidence_of(row)
        (wrong if evidence else right).append(answer.refused)
        if evidence:
            cited = [Stretch(c.episode_id, c.start, c.end) for c in answer.citations]
            seconds = sum(stretch.seconds for stretch in cited)
            shared = sum(stretch.shared(evidence) for stretch in cited)
            inside.append(shared / seconds if seconds else 0.0)
            hits.append(shared > 0)
            facts.extend(fact_words(answer, row.get("facts", [])))
    print(f"answers, {len(rows)} questions")
    if facts:
        print(f"  words of the facts in the answer    {np.mean(facts):.3f}")
    print(f"  cited seconds inside the evidence   {np.mean(inside):.3f}")
    print(f"  answers that cite evidence          {np.mean(hits):.3f}")
    print(f"  answerable questions refused        {np.mean(wrong):.3f}")
    if right:
        print(f"  unanswerable questions refused      {np.mean(right):.3f}")


def fact_words(answer: Answer, facts: list[str]) -> list[float]:
    """For each fact the share of its words, stop words aside, that the answer holds."""
    if answer.refused:
        return [0.0] * len(facts)
    shares = []
    for fact in facts:
        words = query_words(fact)
        shares.append(len(held_words(words, [answer.text])[0]) / max(1, len(words)))
    return shares


def evidence_of(row: dict[str, Any]) -> list[Stretch]:
    return [Stretch(e["episode"], e["start"], e["end"]) for e in row["evidence"]]


def stretch_of(passage: Passage) -> Stretch:
    return Stretch(passage.episode_id, passage.start, passage.end)


if __name__ == "__main__":
    main()
