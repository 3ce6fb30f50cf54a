"""What an archive's records on the server hold, and how episodes become records.

Collection `askpod`: one record for each chunk, with vector, text and metadata as the embedded
index has them, so that any Chroma user can read it. Collection `askpod-episodes`: for each episode
one *entry*, and its *parts*: all that a replica needs, packed and cut to a size that every server
takes. Chunks and parts carry a version; the entry names the one that counts. Writing the entry is
what makes an episode visible: all of it, at once.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import uuid4

import numpy as np

from askpod.embedding.contextual import contextual_vectors
from askpod.errors import ArchiveNotFound, ServerError, StoreMismatch
from askpod.late_chunking import Packed
from askpod.model import Episode
from askpod.parsing import parse_json
from askpod.store import rows
from askpod.store.rows import Embedded, Source, StoredChunk
from askpod.store.schema import Stamp
from askpod.store.shared.client import Collection, Database, Exists, Metadata, NotThere
from askpod.store.vectors import Record, Vectors, about, described

CHUNKS = "askpod"
EPISODES = "askpod-episodes"
LAYOUT = 3  # of the records on the server; the replica's format is its own

_PART = 15_000  # characters of a part: Chroma's cloud takes 16 kB
_LARGEST = 256_000_000  # bytes of an episode, unpacked
_HALF = np.dtype("<f2")  # of a vector's numbers: tells three digits, which is enough to compare
_UNIT = 1e-2  # how far a vector's length may lie from 1


class NotWhole(Exception):
    """An episode's records are not what its entry says: replaced meanwhile, or damaged."""


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """What says that an episode is there, in which version, or that it has been removed."""

    episode_id: str
    revision: int  # of the server, at which it was written
    source: Source | None = None  # None: the episode has been removed
    parts: int = 0
    chunks: int = 0
    title: str = ""

    @property
    def record(self) -> Record:
        """As it stands on the server."""
        known: Metadata = {
            "kind": "episode" if self.source else "removed",
            "episode_id": self.episode_id,
            "revision": self.revision,
        }
        if self.source:
            known |= asdict(self.source) | {"parts": self.parts, "chunks": self.chunks}
        return Record(entry_id(self.episode_id), _direction(self.episode_id), self.title, known)

    @classmethod
    def of(cls, record: Record) -> EpisodeRecord:
        """Raises NotWhole."""
        known = record.metadata or {}
        try:
            id_, revision = _text(known["episode_id"]), int(known["revision"])
            if known["kind"] == "removed":
                return cls(id_, revision)
            told = {field.name: known[field.name] for field in fields(Source)}
            faults, untimed = int(told.pop("faults")), bool(told.pop("untimed"))
            texts = {name: _text(value) for name, value in told.items()}
            source = Source(**texts, faults=faults, untimed=untimed)
            return cls(id_, revision, source, int(known["parts"]), int(known["chunks"]))
        except (KeyError, TypeError, ValueError) as error:
            raise NotWhole(f"{record.id} is no entry of an episode") from error

    @property
    def version(self) -> str:
        """Of the episode's records; "" where it has been removed."""
        return self.source.version if self.source else ""

    def part_ids(self) -> list[str]:
        """The ids of the records that hold its parts."""
        return [f"part:{self.episode_id}#{self.version}#{n}" for n in range(self.parts)]

    def chunk_ids(self) -> list[str]:
        """The ids of its chunks, in order."""
        return [chunk_id(self.episode_id, self.version, n) for n in range(self.chunks)]


def entry_id(episode_id: str) -> str:
    """The id of an episode's entry on the server."""
    return f"episode:{episode_id}"


def chunk_id(episode_id: str, version: str, position: int) -> str:
    """The id of a chunk's record."""
    return f"{episode_id}#{version}#{position}"


def chunk_records(version: str, episode: Episode, embedded: Embedded) -> list[Record]:
    """One record for each chunk, with its contextual vector."""
    chunks, mixed = embedded.chunks, contextual_vectors(embedded.vectors)
    return [
        Record(
            chunk_id(episode.id, version, position),
            vector,
            chunk.text,
            described(StoredChunk(0, episode.id, position, chunk), episode) | {"version": version},
        )
        for position, (chunk, vector) in enumerate(zip(chunks, mixed.tolist(), strict=True))
    ]


def part_records(version: str, episode: Episode, embedded: Embedded) -> list[Record]:
    """The episode, its turns, where its chunks are cut and their vectors, packed."""
    packed = pack(episode, embedded)
    known = {"kind": "part", "episode_id": episode.id, "version": version}
    return [
        Record(
            f"part:{episode.id}#{version}#{number}",
            _direction(f"{episode.id}#{number}"),
            packed[begin : begin + _PART],
            known,
        )
        for number, begin in enumerate(range(0, len(packed), _PART))
    ]


