"""Answers a question from what a search finds: a model writes, or the speakers are quoted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from askpod.answering.catalog_answer import asks_catalog, in_latest, in_period, points_back
from askpod.answering.extractive import ExtractiveAnswerer
from askpod.answering.question import understand
from askpod.answering.quoting import Retrieved, TurnsOf, VectorsOf, in_pieces
from askpod.answering.refusal import is_doubtful
from askpod.answering.rewriting import in_place, is_follow_up, merged, standalone, told
from askpod.embedding import Embedder
from askpod.errors import ModelError, QuestionError
from askpod.model import Answer, Episode, Exchange, Filters, Usage
from askpod.retrieval.retriever import Found, Retriever
from askpod.settings import Settings

if TYPE_CHECKING:
    from askpod.answering.llm_answer import LLMAnswerer
    from askpod.answering.llm_client import LanguageModel

EVIDENCE = 10  # passages that come with a quoted answer
EVIDENCE_FOR_MODEL = 40  # that are packed for a model, as far as its budget goes


@dataclass(frozen=True, slots=True)
class Lookups:
    """What an answer asks of its archive besides a search."""

    turns: TurnsOf
    sentence_vectors: VectorsOf
    episodes: Callable[[Sequence[str]], Mapping[str, Episode]]  # by their ids, without turns
    listed: Callable[[Filters], list[Episode]]  # those that filters leave


@dataclass(frozen=True, slots=True)
class _More:
    """What a model is to answer from, and how it was found."""

    found: Found
    queries: tuple[str, ...] = ()  # the model's, that were searched for besides the question
    usage: Usage = field(default_factory=Usage)  # of the model, for them
    failure: ModelError | None = None  # why it could not be asked for them


class Asker:
    """Answers the questions of one archive. Safe for several threads."""

    def __init__(
        self,
        retriever: Retriever,
        lookups: Lookups,
        settings: Settings,
        embedder: Embedder,
        language_model: LanguageModel | None,
    ) -> None:
        self._retriever = retriever
        self._lookups = lookups
        self._settings = settings
        self._embedder = embedder
        self._language_model = language_model

    def stream(
        self, question: str, history: Sequence[Exchange], filters: Filters
    ) -> Iterator[str | Answer]:
        """As `Archive.ask_stream`."""
        asked = self._find(question, history, filters)
        by = self._answered_by(asked)
        items = in_pieces(by) if isinstance(by, Answer) else by.stream(asked)
        with closing(items):
            yield from (_noted(item, asked) for item in items)

    async def astream(
        self, question: str, history: Sequence[Exchange], filters: Filters
    ) -> AsyncGenerator[str | Answer]:
        """As `Archive.astream`."""
        asked = await asyncio.to_thread(self._find, question, history, filters)
        by = await asyncio.to_thread(self._answered_by, asked)
        if isinstance(by, Answer):
            for item in in_pieces(by):
                yield _noted(item, asked)
            return
        async with aclosing(by.astream(asked)) as items:
            async for item in items:
                yield _noted(item, asked)

    def close(self) -> None:
        """Releases a model's connections."""
        if (llm_answerer := self.__dict__.get("_llm_answerer")) is not None:
            llm_answerer.close()

    def _find(self, question: str, history: Sequence[Exchange], filters: Filters) -> Retrieved:
        """Looks up what an answer can be made from; a follow-up is first made whole."""
        usage = Usage()
        if asks_catalog(question) and (filters.episode is not None or not points_back(question)):
            history = ()
        wanted, filters = self._narrowed(question, filters)
        if history and self._llm_answerer is not None:
            wanted, usage = self._llm_answerer.standalone(wanted, history)
        elif history:
            wanted = standalone(wanted, history)
        began = time.perf_counter()
        top = EVIDENCE_FOR_MODEL if self._llm_answerer is not None else EVIDENCE
        found = self._retriever.find(wanted, top, filters)
        if history and self._llm_answerer is None:
            found, filters = in_place(question, history, found, filters, self._retriever.find)
        more = self._find_more(found, top, filters)
        ids = sorted({passage.episode_id for passage in more.found.passages})
        episodes = self._lookups.episodes(ids)
        seconds = time.perf_counter() - began - more.usage.model_seconds
        return Retrieved(
            found=more.found,
            filters=filters,
            episodes=episodes,
            turns=self._lookups.turns,
            sentence_vectors=self._lookups.sentence_vectors,
            search=self._retriever.find,
            listed=self._lookups.listed,
            usage=replace(usage.then(more.usage), retrieval_seconds=seconds),
            told=told(history) if is_follow_up(question) else (),
            searched=more.queries,
            failure=more.failure,
        )

    def _narrowed(self, question: str, filters: Filters) -> tuple[str, Filters]:
        """A question without the time or the episode that it names, and those as filters."""
        question, filters = in_period(question, filters, self._lookups.listed)
        if filters.episode is None:
            question, episode = in_latest(question, lambda: self._lookups.listed(filters))
            filters = replace(filters, episode=episode)
        return question, filters

    def _find_more(self, found: Found, top: int, filters: Filters) -> _More:
        """What a model is to answer from.

        The questions that are put in one are searched for, too; where little is found, so are a
        model's words for the question.
        """
        if self._llm_answerer is None or asks_catalog(found.question):
            return _More(found)
        parts = understand(found.question, found.named).parts
        found = merged(found, [*self._each(parts, top, filters).values()], top)
        when = self._settings.rewrite
        if when != "always" and not (when == "auto" and is_doubtful(found, filters)):
            return _More(found)
        began = time.perf_counter()
        try:
            written, spent = self._llm_answerer.other_words(found.question)
        except ModelError as error:
            waited = Usage(model_seconds=time.perf_counter() - began)
            return _More(found, usage=waited, failure=error)
        others = self._each(written, top, filters)
        return _More(merged(found, [*others.values()], top), tuple(others), spent)

    def _each(self, queries: Sequence[str], top: int, filters: Filters) -> dict[str, Found]:
        """What is found for each query; one that is longer than the embedder reads is left out."""
        found: dict[str, Found] = {}
        for query in queries:
            with suppress(QuestionError):
                found[query] = self._retriever.find(query, top, filters)
        return found

    def _answered_by(self, asked: Retrieved) -> Answer | LLMAnswerer:
        """The answer, where the catalog or quotations make it, else the model that is to write."""
        model, by_rule = self._llm_answerer, self._answerer
        if model is None:
            return replace(by_rule.answer(asked), usage=asked.usage)
        known = by_rule.from_catalog(asked)
        return model if known is None else replace(known, usage=asked.usage)

    @cached_property
    def _llm_answerer(self) -> LLMAnswerer | None:
        if self._settings.model is None:
            return None
        # Imported when a model is asked: it takes longer than an answer without one.
        from askpod.answering.llm_answer import LLMAnswerer

        return LLMAnswerer(self._settings, self._embedder, self._language_model)

    @cached_property
    def _answerer(self) -> ExtractiveAnswerer:
        return ExtractiveAnswerer(self._embedder)


def _noted(item: str | Answer, asked: Retrieved) -> str | Answer:
    """An answer says, too, which words were searched for besides those of the question."""
    if isinstance(item, str):
        return item
    notes = [f"“{word}” was read as “{read}”" for word, read in asked.found.spellings.items()]
    if asked.searched:
        notes.append("also searched for: " + "; ".join(f"“{each}”" for each in asked.searched))
    return replace(item, warnings=(*item.warnings, *notes))
