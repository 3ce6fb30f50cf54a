"""Makes a store anew: for other settings, another format, or after damage.

Everything is read again from the episodes' files; an episode whose file is gone or cannot be
read is carried over from the catalog, if all of it is as it was written. It all happens in one
transaction, so that searches in other processes go on in the former state until the new one is
whole, and a stop leaves the former one. A damaged catalog is kept beside the new one; until that
is whole there is none to be searched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from askpod.chunking import ChunkSettings
from askpod.embedding import Embedder
from askpod.errors import ArchiveNotFound, PathError, StoreDamaged
from askpod.indexing import Failure, Indexer, IndexReport, ProgressListener
from askpod.paying import paying_once
from askpod.readers.discover import find_files, named
from askpod.store import salvage
from askpod.store.catalog import Catalog
from askpod.store.collection import publish
from askpod.store.examine import examine
from askpod.store.lock import write_lock
from askpod.store.schema import FILE, KEPT, Stamp, trace


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
    if not ((store / FILE).is_file() or trace(store)):
        raise ArchiveNotFound(
            f"{store}: no archive here to rebuild. Make one with "
            f"`askpod index PATH… --store {store}`."
        )
    unreadable: dict[str, str] = {}
    given = find_files(paths, unreadable) if paths else []
    with write_lock(store, work.notify):
        if not ((store / FILE).is_file() or (store / KEPT).is_file()):
            (store / FILE).touch()  # one that was removed counts as one that is empty
        former = _former(store)
        if not (former.whole or former.held.complete or given):
            raise PathError(
                f"{store}: the catalog is beyond reading, so it cannot tell all that it held. "
                "Name the folders of its episodes: `askpod rebuild PATH…`."
            )
        stamped = stamp()
        if not former.whole:
            work.notify("the catalog is damaged; what is whole of it is carried over …")
            salvage.set_aside(store)
        alone = {path.resolve() for path in named(paths)}.union(former.held.files)
        files = dict.fromkeys([*former.held.files, *(path.resolve() for path in given)])
        report = _rebuild(store, former, stamped, work, list(files), alone)
        report.failed[:0] = [Failure(*each) for each in unreadable.items()]
        return report


@dataclass(frozen=True, slots=True)
class _Former:
    """The catalog that is to be replaced."""

    whole: bool
    held: salvage.Held


def _former(store: Path) -> _Former:
    """Looks at what is there: a catalog, or the damaged one of a rebuild that was stopped."""
    if salvage.stopped(store):
        with closing(Catalog(store, KEPT)) as catalog:
            return _Former(False, salvage.held(catalog))
    with closing(Catalog(store)) as catalog:
        try:
            whole = not catalog.meta() or not examine(catalog)
        except StoreDamaged:
            whole = False
        return _Former(whole, salvage.held(catalog))


def _rebuild(
    store: Path,
    former: _Former,
    stamp: Stamp,
    work: Rebuilding,
    files: Sequence[Path],
    alone: set[Path],
) -> IndexReport:
    with closing(Catalog(store, writable=True)) as catalog:
        # Reads the former state to the end, while the new one is written beside it.
        with (
            paying_once(store, work.embedder) as embedder,
            closing(Catalog(store, FILE if former.whole else KEPT)) as source,
            source.reading() if former.whole else nullcontext(),
            catalog.emptied(stamp),
        ):
            indexer = Indexer(catalog, embedder, work.chunking)
            report = indexer.run(files, prune=None, progress=work.progress, named=alone)
            _carry_over(source, former.held.ids, catalog, indexer)
        publish(store, catalog)
    return report


def _carry_over(former: Catalog, ids: Sequence[str], catalog: Catalog, indexer: Indexer) -> None:
    """Keeps the episodes that could not be read again: their files are gone, or failed.

    Those that are not whole are reported.
    """
    written = catalog.sources()
    for id_ in ids:
        if id_ in written:
            continue
        try:
            stored = former.stored_episodes([id_])[id_]
            turns = tuple(former.turns(id_))
        except (StoreDamaged, LookupError):
            indexer.report.failed.append(
                Failure(
                    id_,
                    "its file is gone or cannot be read, and what the damaged catalog holds of it "
                    "is not as it was written; index it again from another copy of its file",
                )
            )
            continue
        indexer.keep(replace(stored.episode, turns=turns), stored.source)
