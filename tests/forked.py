"""Python as a process of its own, forked from one that has imported askpod and Chroma already.

A new interpreter takes two seconds for that alone. What is started here shares nothing with the
test but files and the vectors that this run of the tests has computed, and can be killed.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from remembered_vectors import remember

PROCESSES = get_context("forkserver")
# Nothing of askpod's own is set up by importing it.
PROCESSES.set_forkserver_preload(["askpod.cli", "remembered_vectors", "chromadb", "forked"])


class Python:
    """`python -m MODULE …`, `-c CODE …` or `SCRIPT …`, used like a `subprocess.Popen` of text."""

    def __init__(
        self, *arguments: str | Path, vectors: Path, env: Mapping[str, str] | None = None
    ) -> None:
        out, its_out = PROCESSES.Pipe(duplex=False)
        err, its_err = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(
            target=_python,
            args=(
                [*map(str, arguments)],
                dict(os.environ if env is None else env),
                vectors,
                its_out,
                its_err,
            ),
        )
        self._process.start()
        its_out.close()
        its_err.close()
        self.stdout, self.stderr = _text(out), _text(err)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        assert self.returncode is not None, f"still running after {timeout} seconds"
        return self.returncode

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """All that it says from now to its end, on stdout and on stderr."""
        with self.stdout, self.stderr, ThreadPoolExecutor(2) as pool:
            out, err = (pool.submit(pipe.read) for pipe in (self.stdout, self.stderr))
            try:
                said = out.result(timeout), err.result(timeout)
            except TimeoutError:
                self.kill()
                raise
        self._process.join()
        return said

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def run(
    *arguments: str | Path, vectors: Path, env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """The same to its end, like `subprocess.run` with its output captured."""
    process = Python(*arguments, vectors=vectors, env=env)
    out, err = process.communicate(timeout)
    assert process.returncode is not None
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _text(pipe: Connection):
    """What is written to a pipe, as an open file."""
    opened = os.fdopen(os.dup(pipe.fileno()), encoding="utf-8")
    pipe.close()
    return opened


def _python(
    arguments: list[str],
    environment: dict[str, str],
    vectors: Path,
    out: Connection,
    err: Connection,
) -> None:
    for number, pipe in ((1, out), (2, err)):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    # Those that there are were made for what the first process had there, a file perhaps.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    remember(pytest.MonkeyPatch(), vectors)
    kind, *others = arguments
    if kind == "-c":
        code, *others = others
        sys.argv = [kind, *others]
        exec(code, {"__name__": "__main__"})
    elif kind == "-m":
        name, *others = others
        sys.argv = [name, *others]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(kind, run_name="__main__")
