"""Archive: an indexed set of episodes, the one object that a user opens and asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from askpod import opening
from askpod.answering.asker import Asker
from askpod.answering.overview import DEPTH, episodes_about
from askpod.answering.quoting import Lookups
from askpod.embedding import Embedder
from askpod.errors import QuestionError
from askpod.model import Answer, Episode, Exchange, Filters, Passage, Turn
from askpod.opening import Notify, load_embedder, remote_model, store_folder
from askpod.retrieval.retriever import Retriever
from askpod.settings import Settings
from askpod.store.catalog import Catalog
from askpod.store.dense import DenseIndex
from askpod.store.filters import select, unmatched
from askpod.store_lock import write_lock
from askpod.voices import ArchivePeople

if TYPE_CHECKING:
    from askpod.answering.llm_client import LanguageModel
    from askpod.indexing import IndexReport, ProgressListener
    from askpod.indexing.indexer import EpisodeStore
    from askpod.langchain import ArchiveRetriever
    from askpod.sources import SourceFiles
    from askpod.store.shared.archive import SharedArchive


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
        # A search reads the catalog in one transaction with what lends it its neighbours.
        self._catalog = Catalog(store) if server is None else server.catalog
        self._people = ArchivePeople(store, self._catalog)
        # By the settings: a catalog that another process is making this instant says nothing yet.
        embedder = opening.stamp_of(settings).embedder
        self._dense = DenseIndex(store, self._catalog, embedder, notify)

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
        what takes long: waiting for another writer, rebuilding the vector index.
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
        notify = notify or (lambda _: None)
        server = opening.connect(folder, settings, notify, create=create)
        if create and server is None:
            opening.create(folder, settings, notify)
        archive = cls(folder, settings, notify, language_model, server)
        try:
            opening.verify(archive._catalog, folder, settings, notify, on_server=server is not None)
        except BaseException:
            archive.close()
            raise
        return archive

    def close(self) -> None:
        """Releases the archive's files and a model's connections."""
        if (asker := self.__dict__.get("_asker")) is not None:
            asker.close()
        self._dense.close()
        self._catalog.close()
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Writing

    def index(
        self,
        paths: str | Path | Iterable[str | Path] | SourceFiles,
        *,
        prune: bool = False,
        prune_missing_folders: bool = False,
        workers: int = 1,
        allow_private: bool = False,
        untimed: bool = False,
        progress: ProgressListener | None = None,
    ) -> IndexReport:
        """Brings the archive up to its sources: reads what is new or has changed.

        Sources are files, all transcripts in folders, feeds and repositories (`https://…`,
        `git+https://…#folder`). What has not changed costs next to nothing. What cannot be
        indexed is in the report's `failed`; the rest is not affected. An error that ends the run
        has the report of what was done before as its `report`.

        Args:
            paths: files, folders, addresses of feeds and repositories; or what `gather` made.
            prune: remove the episodes below `paths` whose files are gone.
            prune_missing_folders: also those of a folder that is missing or empty as a whole.
            workers: how many processes read and embed.
            allow_private: let feeds and repositories be on this machine or in its network.
            untimed: take transcripts without any time, too; what is quoted of them has no second.
            progress: told after each file.

        Raises:
            PathError: a path does not exist, or none holds a transcript.
            FetchError: nothing of what is elsewhere can be had, and nothing else is named.
            StoreBusy: another process has been writing for ten minutes.
            StoreUnwritable: no space left, or no permission. What was finished is kept.
            ModelError: the embedder's endpoint failed. What was finished, and paid for, is kept.
        """
        # Imported when something is written: it takes a good part of what an answer takes.
        from askpod.indexing.update import Target, UpdateOptions, update

        options = UpdateOptions(prune, prune_missing_folders, workers, allow_private, untimed)
        chunking = self._settings.chunking
        target = Target(self._store, self._embedder, chunking, self._writing, self._notify)
        return update(target, paths, options, progress)

    def remove(self, episode_ids: str | Iterable[str]) -> list[str]:
        """Takes episodes out of the archive, and says which; indexing their files brings them back.

        Raises EpisodeNotFound: one is not there, and nothing is taken out; else as `index`.
        """
        with write_lock(self._store, self._notify):
            self._refresh()
            several = [episode_ids] if isinstance(episode_ids, str) else episode_ids
            wanted = self._catalog.require(several)
            with self._writing() as episodes:
                episodes.remove(wanted)
        return wanted

    def _writing(self) -> AbstractContextManager[EpisodeStore]:
        """What is written to, and the vector index follows."""
        from askpod.indexing.publisher import publishing

        return publishing(self._store) if self._server is None else self._server.writing()

    @classmethod
    def rebuild(
        cls,
        store: str | Path | None = None,
        paths: str | Path | Iterable[str | Path] = (),
        *,
        settings: Settings | None = None,
        progress: ProgressListener | None = None,
        notify: Notify | None = None,
    ) -> IndexReport:
        """Builds an archive again with the present settings. See indexing/update.py.

        Where a server holds it, the replica is made again, and `paths` are not read.

        Raises:
            ArchiveNotFound: there is none in the folder `store`.
            PathError: the catalog is beyond reading and no `paths` say what to read instead.
            ModelError: the embedder's endpoint failed. The former state stands.
        """
        from askpod.indexing.update import rebuild_archive

        settings, notify = settings or Settings.from_environment(), notify or (lambda _: None)
        return rebuild_archive(store_folder(store), paths, settings, progress, notify)

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

        Raises QuestionError: the question is empty, or longer than the embedder reads; FilterError.
        """
        if top < 1:
            raise QuestionError(f"top is {top}: ask for at least one passage")
        filters = Filters(episode, guest, speaker, season, since, until)
        self._refresh()
        found = self._retriever.find(question, top, filters)
        for asked, spelt in found.spellings.items():
            self._notify(f'"{asked}" is not in this archive: searched for "{spelt}"')
        return list(found.passages)

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
        Raises as `search` does.
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
        self._refresh()
        yield from self._asker.stream(question, history, Filters.of(filters))

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
        await asyncio.to_thread(self._refresh)
        items = self._asker.astream(question, history, Filters.of(filters))
        async with aclosing(items):
            async for item in items:
                yield item

    def as_retriever(self, *, top: int = 20, **filters: str | int | None) -> ArchiveRetriever:
        """The archive as a LangChain retriever; `filters` as in `search`."""
        from askpod.langchain import ArchiveRetriever

        return ArchiveRetriever(search=self.search, top=top, filters=filters)

    # Looking up

    def episodes(
        self, filters: Filters | Mapping[str, Any] | None = None, *, about: str | None = None
    ) -> list[Episode]:
        """The episodes, without their turns, in the order of their ids.

        With `about` those that talk about it, best first. Raises as `search` does.
        """
        self._refresh()
        if about is not None:
            found = self._retriever.find(about, DEPTH, Filters.of(filters))
            ranked = [each.episode for each in episodes_about(about, found, Filters.of(filters))]
            known = self._named(ranked)
            return [known[id_] for id_ in ranked]
        with self._catalog.reading() as connection:
            selection = select(connection, Filters.of(filters), self._people.names)
            return [*self._named(self._catalog.episode_ids(selection)).values()]

    def _named(self, episode_ids: Sequence[str] | None) -> dict[str, Episode]:
        """Episodes by their ids, under the names of their guests; None: all."""
        return self._people.names.over_episodes(self._catalog.episodes(episode_ids))

    def unmatched(self, filters: Filters) -> tuple[str, ...]:
        """Why filters leave nothing of the archive, with what is near; empty where they do not."""
        with self._catalog.reading() as connection:
            return unmatched(connection, filters, self._people.names)

    def turns(self, episode_id: str, first: int = 0, last: int | None = None) -> list[Turn]:
        """The turns of an episode from one position to another; none where there is none such."""
        turns = self._catalog.turns(episode_id, first, last)
        return self._people.names.over_turns(episode_id, turns)

    @property
    def people(self) -> ArchivePeople:
        """Who speaks, and the names laid over transcripts' labels."""
        self._refresh()
        return self._people

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
    def support_embedder(self) -> Embedder:
        """What sentences are compared with claims and questions by: always the built-in embedder.

        The bars of answers and citations are set on its figures, and an endpoint would be asked
        for each of many short texts.
        """
        if remote_model(self._settings) is None:
            return self._embedder
        return load_embedder(replace(self._settings, embedder="minilm"))

    @cached_property
    def _retriever(self) -> Retriever:
        if self._server is None:
            self._dense.warm()  # while the embedder is being loaded
        searched = self._server or self._dense
        return Retriever(self._catalog, searched, self._embedder, lambda: self._people.names)

    @cached_property
    def _asker(self) -> Asker:
        search, vectors = self._retriever.find, self._catalog.sentence_vectors
        lookups = Lookups(search, self.turns, vectors, self._named, self.episodes)
        return Asker(lookups, self._settings, self.support_embedder, self._language_model)

    def _refresh(self) -> None:
        """Brings the replica of a server's archive up to it, before the replica is asked."""
        if self._server is not None:
            self._server.refresh()
