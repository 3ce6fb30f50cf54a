"""Updates a store from its sources, or rebuilds it: for other settings or format, after damage.

In a rebuild everything is read again from the episodes' files; an episode whose file is gone or
cannot be read is carried over from the catalog, if all of it is as it was written. It all happens
in one transaction, so that searches in other processes go on in the former state until the new one
is whole, and a stop leaves the former one. A damaged catalog is kept beside the new one; until that
is whole there is none to be searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from askpod import opening
from askpod.chunking import ChunkSettings
from askpod.embedding import Embedder
from askpod.errors import (
    ArchiveNotFound,
    AskpodError,
    Failure,
    PathError,
    StoreDamaged,
    StoreUnwritable,
)
from askpod.indexing.embedding_cache import with_cache
from askpod.indexing.indexer import EpisodeStore, Indexer, IndexReport, ProgressListener, Prune
from askpod.opening import Notify
from askpod.readers.discover import find_files, named, place_of
from askpod.settings import Settings
from askpod.sources import SourceFiles, gather
from askpod.store.catalog import Catalog, stored_meta
from askpod.store.collection import publish
from askpod.store.integrity import examine
from askpod.store.schema import FILE, KEPT, Stamp, leftovers
from askpod.store_lock import write_lock


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
    sources: str | Path | Iterable[str | Path] | SourceFiles,
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
            [sources] if isinstance(sources, str | Path) else [*sources],
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


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What a rebuild works with."""

    embedder: Embedder
    chunking: ChunkSettings
    progress: ProgressListener | None
    notify: Notify


def rebuild_archive(
    folder: Path,
    paths: str | Path | Iterable[str | Path],
    settings: Settings,
    progress: ProgressListener | None,
    notify: Notify,
) -> IndexReport:
    """As `Archive.rebuild`: of an archive on a server the replica, else the store in `folder`.

    Args:
        folder: the store.
        paths: files or folders to read besides the known ones.
        settings: what it is made with.
        progress: told after each file.
        notify: told of what takes long.
    """
    if (server := opening.reconnect(folder, settings, notify)) is not None:
        with closing(server), closing(Catalog(folder)) as catalog:
            return IndexReport(unchanged=list(catalog.sources()))
    embedder = opening.load_embedder(settings)
    return rebuild(
        folder,
        [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)],
        lambda: opening.stamp_of(settings, embedder),
        Rebuilding(embedder, settings.chunking, progress, notify),
    )


def rebuild(
    store: Path, paths: Sequence[Path], stamp: Callable[[], Stamp], work: Rebuilding
) -> IndexReport:
    """Rebuilds the archive in `store` from its episodes' files and those in `paths`.

    `stamp` is called once it is clear that there is something to do: it may ask an endpoint.

    Raises:
        ArchiveNotFound: there is no catalog in `store`.
        PathError: the catalog is beyond reading and `paths` is empty, or a path does not exist.
        ModelError: the embedder's endpoint failed; the former state stands.
    """
    if not ((store / FILE).is_file() or leftovers(store)):
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
                f"Name the folders of its episodes: `askpod rebuild PATH… --store {store}`."
            )
        stamped = stamp()
        if not former.whole:
            work.notify(
                "the catalog is damaged or of another format; what is whole of it is carried over …"
            )
            _set_aside(store)
        alone = {place_of(path) for path in named(paths)}.union(former.held.files)
        files = dict.fromkeys([*former.held.files, *map(place_of, given)])
        report = _rebuild(store, former, stamped, work, list(files), alone)
        report.failed[:0] = [Failure(*each) for each in unreadable.items()]
        return report


@dataclass(frozen=True, slots=True)
class _Former:
    """The catalog that is to be replaced."""

    whole: bool
    held: Held


