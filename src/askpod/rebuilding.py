"""Makes a store anew: for other settings, a newer format, or after damage.

Everything is read again from the episodes' files; an episode whose file is gone or cannot be
read is carried over from the catalog. It all happens in one transaction, so that searches in
other processes go on in the former state until the new one is whole, and a stop leaves the
former one.
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
from askpod.paying import paying_once
from askpod.readers.discover import find_files
from askpod.store import sync
from askpod.store.catalog import FILE, Catalog
from askpod.store.lock import write_lock
from askpod.store.schema import Stamp


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What a rebuild works with."""

    embedder: Embedder
    chunking: ChunkSettings
    progress: ProgressListener | None
    notify: Callable[[str], None]


def rebuild(
    store: Path, paths: Sequence[Path], stamp: Callable[[], Stamp], work: Rebuilding
) -> IndexReport:
    """Makes the archive in `store` anew from its episodes' files and those in `paths`.

    `stamp` is called once it is clear that there is something to do: it may ask an endpoint.

    Raises:
        ArchiveNotFound: there is no catalog in `store`.
        PathError: the catalog is beyond reading and `paths` is empty, or a path does not exist.
        ModelError: the embedder's endpoint failed; the former state stands.
    """
    if not (store / FILE).is_file():
        raise ArchiveNotFound(
            f"{store}: no archive here to rebuild. Make one with "
            f"`askpod index PATH… --store {store}`."
        )
    given = find_files(paths) if paths else []
    with write_lock(store, work.notify):
        files = [*_known_files(store), *given]
        try:
            return _rebuild(store, files, stamp(), work)
        except StoreDamaged as error:
            if not given:
                raise PathError(
                    f"{store}: the catalog is beyond reading, so it cannot tell all that it held. "
                    "Name the folders of its episodes: `askpod rebuild PATH…`."
                ) from error
            _set_aside(store)
            return _rebuild(store, files, stamp(), work)


def _rebuild(store: Path, files: Sequence[Path], stamp: Stamp, work: Rebuilding) -> IndexReport:
    with closing(Catalog(store, writable=True)) as catalog:
        catalog.found(stamp)
        # Reads the former state to the end, while the new one is written beside it.
        with (
            paying_once(store, work.embedder) as embedder,
            closing(Catalog(store)) as former,
            former.reading(),
            catalog.emptied(stamp),
        ):
            indexer = Indexer(catalog, embedder, work.chunking)
            report = indexer.run(
                list(dict.fromkeys(path.resolve() for path in files)),
                prune=False,
                progress=work.progress,
            )
            _carry_over(former, catalog, indexer)
        sync.publish(store, catalog)
    return report


def _carry_over(former: Catalog, catalog: Catalog, indexer: Indexer) -> None:
    """Keeps the episodes that could not be read again: their files are gone, or failed."""
    written = catalog.sources()
    for id_, source in former.sources().items():
        if id_ in written:
            continue
        episode = former.episodes([id_])[id_]
        indexer.keep(replace(episode, turns=tuple(former.turns(id_))), source)


def _known_files(store: Path) -> list[Path]:
    """The files of the store's episodes that are still there; none where it cannot tell."""
    try:
        with closing(Catalog(store)) as catalog:
            sources = catalog.sources() if catalog.meta() else {}
    except StoreDamaged:
        return []
    return [path for source in sources.values() if (path := Path(source.path)).is_file()]


def _set_aside(store: Path) -> None:
    """Keeps the damaged catalog beside the new one; a person may want to look at it."""
    for suffix in ("", "-wal", "-shm"):
        damaged, kept = store / f"{FILE}{suffix}", store / f"damaged-{FILE}{suffix}"
        kept.unlink(missing_ok=True)  # of an earlier damage: the three belong together
        if damaged.exists():
            damaged.replace(kept)
