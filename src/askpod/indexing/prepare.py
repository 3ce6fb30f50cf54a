"""Prepares one file for the archive: reads it, cuts its episode into chunks, embeds them.

All of indexing that touches no store, so that it can be done in any process. Refuses nothing
itself; a reader that fails in a way of its own is reported as the failure of its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from askpod.chunking import ChunkSettings, chunk_episode
from askpod.embedding import Embedder
from askpod.embedding.contextual import under_heading
from askpod.errors import AskpodError, ReadError
from askpod.indexing.duplicates import transcript_key
from askpod.model import Episode, Fault
from askpod.readers import Reading, read_episode
from askpod.readers.guests import linked
from askpod.store.rows import Embedded

_EXCERPT = 200  # characters of an error that is not ours: it may quote the whole file


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one file gave."""

    episode: Episode  # its guests named in full
    digest: str
    transcript: str  # digest of the words said
    faults: tuple[Fault, ...]
    embedded: Embedded | None = None  # None where that is still to be done


def read(path: Path, *, untimed: bool = False) -> Prepared:
    """What a file says, nothing of it embedded; `untimed` takes one without any time.

    Raises:
        ReadError: no transcript can be had from it.
    """
    reading = _reading(path, untimed=untimed)
    episode = linked(reading.episode)
    return Prepared(episode, reading.digest, transcript_key(episode), reading.faults)


def embed(episode: Episode, embedder: Embedder, chunking: ChunkSettings) -> Embedded:
    """The chunks of an episode and their vectors. Raises what the embedder raises."""
    chunks = chunk_episode(episode, embedder.count_tokens, chunking)
    headings = [*dict.fromkeys(chunk.heading for chunk in chunks if chunk.heading)]
    both = embedder.embed([*headings, *(chunk.embedded_text for chunk in chunks)])
    heading_vectors = dict(zip(headings, both, strict=False))
    vectors = both[len(headings) :]
    for at, chunk in enumerate(chunks):
        if chunk.heading:
            vectors[at] = under_heading(vectors[at], heading_vectors[chunk.heading])
    return Embedded(chunks, vectors)


def _reading(path: Path, *, untimed: bool) -> Reading:
    try:
        return read_episode(path, untimed=untimed)
    except AskpodError:
        raise
    except Exception as error:  # whatever a file holds, it must not take the others with it
        raise ReadError(
            path,
            f"its reader failed ({type(error).__name__}: {str(error)[:_EXCERPT]}), which is a "
            "fault of askpod: please report it. Leave the file out until it is mended",
        ) from error