def _former(store: Path) -> _Former:
    """Looks at what is there: a catalog, or the damaged one of a rebuild that was stopped."""
    if _rebuild_stopped(store):
        with closing(Catalog(store, KEPT)) as catalog:
            return _Former(whole=False, held=held(catalog))
    with closing(Catalog(store)) as catalog:
        try:
            whole = not catalog.meta() or not examine(catalog)
        except StoreDamaged:
            whole = False
        return _Former(whole, held(catalog))


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
            with_cache(store, work.embedder) as embedder,
            closing(Catalog(store, FILE if former.whole else KEPT)) as source,
            source.reading() if former.whole else nullcontext(),
            catalog.emptied(stamp),
        ):
            indexer = Indexer(catalog, embedder, work.chunking, untimed=_untimed(source))
            report = indexer.run(files, prune=None, progress=work.progress, named=alone)
            _carry_over(source, former.held.ids, catalog, indexer)
        publish(store, catalog)
    return report


def _untimed(former: Catalog) -> set[Path]:
    """The files that were taken without any time; none where the catalog cannot tell."""
    try:
        with former.reading() as connection:
            rows = connection.execute(
                "SELECT path FROM episodes WHERE json_extract(details, '$.untimed')"
            ).fetchall()
    except StoreDamaged:  # or of a format that had none
        return set()
    return {Path(str(path)) for (path,) in rows}


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


_SUFFIXES = ("-wal", "-shm")
# Several ways to the same names: where one is damaged, another may lead around.
_ID_QUERIES = (
    "SELECT id FROM episodes ORDER BY id",
    "SELECT id FROM episodes ORDER BY id DESC",
    "SELECT DISTINCT episode_id FROM chunks",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a catalog, damaged or not, says that it holds."""

    ids: tuple[str, ...]  # of the episodes, sorted
    files: tuple[Path, ...]  # theirs that are still there
    complete: bool  # whether the list of episodes could be read to its end


def held(catalog: Catalog) -> Held:
    """Never raises StoreDamaged: of a catalog beyond reading it is empty, and not complete."""
    ids: set[str] = set()
    read = [_add_ids(catalog, query, ids) for query in _ID_QUERIES]
    files = (_file_of(catalog, id_) for id_ in sorted(ids))
    return Held(tuple(sorted(ids)), tuple(path for path in files if path), complete=read[0])


def _add_ids(catalog: Catalog, query: str, ids: set[str]) -> bool:
    """Adds what the query gives to `ids`, as far as it can be read; whether it was all."""
    try:
        with catalog.reading() as connection:
            if not stored_meta(connection):
                return False
            for (id_,) in connection.execute(query):
                ids.add(str(id_))
    except StoreDamaged:
        return False
    return True


def _file_of(catalog: Catalog, id_: str) -> Path | None:
    """The episode's file, if it is there; it is read again, so the row need not be whole."""
    try:
        with catalog.reading() as connection:
            query = "SELECT path FROM episodes WHERE id = ?"
            row = connection.execute(query, (id_,)).fetchone()
        path = Path(str(row[0])) if row else None
        return path if path and path.is_file() else None
    except (StoreDamaged, StoreUnwritable, ValueError):  # or a name that no file can have
        return None


def _set_aside(store: Path) -> None:
    """Keeps the damaged catalog beside where the new one will be, in place of an earlier one.

    Stopped at any point, it goes on with what is left; what a stopped rebuild began is removed.
    """
    if _rebuild_stopped(store):
        for suffix in ("", *_SUFFIXES):
            (store / f"{FILE}{suffix}").unlink(missing_ok=True)
        return
    if (store / KEPT).exists():  # else what is there of it was put there by a stopped rebuild
        for suffix in (*_SUFFIXES, ""):
            (store / f"{KEPT}{suffix}").unlink(missing_ok=True)
    for suffix in (*_SUFFIXES, ""):
        damaged = store / f"{FILE}{suffix}"
        if damaged.exists():
            damaged.replace(store / f"{KEPT}{suffix}")


def _rebuild_stopped(store: Path) -> bool:
    """Whether a rebuild has set a catalog aside and not yet put a whole one in its place."""
    if not (store / KEPT).is_file():
        return False
    if not (store / FILE).is_file():
        return True
    try:
        with closing(Catalog(store)) as catalog, catalog.reading() as connection:
            return not stored_meta(connection)
    except StoreDamaged:
        return False
