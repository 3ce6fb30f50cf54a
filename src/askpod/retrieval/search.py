"""Search: a question in a listener's words brings up the passages that answer it.

Meaning (nearest vectors) and words (BM25) are searched apart and fused by rank; recordings
published twice count once; neighbouring chunks become one passage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Embedder
from askpod.errors import QuestionError
from askpod.model import Passage
from askpod.retrieval.diversify import without_duplicates
from askpod.retrieval.fuse import reciprocal_rank
from askpod.retrieval.hit import Hit
from askpod.retrieval.widen import passages
from askpod.store.catalog import Catalog
from askpod.store.dense import DenseIndex
from askpod.store.filters import Filters, select
from askpod.store.lexical import match_words, query_words

CANDIDATES = 100  # of each search; the fused list of both is read further
LONGEST_QUESTION = 2_000  # characters; far above any question, far below an accident


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought up, with what judging it needs."""

    question: str
    vector: NDArray[np.float32]  # of the question, unit length
    words: tuple[str, ...]  # of the question, those worth looking for
    passages: tuple[Passage, ...]  # best first
    similarity: float  # cosine of the nearest chunk to the question; 0.0 without one


class Searcher:
    """Searches one archive. Safe for several threads."""

    def __init__(self, catalog: Catalog, dense: DenseIndex, embedder: Embedder) -> None:
        self._catalog = catalog
        self._dense = dense
        self._embedder = embedder

    def find(self, question: str, top: int, filters: Filters) -> Found:
        """At most `top` passages for a question.

        Raises:
            QuestionError: the question is empty, or longer than the embedder reads.
        """
        question = self._checked(question)
        vector = self._embedder.embed([question])[0]
        words = query_words(question)
        with self._catalog.reading() as connection:
            selection = select(connection, filters)
            near = self._dense.nearest(vector, CANDIDATES, selection)
            said = match_words(self._catalog, words, CANDIDATES, selection)
            fused = reciprocal_rank([[n for n, _ in near], [n for n, _ in said]])
            hits = self._hits(fused[: 3 * top], dict(near))
            episodes = self._catalog.episodes(sorted({hit.stored.episode_id for hit in hits}))
        found = passages(without_duplicates(hits), episodes)[:top]
        similarity = near[0][1] if near else 0.0
        return Found(question, vector, tuple(words), tuple(found), similarity)

    def _hits(self, fused: list[tuple[int, float]], similarities: dict[int, float]) -> list[Hit]:
        stored = self._catalog.chunks([number for number, _ in fused])
        return [
            Hit(stored[number], score, similarities.get(number, 0.0)) for number, score in fused
        ]

    def _checked(self, question: str) -> str:
        question = " ".join(question.split())
        if not question:
            raise QuestionError("the question is empty; write what you want to know")
        if len(question) > LONGEST_QUESTION:
            raise QuestionError(
                f"the question has {len(question):,} characters, {LONGEST_QUESTION:,} at most; "
                "ask for the heart of it in a sentence or two"
            )
        tokens, most = self._embedder.count_tokens([question])[0], self._embedder.max_tokens
        if tokens > most:
            raise QuestionError(
                f"the question has {tokens} tokens, and the embedder reads {most}; nothing is "
                "cut in silence, so ask for the heart of it in a sentence or two"
            )
        return question
