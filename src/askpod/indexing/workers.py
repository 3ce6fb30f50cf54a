"""Prepares files: each is read, cut into chunks and embedded, in this process or in several.

This is all of indexing that touches no store, so that it can be done in any process. A reader that
fails in a way of its own is reported as the failure of its file.

Each worker is a process of its own, started when there is work for it, with a thread here that
hands it one file after the other. They write nothing: what they prepared comes back, in any order,
and the caller takes it in the order of the files. What a worker that died was doing wrong is not
guessed at: its file is reported, and a new worker goes on with the next.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, Self

from askpod.chunking import ChunkSettings, chunk_episode
from askpod.embedding import Embedder, PoolingEmbedder
from askpod.embedding.contextual import under_heading
from askpod.errors import AskpodError, ReadError, WorkerError
from askpod.indexing.file_check import transcript_key
from askpod.late_chunking import SentencePooling
from askpod.model import Chunk, Episode, Fault, Turn
from askpod.readers import Reading, read_episode
from askpod.readers.speaker_labels import linked
from askpod.store.rows import Embedded

_EXCERPT = 200  # characters of an error that is not ours: it may quote the whole file


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one file gave."""

    episode: Episode  # its guests named in full
    digest: str
    transcript: str  # digest of the words said
    faults: tuple[Fault, ...]
    chunks: list[Chunk] | None = None  # None, as below, where that is still to be done
    embedded: Embedded | None = None


def read(path: Path, *, untimed: bool = False) -> Prepared:
    """What a file says, nothing of it embedded; `untimed` takes one without any time.

    Raises:
        ReadError: no transcript can be had from it.
    """
    reading = _reading(path, untimed=untimed)
    episode = linked(reading.episode)
    return Prepared(episode, reading.digest, transcript_key(episode), reading.faults)


def embed(turns: Sequence[Turn], chunks: Sequence[Chunk], embedder: Embedder) -> Embedded:
    """The chunks of an episode with their vectors, and those of the sentences of its turns.

    Raises what the embedder raises.
    """
    headings = [*dict.fromkeys(chunk.heading for chunk in chunks if chunk.heading)]
    texts = [*headings, *(chunk.embedded_text for chunk in chunks)]
    sentences = None
    if isinstance(embedder, PoolingEmbedder):
        pooling = SentencePooling(turns, chunks, embedder.count_tokens)
        both, states = embedder.embed_parts(texts, [*[[]] * len(headings), *pooling.parts])
        sentences = pooling.pooled(states[len(headings) :])
    else:
        both = embedder.embed(texts)
    heading_vectors = dict(zip(headings, both, strict=False))
    vectors = both[len(headings) :]
    for at, chunk in enumerate(chunks):
        if chunk.heading:
            vectors[at] = under_heading(vectors[at], heading_vectors[chunk.heading])
    return Embedded(chunks, vectors, sentences)


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


_BEGIN = "import sys; sys.path[:] = sys.argv[1:]; from {} import main; main()"
_AHEAD = 3  # files in hand for each worker: enough to keep it busy, few enough to hold in memory
_STARTS = 3
_DYING = 5.0  # seconds between a worker's last word and its end


def executor(count: int, embedder: Embedder, chunking: ChunkSettings) -> ReadAhead | Workers:
    """`count` processes, or this one where that is 1.

    An embedder that cannot be made again elsewhere, since its requests are counted and paid for,
    is left to the caller: the processes read only.
    """
    if count < 1:
        raise AskpodError(f"workers is {count}; it must be 1 or more")
    if count == 1:
        return ReadAhead(embedder, chunking)
    elsewhere = getattr(embedder, "elsewhere", None)
    return Workers(count, Job(chunking, elsewhere(count) if elsewhere else None))


class ReadAhead:
    """Reads and cuts the next file in a thread, while the caller embeds the one before."""

    ahead = 2  # files to ask for before the first of them is taken

    def __init__(self, embedder: Embedder, chunking: ChunkSettings) -> None:
        self._count_tokens, self._chunking = embedder.count_tokens, chunking
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="askpod-reader")

    def prepare(self, path: Path, *, whole: bool, untimed: bool) -> Callable[[], Prepared]:
        """Asks for a file; calling the result takes what was prepared, or raises its error.

        Args:
            path: the file.
            whole: cut, and embedded, too, if that can be done here; else only read.
            untimed: take one without any time.
        """

        def work() -> Prepared:
            prepared = read(path, untimed=untimed)
            if not whole:
                return prepared
            chunks = chunk_episode(prepared.episode, self._count_tokens, self._chunking)
            return replace(prepared, chunks=chunks)

        return self._thread.submit(work).result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)


