"""What the tests of sources share: servers on loopback, a store to bring into, no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from askpod.sources import SourceFiles, fetch, gather
from askpod.sources.fetch import Fetcher
from fake_git import FakeGit
from fake_web import FakeWeb

Bring = Callable[..., SourceFiles]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try follows at once."""
    monkeypatch.setattr(fetch, "FIRST_WAIT", 0.01)


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as server:
        yield server


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGit]:
    """Serves repositories; git's own settings are those in `tmp_path`/home, and none at first."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "served").mkdir()
    with FakeGit(tmp_path / "served") as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def told() -> list[str]:
    """What `bring` told its user."""
    return []


@pytest.fixture
def bring(store: Path, told: list[str]) -> Bring:
    """Gathers sources into `store`, those on loopback too."""

    def run(*sources: str | Path, allow_private: bool = True) -> SourceFiles:
        return gather(store, sources, allow_private=allow_private, notify=told.append)

    return run


@pytest.fixture
def slept() -> list[float]:
    """The pauses, in seconds, that `fetcher` would have made."""
    return []


@pytest.fixture
def fetcher(slept: list[float]) -> Iterator[Fetcher]:
    """Fetches from loopback, without a pause."""
    with Fetcher(allow_private=True, pause=slept.append) as made:
        yield made
