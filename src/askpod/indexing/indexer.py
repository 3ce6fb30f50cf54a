"""Brings an archive's catalog in line with the files of its episodes.

Files that have not changed are not read again. Each episode is written in one transaction, so
a stop at any instant loses at most the one being worked on, and the next run goes on there. A
file that fails is reported and never takes the others with it. An embedder's endpoint that fails
is no fault of a file: it ends the run, what was finished is kept.

Files are planned in their order, prepared by one process or several, and settled in their order
again; only settling writes, so that the archive is the same however many worked on it.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Protocol

from askpod.chunking import ChunkSettings, chunk_episode
from askpod.embedding import Embedder
from askpod.errors import Failure, ReadError
from askpod.files import readable
from askpod.indexing.embedding_cache import CachedEmbedder
from askpod.indexing.file_check import (
    may_be_twins,
    no_transcript,
    richer,
    same_recording,
    shared_id,
    twin_note,
    waiting_note,
)
from askpod.indexing.workers import Prepared, embed, executor
from askpod.model import Chunk, Episode, Fault
from askpod.readers import episode_id, file_digest
from askpod.readers.discover import place_of
from askpod.store.rows import Embedded, Source


@dataclass(slots=True)
class IndexReport:
    """What a run of indexing did. Episodes are named by id, in the order of their files."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # their files are missing; kept without prune
    failed: list[Failure] = field(default_factory=list)
    passed_over: list[Failure] = field(default_factory=list)  # hold no transcript, or a known one
    not_pruned: list[Failure] = field(default_factory=list)  # missing folders, with their episodes
    not_reached: list[str] = field(default_factory=list)  # files, where an error ended the run
    fetched: int = 0  # files fetched from feeds and repositories by this run
    faults: list[Fault] = field(default_factory=list)  # mended in the files read by this run
    turns: int = 0  # of the episodes added or changed, as the next two
    chunks: int = 0
    audio_seconds: float = 0.0
    seconds: float = 0.0  # that the run took
    tokens: int = 0  # embedded by an endpoint in this run; 0 where the embedder is built in
    cost: float | None = None  # of these in US dollars, where the price is known

    def to_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Prune:
    """Which of the episodes whose files are gone are removed."""

    below: tuple[Path, ...]  # only those in folders and files that the user named; absolute paths
    missing_folders: bool = False  # also where a whole folder is missing: perhaps an unplugged disk


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, told after each file."""

    done: int  # files
    total: int
    path: Path  # of the file just finished
    bytes_done: int
    bytes_total: int


ProgressListener = Callable[[Progress], None]


class EpisodeStore(Protocol):
    """Where episodes are written: the catalog, or a server with its replica."""

    def sources(self) -> dict[str, Source]:
        """The files that the archive was made from, by the id of their episode."""

    def put(self, episode: Episode, source: Source, embedded: Embedded) -> object:
        """Writes an episode, in the place of one with the same id."""

    def remove(self, episode_ids: Sequence[str]) -> None:
        """Removes episodes."""

    def moved(self, episode_id: str, path: str) -> None:
        """Writes down that an episode's file, unchanged, has another path."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done with one file, as far as that can be said before it is read."""

    path: Path
    id: str
    here: str  # its absolute path
    known: Source | None  # of the episode that has this id so far
    take: Callable[[], Prepared] | None = None  # what it gives; None where it has not changed


