"""`askpod serve` as a process: where it listens, how it is stopped, what it shows nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fake_openai import FakeOpenAI, said

from .conftest import free_port

KEY = "sk-a-key-nobody-may-see"


@contextmanager
def process(store: Path, *options: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    command = [sys.executable, "-m", "askpod", "serve", "--store", str(store), "--port", str(port)]
    running = subprocess.Popen(
        [*command, *options],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        given_up = time.monotonic() + 60
        while True:
            assert running.poll() is None, running.stdout.read()
            assert time.monotonic() < given_up
            try:
                httpx.get(f"{address}/static/icon.svg", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield running, address
    finally:
        running.kill()
        running.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_sigterm_ends_answers_cleanly_and_no_key_is_shown(indexed):
    with FakeOpenAI(said("word " * 500, pause=0.2)) as model:
        options = ("--model", "gpt-4o", "--base-url", model.base_url)
        with process(indexed, *options, OPENAI_API_KEY=KEY) as (running, address):
            assert KEY not in httpx.get(f"{address}/api/archive", timeout=30).text
            asking = {"json": {"question": "Why did the hives' batteries give out?"}}
            with httpx.stream("POST", f"{address}/api/ask", timeout=60, **asking) as answer:
                given_up = time.monotonic() + 30
                while not model.requests and time.monotonic() < given_up:
                    time.sleep(0.05)
                stop = threading.Timer(0.5, lambda: running.send_signal(signal.SIGTERM))
                stop.start()
                text = "".join(answer.iter_text())
            assert text.rstrip().splitlines()[-2] == "event: error", text
            assert "being stopped" in text
            began = time.monotonic()
            told, _ = running.communicate(timeout=60)
            assert time.monotonic() - began < 50  # the answer would take 100
            assert running.returncode in (0, -signal.SIGTERM)
            assert "Traceback" not in told
            assert KEY not in told + text


def refused(*options: str) -> str:
    command = [sys.executable, "-m", "askpod", "serve", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    return ended.stderr


def test_beyond_loopback_a_token_is_needed():
    assert "ASKPOD_TOKEN" in refused("--host", "0.0.0.0", "--port", str(free_port()))


def test_a_port_that_is_taken_is_said(indexed, address):
    port = address.rsplit(":", 1)[1]
    assert "--port" in refused("--store", str(indexed), "--port", port)
