"""The command line where an endpoint embeds: the bill, a failure, a run that is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from askpod import Archive
from askpod.services import endpoints
from askpod.settings import Settings
from billing import KEY, MODEL, TALKS, Billing
from fake_openai import Scripted


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Billing]:
    """The service that the environment names."""
    with Billing() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
def files(write_episode: Callable[..., Path]) -> list[Path]:
    return [write_episode(f"talks/{name}.md", talk) for name, talk in TALKS.items()]


def test_the_command_line_shows_the_bill(server, askpod, files, tmp_path, monkeypatch):
    monkeypatch.setattr(endpoints, "VENDOR", "127.0.0.1")  # elsewhere nobody knows the price
    run = askpod("index", *files, "--store", tmp_path / "store")
    assert run.code == 0, run.err
    shown = {line[:22].strip(): line[22:].strip() for line in run.out.splitlines()}
    tokens = sum(len(text.split()) for text in server.sold)
    assert shown["tokens embedded"] == f"{tokens:,}"
    assert shown["cost in US dollars"] == f"{tokens * 2e-8:,.4f}"

    checked = askpod("doctor", "--store", tmp_path / "store", "--json")
    findings = {finding["what"]: finding["value"] for finding in checked.json}
    assert f"openai:{MODEL}@127.0.0.1" in findings["embedder"]
    assert server.base_url in findings["embedder"]
    assert KEY not in checked.out + checked.err


def test_a_failing_endpoint_ends_the_run_with_exit_code_1(server, askpod, files, tmp_path):
    server.requests_left = 2
    run = askpod("index", *files, "--store", tmp_path / "store")
    assert run.code == 1
    assert "the service is broken" in run.err
    assert "not indexed" not in run.err
    assert KEY not in run.out + run.err
    assert "Traceback" not in run.err


def stopped(server: Billing, store: Path, files: list[Path], how: signal.Signals) -> None:
    """Indexes in a process that gets a signal in the middle of the second episode."""
    script = (
        "import sys; from askpod.embedding import remote; remote.TEXTS_ELSEWHERE = 2; "
        "from askpod.cli import main; sys.argv[0] = 'askpod'; main()"
    )
    server.requests_left = 9
    server.broken = Scripted(body="{}", wait=30)
    process = subprocess.Popen(
        [sys.executable, "-c", script, "index", *map(str, files), "--store", str(store)],
        env={**os.environ, **server.environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while len(server.embedding_requests) < 10 and time.monotonic() < until:
        threading.Event().wait(0.02)
    process.send_signal(how)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == (-9 if how == signal.SIGKILL else 130), errors
    assert len(server.embedding_requests) == 10
    server.requests_left = 1_000


def test_a_stopped_run_is_gone_on_with(server, files, tmp_path):
    ways = {signal.SIGINT: server, signal.SIGKILL: Billing()}
    with ways[signal.SIGKILL], ThreadPoolExecutor() as pool:  # at once, as a process starts slowly
        list(pool.map(lambda how: stopped(ways[how], tmp_path / how.name, files, how), ways))
        for how, used in ways.items():
            settings = Settings(embedder=f"openai:{MODEL}", base_url=used.base_url)
            with Archive.open(tmp_path / how.name, settings=settings) as archive:
                report = archive.index(files)
            assert report.added == ["second"]
            assert len(used.sold) == len(set(used.sold))
