"""What each part of a search gives: its figures with one part after another taken away.

    python benchmarks/ablation.py ../shared/gold/dtc-dev.yaml --store build/bench/store

See benchmarks/quality.py for the gold set, the store and the figures. "ranks fused" replaces the
sum of cosine and words by reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from askpod import Archive
from askpod.retrieval import relevance, stretch
from askpod.retrieval.relevance import Pool, Scores
from quality import BUDGETS, gold_and_store, search_figures

VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "without words": {"relevance.WORDS": 0.0},
    "without neighbours": {"relevance.NEIGHBOURS": ()},
    "one chunk a passage": {"stretch.NEARLY": float("inf")},
    "ranks fused": {"relevance.own_scores": lambda pool: reciprocal_ranks(pool)},
    "ranks fused, nothing else": {
        "relevance.own_scores": lambda pool: reciprocal_ranks(pool),
        "relevance.NEIGHBOURS": (),
    },
}
MODULES = {"relevance": relevance, "stretch": stretch}


def main() -> None:
    rows, store = gold_and_store(__doc__)
    rows = [row for row in rows if row["evidence"]]
    with Archive.open(store) as archive:
        print(f"{'recall after words':<32}" + "".join(f"{b:>7,}" for b in BUDGETS) + "     MRR")
        for name, changes in VARIANTS.items():
            with changed(changes):
                figures, reciprocal = search_figures(archive, rows)
            print(
                f"{name:<32}" + "".join(f"{x:7.3f}" for x in figures[:, 0]) + f"{reciprocal:8.3f}"
            )


@contextmanager
def changed(changes: dict[str, Any]) -> Iterator[None]:
    patches = []
    for place, value in changes.items():
        module, name = place.split(".")
        patches.append(patch.object(MODULES[module], name, value))
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def reciprocal_ranks(pool: Pool) -> Scores:
    """Reciprocal rank fusion of the pool's cosines and words, scaled to about a cosine's size."""
    fused = np.zeros(len(pool.ids))
    for scores in (pool.cosines, pool.words):
        ranks = np.empty(len(scores))
        ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
        fused += np.where(scores > 0, 1 / (60 + ranks), 0.0)
    return fused * 30


if __name__ == "__main__":
    main()
