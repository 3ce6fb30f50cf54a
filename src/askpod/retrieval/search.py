"""Search: a question in a listener's words brings up the passages that answer it.

Meaning (nearest vectors) and words are searched apart, judged together with the talk around each
hit, and cut into passages; a recording published twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Embedder
from askpod.errors import QuestionError
from askpod.model import Filters, Passage
from askpod.people import Labels, People
from askpod.retrieval.diversify import without_duplicates
from askpod.retrieval.naming import named_speakers
from askpod.retrieval.relevance import (
    NEIGHBOURS,
    REACHES,
    Cosines,
    Pool,
    Said,
    coverage,
    rarity,
    relevance,
)
from askpod.retrieval.stretch import passage, stretches
from askpod.store.catalog import Catalog
from askpod.store.dense import DenseIndex
from askpod.store.filters import Selection, select, unmatched
from askpod.store.layout import Ids, merged, spread
from askpod.store.lexical import Places, places_of, unmentioned_names
from askpod.store.speech import StoredChunk
from askpod.text import query_words

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
    coverage: float  # share of the words, by rarity, in the chunk that holds most; 0.0 to 1.0
    unmentioned: tuple[str, ...]  # names in the question that the whole archive never mentions
    unmatched: tuple[str, ...] = ()  # why the filters leave nothing, in words for a person
    named: tuple[str, ...] = ()  # speakers of the archive whom the question names


class Searcher:
    """Searches one archive. Safe for several threads."""

    def __init__(
        self,
        catalog: Catalog,
        dense: DenseIndex,
        embedder: Embedder,
        people: Callable[[], People] = People,
    ) -> None:
        self._people = people
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
            people = self._people()
            selection = select(connection, filters, people)
            near = self._dense.nearest(vector, CANDIDATES, selection)
            cells, layout = self._dense.cells(), self._dense.layout()
            places = [places_of(connection, word, cells) for word in words]
            everybody = people.everybody(layout.speakers)
            named = named_speakers(question, everybody)
            labels = people.labels_of(layout.speakers, set(named).__contains__)
            pool = self._pool(vector, near, places, labels, selection)
            found = list(islice(without_duplicates(self._passages(pool, people)), top))
            nothing = () if found or not filters else unmatched(connection, filters, people)
            similarity = near[0][1] if near else 0.0
            unmentioned = unmentioned_names(connection, question, everybody, cells)
        return Found(
            question=question,
            vector=vector,
            words=tuple(words),
            passages=tuple(found),
            similarity=similarity,
            coverage=coverage(pool, _but_names(words, pool.said, named)),
            unmentioned=tuple(unmentioned),
            unmatched=nothing,
            named=named,
        )

    def _pool(
        self,
        vector: NDArray[np.float32],
        near: list[tuple[int, float]],
        places: list[Places],
        named: Labels,
        selection: Selection,
    ) -> Pool:
        """The candidates of both searches and the chunks around them."""
        layout = self._dense.layout()
        nearest = np.array([number for number, _ in near], dtype=np.int64)
        candidates = np.concatenate([nearest, self._saying_most(places, selection)])
        reach = np.arange(-len(NEIGHBOURS), len(NEIGHBOURS) + 1)
        around = np.unique(candidates[:, np.newaxis] + reach)
        # What others say beside a speaker who is asked for counts as context, as ever.
        ids, episodes = layout.among(around, selection.episodes)
        firsts, lasts = layout.firsts[episodes], layout.lasts[episodes]
        begins = np.maximum(ids - REACHES[-1], firsts)
        ends = np.minimum(ids + REACHES[-1], lasts)
        return Pool(
            ids=ids,
            firsts=firsts,
            lasts=lasts,
            cosines=Cosines(*self._dense.similarities(vector, begins, ends)),
            said=self._said(places, spread(*merged(begins, ends))),
            named=self._catalog.shares_of(ids, named),
            selected=self._dense.selected(ids, selection),
        )

    def _said(self, places: list[Places], ids: Ids) -> list[Said]:
        """The question's words, and which of ascending `ids`, at least, say them."""
        cells = self._dense.cells()
        return [Said(self._rarity(each), each.among(ids, cells)) for each in places]

    def _rarity(self, word: Places) -> float:
        """The weight of a word; of one that was not looked for, none."""
        return 0.0 if word.count < 0 else rarity(word.count, self._dense.layout().chunk_count)

    def _saying_most(self, places: list[Places], selection: Selection) -> Ids:
        """The CANDIDATES selected chunks in which most of the words stand, rare ones first.

        Common words name no candidates: the nearest vectors do, where a question has no others.
        """
        listed = [each.chunks for each in places]
        if not any(map(len, listed)):
            return np.empty(0, np.int64)
        ids, which = np.unique(np.concatenate(listed), return_inverse=True)
        weights = np.repeat([self._rarity(each) for each in places], [len(each) for each in listed])
        scores = np.bincount(which, weights)
        kept = self._dense.selected(ids, selection)
        ids, scores = ids[kept], scores[kept]
        return ids[np.lexsort((ids, -scores))[:CANDIDATES]]

    def _passages(self, pool: Pool, people: People) -> Iterator[Passage]:
        """Passages, best first, their texts read as they are asked for."""
        if not len(pool.ids):
            return
        for batch in _batched(stretches(pool, relevance(pool)), BATCH):
            chunks = self._catalog.chunks([number for members, _ in batch for number in members])
            episodes = self._catalog.episodes(sorted({c.episode_id for c in chunks.values()}))
            for members, score in batch:
                said = [_named(people, chunks[number]) for number in members]
                yield passage(said, score, episodes)

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


def _named(people: People, stored: StoredChunk) -> StoredChunk:
    """A chunk under the names of those who speak in it."""
    return replace(stored, chunk=people.over_chunk(stored.episode_id, stored.chunk))


def _but_names(words: list[str], said: Sequence[Said], named: tuple[str, ...]) -> Sequence[Said]:
    """The words without names of speakers, which are seldom said; all where there are no others."""
    names = {part for name in named for part in query_words(name)}
    return [each for word, each in zip(words, said, strict=True) if word not in names] or said


def _batched(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while batch := list(islice(items, size)):
        yield batch
