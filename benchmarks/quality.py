"""How good search and answers are on a gold set, in figures that a change can be held against.

    python benchmarks/quality.py ../shared/gold/dtc-dev.yaml --store build/bench/store

The gold set is YAML as in evals/examples.yaml; a row with `episode` is asked of that one alone.
The store must hold its episodes (`askpod index … --store DIR`). Printed are, for search, recall,
precision and F1 in seconds of evidence after 60 to 2,000 words of passages and the mean reciprocal
rank of the first passage that touches evidence (peers/scoring.py); for answers, the share of the
words of the gold facts that they hold, the share of cited seconds inside the evidence, and how
often the first citation touches evidence, how often they refuse.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from askpod import Answer, Archive, Citation
from askpod.answering.relevance import held_words
from askpod.text import query_words
from peers.scoring import BUDGETS, FIGURES, MEASURES, Figures, Found, Stretch, means, scores
from retrieval import DEPTH, Askpod, Row, evidence_of


def main() -> None:
    rows, store = gold_and_store(__doc__)
    with Archive.open(store) as archive:
        print_search(archive, answerable(rows))
        print_answers(archive, rows)


def gold_and_store(description: str) -> tuple[list[Row], Path]:
    """Reads a benchmark's command line: the rows of the gold set, and the store's folder."""
    options = command_line(description).parse_args()
    return rows_of(options.gold), options.store


def command_line(description: str) -> argparse.ArgumentParser:
    """What a benchmark over one gold set is told."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    return parser


def rows_of(gold: Path) -> list[Row]:
    """The questions of a gold set."""
    rows: list[Row] = yaml.load(gold.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return rows


def answerable(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["evidence"]]


def print_search(archive: Archive, rows: list[Row]) -> None:
    figures = dict(zip(FIGURES, means(search_scores(archive, rows)), strict=True))
    print(f"search, {len(rows)} questions   MRR {figures['MRR']:.3f}")
    print("  words      " + "".join(f"{budget:>8,}" for budget in BUDGETS))
    for measure in MEASURES:
        values = [figures[f"{measure} at {budget:,}"] for budget in BUDGETS]
        print(f"  {measure:<11}" + "".join(f"{value:8.3f}" for value in values))


def search_scores(archive: Archive, rows: Sequence[Row]) -> Figures:
    """The scores of the search for each question (rows)."""
    searched = Askpod(archive)
    return np.array(
        [
            scores(searched.search(row["question"], row.get("episode"), DEPTH), evidence_of(row))
            for row in rows
        ]
    )


def print_answers(archive: Archive, rows: list[Row]) -> None:
    facts, inside, hits, first, wrong, right, shown, words = [], [], [], [], [], [], [], []
    claimed = []
    for row in rows:
        only = {"episode": row["episode"]} if "episode" in row else None
        answer = archive.ask(row["question"], filters=only)
        evidence = evidence_of(row)
        (wrong if evidence else right).append(answer.refused)
        (shown if evidence else claimed).append(answer.basis == "answered")
        if evidence:
            words.append(sum(len(c.quote.split()) for c in answer.citations))
            first.append(any(_cites(c, evidence) for c in answer.citations[:1]))
            # Without words: all citations are within any budget.
            cited = [Found(Stretch(c.episode_id, c.start, c.end), 0) for c in answer.citations]
            share = scores(cited, evidence)[FIGURES.index("precision at 60")]
            inside.append(share)
            hits.append(share > 0)
            facts.extend(fact_words(answer, row.get("facts", [])))
    print(f"answers, {len(rows)} questions")
    if facts:
        print(f"  words of the facts in the answer    {np.mean(facts):.3f}")
    print(f"  cited seconds inside the evidence   {np.mean(inside):.3f}")
    print(f"  answers that cite evidence          {np.mean(hits):.3f}")
    print(f"  first quotation right               {np.mean(first):.3f}")
    print(f"  answerable shown as answered        {np.mean(shown):.3f}")
    print(f"  words quoted                        {np.mean(words):.0f}")
    print(f"  answerable questions refused        {np.mean(wrong):.3f}")
    if right:
        print(f"  unanswerable questions refused      {np.mean(right):.3f}")
        print(f"  unanswerable shown as answered      {np.mean(claimed):.3f}")


def _cites(citation: Citation, evidence: Sequence[Stretch]) -> bool:
    return Stretch(citation.episode_id, citation.start, citation.end).touches(evidence)


def fact_words(answer: Answer, facts: list[str]) -> list[float]:
    """For each fact the share of its words, stop words aside, that the answer holds."""
    if answer.refused:
        return [0.0] * len(facts)
    shares = []
    for fact in facts:
        words = query_words(fact)
        shares.append(len(held_words(words, [answer.text])[0]) / max(1, len(words)))
    return shares


if __name__ == "__main__":
    main()
