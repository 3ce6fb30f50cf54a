"""Ctrl-C and closed pipes: a short message, nothing lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import askpod.__main__ as program
from askpod import Archive, cli
from askpod.errors import ArchiveNotFound


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "askpod", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who runs the tests in the background of a shell has Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def indexed_so_far(store: Path) -> int:
    try:
        with Archive.open(store) as archive:
            return archive.counts()["episodes"]
    except ArchiveNotFound:
        return 0


def test_ctrl_c_keeps_what_was_finished_and_the_next_run_goes_on(askpod, examples, tmp_path):
    store = tmp_path / "store"
    process = start("index", examples, "--store", store)
    while process.poll() is None and indexed_so_far(store) < 2:
        time.sleep(0.1)  # each look loads an archive
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err == "\naskpod: stopped; what was finished is kept\n"
    kept = indexed_so_far(store)
    assert 2 <= kept < 6

    run = askpod("index", examples, "--store", store)
    assert run.code == 0
    assert re.search(rf"episodes added +{6 - kept}\n", run.out)
    assert re.search(rf"episodes unchanged +{kept}\n", run.out)
    assert indexed_so_far(store) == 6


@pytest.mark.parametrize("command", [("search", "bees", "--top", "200", "--json"), ("episodes",)])
def test_a_reader_that_has_gone_ends_it_quietly(indexed, command):
    process = start(*command, "--store", indexed)
    process.stdout.close()
    err = process.stderr.read()
    process.wait(timeout=60)
    assert "Traceback" not in err
    assert "Exception" not in err


def test_ctrl_c_that_compiled_code_turns_into_an_import_error_is_ctrl_c(monkeypatch, capsys):
    def importing(**_: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as stop:
            raise ImportError("initialization failed") from stop

    monkeypatch.setattr(cli, "app", importing)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "\naskpod: stopped; what was finished is kept\n"


@pytest.mark.parametrize(
    ("command", "closed", "code"),
    [
        (("ask", "How long did the bee trial run?"), 1, 0),
        (("ask", "How long did the bee trial run?"), 2, 0),
        (("ask", ""), 2, 2),
        (("chat",), 0, 0),
        (("mcp",), 0, 0),
    ],
)
def test_a_stream_that_is_closed_leads_nowhere(indexed, command, closed, code):
    run = subprocess.run(
        [sys.executable, "-m", "askpod", *command, "--store", str(indexed)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.close(closed),
        timeout=60,
    )
    assert run.returncode == code
    assert "Traceback" not in run.stderr
    assert "fault" not in run.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [("search", "bees", "--json"), ("ask", "bees?"), ("episodes",)])
def test_no_room_for_the_output_is_said(indexed, command):
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "askpod", *command, "--store", str(indexed)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert run.returncode == 1
    assert "not all could be written: No space left on device" in run.stderr
    assert "fault of its own" not in run.stderr


def test_ctrl_c_before_a_command_has_begun(askpod, monkeypatch):
    def pressed(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", pressed)
    run = askpod("ask", "Why?")
    assert (run.code, run.err) == (130, "\naskpod: stopped; what was finished is kept\n")


def test_ctrl_c_while_python_still_imports_ends_it_without_a_traceback(monkeypatch):
    class Importing:
        def __getattr__(self, _: str) -> object:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
            return lambda: None

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setitem(sys.modules, "askpod.cli", Importing())
    try:
        program.main()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, former)
