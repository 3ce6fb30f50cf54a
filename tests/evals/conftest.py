"""What the tests of the evals share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from askpod import Archive
from fake_openai import FakeOpenAI
from filler_episodes import write_filler


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    """A model service on this machine; see tests/fake_openai.py."""
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="session")
def long_store(
    tmp_path_factory: pytest.TempPathFactory, made_once: Callable[..., Path], unopened: Path
) -> Path:
    """The folder of an archive with text for prompts of 32k tokens, not of 128k. Read only.

    The example episodes are in it, and others that fill haystacks.
    """
    filler = tmp_path_factory.mktemp("filler")
    made = made_once(
        "long",
        lambda folder: _index_filler(Path(shutil.copytree(unopened, folder)), filler),
    )
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("long") / "store"))


def _index_filler(store: Path, folder: Path) -> None:
    filler = write_filler(folder, episodes=4, turns=75)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASKPOD_PRECISION", raising=False)
        with Archive.open(store) as archive:
            archive.index(filler)


@pytest.fixture(scope="session")
def long_archive(long_store: Path) -> Iterator[Archive]:
    """The same, opened: to be read only."""
    with Archive.open(long_store) as archive:
        yield archive
