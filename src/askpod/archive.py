"""Archive: an indexed set of episodes, the one object that a user opens and asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from askpod.answering.asked import Asked, in_pieces
from askpod.answering.extractive import ExtractiveAnswerer
from askpod.answering.followup import standalone
from askpod.embedders import load_embedder, remote_model, stamp_of
from askpod.embedding import Embedder
from askpod.founding import Notify, found, join, join_anew, store_folder, verify
from askpod.model import Answer, Episode, Exchange, Passage, Turn, Usage
from askpod.retrieval.search import Found, Searcher
from askpod.settings import Settings
from askpod.store.catalog import Catalog
from askpod.store.collection import Publisher
from askpod.store.dense import DenseIndex
from askpod.store.filters import Filters, select
from askpod.store.lock import write_lock

if TYPE_CHECKING:
    from askpod.answering.llm import LanguageModel
    from askpod.answering.modelled import ModelAnswerer
    from askpod.indexing import IndexReport, ProgressListener
    from askpod.indexing.indexer import EpisodeStore
    from askpod.retriever import ArchiveRetriever
    from askpod.sources import Gathered
    from askpod.store.server.shared import SharedArchive

EVIDENCE = 10  # passages that come with a quoted answer
EVIDENCE_FOR_MODEL = 20  # that are packed for a model, as far as its budget goes


class Archive:
    """An archive on disk. Make one with `open`; close it, or use it as a context manager.

    Every method may be called from several threads at once. Other processes may read and
    write the same archive meanwhile: each search sees one whole state of it.
    """

    def __init__(
        self,
        store: Path,
        settings: Settings,
        notify: Notify,
        language_model: LanguageModel | None = None,
        server: SharedArchive | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._notify = notify
        self._language_model = language_model
        self._server = server
        self._catalog = Catalog(store)
        self._dense = DenseIndex(store, self._catalog, notify)

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        settings: Settings | None = None,
        create: bool = False,
        notify: Notify | None = None,
        language_model: LanguageModel | None = None,
    ) -> Archive:
        """Opens the archive in the folder `store` (by default ASKPOD_STORE or `vectorstore`).

        `create` makes an empty one where there is none. `notify` is told, in a short line, of
        what takes long: waiting for another writer, making the vector index anew.
        `language_model` is asked in place of one made from the settings' `model`, which must
        be there all the same; the archive closes it (evals pass one that keeps its replies).

        Raises:
            ArchiveNotFound: there is none, and `create` was not asked for.
            PathError: `store` is a file.
            StoreMismatch: it was made by another embedder, chunking or format version.
            StoreDamaged: its catalog cannot be read.
            ServerError: the settings name a server, which failed or cannot be used.
            ModelError: it is to be made, and the embedder's endpoint failed.
        """
        folder = store_folder(store)
        settings = settings or Settings.from_environment()
        notify = notify or _silent
        server = join(folder, settings, notify, create=create)
        if create and server is None:
            found(folder, settings, notify)
        archive = cls(folder, settings, notify, language_model, server)
        try:
            verify(archive._catalog, folder, settings, notify, on_server=server is not None)
        except BaseException:
            archive.close()
            raise
        return archive

    def close(self) -> None:
        """Releases the archive's files and a model's connections."""
        if (modelled := self.__dict__.get("_modelled")) is not None:
            modelled.close()
        self._dense.close()
        self._catalog.close()
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    def index(
        self,
        paths: Iterable[str | Path] | Gathered,
        *,
        prune: bool = False,
        workers: int = 1,
        allow_private: bool = False,
        progress: ProgressListener | None = None,
    ) -> IndexReport:
        """Reads files, all transcripts in folders, feeds and repositories (`https://…`,
        `git+https://…#folder`), and brings the archive in line with them.

        What has not changed costs next to nothing. `prune` removes the episodes whose files are
        gone. `workers` is how many processes read and embed. `allow_private` lets feeds and
        repositories be on this machine or in its network. What cannot be indexed is in the
        report's `failed`; the rest is not affected.

        Raises:
            PathError: a path does not exist, or none holds a transcript.
            FetchError: nothing of what is elsewhere can be had, and nothing else is named.
            StoreBusy: another process has been writing for ten minutes.
            StoreUnwritable: no space left, or no permission. What was finished is kept.
            ModelError: the embedder's endpoint failed. What was finished, and paid for, is kept.
        """
        # Imported when something is written: it takes a good part of what an answer takes.
        from askpod.indexing import Indexer
        from askpod.paying import paying_once
        from askpod.sources import Gathered, gather

        gathered = (
            paths
            if isinstance(paths, Gathered)
            else gather(self._store, [*paths], allow_private=allow_private, notify=self._notify)
        )
        with (
            write_lock(self._store, self._notify),
            paying_once(self._store, self._embedder) as embedder,
            self._writing() as episodes,
        ):
            indexer = Indexer(episodes, embedder, self._settings.chunking, workers=workers)
            indexer.report.failed.extend(gathered.failed)
            indexer.report.fetched = gathered.fetched
            return indexer.run(gathered.files, prune=prune, progress=progress, named=gathered.named)

    @contextmanager
    def _writing(self) -> Iterator[EpisodeStore]:
        """What is written to, with the vector index brought up at the end, however it comes."""
        if self._server is not None:
            with self._server.writing() as episodes:
                yield episodes
            return
        with closing(Catalog(self._store, writable=True)) as catalog:
            publisher = Publisher(self._store, catalog)
            try:
                yield publisher
            finally:
                publisher.finish()

    @classmethod
    def rebuild(
        cls,
        store: str | Path | None = None,
        paths: Iterable[str | Path] = (),
        *,
        settings: Settings | None = None,
        progress: ProgressListener | None = None,
        notify: Notify | None = None,
    ) -> IndexReport:
        """Makes an archive anew with the present settings. See rebuilding.py.

        Where a server holds it, the replica is made anew, and `paths` are not read: episodes
        are brought to a server by `index`.

        Raises:
            ArchiveNotFound: there is none in the folder `store`.
            PathError: the catalog is beyond reading and no `paths` say what to read instead.
            ModelError: the embedder's endpoint failed. The former state stands.
        """
        from askpod.indexing import IndexReport
        from askpod.rebuilding import Rebuilding, rebuild

        folder, notify = store_folder(store), notify or _silent
        settings = settings or Settings.from_environment()
        if (server := join_anew(folder, settings, notify)) is not None:
            with closing(server), closing(Catalog(folder)) as catalog:
                return IndexReport(unchanged=list(catalog.sources()))
        embedder = load_embedder(settings)
        return rebuild(
            folder,
            [Path(path) for path in paths],
            lambda: stamp_of(settings, embedder),
            Rebuilding(embedder, settings.chunking, progress, notify),
        )

    # Asking

    def search(
        self,
        question: str,
        *,
        top: int = 20,
        episode: str | None = None,
        guest: str | None = None,
        speaker: str | None = None,
        season: int | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> list[Passage]:
        """At most `top` passages, best first. For the filters see `Filters`.

        Raises:
            QuestionError: the question is empty, or longer than the embedder reads.
            FilterError: a filter cannot be understood.
        """
        filters = Filters(episode, guest, speaker, season, since, until)
        return list(self._searched(question, top, filters).passages)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        filters: Filters | Mapping[str, Any] | None = None,
    ) -> Answer:
        """An answer whose every statement has its citation, or a refusal.

        With a model in the settings it writes the answer from what was said, and each of its
        citations is checked; without one the answer is quotations. `history`, oldest first, is
        what was asked before: a follow-up ("and what did she say later?") is understood by it.

        Raises:
            QuestionError: the question is empty, or longer than the embedder reads.
            FilterError: a filter cannot be understood.
        """
        *_, answer = self.ask_stream(question, history=history, filters=filters)
        return cast("Answer", answer)

    def ask_stream(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        filters: Filters | Mapping[str, Any] | None = None,
    ) -> Iterator[str | Answer]:
        """`ask` as it comes: pieces of text, and last the Answer, whose text they make.

        Closing the iterator stops the model's request. If a reply breaks off, the Answer is made
        without the model and replaces what was shown.
        """
        asked = self._find(question, history, Filters.of(filters))
        if self._modelled is not None:
            yield from self._modelled.stream(asked)
        else:
            yield from in_pieces(self._quoted(asked))

    async def aask(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        filters: Filters | Mapping[str, Any] | None = None,
    ) -> Answer:
        """`ask` for asynchronous code: the event loop goes on meanwhile."""
        async with aclosing(self.astream(question, history=history, filters=filters)) as items:
            async for item in items:
                answer = item
        return cast("Answer", answer)

    async def astream(
        self,
        question: str,
        *,
        history: Sequence[Exchange] = (),
        filters: Filters | Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[str | Answer]:
        """`ask_stream` for asynchronous code. Cancelling the task stops the model's request."""
        asked = await asyncio.to_thread(self._find, question, history, Filters.of(filters))
        if self._modelled is None:
            for item in in_pieces(await asyncio.to_thread(self._quoted, asked)):
                yield item
            return
        async with aclosing(self._modelled.astream(asked)) as items:
            async for item in items:
                yield item

    def _find(self, question: str, history: Sequence[Exchange], filters: Filters) -> Asked:
        """Looks up what an answer can be made from; a follow-up is first made whole."""
        usage = Usage()
        wanted = question
        if history and self._modelled is not None:
            wanted, usage = self._modelled.standalone(question, history)
        elif history:
            wanted = standalone(question, history)
        began = time.perf_counter()
        top = EVIDENCE_FOR_MODEL if self._modelled is not None else EVIDENCE
        found = self._searched(wanted, top, filters)
        episodes = self._catalog.episodes(sorted({p.episode_id for p in found.passages}))
        seconds = time.perf_counter() - began
        return Asked(
            found, filters, episodes, self._catalog.turns, replace(usage, retrieval_seconds=seconds)
        )

    def _searched(self, question: str, top: int, filters: Filters) -> Found:
        self._refresh()
        found = self._searcher.find(question, top, filters)
        for asked, spelt in found.spellings.items():
            self._notify(f'"{asked}" is not in this archive: searched for "{spelt}"')
        return found

    def _quoted(self, asked: Asked) -> Answer:
        answer = self._answerer.answer(asked.found, asked.episodes, asked.filters)
        return replace(answer, usage=asked.usage)

    @cached_property
    def _modelled(self) -> ModelAnswerer | None:
        if self._settings.model is None:
            return None
        # Imported when a model is asked: it takes longer than an answer without one.
        from askpod.answering.modelled import ModelAnswerer

        return ModelAnswerer(self._settings, self.judge, self._language_model)

    def as_retriever(self, *, top: int = 20, **filters: str | int | None) -> ArchiveRetriever:
        """The archive as a LangChain retriever; `filters` as in `search`."""
        from askpod.retriever import ArchiveRetriever

        return ArchiveRetriever(search=self.search, top=top, filters=filters)

    # Looking up

    def episodes(self, filters: Filters | Mapping[str, Any] | None = None) -> list[Episode]:
        """The episodes, without their turns, in the order of their ids."""
        self._refresh()
        with self._catalog.reading() as connection:
            selection = select(connection, Filters.of(filters))
            return list(self._catalog.episodes(selection.episodes).values())

    def turns(self, episode_id: str) -> list[Turn]:
        """All turns of an episode, in order; none where there is no such episode."""
        return self._catalog.turns(episode_id)

    def counts(self) -> dict[str, int]:
        """How many episodes, turns and chunks the archive holds."""
        self._refresh()
        return self._catalog.counts()

    def in_place(self) -> bool:
        """Whether the folder still holds the catalog that was opened, not a newer one or none."""
        return self._catalog.in_place()

    @cached_property
    def _embedder(self) -> Embedder:
        return load_embedder(self._settings, self._catalog.meta())

    @cached_property
    def judge(self) -> Embedder:
        """What sentences are judged with: always the built-in embedder.

        Its figures are what the bars of answers and citations are set on, and judging takes many
        short texts, which would be as many requests to an endpoint.
        """
        if remote_model(self._settings) is None:
            return self._embedder
        return load_embedder(replace(self._settings, embedder="minilm"))

    @cached_property
    def _searcher(self) -> Searcher:
        if self._server is not None:
            return Searcher(self._catalog, self._server, self._embedder)
        self._dense.warm()  # while the embedder is being loaded
        return Searcher(self._catalog, self._dense, self._embedder)

    @cached_property
    def _answerer(self) -> ExtractiveAnswerer:
        return ExtractiveAnswerer(self.judge)

    def _refresh(self) -> None:
        """Brings the replica of a server's archive up to it, before the replica is asked."""
        if self._server is not None:
            self._server.refresh()


def _silent(_: str) -> None: ...
