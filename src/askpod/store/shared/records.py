"""What an archive's records on the server hold, and how episodes become records.

Collection `askpod`: one record for each chunk, with vector, text and metadata as the embedded
index has them, so that any Chroma user can read it. Collection `askpod-episodes`: for each
episode one *entry*, and its *parts*: all that a replica needs, packed and
cut to a size that every server takes. Chunks and parts carry a version; the entry names the one
that counts. Writing the entry is what makes an episode visible: all of it, at once.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.embedding.contextual import contextual_vectors
from askpod.model import Episode
from askpod.parsing import parse_json
from askpod.store import rows
from askpod.store.rows import Embedded, Source, StoredChunk
from askpod.store.shared.client import Metadata
from askpod.store.vectors import Record, described

CHUNKS = "askpod"
EPISODES = "askpod-episodes"

_PART = 15_000  # characters of a part: Chroma's cloud takes 16 kB
_LARGEST = 256_000_000  # bytes of an episode, unpacked
_HALF = np.dtype("<f2")  # of a vector's numbers: tells three digits, which is enough to compare
_UNIT = 1e-2  # how far a vector's length may lie from 1

Vectors = NDArray[np.float32]


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
            faults = int(told.pop("faults"))
            source = Source(**{name: _text(value) for name, value in told.items()}, faults=faults)
            return cls(id_, revision, source, int(known["parts"]), int(known["chunks"]))
        except (KeyError, TypeError, ValueError) as error:
            raise NotWhole(f"{record.id} is no entry of an episode") from error

    @property
    def version(self) -> str:
        """Of the episode's records; "" where it has been removed."""
        return self.source.version if self.source else ""

    def part_ids(self) -> list[str]:
        return [f"part:{self.episode_id}#{self.version}#{n}" for n in range(self.parts)]

    def chunk_ids(self) -> list[str]:
        return [chunk_id(self.episode_id, self.version, n) for n in range(self.chunks)]


def entry_id(episode_id: str) -> str:
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
        return episode, Embedded(chunks, _vectors(told["vectors"], len(chunks)))
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
