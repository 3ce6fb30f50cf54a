"""A real server on this machine, in a process or a thread, over an archive of the examples."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from askpod.serve.app import Access, Limits, Server, create_app
from askpod.serve.live import LiveArchive
from askpod.settings import Settings

Serve = Callable[..., str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    store: Path,
    *,
    settings: Settings | None = None,
    access: Access | None = None,
    limits: Limits | None = None,
    recordings: Path | None = None,
    answers: int = 64,
) -> Iterator[str]:
    """The address of a server that runs in a thread."""
    live = LiveArchive(store, settings or Settings.from_environment(), answers)
    app = create_app(live, access, limits, recordings)
    port = free_port()
    server = Server(app, live, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server has ended"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server over a store, until the test ends: serve(store, …) -> its address."""
    with ExitStack() as stack:
        yield lambda store, **how: stack.enter_context(served(store, **how))


@pytest.fixture(scope="module")
def address(indexed: Path) -> Iterator[str]:
    """A server of the examples, shared by the tests of a file."""
    with served(indexed, limits=Limits(rate=1000, burst=1000)) as where:
        yield where


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30) as asking:
        yield asking
