"""What a store's Chroma collection holds, beside its catalog."""

from __future__ import annotations

from pathlib import Path

import chromadb
from chromadb.config import Settings as ChromaSettings

from askpod import Archive
from askpod.store import collection
from askpod.store.catalog import Catalog
from askpod.store.collection import REMADE
from askpod.store.filters import Selection

PLAIN = ChromaSettings(anonymized_telemetry=False)


def records(store: Path) -> dict:
    """All that a plain Chroma user reads."""
    client = chromadb.PersistentClient(str(store / "chroma"), settings=PLAIN)
    try:
        collection = client.get_collection("askpod", embedding_function=None)
        return collection.get(include=["documents", "metadatas", "embeddings"])
    finally:
        client.close()


def state(store: Path) -> str:
    catalog = Catalog(store)
    try:
        return collection.state(store, catalog)
    finally:
        catalog.close()


def chunk_ids(store: Path) -> list[int]:
    catalog = Catalog(store)
    try:
        return catalog.chunk_ids(Selection()).tolist()
    finally:
        catalog.close()


def held_ids(store: Path) -> list[int]:
    return sorted(int(number) for number in records(store)["ids"])


def assert_mended(store: Path) -> None:
    """The next opening rebuilds the index and says so; nothing else is left."""
    told: list[str] = []
    assert state(store) != "fresh"
    Archive.open(store, notify=told.append).close()
    assert told == [REMADE]
    assert state(store) == "fresh"
    assert held_ids(store) == chunk_ids(store)
    assert not list(store.glob("chroma.*"))
