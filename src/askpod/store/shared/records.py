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
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import cut_span
from askpod.embedding.contextual import contextual_vectors
from askpod.model import Chunk, Episode, Turn
from askpod.store.rows import Source, StoredChunk
from askpod.store.shared.database import Metadata, Record
from askpod.store.vectors import described

CHUNKS = "askpod"
EPISODES = "askpod-episodes"

_PART = 15_000  # characters of a part: Chroma's cloud takes 16 kB
_LARGEST = 256_000_000  # bytes of an episode, unpacked
_HALF = np.dtype("<f2")  # of a vector's numbers: tells three digits, which is enough to compare
_UNIT = 1e-2  # how far a vector's length may lie from 1
_EPISODE_FIELDS = tuple(field.name for field in fields(Episode) if field.name != "turns")
_TURN_FIELDS = tuple(field.name for field in fields(Turn))
_TUPLES = ("guests", "topics")

Vectors = NDArray[np.float32]


class NotWhole(Exception):
    """An episode's records are not what its entry says: replaced meanwhile, or damaged."""


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """What says that an episode is there, in which version, or that it has been removed."""

    episode_id: str
    revision: int  # of the server, at which it was written
    origin: str = ""  # the machine that indexed it
    version: str = ""  # "": the episode has been removed
    parts: int = 0
    chunks: int = 0
    title: str = ""
    source: Source | None = None  # None where it has been removed; its origin is empty

    @property
    def record(self) -> Record:
        known: Metadata = {
            "kind": "episode" if self.source else "removed",
            "episode_id": self.episode_id,
            "revision": self.revision,
            "origin": self.origin,
        }
        if self.source:
            known |= {
                "version": self.version,
                "parts": self.parts,
                "chunks": self.chunks,
                "path": self.source.path,
                "digest": self.source.digest,
                "transcript": self.source.transcript,
                "faults": self.source.faults,
            }
        return Record(entry_id(self.episode_id), _direction(self.episode_id), self.title, known)

    @classmethod
    def of(cls, record: Record) -> EpisodeRecord:
        """Raises NotWhole."""
        known = record.metadata or {}
        try:
            return cls._read(known)
        except (KeyError, TypeError, ValueError) as error:
            raise NotWhole(f"{record.id} is no entry of an episode") from error

    @classmethod
    def _read(cls, known: Metadata) -> EpisodeRecord:
        id_, revision = _text(known["episode_id"]), int(known["revision"])
        if known["kind"] == "removed":
            return cls(id_, revision)
        source = Source(
            _text(known["path"]),
            _text(known["digest"]),
            _text(known["transcript"]),
            int(known["faults"]),
        )
        parts, chunks = int(known["parts"]), int(known["chunks"])
        origin, version = _text(known["origin"]), _text(known["version"])
        return cls(id_, revision, origin, version, parts, chunks, source=source)

    def part_ids(self) -> list[str]:
        return [f"part:{self.episode_id}#{self.version}#{n}" for n in range(self.parts)]

    def chunk_ids(self) -> list[str]:
        return [chunk_id(self.episode_id, self.version, n) for n in range(self.chunks)]


def entry_id(episode_id: str) -> str:
    return f"episode:{episode_id}"


def chunk_id(episode_id: str, version: str, position: int) -> str:
    """The id of a chunk's record."""
    return f"{episode_id}#{version}#{position}"


def chunk_records(
    version: str, episode: Episode, chunks: Sequence[Chunk], vectors: Vectors
) -> list[Record]:
    """One record for each chunk, with its contextual vector; `vectors` are the embedder's."""
    mixed = contextual_vectors(vectors)
    return [
        Record(
            chunk_id(episode.id, version, position),
            vector,
            chunk.text,
            described(StoredChunk(0, episode.id, position, chunk), episode) | {"version": version},
        )
        for position, (chunk, vector) in enumerate(zip(chunks, mixed.tolist(), strict=True))
    ]


def part_records(
    version: str, episode: Episode, chunks: Sequence[Chunk], vectors: Vectors
) -> list[Record]:
    """The episode, its turns, where its chunks are cut and their vectors, packed."""
    packed = pack(episode, chunks, vectors)
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


def pack(episode: Episode, chunks: Sequence[Chunk], vectors: Vectors) -> str:
    """An episode, where its chunks are cut and the embedder's vectors of them, as text."""
    told = {name: getattr(episode, name) for name in _EPISODE_FIELDS}
    turns = [[getattr(turn, name) for name in _TURN_FIELDS] for turn in episode.turns]
    cuts = [
        [
            chunk.heading,
            chunk.section,
            [[span.turn, span.offset, span.offset + len(span.text)] for span in chunk.spans],
        ]
        for chunk in chunks
    ]
    held = base64.b64encode(vectors.astype(_HALF).tobytes()).decode()
    told = {"episode": told, "turns": turns, "chunks": cuts, "vectors": held}
    whole = json.dumps(told, allow_nan=False)
    return base64.b64encode(zlib.compress(whole.encode())).decode()


def unpack(packed: str) -> tuple[Episode, list[Chunk], Vectors]:
    """Raises NotWhole."""
    try:
        told = json.loads(_inflated(base64.b64decode(packed, validate=True)))
        turns = tuple(_turn(*values) for values in told["turns"])
        known = {name: told["episode"][name] for name in _EPISODE_FIELDS}
        known |= {name: tuple(known[name]) for name in _TUPLES}
        chunks = [_chunk(turns, *values) for values in told["chunks"]]
        return Episode(**known, turns=turns), chunks, _vectors(told["vectors"], len(chunks))
    except (ValueError, TypeError, LookupError, zlib.error, RecursionError) as error:
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


def _turn(
    speaker: str,
    text: str,
    start: float,
    end: float,
    estimated: bool,
    section: str,
    marks: list[list[float]],
    label: str,
) -> Turn:
    known = tuple((int(at), _second(second)) for at, second in marks)
    return Turn(
        _text(speaker),
        _text(text),
        _second(start),
        _second(end),
        bool(estimated),
        _text(section),
        known,
        _text(label),
    )


def _chunk(turns: Sequence[Turn], heading: str, section: str, cuts: list[list[int]]) -> Chunk:
    if not cuts or any(turn < 0 for turn, _, _ in cuts):
        raise ValueError("a chunk is of no turn")
    spans = tuple(cut_span(turns[turn], turn, begin, end) for turn, begin, end in cuts)
    return Chunk(_text(heading), _text(section), spans)


def _second(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a second is none")
    return float(value)


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise TypeError
    return value


def _direction(name: str) -> tuple[float, float]:
    """A vector for what is never searched by one: spread, as a graph of equal ones is slow."""
    angle = zlib.crc32(name.encode()) / 2**32 * math.tau
    return math.cos(angle), math.sin(angle)
