"""The command line as the tests run it: in this process, piped or on a terminal."""

from __future__ import annotations

import fcntl
import functools
import io
import json
import os
import pty
import re
import signal
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from askpod.cli import main
from chatting import Expert
from fake_openai import FakeOpenAI


@dataclass(frozen=True)
class Run:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Askpod = Callable[..., Run]


@pytest.fixture(scope="session", autouse=True)
def _one_command() -> Iterator[None]:
    """A process makes the tree of commands and options once: what the tests run stays one, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture
def askpod(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Askpod:
    """Runs `askpod …` and gives what it left. The question is never on a terminal."""

    def run(*arguments: str | Path) -> Run:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["askpod", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return Run(int(left.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture
def chat(askpod, indexed, monkeypatch):
    """Pipes lines into `askpod chat` about the examples."""

    def run(*lines, options=(), store=indexed):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return askpod("chat", "--store", store, *options)

    return run


@pytest.fixture
def expert(monkeypatch):
    """A model that answers by quoting; at its endless answer the listener presses Ctrl-C."""
    listener = threading.main_thread().ident
    with FakeOpenAI() as server:
        server.answer_with(Expert(lambda: signal.pthread_kill(listener, signal.SIGINT)))
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("ASKPOD_MODEL", "expert")
        yield server


@dataclass(frozen=True)
class Screen:
    """What a terminal received."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        """What a person reads: without colours, links and the redrawing of progress bars."""
        return _OWN.sub("", self.raw).replace("\r", "")


# What rich writes of its own accord: colours and cursor, links to web pages.
_OWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^;\x1b]*;(?:https?://[!-~]*)?\x1b\\")

Terminal = Callable[..., Screen]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Runs `askpod …` in this process on a terminal: the standard streams are that terminal."""
    for name in ("NO_COLOR", "FORCE_COLOR", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    def run(*arguments: str | Path, width: int = 80) -> Screen:
        with _standard_streams(width) as received, monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["askpod", *map(str, arguments)])
            with pytest.raises(SystemExit) as left:
                main()
        return Screen(int(left.value.code or 0), b"".join(received).decode())

    return run


@contextmanager
def _standard_streams(width: int) -> Iterator[list[bytes]]:
    """Makes a terminal of stdin, stdout and stderr; what it receives is complete afterwards."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    received: list[bytes] = []
    reader = threading.Thread(
        target=lambda: received.extend(iter(lambda: _read(ours), b"")), daemon=True
    )
    reader.start()
    before = {number: os.dup(number) for number in (0, 1, 2)}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            os.dup2(theirs, number)
            mode = "w" if number else "r"
            stream = opened.enter_context(open(number, mode, closefd=False, encoding="utf-8"))
            for each in (name, f"__{name}__"):
                patch.setattr(sys, each, stream)
        try:
            yield received
        finally:
            opened.close()
            for number, kept in before.items():
                os.dup2(kept, number)
                os.close(kept)
            os.close(theirs)
            reader.join(30)
            os.close(ours)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # on Linux the end of a terminal is an error
        return b""
