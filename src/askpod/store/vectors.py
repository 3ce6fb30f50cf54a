"""The vector index: a Chroma collection in `chroma/`, derived from the catalog.

It holds each chunk's contextual vector, and text, times and metadata beside it, so that any Chroma
or LangChain user can read and ask it. The only module that touches chromadb, which is imported
when first needed: its import takes longer than a search.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from askpod.embedding.contextual import recipe
from askpod.errors import AskpodError
from askpod.links import second_link
from askpod.model import Episode
from askpod.store.rows import StoredChunk

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
Where = dict[str, Any]

COLLECTION = "askpod"
EF_SEARCH = 400  # chunks that the graph looks at: finds 99 % of the nearest 300
_BATCH = 5000  # records of one write: the most that Chroma takes is little more
_LONGEST, _MOST_GUESTS = 1000, 100  # of a title's characters: far above any that is meant
_GRAPH: CreateHNSWConfiguration = {
    "space": "ip",
    "ef_search": EF_SEARCH,
    # Else a graph of fewer than 1,000 records is never stored, but made at each opening.
    "sync_threshold": 2,
    "batch_size": 2,
}
_HEADER, _COUNTS = 100, 12  # bytes of hnswlib's header; before capacity, count, bytes of a record
_opened = count(1)  # clients of this process


class VectorIndexError(AskpodError):
    """Chroma failed, or what it answered cannot be: its folder is to be made from the catalog."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a collection. What was not asked for is empty."""

    id: str
    vector: Sequence[float] | Vectors = ()
    text: str = ""
    metadata: dict[str, Any] | None = None


def columns(records: Sequence[Record]) -> dict[str, Any]:
    """Records as Chroma takes them."""
    return {
        "ids": [record.id for record in records],
        "embeddings": [record.vector for record in records],
        "documents": [record.text for record in records],
        "metadatas": [record.metadata for record in records],
    }


def about(embedder: str) -> dict[str, str]:
    """A collection's metadata: says what its vectors are, for whoever opens it."""
    return {
        "made_by": "askpod",
        "embedder": embedder,
        "vectors": f"contextual: {recipe()}",
        "score": "inner product with the question's vector, which is 1 - distance",
    }


