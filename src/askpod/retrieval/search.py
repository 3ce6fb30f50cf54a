"""Search: a question in a listener's words brings up the passages that answer it.

Meaning (nearest vectors) and words (BM25) are searched apart, judged together with the talk
around each hit, and cut into passages; a recording published twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Embedder
from askpod.errors import QuestionError
from askpod.model import Passage
from askpod.retrieval.diversify import without_duplicates
from askpod.retrieval.relevance import NEIGHBOURS, Pool, relevance
from askpod.retrieval.stretch import passage, stretches
from askpod.store.catalog import Catalog
from askpod.store.dense import DenseIndex
from askpod.store.filters import Filters, Selection, select
from askpod.store.lexical import match_words, query_words, unmentioned_names

_T = TypeVar("_T")

CANDIDATES = 300  # of each search
BATCH = 25  # passages whose texts are read at once
LONGEST_QUESTION = 2_000  # characters; far above any question, far below an accident


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought up, with what judging it needs."""

    question: str
    vector: NDArray[np.float32]  # of the question, unit length
    words: tuple[str, ...]  # of the question, those worth looking for
    passages: tuple[Passage, ...]  # best first
    similarity: float  # cosine of the nearest chunk to the question; 0.0 without one
    unmentioned: tuple[str, ...]  # names in the question that the whole archive never mentions


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Which chunks each episode has, at one revision of the catalog: aligned arrays."""

    revision: int
    firsts: NDArray[np.int64]  # ascending
    lasts: NDArray[np.int64]
    names: NDArray[np.str_]

    @classmethod
    def of(cls, catalog: Catalog) -> _Ranges:
        ranges = catalog.chunk_ranges()
        firsts, lasts, names = zip(*ranges, strict=True) if ranges else ((), (), ())
        return cls(
            catalog.revision(),
            np.array(firsts, dtype=np.int64),
            np.array(lasts, dtype=np.int64),
            np.array(names, dtype=np.str_),
        )


class Searcher:
    """Searches one archive. Safe for several threads."""

    def __init__(self, catalog: Catalog, dense: DenseIndex, embedder: Embedder) -> None:
        self._catalog = catalog
        self._dense = dense
        self._embedder = embedder
        self._ranges: _Ranges | None = None

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
            pool = self._pool(vector, near, said, selection)
            found = list(islice(without_duplicates(self._passages(pool)), top))
            similarity = near[0][1] if near else 0.0
            unmentioned = unmentioned_names(self._catalog, question)
        return Found(question, vector, tuple(words), tuple(found), similarity, tuple(unmentioned))

    def _pool(
        self,
        vector: NDArray[np.float32],
        near: list[tuple[int, float]],
        said: list[tuple[int, float]],
        selection: Selection,
    ) -> Pool:
        """The candidates of both searches and the chunks around them."""
        candidates = np.array([number for number, _ in (*near, *said)], dtype=np.int64)
        reach = np.arange(-len(NEIGHBOURS), len(NEIGHBOURS) + 1)
        around = np.unique(candidates[:, np.newaxis] + reach)
        # What others say beside a speaker who is asked for counts as context, as ever.
        ids, episodes = self._chunks_among(around, selection.episodes)
        words = dict(said)
        selected = np.ones(len(ids), dtype=np.bool_)
        if selection.speakers is not None:
            selected = np.isin(ids, list(self._catalog.live(ids.tolist(), selection)))
        return Pool(
            ids=ids,
            episodes=episodes,
            cosines=self._dense.similarities(vector, ids),
            words=np.array([words.get(i, 0.0) for i in ids.tolist()], dtype=np.float64),
            selected=selected,
        )

    def _chunks_among(
        self, ids: NDArray[np.int64], selected: tuple[str, ...] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those of ascending `ids` that are chunks of selected episodes, and their episodes'
        numbers."""
        known = self._ranges
        if known is None or known.revision != self._catalog.revision():
            known = self._ranges = _Ranges.of(self._catalog)
        episodes = np.searchsorted(known.firsts, ids, side="right") - 1
        there = (episodes >= 0) & (ids <= known.lasts[episodes])
        if selected is not None:
            there &= np.isin(known.names, selected)[episodes]
        return ids[there], episodes[there]

    def _passages(self, pool: Pool) -> Iterator[Passage]:
        """Passages, best first, their texts read as they are asked for."""
        if not len(pool.ids):
            return
        for batch in _batched(stretches(pool, relevance(pool)), BATCH):
            chunks = self._catalog.chunks([number for members, _ in batch for number in members])
            episodes = self._catalog.episodes(sorted({c.episode_id for c in chunks.values()}))
            for members, score in batch:
                yield passage([chunks[number] for number in members], score, episodes)

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


def _batched(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while batch := list(islice(items, size)):
        yield batch