class Indexer:
    """One run over a list of files. The caller holds the write lock."""

    def __init__(
        self,
        catalog: EpisodeStore,
        embedder: Embedder,
        chunking: ChunkSettings,
        *,
        workers: int = 1,
        untimed: bool | Collection[Path] = False,
        report: IndexReport | None = None,
    ) -> None:
        """Takes files without any time where `untimed` says so, or names them.

        What is in the catalog without any is always taken again.
        """
        self._catalog = catalog
        self._untimed = untimed
        self._embedder = embedder
        self._chunking = chunking
        self._executor = executor(workers, embedder, chunking)
        self._sources = catalog.sources()
        self._planned: set[str] = set()  # ids that a file of this run is to have
        self._held: dict[str, Path] = {}  # the file that has the id, in this run
        self._failed: set[str] = set()  # ids whose file could not be read
        self._words: dict[str, str] = {}  # said in the episodes written, as their digest
        self.report = report or IndexReport()

    def run(
        self,
        files: Sequence[Path],
        *,
        prune: Prune | None,
        progress: ProgressListener | None,
        named: Collection[Path] | None = None,
    ) -> IndexReport:
        """Indexes `files`; with `prune` also removes episodes whose files are gone.

        `named` are those that the user named one by one (None: all): they must hold a
        transcript. What was found in a folder and holds none is passed over. However the run
        ends, `report` says what was done and which files it did not come to.

        Raises:
            ModelError: the embedder's endpoint failed; the episodes before are in the catalog.
            WorkerError: a worker cannot be started; likewise.
        """
        began = time.perf_counter()
        self.report.not_reached = [readable(path) for path in files]
        try:
            with self._executor:
                self._index(files, progress, named)
            self._look_for_gone(prune)
        finally:
            self.report.seconds = time.perf_counter() - began
        return self.report

    def _index(
        self,
        files: Sequence[Path],
        progress: ProgressListener | None,
        named: Collection[Path] | None,
    ) -> None:
        sizes = [_size(path) for path in files]
        bytes_done = 0
        for number, step in enumerate(self._steps(files), start=1):
            path, size = files[number - 1], sizes[number - 1]
            try:
                if isinstance(step, ReadError):
                    raise step
                self._settle(step)
            except ReadError as error:
                self._refused(path, error, named)
            del self.report.not_reached[0]
            bytes_done += size
            if progress:
                progress(Progress(number, len(files), path, bytes_done, sum(sizes)))

    def keep(self, episode: Episode, source: Source) -> None:
        """Writes an episode that is at hand, its file not read."""
        self._write(episode, source, self._embed(episode, None))
        self.report.unchanged.append(episode.id)
        if _is_gone(source.path):
            self.report.gone.append(episode.id)

    def _steps(self, files: Sequence[Path]) -> Iterator[_Step | ReadError]:
        """The files' steps in order, planned as far ahead as the executor can work."""
        ahead: deque[_Step | ReadError] = deque()
        for path in files:
            try:
                ahead.append(self._plan(path))
            except ReadError as error:
                ahead.append(error)
            if len(ahead) >= self._executor.ahead:
                yield ahead.popleft()
        while ahead:
            yield ahead.popleft()

    def _plan(self, path: Path) -> _Step:
        """Raises ReadError: the file cannot be read."""
        id_ = episode_id(path)
        here = str(place_of(path))
        known = self._sources.get(id_)
        elsewhere = self._elsewhere(known, here)
        same = known is not None and known.digest == file_digest(path)
        taken = id_ in self._planned or (elsewhere is not None and not same)
        if not taken:
            self._planned.add(id_)
        if same and not taken:
            return _Step(path, id_, here, known)
        # Where another file has its id it will hardly be indexed: embedding it can wait.
        return _Step(path, id_, here, known, self._prepare(path, known, whole=not taken))

    def _prepare(self, path: Path, known: Source | None, *, whole: bool) -> Callable[[], Prepared]:
        asked = self._untimed if isinstance(self._untimed, bool) else path in self._untimed
        untimed = asked or (known is not None and known.untimed)
        return self._executor.prepare(path, whole=whole, untimed=untimed)

    def _settle(self, step: _Step) -> None:
        """Raises ReadError: the file cannot be read, or another one has its id."""
        holder = self._holder(step)
        if holder and not self._replaces(step, holder):
            return
        if step.take is None:
            self._leave(step)
            return
        prepared = step.take()
        source = Source(step.here, prepared.digest, prepared.transcript, len(prepared.faults))
        embedded = prepared.embedded or self._embed(prepared.episode, prepared.chunks)
        self._write(prepared.episode, source, embedded)
        self._held[step.id] = step.path
        self._failed.discard(step.id)
        self._words[step.id] = prepared.transcript
        self.report.faults.extend(prepared.faults)
        (self.report.changed if step.known else self.report.added).append(step.id)

    def _leave(self, step: _Step) -> None:
        """A file that has not changed."""
        if step.known and step.known.path != step.here:
            self._catalog.moved(step.id, step.here)
        self._held[step.id] = step.path
        self.report.unchanged.append(step.id)

    def _holder(self, step: _Step) -> Path | None:
        """The other file that has this file's id: in this run, or since an earlier one."""
        if step.take is None or step.id in self._held:
            return self._held.get(step.id)
        return self._elsewhere(step.known, step.here)

    def _elsewhere(self, known: Source | None, here: str) -> Path | None:
        """The file that an episode came from, where that is another one and still there."""
        if known is None or known.path == here or _is_gone(known.path):
            return None
        if os.path.realpath(known.path) == os.path.realpath(here):  # one file, by another way
            return None
        return Path(known.path)

    def _replaces(self, step: _Step, holder: Path) -> bool:
        """Whether the file takes the place of the one that has its id, or is passed over.

        Raises ReadError where it is of another recording, and its id is shared by mistake.
        """
        if not may_be_twins(step.path, holder):
            raise shared_id(step.path, step.id, holder)
        if step.id in self._failed and step.known is None:
            return True  # the poorer format is better than none
        if step.id in self._failed:
            self._pass_over(step.path, waiting_note(step.path, holder))
            return False
        if step.take is None or self._same(step.take(), step.id, holder):
            if step.take and step.id not in self._held and richer(step.path, holder):
                return True
            self._pass_over(step.path, twin_note(step.path, holder))
            return False
        raise shared_id(step.path, step.id, holder)

    def _same(self, prepared: Prepared, id_: str, holder: Path) -> bool:
        """Whether a file is of the same recording as the one that has its id."""
        known = self._sources.get(id_)
        words = self._words.get(id_) or (known.transcript if known else "")
        return prepared.transcript == words or same_recording(prepared.episode, holder)

    def _pass_over(self, path: Path, note: str) -> None:
        self.report.passed_over.append(Failure(str(path), note))

    def _refused(self, path: Path, error: ReadError, named: Collection[Path] | None) -> None:
        """Notes that a file was not indexed, and why."""
        failure = Failure(readable(path), readable(error))
        id_, here = episode_id(path), str(place_of(path))
        known = self._sources.get(id_)
        was_one = known is not None and known.path == here
        if no_transcript(path, error, named) and not was_one:
            self.report.passed_over.append(failure)
            return
        self.report.failed.append(failure)
        if id_ not in self._held and not self._elsewhere(known, here):
            self._held[id_] = path
            self._failed.add(id_)

    def _write(self, episode: Episode, source: Source, embedded: Embedded) -> None:
        if isinstance(self._embedder, CachedEmbedder):
            self.report.tokens, self.report.cost = self._embedder.tokens, self._embedder.cost
        self._catalog.put(episode, source, embedded)
        self.report.turns += len(episode.turns)
        self.report.chunks += len(embedded.chunks)
        self.report.audio_seconds += 0.0 if episode.untimed else episode.end

    def _embed(self, episode: Episode, chunks: Sequence[Chunk] | None) -> Embedded:
        if chunks is None:  # it was only read
            chunks = chunk_episode(episode, self._embedder.count_tokens, self._chunking)
        return embed(episode.turns, chunks, self._embedder)

    def _look_for_gone(self, prune: Prune | None) -> None:
        gone = {
            id_: Path(source.path)
            for id_, source in self._catalog.sources().items()
            # Another machine's file is not here to be looked for.
            if id_ not in self._held and not source.origin and _is_gone(source.path)
        }
        removed = self._to_be_removed(gone, prune) if prune else []
        if removed:
            self._catalog.remove(removed)
            self.report.removed.extend(removed)
        self.report.gone.extend(id_ for id_ in gone if id_ not in set(removed))

    def _to_be_removed(self, gone: dict[str, Path], prune: Prune) -> list[str]:
        """Of the episodes that are gone, those below what was named, but of missing folders."""
        below = {
            id_: path for id_, path in gone.items() if any(map(path.is_relative_to, prune.below))
        }
        if prune.missing_folders:
            return list(below)
        missing = {
            folder for folder in {path.parent for path in below.values()} if _is_missing(folder)
        }
        for folder in sorted(missing):
            count = sum(path.parent == folder for path in below.values())
            shown = readable(folder)
            note = (
                f"{shown}: the whole folder is missing or empty, so its episodes ({count:,}) are "
                "kept: is a disk unplugged? Remove them with --prune --yes"
            )
            self.report.not_pruned.append(Failure(shown, note))
        return [id_ for id_, path in below.items() if path.parent not in missing]


def _is_gone(path: str) -> bool:
    """Whether a file is not there, or a folder instead. What cannot be looked for is there."""
    try:  # Path.exists raises where a folder may not be entered
        return S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False


def _is_missing(folder: Path) -> bool:
    """Whether a folder is not there, cannot be read, or is as empty as a disk's mount point."""
    try:
        return all(entry.name.startswith(".") for entry in folder.iterdir())
    except OSError:
        return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