class VectorIndex:
    """One Chroma collection on disk. Safe to use from several threads."""

    def __init__(self, folder: Path, new_of: str = "") -> None:
        """`new_of` is the embedder whose vectors a new one is for; "" where there is one."""
        self.folder = folder
        self._new_of = new_of
        self._client: Client | None = None
        self._collection: Collection | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Opens the collection that is there and loads its graph.

        Raises:
            VectorIndexError: there is none, or Chroma cannot read its files.
        """
        with self._used() as collection:
            first = collection.peek(1)["embeddings"]
            held = np.asarray(first if first is not None and len(first) else [[1.0]], np.float32)
            collection.query(query_embeddings=held, n_results=1, include=[])

    def nearest(self, vector: Vectors, count: int, where: Where | None) -> tuple[Ids, Vectors]:
        """The chunks with the greatest inner product with a vector.

        Args:
            vector: The question's.
            count: How many are wanted.
            where: Chroma's condition on their metadata.

        Returns:
            Ids, and their inner products, greatest first.

        Raises:
            VectorIndexError: Chroma cannot read its files.
        """
        with self._used() as collection:
            asked = vector[np.newaxis]
            found = collection.query(
                query_embeddings=asked, n_results=count, where=where, include=["distances"]
            )
            [numbers], [distances] = found["ids"], found["distances"] or [[]]
            ids = np.array([int(number) for number in numbers], dtype=np.int64)
            return ids, (1 - np.array(distances)).astype(np.float32)

    def count(self) -> int:
        """How many vectors it holds."""
        with self._used() as collection:
            return collection.count()

    def ids(self) -> set[int]:
        """The ids of the chunks that it holds."""
        with self._used() as collection:
            return {int(number) for number in collection.get(include=[])["ids"]}

    def add(self, records: Sequence[Record]) -> None:
        """Writes chunks, whose records have their numbers as ids."""
        with self._used() as collection:
            for begin in range(0, len(records), _BATCH):
                batch = columns(records[begin : begin + _BATCH])
                collection.add(**batch)
                if len(records) == 1:
                    # Below the sync threshold, it would be stored by whoever opens it, unwiped.
                    collection.upsert(**batch)

    def delete(self, ids: Sequence[int]) -> None:
        """Removes the vectors of chunks."""
        with self._used() as collection:
            for begin in range(0, len(ids), _BATCH):
                collection.delete(ids=[str(number) for number in ids[begin : begin + _BATCH]])

    def close(self) -> None:
        """Releases Chroma's files; the index opens again at the next use."""
        with self._lock:
            client, self._client, self._collection = self._client, None, None
            if client is not None:
                with _contained(self.folder):
                    client.close()

    @contextmanager
    def _used(self) -> Iterator[Collection]:
        """The collection, opened if need be, for one thread at a time."""
        with self._lock, _contained(self.folder):
            if self._collection is None:
                client = self._client = self._connected()
                # No embedding function: else Chroma would fetch a model of its own.
                self._collection = (
                    client.get_or_create_collection(
                        COLLECTION,
                        embedding_function=None,
                        configuration={"hnsw": _GRAPH},
                        metadata=about(self._new_of),
                    )
                    if self._new_of
                    else client.get_collection(COLLECTION, embedding_function=None)
                )
            yield self._collection

    def _connected(self) -> Client:
        import chromadb
        from chromadb.config import Settings

        if self._client is not None:
            return self._client
        # Chroma shares what it has opened among all clients of one path: after the folder has been
        # replaced by a newer one, a new client would be handed the former content. So each writes
        # the path in another way: its number, with "/" for a 0 and "./" for a 1.
        place = f"{self.folder}/" + f"{next(_opened):b}".replace("1", "./").replace("0", "/")
        settings = Settings(anonymized_telemetry=False)
        # What it is; its declared type lacks close().
        return cast("Client", chromadb.PersistentClient(path=place, settings=settings))


def begin_import() -> None:
    """Imports Chroma in a thread of its own. What fails there fails again where it is used."""

    def work() -> None:
        with suppress(Exception):
            import_module("chromadb")

    threading.Thread(target=work, daemon=True).start()


@contextmanager
def _contained(folder: Path) -> Iterator[None]:
    """Turns whatever Chroma raises, panics of its Rust core included, into VectorIndexError."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise VectorIndexError(f"{folder}: Chroma failed: {error}") from error


def wipe_spare(folder: Path) -> None:
    """Zeroes the room for further records in a closed collection's graph files.

    hnswlib writes that room as malloc gave it, with what this process held there: a key, perhaps.
    """
    for header in folder.glob("*/header.bin"):
        fields = header.read_bytes()
        if len(fields) != _HEADER:
            continue  # another version's layout
        most, used, size = struct.unpack_from("=QQQ", fields, _COUNTS)
        for name, width in (("data_level0.bin", size), ("length.bin", 4)):
            path = header.with_name(name)
            if path.exists() and path.stat().st_size == most * width:
                with path.open("r+b") as file:
                    file.truncate(used * width)
                    file.truncate(most * width)  # what a file is made longer by is zeros


def described(stored: StoredChunk, episode: Episode) -> dict[str, Any]:
    """What a record says of its chunk. Chroma takes no empty lists and no None."""
    chunk = stored.chunk
    start, end = (None, None) if episode.untimed else (chunk.start, chunk.end)
    known = {
        "episode_id": episode.id,
        "title": episode.title[:_LONGEST],
        "guests": [name[:_LONGEST] for name in episode.guests[:_MOST_GUESTS]],
        "season": episode.season,
        "number": episode.number,
        "date": episode.date,
        "section": chunk.section[:_LONGEST],
        "speakers": list(chunk.speakers),
        "start": start,
        "end": end,
        "position": stored.position,
        "url": second_link(episode.youtube, episode.links, start),
    }
    return {key: value for key, value in known.items() if value is not None and value != []}
