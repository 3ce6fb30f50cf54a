"""The child processes that read, and their parent's side of it.

A child that dies of a file is replaced, and the file is a finding.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from fuzz.reading import Outcome
from fuzz.suites import SUITES

_PATIENCE = 300.0  # seconds for one file; a busy machine may be slow
_HOPELESS = 30.0  # seconds of processor time after which a child ends
_MOST_DEATHS = 20  # more say that the program itself is broken


def outcomes(suite: str, seed: int, files: int, seconds: float, count: int) -> Iterator[Outcome]:
    """How a suite's files of a seed are read, by `count` children, until time or files are up."""
    ends = time.monotonic() + seconds
    waiting = iter(range(files))
    deaths = 0
    children = [_Child(suite, seed) for _ in range(count)]
    try:
        busy = [child for child in children if child.ask(_next(waiting, ends))]
        while busy and deaths < _MOST_DEATHS:
            wait([child.connection for child in busy], timeout=5)
            for child in [child for child in busy if child.is_done()]:
                outcome = child.answer()
                deaths += child.died
                yield outcome
                if not child.ask(_next(waiting, ends)):
                    busy.remove(child)
    finally:
        for child in children:
            child.end()


def _next(waiting: Iterator[int], ends: float) -> int | None:
    return next(waiting, None) if time.monotonic() < ends else None


class _Child:
    """A process that reads one file after the other."""

    connection: Connection
    _process: BaseProcess

    def __init__(self, suite: str, seed: int) -> None:
        self.died = False  # of the last file
        self._suite = suite
        self._seed = seed
        self._index = -1  # of the file that it reads
        self._began = 0.0
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._suite, self._seed), daemon=True
        )
        self._process.start()
        theirs.close()

    def ask(self, index: int | None) -> bool:
        """Have it read a file; False where there is none left."""
        if index is None:
            return False
        self._index, self._began = index, time.monotonic()
        self.connection.send(index)
        return True

    def is_done(self) -> bool:
        """Whether it has answered, has died, or should be given up."""
        return self.connection.poll() or time.monotonic() - self._began > _PATIENCE

    def answer(self) -> Outcome:
        """What came of the file. Where nothing came, another process takes over."""
        try:
            self.died = not self.connection.poll()
            outcome: Outcome | None = None if self.died else self.connection.recv()
        except (EOFError, OSError):
            outcome = None
        self.died = outcome is None
        if outcome is None:
            self.end()
            code = self._process.exitcode
            finding = f"its process ended with {code}: endless, out of memory, or crashed"
            outcome = Outcome(self._index, "died", "see build/fuzz", findings=(finding,))
            self._start()
        return outcome

    def end(self) -> None:
        """Stop it at once."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection, name: str, seed: int) -> None:
    """What a child does: read the files that it is asked to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)  # which ends it as well
    suite = SUITES[name]
    sound = suite.starts()
    while True:
        try:
            index = connection.recv()
        except EOFError:
            return
        with tempfile.TemporaryDirectory() as folder:
            kind, path = suite.write_case(Path(folder), seed, index, sound)
            signal.setitimer(signal.ITIMER_VIRTUAL, _HOPELESS)
            connection.send(suite.examine(index, kind, path))
