"""Answers a question from what a search finds: a model writes, or the speakers are quoted."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from askpod.answering.catalog_answer import asks_catalog, in_period, points_back
from askpod.answering.extractive import ExtractiveAnswerer
from askpod.answering.overview import in_one
from askpod.answering.question import understand
from askpod.answering.quoting import Lookups, Retrieved, in_pieces
from askpod.answering.refusal import is_doubtful, is_weak
from askpod.answering.rewriting import in_place, is_follow_up, merged, standalone, told
from askpod.embedding import Embedder
from askpod.errors import ModelError, QuestionError
from askpod.model import Answer, Exchange, Filters, Usage
from askpod.retrieval.retriever import Found
from askpod.settings import Settings

if TYPE_CHECKING:
    from askpod.answering.llm_answer import LLMAnswerer
    from askpod.answering.llm_client import LanguageModel

EVIDENCE = 10  # passages that come with a quoted answer
EVIDENCE_FOR_MODEL = 40  # that are packed for a model, as far as its budget goes

THANKED = "You are welcome."
_THANKS = re.compile(
    r"(?:(?:ok(?:ay)?|great|good|nice|perfect|cool|wow|ah|oh|alright|yes|no)[\s,.!]+)*"
    r"(?:thanks?(?: you)?|thx|cheers|great|perfect|cool|nice|ok(?:ay)?|got it|i see|that helps)"
    r"(?:[\s,]+(?:a lot|very much|so much|that (?:helps|helped|is all)|for (?:that|this|your help)|"
    r"again|all|you))*[\s.!]*",
    re.IGNORECASE,
)


class Asker:
    """Answers the questions of one archive. Safe for several threads."""

    def __init__(
        self,
        lookups: Lookups,
        settings: Settings,
        embedder: Embedder,
        language_model: LanguageModel | None,
    ) -> None:
        self._lookups = lookups
        self._settings = settings
        self._embedder = embedder
        self._language_model = language_model
        self._answerer = ExtractiveAnswerer(embedder)

    def stream(
        self, question: str, history: Sequence[Exchange], filters: Filters
    ) -> Iterator[str | Answer]:
        """As `Archive.ask_stream`."""
        if (welcome := thanked(question)) is not None:
            yield from (welcome.text, welcome)
            return
        asked = self._find(question, history, filters)
        by = self._answered_by(asked)
        items = in_pieces(by) if isinstance(by, Answer) else by.stream(asked)
        with closing(items):
            yield from (_noted(item, asked) for item in items)

    async def astream(
        self, question: str, history: Sequence[Exchange], filters: Filters
    ) -> AsyncGenerator[str | Answer]:
        """As `Archive.astream`."""
        if (welcome := thanked(question)) is not None:
            for item in (welcome.text, welcome):
                yield item
            return
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
        usage, archive, model = Usage(), self._lookups, self._llm_answerer
        if asks_catalog(question) and (filters.episode is not None or not points_back(question)):
            history = ()
        wanted, filters = self._narrowed(question, filters)
        if history and model is not None:
            wanted, usage = model.standalone(wanted, history)
        elif history:
            wanted = standalone(wanted, history)
        began = time.perf_counter()
        top = EVIDENCE if model is None else EVIDENCE_FOR_MODEL
        found = archive.search(wanted, top, filters)
        if history and model is None:
            found, filters = in_place(question, history, found, filters, archive.search)
        retrieved = Retrieved(
            found, filters, archive, told=told(history) if is_follow_up(question) else ()
        )
        if model is not None and not asks_catalog(found.question):
            retrieved = self._with_more(retrieved, model, top)
        ids = sorted({passage.episode_id for passage in retrieved.found.passages})
        episodes = archive.episodes(ids)
        seconds = time.perf_counter() - began - retrieved.usage.model_seconds
        usage = replace(usage.then(retrieved.usage), retrieval_seconds=seconds)
        return replace(retrieved, episodes=episodes, usage=usage)

    def _narrowed(self, question: str, filters: Filters) -> tuple[str, Filters]:
        """A question without the time or the episode that it names, and those as filters."""
        question, filters = in_period(question, filters, self._lookups.listed)
        if filters.episode is None and not asks_catalog(question):
            question, episode = in_one(question, lambda: self._lookups.listed(filters))
            filters = replace(filters, episode=episode)
        return question, filters

    def _with_more(self, retrieved: Retrieved, model: LLMAnswerer, top: int) -> Retrieved:
        """With each question put in one and, where little is near, the model's other words."""
        found, filters = retrieved.found, retrieved.filters
        parts = understand(found.question, found.named).parts
        found = merged(found, [*self._each(parts, top, filters).values()], top)
        retrieved = replace(retrieved, found=found)
        when = self._settings.rewrite
        if when != "always" and not (when == "auto" and is_doubtful(found, filters)):
            return retrieved
        began = time.perf_counter()
        try:
            written, spent = model.other_words(found.question)
        except ModelError as error:
            waited = Usage(model_seconds=time.perf_counter() - began)
            return replace(retrieved, usage=waited, failure=error)
        others = self._each(written, top, filters)
        found = merged(found, [*others.values()], top)
        return replace(retrieved, found=found, searched=tuple(others), usage=spent)

    def _each(self, queries: Sequence[str], top: int, filters: Filters) -> dict[str, Found]:
        """What is found for each query; one that is longer than the embedder reads is left out."""
        found: dict[str, Found] = {}
        for query in queries:
            with suppress(QuestionError):
                found[query] = self._lookups.search(query, top, filters)
        return found

    def _answered_by(self, asked: Retrieved) -> Answer | LLMAnswerer:
        """The answer, where it is made without the model, else the model that is to write it."""
        model = self._llm_answerer
        if model is None:
            return replace(self._answerer.answer(asked), usage=asked.usage)
        if known := self._answerer.from_catalog(asked):
            return replace(known, usage=asked.usage)
        weak = asked.failure or is_weak(asked.found, asked.filters)
        return model.without_model(asked, asked.failure) if weak else model

    @cached_property
    def _llm_answerer(self) -> LLMAnswerer | None:
        if self._settings.model is None:
            return None
        # Imported when a model is asked: it takes longer than an answer without one.
        from askpod.answering.llm_answer import LLMAnswerer

        return LLMAnswerer(self._settings, self._embedder, self._answerer, self._language_model)


def thanked(question: str) -> Answer | None:
    """What is said to thanks, for which nothing is looked up; None where it is a question."""
    if not _THANKS.fullmatch(question.strip()):
        return None
    return Answer(question, THANKED, (), (), refused=False, mode="extractive")


def _noted(item: str | Answer, asked: Retrieved) -> str | Answer:
    """An answer says, too, which words were searched for besides those of the question."""
    if isinstance(item, str):
        return item
    notes = [f"“{word}” was read as “{read}”" for word, read in asked.found.spellings.items()]
    if asked.searched:
        notes.append("also searched for: " + "; ".join(f"“{each}”" for each in asked.searched))
    return replace(item, warnings=(*item.warnings, *notes))
