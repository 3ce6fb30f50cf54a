"""Founds and opens an archive: where its folder is, which server holds it, what made it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from askpod.embedders import load_embedder, stamp_of
from askpod.errors import ArchiveNotFound, PathError, StoreBusy, StoreDamaged, StoreUnwritable
from askpod.settings import Settings, default_store
from askpod.store.catalog import FILE as CATALOG
from askpod.store.catalog import Catalog
from askpod.store.collection import REMADE, publish, state
from askpod.store.connection import plain_errors
from askpod.store.lock import write_lock
from askpod.store.schema import Stamp
from askpod.store.server import refuse_replica

if TYPE_CHECKING:
    from askpod.store.server.shared import SharedArchive
    from askpod.store.server.wire import Address

Notify = Callable[[str], None]


def store_folder(store: str | Path | None) -> Path:
    """The folder of the archive that a caller means. Raises PathError where it is a file."""
    folder = Path(store) if store is not None else default_store()
    if folder.exists() and not folder.is_dir():
        raise PathError(
            f"{folder}: is a file, and an archive is a folder; name another (--store, ASKPOD_STORE)"
        )
    return folder


def found(folder: Path, settings: Settings, notify: Notify) -> None:
    """Lays an empty archive in `folder` where there is none, stamped with what makes it."""
    # Asked of an endpoint before anything is written: one that fails leaves no trace.
    stamp = stamp_of(settings) if holds_store(folder) else whole_stamp(settings)
    with plain_errors(folder / CATALOG):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        write_lock(folder, notify),
        closing(Catalog(folder, writable=True)) as catalog,
    ):
        catalog.found(stamp)


def verify(
    catalog: Catalog, folder: Path, settings: Settings, notify: Notify, *, on_server: bool
) -> None:
    """Checks what made a store, and that its vector index can be used; mends the latter.

    Raises:
        StoreMismatch: it was made by another embedder, chunking or format version, or is the
            replica of an archive on a server (`on_server`: it is meant to be one).
        StoreDamaged: its catalog cannot be read.
    """
    stamp_of(settings).check(catalog.meta(), str(folder))
    if on_server:  # which has the vector index
        return
    refuse_replica(catalog.meta(), folder)
    if state(folder, catalog) == "fresh" or not catalog.revision():
        return
    # While another process writes, or in a folder that cannot be written, the first search sees
    # to it; whoever writes next makes it for all.
    with suppress(StoreBusy, StoreUnwritable), write_lock(folder, patience=0):
        notify(REMADE)
        publish(folder, catalog)


def holds_store(folder: Path) -> bool:
    """Whether there is an archive, empty or not, in `folder`."""
    if not (folder / CATALOG).is_file():
        return False
    with closing(Catalog(folder)) as catalog:
        return bool(catalog.meta())


def whole_stamp(settings: Settings) -> Stamp:
    """The stamp with its dimension known. Raises ModelError where an endpoint has to tell it."""
    stamp = stamp_of(settings)
    return stamp_of(settings, load_embedder(settings)) if stamp.dimension is None else stamp


def join(folder: Path, settings: Settings, notify: Notify, *, create: bool) -> SharedArchive | None:
    """The archive on the server that the settings name, founded if need be; None: they name none.

    Raises: as SharedArchive.open.
    """
    if settings.chroma_url is None:
        return None
    from askpod.store.server.shared import SharedArchive

    founding = (lambda: whole_stamp(settings)) if create else None
    address = server_address(settings, settings.chroma_url)
    return SharedArchive.open(folder, address, notify, stamp_of(settings), founding)


def join_anew(folder: Path, settings: Settings, notify: Notify) -> SharedArchive | None:
    """As `join`, with the replica made anew.

    Raises:
        StoreMismatch: no server is named, and the folder holds the replica of one's archive.
    """
    if settings.chroma_url is None:
        with suppress(ArchiveNotFound, StoreDamaged), closing(Catalog(folder)) as catalog:
            refuse_replica(catalog.meta(), folder)
        return None
    from askpod.store.server.shared import SharedArchive

    address = server_address(settings, settings.chroma_url)
    return SharedArchive.renew(folder, address, notify, stamp_of(settings))


def server_address(settings: Settings, url: str) -> Address:
    """Where on which server the archive is."""
    from askpod.store.server.wire import Address

    return Address(url, settings.chroma_tenant, settings.chroma_database, settings.chroma_ca)