class Workers:
    """Prepares files in `count` processes, which end at the end of the block, at once."""

    def __init__(self, count: int, job: Job) -> None:
        self.ahead = _AHEAD * count
        self._job = job
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="askpod-worker")
        self._mine = threading.local()  # .worker: the process that this thread hands files to
        self._running: set[_Worker] = set()
        self._lock = threading.Lock()
        self._over = False

    def prepare(self, path: Path, *, whole: bool, untimed: bool) -> Callable[[], Prepared]:
        """As ReadAhead's; taking the result may raise two more errors.

        Raises:
            EmbedderError: a worker cannot load the embedder.
            WorkerError: a worker cannot be started.
        """
        return self._threads.submit(self._hand, Task(path, whole, untimed)).result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            running, self._running = self._running, set()
        for worker in running:
            worker.end()
        self._threads.shutdown(cancel_futures=True)

    def _hand(self, task: Task) -> Prepared:
        """Has a file prepared by this thread's worker."""
        worker: _Worker | None = getattr(self._mine, "worker", None)
        if worker is None or not worker.alive():
            worker = self._mine.worker = self._started()
        try:
            reply = worker.ask(task)
        except _Died:
            raise ReadError(
                task.path,
                f"the worker that prepared it {worker.fate()}, perhaps for want of memory; run the "
                "same command again, with fewer --workers if it happens again",
            ) from None
        if isinstance(reply, Exception):
            raise reply
        prepared: Prepared = reply
        return prepared

    def _started(self) -> _Worker:
        """A worker that is ready. One that dies before is not the last word, three are."""
        for _ in range(_STARTS):
            worker = self._new()
            try:
                problem = worker.ask(self._job)
            except _Died:
                fate = worker.fate()
                continue
            if problem is not None:
                raise problem
            return worker
        raise WorkerError(
            f"a worker {fate} before it began, {_STARTS} times over; what was finished is kept. "
            "Run the same command with --workers 1"
        )

    def _new(self) -> _Worker:
        with self._lock:
            if self._over:
                raise WorkerError("the run is over; there is nothing to prepare")
            try:
                worker = _Worker()
            except OSError as error:
                raise WorkerError(
                    f"a worker cannot be started: {error}; what was finished is kept. Run the same "
                    "command with fewer --workers"
                ) from error
            self._running = {other for other in self._running if other.alive()} | {worker}
            return worker


class _Died(Exception):
    """A worker ended before it had answered."""


class _Worker:
    """One process, and the pipes to and from it."""

    def __init__(self) -> None:
        self._process = own_process(__name__, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, what: Job | Task) -> Any:  # noqa: ANN401 (what `main` answers in the worker)
        """The worker's answer, waited for. Raises _Died."""
        told, replies = self._process.stdin, self._process.stdout
        if told is None or replies is None:  # they are pipes
            raise AssertionError
        try:
            pickle.dump(what, told, pickle.HIGHEST_PROTOCOL)
            told.flush()
            return pickle.load(replies)  # noqa: S301 (from the process started here)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise _Died from error

    def alive(self) -> bool:
        return self._process.poll() is None

    def fate(self) -> str:
        """How it ended, in words. One that only stopped answering is ended."""
        try:
            code = self._process.wait(_DYING)
        except subprocess.TimeoutExpired:
            self.end()
            return "stopped answering"
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def end(self) -> None:
        """Ends it, whatever it is doing. It holds nothing that could be lost."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()


def own_process(module: str, **pipes: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 (Popen's)
    """A process that runs a module's `main`.

    In a group of its own, so that a terminal's Ctrl-C does not reach it. Started by the module's
    name and not by fork or `multiprocessing`, so that neither this process' threads nor a user's
    script that has no `if __name__ == "__main__"` come along; with this process' own path, and
    with nothing from the working folder (-P).
    """
    group: dict[str, Any] = {"process_group": 0}
    if os.name == "nt":
        group = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    command = [sys.executable, "-P", "-c", _BEGIN.format(module), *map(str, sys.path)]
    return subprocess.Popen(command, **pipes, **group)  # noqa: S603 (this Python, no user's text)


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is told first. Without a maker of embedders it only reads."""

    chunking: ChunkSettings
    embedder: Callable[[], Embedder] | None


@dataclass(frozen=True, slots=True)
class Task:
    """What it is told then, for each file. The answer is what was Prepared, or an exception."""

    path: Path
    whole: bool  # False: to be read only
    untimed: bool  # taken even if it has no time


def main() -> None:
    """Works until there is nobody to work for. The first answer is None: it is ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told, replies = _own_pipes()
    waiting: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(told, waiting), daemon=True).start()
    job: Job = waiting.get()
    try:
        embedder = job.embedder() if job.embedder else None
    except Exception as error:
        _tell(replies, _portable(error))
        return
    _tell(replies, None)
    while True:
        _tell(replies, _outcome(waiting.get(), embedder, job.chunking))


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for this module alone: nothing a library prints may mix in."""
    told = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return told, replies


def _listen(told: BinaryIO, waiting: SimpleQueue[Any]) -> None:
    """Passes on what is told; ends the process, whatever it is doing, when nobody is left."""
    while True:
        try:
            waiting.put(pickle.load(told))  # noqa: S301 (from the process that started this one)
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def _tell(replies: BinaryIO, what: object) -> None:
    try:
        pickle.dump(what, replies, pickle.HIGHEST_PROTOCOL)
        replies.flush()
    except OSError:  # nobody is left
        os._exit(0)


def _outcome(task: Task, embedder: Embedder | None, chunking: ChunkSettings) -> object:
    try:
        prepared = read(task.path, untimed=task.untimed)
        if not task.whole or embedder is None:
            return prepared
        chunks = chunk_episode(prepared.episode, embedder.count_tokens, chunking)
        return replace(prepared, embedded=embed(prepared.episode.turns, chunks, embedder))
    except Exception as error:
        return _portable(error)


def _portable(error: Exception) -> Exception:
    """The error, or one that says as much, where it cannot be carried to another process."""
    if not isinstance(error, AskpodError):
        error.add_note("In a worker:\n" + "".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (made in this line)
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
