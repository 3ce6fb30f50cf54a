"""What the server's tests share: a Chroma server, a proxy before it, machines that use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from faulty_proxy import FaultyProxy

from askpod import Archive, opening
from askpod.settings import Settings
from askpod.store.shared import client as chroma_client
from askpod.store.shared import replica
from chroma_server import ChromaServer
from on_server import CONNECT, RECONNECT

Machine = Callable[..., Archive]


@pytest.fixture(autouse=True)
def _as_their_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with `--chroma-server` these tests say themselves which archive is on a server."""
    monkeypatch.setattr(opening, "connect", CONNECT)
    monkeypatch.setattr(opening, "reconnect", RECONNECT)


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with ChromaServer(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def database(chroma: ChromaServer) -> str:
    """The name of an empty database."""
    return chroma.new_database()


@pytest.fixture
def proxy(chroma: ChromaServer) -> Iterator[FaultyProxy]:
    opened = FaultyProxy(chroma.url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether there is time to try everything: with `make server` and `make thorough`."""
    return any(map(request.config.getoption, ("--chroma-server", "--thorough")))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again sooner than a user's machine does, and waits less."""
    monkeypatch.setattr(chroma_client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(chroma_client, "READ_SECONDS", 0.4)
    monkeypatch.setattr(chroma_client, "WRITE_SECONDS", 5.0)


@pytest.fixture
def settings(chroma: ChromaServer, database: str) -> Settings:
    """Of an archive on the server that nothing has been indexed into."""
    return Settings(chroma_url=chroma.url, chroma_database=database)


@pytest.fixture
def machine(settings: Settings, tmp_path: Path, monkeypatch) -> Iterator[Machine]:
    """Opens the shared archive as the machine of a name: machine("ada", create=True).

    Machines differ in their folders, and in the name that an archive knows them by.
    """
    with ExitStack() as opened:

        def open_as(name: str, settings: Settings = settings, **how: object) -> Archive:
            monkeypatch.setattr(replica.platform, "node", lambda: name)
            return opened.enter_context(
                Archive.open(tmp_path / name, settings=settings, **how)  # type: ignore[arg-type]
            )

        yield open_as
