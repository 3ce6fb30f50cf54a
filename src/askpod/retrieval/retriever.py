"""Search: a question in a listener's words brings up the passages that answer it.

The Chroma collection names the chunks whose contextual vectors fit the question, the word index
those that say its words; both are scored together and cut into passages. A recording published
twice counts once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Embedder
from askpod.embedding.contextual import NEIGHBOUR_SHARES
from askpod.errors import AskpodError, QuestionError
from askpod.model import Filters, Passage
from askpod.people import People
from askpod.retrieval.names import named_speakers, replaced, respelled, unmentioned_names
from askpod.retrieval.passages import MOST, may_follow, passage, stretches, without_duplicates
from askpod.retrieval.rerank import (
    Ids,
    Pool,
    Said,
    Scores,
    best_first,
    coverage,
    idf,
    score_chunks,
    within_reach,
)
from askpod.retrieval.word_index import WordIndex, speech_shares
from askpod.store.catalog import Catalog, Layout
from askpod.store.dense import DenseIndex, Hits, Neighbours, best_chunks, dense_scores
from askpod.store.filters import Selection, chroma_condition, select, unmatched
from askpod.text import query_words, without_titles

if TYPE_CHECKING:
    from askpod.store.shared.archive import SharedArchive

_T = TypeVar("_T")

# Candidates of each search, for each passage that is wanted.
CANDIDATES = 5
FEWEST, MOST_PASSAGES = 20, 100  # passages wanted that count at least, and at most
NEAREST = 50  # chunks with the best dense scores, among which the nearest one is
LONGEST_QUESTION = 2_000  # characters; far above any question, far below an accident


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, with what judging it needs."""

    question: str
    passages: tuple[Passage, ...]  # best first
    similarity: float  # greatest cosine to the question among the best chunks; 0.0 without any
    coverage: float  # share of the words, by rarity, in the chunk that holds most; 0.0 to 1.0
    unmentioned: tuple[str, ...]  # names in the question that the whole archive never mentions
    among: int  # chunks that were searched: those that the filters leave
    unmatched: tuple[str, ...] = ()  # why the filters leave nothing, in words for a person
    named: tuple[str, ...] = ()  # speakers of the archive whom the question names
    # Words of the question that the archive lacks -> as it spells them; these were searched for.
    spellings: Mapping[str, str] = field(default_factory=dict)


