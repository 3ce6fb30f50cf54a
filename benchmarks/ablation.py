"""What each part of a search gives: its figures with one part after another taken away.

    python benchmarks/ablation.py ../shared/gold/dtc-dev.yaml --store build/bench/store [--markdown]

See benchmarks/quality.py for the gold set, the store and the figures. "ranks fused" replaces the
sum of scores by reciprocal rank fusion of each chunk's cosine and words (Cormack, Clarke,
Büttcher, SIGIR 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from askpod import Archive
from askpod.retrieval import relevance
from askpod.retrieval.relevance import Cosines, Ids, Pool, Scores, word_scores
from peers.report import in_markdown, in_text
from peers.scoring import FIGURES, means
from quality import answerable, command_line, rows_of, search_scores

SHOWN = [
    (figure.removeprefix("recall at "), at)
    for at, figure in enumerate(FIGURES)
    if figure.startswith("recall") or figure in ("best F1", "MRR")
]


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--markdown", action="store_true", help="a table for docs/")
    options = parser.parse_args()
    rows = answerable(rows_of(options.gold))
    table = [["recall after words", *(name for name, _ in SHOWN)]]
    with Archive.open(options.store) as archive:
        for name, changes in VARIANTS.items():
            with changed(changes):
                figures = means(search_scores(archive, rows))
            table.append([name, *(f"{figures[at]:.3f}" for _, at in SHOWN)])
    print((in_markdown if options.markdown else in_text)(table))


@contextmanager
def changed(changes: Mapping[str, Any]) -> Iterator[None]:
    """With other values for these names of modules in askpod.retrieval."""
    with ExitStack() as stack:
        for name, value in changes.items():
            stack.enter_context(patch(f"askpod.retrieval.{name}", value))
        yield


def of_chunks_alone(rate: Callable[..., Scores]) -> Callable[..., Scores]:
    """Scores of stretches as `rate` gives them, but none for those longer than a chunk."""

    def rated(of: Any, begins: Ids, ends: Ids) -> Scores:
        return np.where(begins == ends, rate(of, begins, ends), 0.0)

    return rated


def reciprocal_ranks(pool: Pool) -> Scores:
    """Reciprocal rank fusion of each chunk's cosine and words."""
    alone = pool.around(0)
    fused = np.zeros(len(pool.ids))
    for scores in (pool.cosines.mean(*alone), relevance.word_scores(pool.said, *alone)):
        ranks = np.empty(len(scores))
        ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
        fused += np.where(scores > 0, 1 / (60 + ranks), 0.0)
    return fused


VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "without words": {"relevance.WORDS": 0.0},
    "words of the chunk only": {"relevance.word_scores": of_chunks_alone(word_scores)},
    "without the minutes' cosine": {"relevance.Cosines.mean": of_chunks_alone(Cosines.mean)},
    "without named speakers": {"relevance.SPEAKER": 0.0},
    "without neighbours": {"relevance.NEIGHBOURS": ()},
    "one chunk a passage": {"stretch.NEARLY": float("inf")},
    "ranks fused": {"relevance.own_scores": reciprocal_ranks},
    "ranks fused, nothing else": {
        "relevance.own_scores": reciprocal_ranks,
        "relevance.NEIGHBOURS": (),
    },
}


if __name__ == "__main__":
    main()
