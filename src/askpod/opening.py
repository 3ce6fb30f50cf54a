"""Creates and opens an archive: which folder, which server, which embedder and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from askpod.embedding import Embedder
from askpod.embedding.remote import PREFIX, RemoteEmbedder, remote_name
from askpod.embedding.weights import DIMENSION, MODEL
from askpod.errors import ArchiveNotFound, PathError, StoreBusy, StoreDamaged, StoreUnwritable
from askpod.files import links_to_nothing, usable
from askpod.settings import Settings, default_store
from askpod.store.catalog import Catalog, meta_in
from askpod.store.collection import REMADE, publish, state
from askpod.store.schema import FILE as CATALOG
from askpod.store.schema import Stamp, plain_errors
from askpod.store.shared import refuse_replica
from askpod.store_lock import write_lock

if TYPE_CHECKING:
    from askpod.store.shared.archive import SharedArchive
    from askpod.store.shared.client import Address

Notify = Callable[[str], None]


def store_folder(store: str | Path | None) -> Path:
    """The folder of the archive that a caller means.

    Raises PathError: it is a file, a link to nothing, or no name at all; StoreUnwritable.
    """
    if isinstance(store, str) and not store.strip():
        raise PathError("the store: names no folder; leave it out, or say . for the working folder")
    folder, other = Path(store or default_store()), "name another (--store, ASKPOD_STORE)"
    with usable(folder):
        if links_to_nothing(folder):
            link = f"{folder}: is a link to {folder.readlink()}, which is not there"
            raise PathError(f"{link}; make that folder, or {other}")
        if folder.exists() and not folder.is_dir():
            raise PathError(f"{folder}: is a file, and an archive is a folder; {other}")
        with suppress(FileNotFoundError):
            (folder / CATALOG).stat()  # a folder that may not be entered is not an empty one
    return folder


def create(folder: Path, settings: Settings, notify: Notify) -> None:
    """Lays an empty archive in `folder` where there is none, stamped with what makes it."""
    # Asked of an endpoint before anything is written: one that fails leaves no trace.
    stamp = stamp_of(settings) if meta_in(folder) else whole_stamp(settings)
    with plain_errors(folder / CATALOG):
        folder.mkdir(parents=True, exist_ok=True)
    with write_lock(folder, notify), closing(Catalog(folder, writable=True)) as catalog:
        catalog.found(stamp)


def verify(
    catalog: Catalog, folder: Path, settings: Settings, notify: Notify, *, on_server: bool
) -> None:
    """Checks what made a store, and that its vector index can be used; mends the latter.

    Raises StoreDamaged; StoreMismatch: it was made by another embedder, chunking or format version,
    or is the replica of an archive on a server (`on_server`: it is meant to be one).
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


def whole_stamp(settings: Settings) -> Stamp:
    """The stamp with its dimension known. Raises ModelError where an endpoint has to tell it."""
    stamp = stamp_of(settings)
    return stamp_of(settings, load_embedder(settings)) if stamp.dimension is None else stamp


def connect(
    folder: Path, settings: Settings, notify: Notify, *, create: bool
) -> SharedArchive | None:
    """The archive on the server that the settings name, founded if need be; None: they name none.

    Raises: as SharedArchive.open.
    """
    if settings.chroma_url is None:
        return None
    from askpod.store.shared.archive import SharedArchive

    founding = partial(whole_stamp, settings) if create else None
    address = server_address(settings, settings.chroma_url)
    return SharedArchive.open(folder, address, notify, stamp_of(settings), founding)


def reconnect(folder: Path, settings: Settings, notify: Notify) -> SharedArchive | None:
    """As `connect`, with a new replica.

    Raises StoreMismatch: no server is named, and the folder holds the replica of one's archive.
    """
    if settings.chroma_url is None:
        with suppress(ArchiveNotFound, StoreDamaged), closing(Catalog(folder)) as catalog:
            refuse_replica(catalog.meta(), folder)
        return None
    from askpod.store.shared.archive import SharedArchive

    address = server_address(settings, settings.chroma_url)
    return SharedArchive.open(folder, address, notify, stamp_of(settings), rebuild=True)


def server_address(settings: Settings, url: str) -> Address:
    """Where on which server the archive is."""
    from askpod.store.shared.client import Address

    return Address(url, settings.chroma_tenant, settings.chroma_database, settings.chroma_ca)


def load_embedder(settings: Settings, meta: Mapping[str, str] | None = None) -> Embedder:
    """The embedder of these settings, for a store of that `meta`. Raises EmbedderError."""
    if model := remote_model(settings):
        # What the store knows need not be asked of the endpoint again.
        known = int((meta or {}).get("dimension", 0)) or None
        return RemoteEmbedder(model, base_url=settings.base_url, dimension=known)
    # Imported when a text is to be embedded: listing episodes needs no onnxruntime.
    from askpod.embedding.minilm import MiniLM

    return MiniLM(settings.precision)


def stamp_of(settings: Settings, embedder: Embedder | None = None) -> Stamp:
    """What a store made with these settings is stamped with.

    A remote model's dimension is known only to its `embedder`, which may ask its endpoint for it;
    without one it is None, good for comparing and not for founding a store.
    """
    signature = settings.chunking.signature
    if model := remote_model(settings):
        name = remote_name(model, settings.base_url)
        return Stamp(name, embedder.dimension if embedder else None, signature)
    return Stamp(f"{MODEL}/{settings.precision}", DIMENSION, signature)


def remote_model(settings: Settings) -> str | None:
    """The endpoint's name of the embeddings model; None where the built-in one is meant."""
    if settings.embedder.startswith(PREFIX):
        return settings.embedder.removeprefix(PREFIX).strip()
    return None
