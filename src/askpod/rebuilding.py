"""Makes a store anew: for other settings, a newer format, or after damage.

Everything is read again from the episodes' files; an episode whose file is gone is carried
over from the catalog. It all happens in one transaction, so that searches in other processes
go on in the former state until the new one is whole, and a stop leaves the former one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from askpod.chunking import ChunkSettings
from askpod.embedding import Embedder
from askpod.errors import ArchiveNotFound, PathError, StoreDamaged
from askpod.indexing import Indexer, IndexReport, ProgressListener
from askpod.model import Episode
from askpod.readers.discover import find_files
from askpod.store import sync
from askpod.store.catalog import FILE, Catalog
from askpod.store.lock import write_lock
from askpod.store.rows import Source
from askpod.store.schema import Stamp


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What a rebuild works with."""

    embedder: Embedder
    chunking: ChunkSettings
    progress: ProgressListener | None
    notify: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Former:
    """What the former catalog still tells."""

    files: list[Path]
    orphans: list[tuple[Episode, Source]]  # their files are gone


def rebuild(store: Path, paths: Sequence[Path], stamp: Stamp, work: Rebuilding) -> IndexReport:
    """Makes the archive in `store` anew from its episodes' files and those in `paths`.

    Raises:
        ArchiveNotFound: there is no catalog in `store`.
        PathError: the catalog is beyond reading and `paths` is empty, or a path does not exist.
    """
    if not (store / FILE).is_file():
        raise ArchiveNotFound(
            f"{store}: no archive here to rebuild. Make one with `askpod index PATH… --store {store}`."
        )
    with write_lock(store, work.notify):
        former = _former(store, given_paths=bool(paths))
        files = [*former.files, *(find_files(paths) if paths else [])]
        with closing(Catalog(store, writable=True)) as catalog:
            catalog.found(stamp)
            with catalog.emptied(stamp):
                indexer = Indexer(catalog, work.embedder, work.chunking)
                for episode, source in former.orphans:
                    indexer.keep(episode, source)
                report = indexer.run(
                    list(dict.fromkeys(path.resolve() for path in files)),
                    prune=False,
                    progress=work.progress,
                )
            sync.publish(store, catalog)
    return report


def _former(store: Path, *, given_paths: bool) -> _Former:
    try:
        with closing(Catalog(store)) as catalog, catalog.reading():
            sources = catalog.sources() if catalog.meta() else {}
            gone = [id_ for id_, source in sources.items() if not Path(source.path).is_file()]
            episodes = catalog.episodes(gone)
            return _Former(
                files=[Path(source.path) for id_, source in sources.items() if id_ not in gone],
                orphans=[
                    (replace(episodes[id_], turns=tuple(catalog.turns(id_))), sources[id_])
                    for id_ in gone
                ],
            )
    except StoreDamaged as error:
        if not given_paths:
            raise PathError(
                f"{store}: the catalog is beyond reading, so it cannot tell where its episodes are. "
                "Name their folders: `askpod rebuild PATH…`."
            ) from error
        _set_aside(store)
        return _Former([], [])


def _set_aside(store: Path) -> None:
    """Keeps the damaged catalog beside the new one; a person may want to look at it."""
    for suffix in ("", "-wal", "-shm"):
        damaged = store / f"{FILE}{suffix}"
        if damaged.exists():
            damaged.replace(store / f"damaged-{FILE}{suffix}")
