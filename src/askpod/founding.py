"""Founds an archive: where its folder is, and what is laid in it first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from askpod.embedders import load_embedder, stamp_of
from askpod.errors import PathError
from askpod.settings import Settings, default_store
from askpod.store.catalog import FILE as CATALOG
from askpod.store.catalog import Catalog
from askpod.store.connection import plain_errors
from askpod.store.lock import write_lock

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
    stamp = stamp_of(settings)
    if stamp.dimension is None and not holds_store(folder):
        # Asked of the endpoint before anything is written: one that fails leaves no trace.
        stamp = stamp_of(settings, load_embedder(settings))
    with plain_errors(folder / CATALOG):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        write_lock(folder, notify),
        closing(Catalog(folder, writable=True)) as catalog,
    ):
        catalog.found(stamp)


def holds_store(folder: Path) -> bool:
    """Whether there is an archive, empty or not, in `folder`."""
    if not (folder / CATALOG).is_file():
        return False
    with closing(Catalog(folder)) as catalog:
        return bool(catalog.meta())
