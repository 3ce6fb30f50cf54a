"""A worker: a process that prepares files for the one that started it.

It is told what to do by pickles on its standard input and answers by pickles on its standard
output; both ends are askpod. It has no life of its own: it ignores Ctrl-C, which is for the
process that started it, and ends at once when that one has ended, however it ended.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from askpod.chunking import ChunkSettings
from askpod.embedding import Embedder
from askpod.errors import AskpodError
from askpod.indexing.preparing import embed, read


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
        prepared = read(task.path)
        if not task.whole or embedder is None:
            return prepared
        return replace(prepared, embedded=embed(prepared.episode, embedder, chunking))
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
