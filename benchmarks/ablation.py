"""What each part of a search gives: its figures with one part after another taken away.

    python benchmarks/ablation.py ../shared/gold/dtc-dev.yaml --store build/bench/store [--markdown]

See benchmarks/quality.py for the gold set, the store and the figures. What changes the vectors is
asked of a copy of the store, whose collection is made with the change. "ranks fused" replaces the
sum of scores by reciprocal rank fusion of each chunk's dense score and words (Cormack, Clarke,
Büttcher, SIGIR 2009).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from askpod import Archive
from askpod.retrieval.rerank import Pool, Scores
from peers.report import in_markdown, in_text
from peers.scoring import FIGURES, means
from quality import answerable, command_line, rows_of, search_scores

SHOWN = [
    (figure.removeprefix("recall at "), at)
    for at, figure in enumerate(FIGURES)
    if figure.startswith("recall") or figure in ("best F1", "MRR")
]


@dataclass(frozen=True)
class Variant:
    """Other values for names in askpod."""

    scoring: Mapping[str, Any] = field(default_factory=dict)
    vectors: Mapping[str, Any] = field(default_factory=dict)  # with which the collection is made


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--markdown", action="store_true", help="a table for docs/")
    options = parser.parse_args()
    rows = answerable(rows_of(options.gold))
    table = [["recall after words", *(name for name, _ in SHOWN)]]
    for name, variant in VARIANTS.items():
        with opened(options.store, variant) as archive:
            figures = means(search_scores(archive, rows))
        table.append([name, *(f"{figures[at]:.3f}" for _, at in SHOWN)])
    print((in_markdown if options.markdown else in_text)(table))


@contextmanager
def opened(store: Path, variant: Variant) -> Iterator[Archive]:
    """The archive as the variant would have it."""
    with ExitStack() as stack:
        for name, value in {**variant.scoring, **variant.vectors}.items():
            stack.enter_context(patch(f"askpod.{name}", value))
        if variant.vectors:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            store = Path(shutil.copytree(store, folder / "store"))
        yield stack.enter_context(Archive.open(store))


def reciprocal_ranks(pool: Pool) -> Scores:
    """Reciprocal rank fusion of each chunk's dense score and words."""
    fused = np.zeros(len(pool.ids))
    for scores in (pool.dense, pool.held):
        ranks = np.empty(len(scores))
        ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
        fused += np.where(scores > 0, 1 / (60 + ranks), 0.0)
    return np.where(np.isfinite(pool.dense), fused, -np.inf)


ALONE = {"embedding.contextual.CONTEXT_WINDOWS": (0, 0)}
NO_WORDS = {"retrieval.rerank.WORDS": 0.0, "retrieval.rerank.WORDS_IN_ONE": 0.0}
NO_NEIGHBOURS = {"embedding.contextual.NEIGHBOUR_SHARES": ()}
FUSED = {"retrieval.retriever.score_chunks": reciprocal_ranks}

VARIANTS: Mapping[str, Variant] = {
    "as it is": Variant(),
    "without words": Variant(NO_WORDS),
    "words of the chunk only": Variant({"retrieval.rerank.CONTEXT_WINDOWS": ()}),
    "vectors of the chunk only": Variant(vectors=ALONE),
    "without named speakers": Variant({"retrieval.rerank.SPEAKER": 0.0}),
    "without neighbours": Variant({"retrieval.rerank.NEIGHBOUR_SHARES": ()}, NO_NEIGHBOURS),
    "one chunk a passage": Variant({"retrieval.passages.NEARLY": float("inf")}),
    "ranks fused": Variant(FUSED),
    "ranks fused, nothing else": Variant(FUSED, {**ALONE, **NO_NEIGHBOURS}),
}


if __name__ == "__main__":
    main()