class Retriever:
    """Searches one archive. Safe for several threads."""

    def __init__(
        self,
        catalog: Catalog,
        dense: DenseIndex | SharedArchive,
        embedder: Embedder,
        people: Callable[[], People],
    ) -> None:
        self._people = people
        self._catalog = catalog
        self._dense = dense
        self._embedder = embedder
        self._words = WordIndex()

    def find(self, question: str, top: int, filters: Filters) -> Found:
        """At most `top` passages for a question.

        Raises:
            QuestionError: the question is empty, or longer than the embedder reads.
        """
        question = self._checked(question)
        embedded = self._embedding_of(question)
        try:
            return self._dense.search(
                lambda neighbours: self._find(neighbours, question, embedded, top, filters)
            )
        except AskpodError:  # a thread that still embeds when the program ends would abort it
            with suppress(AskpodError):
                embedded()
            raise

    def _find(
        self,
        neighbours: Neighbours,
        asked: str,
        embedded: Callable[[], NDArray[np.float32]],
        top: int,
        filters: Filters,
    ) -> Found:
        layout = neighbours.layout
        state, count = (layout.store, layout.revision), layout.count()
        with self._catalog.reading() as connection:
            people = self._people()
            selection = select(connection, filters, people)
            chosen = self._chosen(neighbours, selection)
            most, condition = _candidates(top), chroma_condition(selection)

            def nearest_to(embedded: Callable[[], NDArray[np.float32]]) -> Callable[[], Hits]:
                """Begins to ask for the candidates by meaning: meanwhile words are looked for."""
                catalog = self._catalog
                hits = _begun(
                    lambda: best_chunks(neighbours, catalog, embedded(), most, chosen, condition)
                )
                return lambda: hits()()

            nearest = nearest_to(embedded)
            everybody = people.everybody(layout.speakers)
            is_said = partial(self._words.is_said, connection, count=count, state=state)
            tokens = self._embedder.count_tokens
            spellings = respelled(connection, asked, everybody, is_said, tokens)
            question = replaced(asked, spellings)
            if question != asked:
                embedded = self._embedding_of(question)
                nearest = nearest_to(embedded)
            bare, named = without_titles(question), named_speakers(question, everybody)
            said = [
                _said(self._words.chunks_that_say(connection, word, count, state), count)
                for word in _but_names(query_words(bare), named)
            ]
            labels = people.labels_of(layout.speakers, set(named).__contains__)
            shares = speech_shares(connection, labels)
            unmentioned = unmentioned_names(connection, bare, everybody, is_said)
            by_words = _saying_most(said, chosen, most)
            vector, by_meaning = embedded(), nearest()
            pool = self._pool(layout, by_meaning, by_words, said, shares, selection, chosen)
            wanted = np.union1d(within_reach(pool, by_words, 2 * top), may_follow(pool, 2 * top))
            self._look_up(pool, wanted, vector)
            similarity = self._nearest_cosine(pool, vector)
            # What a passage may go on with: the chunks after the best ones.
            self._look_up(pool, may_follow(pool, 2 * top), vector)
            found = list(islice(without_duplicates(self._passages(pool, people, top)), top))
            nothing = () if found or not filters else unmatched(connection, filters, people)
        return Found(
            question=asked,
            passages=tuple(found),
            similarity=similarity,
            coverage=coverage(pool),
            unmentioned=tuple(unmentioned),
            among=count if chosen is None else len(chosen),
            unmatched=nothing,
            named=named,
            spellings=spellings,
        )

    def _pool(
        self,
        layout: Layout,
        by_meaning: Hits,
        by_words: Ids,
        said: Sequence[Said],
        shares: Callable[[Ids], Scores],
        selection: Selection,
        chosen: Ids | None,
    ) -> Pool:
        """The candidates of both searches, and the chunks around them."""
        nearest, scores = by_meaning
        candidates = np.concatenate([nearest, by_words])
        # A chunk has its whole score only with its neighbours, and so have those a passage may go
        # on with. What others say beside a speaker who is asked for counts, too.
        sides = len(NEIGHBOUR_SHARES)
        around = np.unique(candidates[:, np.newaxis] + np.arange(-sides, MOST + sides))
        ids = layout.among(around, selection.episodes)
        episodes = layout.places_of(ids)
        pool = Pool(
            ids=ids,
            firsts=layout.firsts[episodes],
            lasts=layout.lasts[episodes],
            dense=np.full(len(ids), -np.inf),
            unknown=float(scores[-1]) if len(scores) else np.inf,
            said=said,
            named=shares(ids),
            selected=np.ones(len(ids), np.bool_) if chosen is None else np.isin(ids, chosen),
        )
        pool.learn(nearest, scores)
        return pool

    def _look_up(self, pool: Pool, ids: Ids, vector: NDArray[np.float32]) -> None:
        """Adds the dense scores of these chunks of the pool, where they are not known yet."""
        places = np.searchsorted(pool.ids, ids)
        unknown = pool.ids[places[np.isneginf(pool.dense[places])]]
        pool.learn(unknown, dense_scores(self._catalog, unknown, vector))

    def _nearest_cosine(self, pool: Pool, vector: NDArray[np.float32]) -> float:
        """How near the nearest chunk comes by itself, without the talk around it."""
        best = best_first(pool.ids, pool.dense)[:NEAREST]
        vectors = self._catalog.vectors(pool.ids[best[np.isfinite(pool.dense[best])]].tolist())
        return float((vectors @ vector).max()) if len(vectors) else 0.0

    def _chosen(self, neighbours: Neighbours, selection: Selection) -> Ids | None:
        """The chunks that the filters leave, ascending; None: all."""
        if selection == Selection():
            return None
        if selection.labels is None and selection.episodes is not None:
            return neighbours.layout.ids(selection.episodes)
        return self._catalog.chunk_ids(selection)

    def _passages(self, pool: Pool, people: People, batch: int) -> Iterator[Passage]:
        """Passages, best first, their texts read as they are asked for, so many at once."""
        if not len(pool.ids):
            return
        for read in _batched(stretches(pool, score_chunks(pool)), batch):
            chunks = self._catalog.chunks([number for members, _ in read for number in members])
            episodes = self._catalog.episodes(sorted({c.episode_id for c in chunks.values()}))
            for members, score in read:
                id_ = chunks[members[0]].episode_id
                said = [people.over_chunk(id_, chunks[number].chunk) for number in members]
                yield passage(said, score, episodes[id_])

    def _embedding_of(self, question: str) -> Callable[[], NDArray[np.float32]]:
        return _begun(lambda: self._embedder.embed([question])[0])

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


def _begun(work: Callable[[], _T]) -> Callable[[], _T]:
    """Begins work in a thread of its own, which Ctrl-C need not await; gives what waits for it."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result


def _candidates(top: int) -> int:
    """How many each of the two searches gives for so many passages."""
    return CANDIDATES * min(max(top, FEWEST), MOST_PASSAGES)


def _said(chunks: Ids | None, count: int) -> Said:
    """A word, weighed by how many of `count` chunks say it; by nothing if nearly all do."""
    if chunks is None:
        return Said(0.0, np.empty(0, np.int64))
    return Said(idf(len(chunks), count), chunks)


def _saying_most(said: Sequence[Said], chosen: Ids | None, count: int) -> Ids:
    """The chosen chunks in which most of the words stand, rare ones first."""
    if not any(len(word.chunks) for word in said):
        return np.empty(0, np.int64)
    ids = np.concatenate([word.chunks for word in said])
    weights = np.repeat([word.idf for word in said], [len(word.chunks) for word in said])
    # A stable sort merges what is in order already: a third of the time that np.unique takes.
    order = np.argsort(ids, kind="stable")
    firsts = np.flatnonzero(np.diff(ids[order], prepend=-1))
    ids, scores = ids[order][firsts], np.add.reduceat(weights[order], firsts)
    if chosen is not None:
        kept = np.isin(ids, chosen, assume_unique=True)
        ids, scores = ids[kept], scores[kept]
    if len(ids) > count:
        kept = scores >= np.partition(scores, -count)[-count]
        ids, scores = ids[kept], scores[kept]
    return ids[best_first(ids, scores)[:count]]


def _but_names(words: Sequence[str], named: tuple[str, ...]) -> Sequence[str]:
    """The words without names, which few say who answer; all words where there are no others."""
    names = {part for name in named for part in query_words(name)}
    return [word for word in words if word not in names] or words


def _batched(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while batch := list(islice(items, size)):
        yield batch
