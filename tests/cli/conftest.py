"""The command line as the tests run it: in this process, or alone on a terminal."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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
def terminal() -> Terminal:
    """Runs `askpod …` as a process of its own on a terminal."""

    def run(*arguments: str | Path, width: int = 80) -> Screen:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "askpod", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=_environment(),
        )
        os.close(theirs)
        received = b""
        try:
            while piece := _read(ours):
                received += piece
            return Screen(process.wait(), received.decode())
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    return run


def _environment() -> dict[str, str]:
    plain = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
    kept = {name: value for name, value in os.environ.items() if name not in plain}
    return {**kept, "TERM": "xterm-256color"}


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # on Linux the end of a terminal is an error
        return b""
