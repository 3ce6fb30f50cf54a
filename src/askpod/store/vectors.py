"""The vector index: a Chroma collection in `chroma/`, derived from the catalog.

It carries text, times and metadata on every record, so that any Chroma or LangChain user can
read it. The only module that touches chromadb, which is imported when first needed: its import
takes longer than a whole search of a small archive.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from askpod.errors import AskpodError
from askpod.links import second_link
from askpod.model import Episode
from askpod.store.speech import StoredChunk

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection

COLLECTION = "askpod"
_BATCH = 5000  # records of one write: the most that Chroma takes is little more
_LONGEST, _MOST_GUESTS = 1000, 100  # of a title's characters: far above any that is meant
_GRAPH: CreateHNSWConfiguration = {
    "space": "cosine",
    "ef_search": 200,
    # Else a graph of fewer than 1,000 records is never stored, but made anew at each opening.
    "sync_threshold": 2,
    "batch_size": 2,
}
_open_places: set[str] = set()
_places_lock = threading.Lock()


class VectorIndexError(AskpodError):
    """Chroma failed; the catalog can answer instead and the index be made anew."""


class VectorIndex:
    """One Chroma collection on disk. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._client: Client | None = None
        self._place = ""
        self._collection: Collection | None = None
        self._lock = threading.Lock()

    def nearest(
        self, vector: NDArray[np.float32], count: int, where: dict[str, Any] | None
    ) -> list[int]:
        """Ids of the `count` nearest chunks that match Chroma's `where`, nearest first.

        Raises:
            VectorIndexError: Chroma cannot read its files.
        """
        with self._lock, _contained(self.folder):
            collection = self._open()
            found = collection.query(
                query_embeddings=[vector.tolist()],
                n_results=min(count, max(1, collection.count())),
                where=where,
                include=[],
            )
            return [int(number) for number in found["ids"][0]]

    def ids(self) -> set[int]:
        with self._lock, _contained(self.folder):
            return {int(number) for number in self._open().get(include=[])["ids"]}

    def add(
        self,
        chunks: Sequence[StoredChunk],
        vectors: NDArray[np.float32],
        episodes: dict[str, Episode],
    ) -> None:
        with self._lock, _contained(self.folder):
            collection = self._open()
            for begin in range(0, len(chunks), _BATCH):
                batch = chunks[begin : begin + _BATCH]
                collection.add(
                    ids=[str(stored.id) for stored in batch],
                    embeddings=vectors[begin : begin + _BATCH],
                    documents=[stored.chunk.text for stored in batch],
                    metadatas=[described(stored, episodes[stored.episode_id]) for stored in batch],
                )

    def delete(self, ids: Sequence[int]) -> None:
        with self._lock, _contained(self.folder):
            collection = self._open()
            for begin in range(0, len(ids), _BATCH):
                collection.delete(ids=[str(number) for number in ids[begin : begin + _BATCH]])

    def close(self) -> None:
        """Releases Chroma's files; the index opens again at the next use."""
        with self._lock:
            client, self._client, self._collection = self._client, None, None
            place, self._place = self._place, ""
            try:
                if client is not None:
                    with _contained(self.folder):
                        client.close()
            finally:
                _open_places.discard(place)

    def _open(self) -> Collection:
        if self._collection is None:
            import chromadb
            from chromadb.config import Settings

            if self._client is None:
                self._place = self._place or _own_place(self.folder)
                self._client = cast(
                    "Client",  # what it is; its declared type lacks close()
                    chromadb.PersistentClient(
                        path=self._place, settings=Settings(anonymized_telemetry=False)
                    ),
                )
            self._collection = self._client.get_or_create_collection(
                COLLECTION,
                embedding_function=None,  # else Chroma would fetch a model of its own
                configuration={"hnsw": _GRAPH},
                metadata={"made_by": "askpod"},
            )
        return self._collection


def _own_place(folder: Path) -> str:
    """A path to `folder`, written as no other open index of this process writes it.

    Chroma shares what it has opened among all clients of one path: after the folder has been
    replaced by a newer one, a new client would be handed the former content.
    """
    with _places_lock:
        place = f"{folder}/."
        while place in _open_places:
            place += "/."
        _open_places.add(place)
        return place


@contextmanager
def _contained(folder: Path) -> Iterator[None]:
    """Turns whatever Chroma raises, panics of its Rust core included, into VectorIndexError."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise VectorIndexError(f"{folder}: Chroma failed: {error}") from error


def described(stored: StoredChunk, episode: Episode) -> dict[str, Any]:
    """What a record says of its chunk. Chroma takes no empty lists and no None."""
    chunk = stored.chunk
    known = {
        "episode_id": episode.id,
        "title": episode.title[:_LONGEST],
        "guests": [name[:_LONGEST] for name in episode.guests[:_MOST_GUESTS]],
        "season": episode.season,
        "number": episode.number,
        "date": episode.date,
        "section": chunk.section[:_LONGEST],
        "speakers": list(chunk.speakers),
        "start": chunk.start,
        "end": chunk.end,
        "position": stored.position,
        "url": second_link(episode.youtube, episode.links, chunk.start),
    }
    return {key: value for key, value in known.items() if value is not None and value != []}
