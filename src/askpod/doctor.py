"""What is installed, which embedder and store are used, and what is missing."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from askpod import __version__
from askpod.embedding.minilm import MiniLM
from askpod.embedding.remote import RemoteEmbedder
from askpod.embedding.weights import find_weights
from askpod.errors import ArchiveNotFound, AskpodError
from askpod.files import copy_to_write
from askpod.opening import remote_model, server_address, stamp_of, store_folder
from askpod.services.endpoints import where
from askpod.settings import Settings
from askpod.store.catalog import Catalog
from askpod.store.collection import FOLDER, CollectionStamp, state
from askpod.store.integrity import examine
from askpod.store.shared import refuse_replica
from askpod.store.vectors import VectorIndex

PACKAGES = ("chromadb", "onnxruntime", "tokenizers", "langchain-core", "numpy", "PyYAML")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    `ok` is False where something has to be done about it, None where there is nothing yet.
    """

    what: str
    value: str
    ok: bool | None = True


def diagnose(store: Path) -> Iterator[Finding]:
    """Looks at the installation and at the archive in `store`, as it goes; changes nothing."""
    yield Finding("askpod", __version__)
    yield Finding("python", platform.python_version())
    yield from map(_package, PACKAGES)
    yield _sqlite()
    yield _tried("model weights", lambda: str(find_weights().model))
    yield _tried("embedder", _embedder)
    yield from _store(store)


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, f"not installed; `pip install {name}`", ok=False)


def _sqlite() -> Finding:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
        except sqlite3.OperationalError:
            return Finding("sqlite", f"{sqlite3.sqlite_version} lacks FTS5", ok=False)
    return Finding("sqlite", f"{sqlite3.sqlite_version} with FTS5")


def _embedder() -> str:
    settings = Settings.from_environment()
    if model := remote_model(settings):
        remote = RemoteEmbedder(model, base_url=settings.base_url)
        key = "OPENAI_API_KEY is set" if os.environ.get("OPENAI_API_KEY") else "without a key"
        return (
            f"{remote.name} at {where(settings.base_url)} ({key}; not called by this "
            f"command), reads {remote.max_tokens} tokens"
        )
    embedder = MiniLM(settings.precision)
    embedder.embed(["ready?"])
    return f"{embedder.name}, {embedder.dimension} dimensions, reads {embedder.max_tokens} tokens"


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, look())
    except AskpodError as error:
        return _failed(what, error)


def _failed(what: str, error: AskpodError) -> Finding:
    """What could not be had; no archive yet is no fault of the installation."""
    return Finding(what, str(error), ok=None if isinstance(error, ArchiveNotFound) else False)


def _store(store: Path) -> Iterator[Finding]:
    try:
        settings = Settings.from_environment()
        if (url := settings.chroma_url) is not None:
            yield _tried("server", lambda: _server(store, settings, url))
        with closing(Catalog(store_folder(store))) as catalog:
            meta = catalog.meta()
            yield Finding("store", str(store.absolute()))
            yield Finding("made with", f"{meta.get('embedder')}, chunks {meta.get('chunking')}")
            stamp_of(settings).check(meta, str(store))
            yield from _catalog(catalog)
            if settings.chroma_url is None:
                refuse_replica(meta, store)
                yield _tried("vector index", lambda: _vector_index(catalog))
    except AskpodError as error:
        yield _failed("store", error)


def _catalog(catalog: Catalog) -> Iterator[Finding]:
    yield _tried(
        "holds", lambda: ", ".join(f"{n:,} {what}" for what, n in catalog.counts().items())
    )
    problems = examine(catalog)
    if not problems:
        yield Finding("catalog", "whole; every row was read")
    for part, problem in problems.items():
        yield Finding(part, problem, ok=False)


def _server(store: Path, settings: Settings, url: str) -> str:
    # Imported where a server is used: its client takes longer than all the rest of this.
    from askpod.store.shared.archive import condition

    return condition(store, server_address(settings, url))


def _vector_index(catalog: Catalog) -> str:
    found = state(catalog.folder, catalog)
    if found != "fresh":
        return f"{found} (made again at the next opening)"
    folder = catalog.folder / FOLDER
    if stamp := CollectionStamp.read(folder):
        stamp.check(folder)
    with TemporaryDirectory(prefix="askpod-") as private:
        if not os.access(folder, os.W_OK):  # Chroma writes to what it opens
            copy_to_write(folder, Path(private) / FOLDER)
            folder = Path(private) / FOLDER
        with closing(VectorIndex(folder)) as index:
            index.open()
            return f"fresh; Chroma reads its {index.count():,} chunks"