def pack(episode: Episode, embedded: Embedded) -> str:
    """An episode, where its chunks are cut and the embedder's vectors of them, as text."""
    told = {
        "id": episode.id,
        "episode": rows.details_of(episode),
        "turns": [rows.turn_values(turn) for turn in episode.turns],
        "chunks": [
            (chunk.heading, chunk.section, rows.cuts_of(chunk)) for chunk in embedded.chunks
        ],
        "sentences": [
            base64.b64encode(each.tobytes()).decode() for each in embedded.sentences or ()
        ],
        "vectors": base64.b64encode(embedded.vectors.astype(_HALF).tobytes()).decode(),
    }
    return base64.b64encode(zlib.compress(json.dumps(told, allow_nan=False).encode())).decode()


def unpack(packed: str) -> tuple[Episode, Embedded]:
    """Raises NotWhole."""
    try:
        told = parse_json(_inflated(base64.b64decode(packed, validate=True)))
        turns = dict(enumerate(rows.turn_of(values) for values in told["turns"]))
        chunks = [rows.chunk_of(turns, *values) for values in told["chunks"]]
        episode = rows.episode_of(_text(told["id"]), told["episode"], turns.values())
        vectors = _vectors(told["vectors"], len(chunks))
        sentences = [_packed(each, vectors.shape[1]) for each in told["sentences"]]
        return episode, Embedded(chunks, vectors, sentences)
    except (ValueError, TypeError, LookupError, AttributeError, zlib.error) as error:
        raise NotWhole(f"what is packed cannot be read ({type(error).__name__})") from error


def _vectors(packed: str, count: int) -> Vectors:
    data = np.frombuffer(base64.b64decode(packed, validate=True), dtype=_HALF)
    vectors = data.reshape(count, -1 if count else 0).astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not bool(np.all(np.abs(lengths - 1) < _UNIT)):
        raise ValueError("a vector is not of unit length")
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit


def _packed(packed: str, dimension: int) -> Packed:
    data = np.frombuffer(base64.b64decode(packed, validate=True), dtype=np.int8)
    return data.reshape(-1, dimension or 1)


def _inflated(data: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    whole = unpacking.decompress(data, _LARGEST)
    if not unpacking.eof:
        raise ValueError("it is longer than any episode, or cut")
    return whole


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise TypeError
    return value


def _direction(name: str) -> tuple[float, float]:
    """A vector for what is never searched by one: spread, as a graph of equal ones is slow."""
    angle = zlib.crc32(name.encode()) / 2**32 * math.tau
    return math.cos(angle), math.sin(angle)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What made an archive, and how far it has come, as read at one instant.

    It is kept in the metadata of the collection of episodes, which the server changes as one.
    """

    collection: Collection  # of the episodes
    archive: str  # its id, of this one archive for ever
    revision: int  # a number that every commit raises
    pending: str  # the episode whose records a writer is changing; "" where none is
    stamp: Stamp

    @classmethod
    def read(cls, database: Database) -> Manifest:
        """The manifest of the archive in a database.

        Raises:
            ArchiveNotFound: the database holds none.
            ServerError: there is no such database, or the collection is not askpod's.
        """
        try:
            return cls.of(database.collection(EPISODES))
        except NotThere:
            database.check()
        raise ArchiveNotFound(
            f"{database.address}: no archive there yet. Make one with `askpod index PATH…`, or "
            "name the database of an existing one (ASKPOD_CHROMA_DATABASE)."
        )

    @classmethod
    def of(cls, collection: Collection) -> Manifest:
        """What the metadata of a collection says. Raises as `read`."""
        known, address = collection.metadata, collection.database.address
        try:
            layout = int(known["askpod"])
            if layout != LAYOUT:
                raise StoreMismatch(
                    f"{address}: the archive there has layout {layout}, made by another version of "
                    f"askpod; this one reads layout {LAYOUT}. Use the same version on all machines"
                )
            stamp = Stamp(str(known["embedder"]), int(known["dimension"]), str(known["chunking"]))
            archive, pending = str(known["archive"]), str(known["pending"])
            return cls(collection, archive, int(known["revision"]), pending, stamp)
        except (KeyError, TypeError, ValueError):
            raise ServerError(
                f"{address}: its collection {EPISODES!r} is not one that askpod made; name another "
                "database (ASKPOD_CHROMA_DATABASE)"
            ) from None

    def check(self, stamp: Stamp) -> None:
        """Raises StoreMismatch where this machine's settings would make another archive."""
        if differing := stamp.differing(self.collection.metadata):
            raise StoreMismatch(
                f"{self.collection.database.address}: the archive there was made with {differing}. "
                "Go back to the settings that it was made with, or index into another database "
                "(ASKPOD_CHROMA_DATABASE, and another --store)."
            )


def found(database: Database, stamp: Stamp) -> Manifest:
    """The manifest of a new archive in a database; of the one there, if somebody was quicker."""
    begun = {"askpod": LAYOUT, "archive": uuid4().hex, "revision": 0, "pending": ""}
    try:
        chunks_of(database, stamp.embedder)
        metadata = begun | stamp.values()
        return Manifest.of(database.make(EPISODES, metadata, "l2"))
    except Exists:
        return Manifest.of(database.collection(EPISODES))
    except NotThere:
        database.check()
        raise


def chunks_of(database: Database, embedder: str) -> Collection:
    """The collection of chunks, made where it is not there."""
    return database.make(CHUNKS, about(embedder), "ip", or_get=True)
