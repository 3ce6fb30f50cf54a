"""Brings an archive's catalog in line with the files of its episodes.

Files that have not changed are not read again. Each episode is written in one transaction, so
a stop at any instant loses at most the one being worked on, and the next run goes on there. A
file that fails is reported and never takes the others with it. An embedder's endpoint that fails
is no fault of a file: it ends the run, what was finished is kept.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import ChunkSettings, chunk_episode
from askpod.embedding import Embedder
from askpod.errors import ReadError
from askpod.indexing.report import Failure, IndexReport, Progress, ProgressListener
from askpod.model import Chunk, Episode
from askpod.paying import PayingEmbedder
from askpod.readers import episode_id, file_digest, read_episode, transcript_key
from askpod.store.rows import Source


class EpisodeStore(Protocol):
    """Where episodes are written: the catalog, or a server with its replica."""

    def sources(self) -> dict[str, Source]: ...

    def put(
        self,
        episode: Episode,
        source: Source,
        chunks: Sequence[Chunk],
        vectors: NDArray[np.float32],
    ) -> None: ...

    def remove(self, episode_ids: Sequence[str]) -> None: ...

    def moved(self, episode_id: str, path: str) -> None: ...


class Indexer:
    """One run over a list of files. The caller holds the write lock."""

    def __init__(
        self,
        catalog: EpisodeStore,
        embedder: Embedder,
        chunking: ChunkSettings,
        *,
        workers: int = 1,
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._chunking = chunking
        self._sources = catalog.sources()
        self._seen: dict[str, Path] = {}
        self.report = IndexReport()

    def run(
        self, files: Sequence[Path], *, prune: bool, progress: ProgressListener | None
    ) -> IndexReport:
        """Indexes `files`; with `prune` also removes the episodes whose files are gone.

        Raises:
            ModelError: the embedder's endpoint failed; the episodes before are in the catalog.
        """
        began = time.perf_counter()
        sizes = [_size(path) for path in files]
        bytes_done = 0
        for number, (path, size) in enumerate(zip(files, sizes, strict=True), start=1):
            try:
                self._index(path)
            except ReadError as error:
                self.report.failed.append(Failure(_readable(path), _readable(error)))
            bytes_done += size
            if progress:
                progress(Progress(number, len(files), path, bytes_done, sum(sizes)))
        self._look_for_gone(prune)
        self.report.seconds = time.perf_counter() - began
        return self.report

    def keep(self, episode: Episode, source: Source) -> None:
        """Writes an episode that is at hand, its file not read."""
        self._write(episode, source)
        self.report.unchanged.append(episode.id)
        if not Path(source.path).exists():
            self.report.gone.append(episode.id)

    def _index(self, path: Path) -> None:
        id_ = episode_id(path)
        if id_ in self._seen:
            raise _shared_id(path, id_, self._seen[id_])
        known = self._sources.get(id_)
        here = str(path.resolve())
        if here != _readable(here):
            raise ReadError(path, "its path is not valid UTF-8; rename the file or its folder")
        if known and known.digest == file_digest(path):
            self._seen[id_] = path
            if known.path != here:
                self._catalog.moved(id_, here)
            self.report.unchanged.append(id_)
            return
        if known and known.path != here and Path(known.path).exists():
            raise _shared_id(path, id_, Path(known.path))
        self._seen[id_] = path
        reading = read_episode(path)
        self.report.faults.extend(reading.faults)
        episode = named_in_full(reading.episode)
        source = Source(here, reading.digest, transcript_key(episode), len(reading.faults))
        self._write(episode, source)
        (self.report.changed if known else self.report.added).append(id_)

    def _write(self, episode: Episode, source: Source) -> None:
        chunks = chunk_episode(episode, self._embedder.count_tokens, self._chunking)
        vectors = self._embedder.embed([chunk.embedded_text for chunk in chunks])
        if isinstance(self._embedder, PayingEmbedder):
            self.report.tokens, self.report.cost = self._embedder.tokens, self._embedder.cost
        self._catalog.put(episode, source, chunks, vectors)
        self.report.turns += len(episode.turns)
        self.report.chunks += len(chunks)
        self.report.audio_seconds += episode.end

    def _look_for_gone(self, prune: bool) -> None:
        gone = [
            id_
            for id_, source in self._catalog.sources().items()
            if id_ not in self._seen and not Path(source.path).exists()
        ]
        if prune and gone:
            self._catalog.remove(gone)
            self.report.removed.extend(gone)
        else:
            self.report.gone.extend(gone)


def named_in_full(episode: Episode) -> Episode:
    """The episode with guests' labels ("Mara") written as their full names ("Mara Lind").

    Only where the label's words begin the name of exactly one guest.
    """
    names = {
        label: _full_name(label, episode.guests)
        for label in {turn.speaker for turn in episode.turns if turn.speaker}
    }
    turns = tuple(replace(turn, speaker=names.get(turn.speaker, "")) for turn in episode.turns)
    return replace(episode, turns=turns)


def _full_name(label: str, guests: Sequence[str]) -> str:
    words = label.casefold().split()
    fitting = [guest for guest in guests if guest.casefold().split()[: len(words)] == words]
    return fitting[0] if len(fitting) == 1 else label


def _shared_id(path: Path, id_: str, other: Path) -> ReadError:
    return ReadError(
        path,
        f"would have the id {id_!r}, which {other} has already; give one of the two files another "
        "name, or index them into different archives",
    )


def _readable(value: object) -> str:
    """As text that can be printed: bytes of a path that are not UTF-8 become escapes."""
    return str(value).encode(errors="backslashreplace").decode()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
