"""Brings a store up to its sources: finds and fetches the files, and indexes what has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from askpod.chunking import ChunkSettings
from askpod.embedding import Embedder
from askpod.errors import AskpodError
from askpod.indexing.embedding_cache import with_cache
from askpod.indexing.indexer import EpisodeStore, Indexer
from askpod.indexing.report import IndexReport, ProgressListener, Prune
from askpod.sources import SourceFiles, gather
from askpod.store_lock import write_lock

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A store that is written to, and what it is written with."""

    folder: Path
    embedder: Embedder
    chunking: ChunkSettings
    writing: Callable[[], AbstractContextManager[EpisodeStore]]
    notify: Notify


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How a store is updated; what each means: `Archive.index`."""

    prune: bool = False
    prune_missing_folders: bool = False
    workers: int = 1
    allow_private: bool = False
    untimed: bool = False


def update(
    target: Target,
    sources: Iterable[str | Path] | SourceFiles,
    options: UpdateOptions,
    progress: ProgressListener | None,
) -> IndexReport:
    """Indexes what is new or has changed.

    Args:
        target: the store.
        sources: files, folders, addresses; or what `gather` made of them.
        options: how.
        progress: told after each file.

    Raises:
        AskpodError: as `Archive.index` says; it has the report of what was done as its `report`.
    """
    gathered = (
        sources
        if isinstance(sources, SourceFiles)
        else gather(
            target.folder,
            [*sources],
            allow_private=options.allow_private,
            untimed=options.untimed,
            notify=target.notify,
        )
    )
    pruned = Prune(gathered.roots, options.prune_missing_folders) if options.prune else None
    report = IndexReport(failed=[*gathered.failed], fetched=gathered.fetched)
    report.not_reached = [str(path) for path in gathered.files]
    try:
        with (
            write_lock(target.folder, target.notify),
            with_cache(target.folder, target.embedder) as embedder,
            target.writing() as episodes,
        ):
            indexer = Indexer(
                episodes,
                embedder,
                target.chunking,
                workers=options.workers,
                untimed=options.untimed,
                report=report,
            )
            return indexer.run(
                gathered.files, prune=pruned, progress=progress, named=gathered.named
            )
    except AskpodError as error:
        error.report = report
        raise
