"""Archive: an indexed set of episodes, the one object that a user opens and asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from askpod.answering.extractive import ExtractiveAnswerer
from askpod.embedding import Embedder
from askpod.embedding.weights import DIMENSION, MODEL
from askpod.errors import PathError, StoreBusy, StoreUnwritable
from askpod.indexing import Indexer, IndexReport, ProgressListener
from askpod.model import Answer, Episode, Passage, Turn
from askpod.readers.discover import find_files
from askpod.rebuilding import Rebuilding, rebuild
from askpod.retrieval.search import Searcher
from askpod.settings import Settings, default_store
from askpod.store import sync
from askpod.store.catalog import FILE as CATALOG
from askpod.store.catalog import Catalog
from askpod.store.connection import plain_errors
from askpod.store.dense import DenseIndex
from askpod.store.filters import Filters, select
from askpod.store.lock import write_lock
from askpod.store.schema import Stamp

if TYPE_CHECKING:
    from askpod.retriever import ArchiveRetriever

EVIDENCE = 10  # passages that an answer may be written from

Notify = Callable[[str], None]


class Archive:
    """An archive on disk. Make one with `open`; close it, or use it as a context manager.

    Every method may be called from several threads at once. Other processes may read and
    write the same archive meanwhile: each search sees one whole state of it.
    """

    def __init__(self, store: Path, settings: Settings, notify: Notify) -> None:
        self._store = store
        self._settings = settings
        self._notify = notify
        self._catalog = Catalog(store)
        self._dense = DenseIndex(store, self._catalog)

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        settings: Settings | None = None,
        create: bool = False,
        notify: Notify | None = None,
    ) -> Archive:
        """Opens the archive in the folder `store` (by default ASKPOD_STORE or `vectorstore`).

        `create` makes an empty one where there is none. `notify` is told, in a short line, of
        what takes long: waiting for another writer, making the vector index anew.

        Raises:
            ArchiveNotFound: there is none, and `create` was not asked for.
            PathError: `store` is a file.
            StoreMismatch: it was made by another embedder, chunking or format version.
            StoreDamaged: its catalog cannot be read.
        """
        folder = store_folder(store)
        settings = settings or Settings.from_environment()
        notify = notify or _silent
        if create:
            _found(folder, settings, notify)
        archive = cls(folder, settings, notify)
        try:
            archive._verify()
        except BaseException:
            archive.close()
            raise
        return archive

    def close(self) -> None:
        """Releases the archive's files."""
        self._dense.close()
        self._catalog.close()

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
        paths: Iterable[str | Path],
        *,
        prune: bool = False,
        progress: ProgressListener | None = None,
    ) -> IndexReport:
        """Reads files, or all transcripts in folders, and brings the archive in line with them.

        Files that have not changed cost next to nothing. `prune` removes the episodes whose
        files are gone. A file that cannot be indexed is in the report's `failed`; the others
        are not affected.

        Raises:
            PathError: a path does not exist, or none holds a transcript.
            StoreBusy: another process has been writing for ten minutes.
            StoreUnwritable: no space left, or no permission. What was finished is kept.
        """
        files = find_files([Path(path) for path in paths])
        with (
            write_lock(self._store, self._notify),
            closing(Catalog(self._store, writable=True)) as catalog,
        ):
            indexer = Indexer(catalog, self._embedder, self._settings.chunking)
            try:
                return indexer.run(files, prune=prune, progress=progress)
            finally:
                sync.publish(self._store, catalog)

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

        Raises:
            ArchiveNotFound: there is none in the folder `store`.
            PathError: the catalog is beyond reading and no `paths` say what to read instead.
        """
        settings = settings or Settings.from_environment()
        return rebuild(
            store_folder(store),
            [Path(path) for path in paths],
            stamp_of(settings),
            Rebuilding(_load_embedder(settings), settings.chunking, progress, notify or _silent),
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
        return list(self._searcher.find(question, top, filters).passages)

    def ask(self, question: str, *, filters: Filters | Mapping[str, Any] | None = None) -> Answer:
        """An answer in words that were said, each statement with its citation, or a refusal.

        Raises:
            QuestionError: the question is empty, or longer than the embedder reads.
            FilterError: a filter cannot be understood.
        """
        began = time.perf_counter()
        chosen = Filters.of(filters)
        found = self._searcher.find(question, EVIDENCE, chosen)
        episodes = self._catalog.episodes(sorted({p.episode_id for p in found.passages}))
        answer = self._answerer.answer(found, episodes, chosen)
        usage = replace(answer.usage, retrieval_seconds=time.perf_counter() - began)
        return replace(answer, usage=usage)

    async def aask(
        self, question: str, *, filters: Filters | Mapping[str, Any] | None = None
    ) -> Answer:
        """`ask` for asynchronous code: the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.ask, question, filters=filters)

    def as_retriever(self, *, top: int = 20, **filters: str | int | None) -> ArchiveRetriever:
        """The archive as a LangChain retriever; `filters` as in `search`."""
        from askpod.retriever import ArchiveRetriever

        return ArchiveRetriever(search=self.search, top=top, filters=filters)

    # Looking up

    def episodes(self, filters: Filters | Mapping[str, Any] | None = None) -> list[Episode]:
        """The episodes, without their turns, in the order of their ids."""
        with self._catalog.reading() as connection:
            selection = select(connection, Filters.of(filters))
            return list(self._catalog.episodes(selection.episodes).values())

    def turns(self, episode_id: str) -> list[Turn]:
        """All turns of an episode, in order; none where there is no such episode."""
        return self._catalog.turns(episode_id)

    def counts(self) -> dict[str, int]:
        """How many episodes, turns and chunks the archive holds."""
        return self._catalog.counts()

    def in_place(self) -> bool:
        """Whether the folder still holds the catalog that was opened, not a newer one or none."""
        return self._catalog.in_place()

    @cached_property
    def _embedder(self) -> Embedder:
        return _load_embedder(self._settings)

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self._catalog, self._dense, self._embedder)

    @cached_property
    def _answerer(self) -> ExtractiveAnswerer:
        return ExtractiveAnswerer(self._embedder)

    def _verify(self) -> None:
        """Checks what made the store, and that the vector index can be used; mends the latter."""
        stamp_of(self._settings).check(self._catalog.meta(), str(self._store))
        if not self._catalog.revision() or sync.state(self._store, self._catalog) == "fresh":
            return
        # While another process writes, or in a folder that cannot be written, searches go on
        # without the index; whoever writes next makes it.
        with suppress(StoreBusy, StoreUnwritable), write_lock(self._store, patience=0):
            self._notify("making the vector index anew from the stored vectors …")
            sync.publish(self._store, self._catalog)


def _load_embedder(settings: Settings) -> Embedder:
    # Imported when a text is to be embedded: listing episodes needs no onnxruntime.
    from askpod.embedding.minilm import MiniLM

    return MiniLM(settings.precision)


def store_folder(store: str | Path | None) -> Path:
    """The folder of the archive that a caller means. Raises PathError where it is a file."""
    folder = Path(store) if store is not None else default_store()
    if folder.exists() and not folder.is_dir():
        raise PathError(
            f"{folder}: is a file, and an archive is a folder; name another (--store, ASKPOD_STORE)"
        )
    return folder


def stamp_of(settings: Settings) -> Stamp:
    """What a store made with these settings is stamped with."""
    return Stamp(f"{MODEL}/{settings.precision}", DIMENSION, settings.chunking.signature)


def _found(folder: Path, settings: Settings, notify: Notify) -> None:
    with plain_errors(folder / CATALOG):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        write_lock(folder, notify),
        closing(Catalog(folder, writable=True)) as catalog,
    ):
        catalog.found(stamp_of(settings))


def _silent(_: str) -> None: ...
