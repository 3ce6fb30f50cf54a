"""One int8 and one fp32 embedder for all tests here, with a cache folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from askpod.embedding.minilm import MiniLM
from remembered_vectors import computed


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cache_of_the_tests(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPOD_CACHE", str(cache))


@pytest.fixture(autouse=True)
def _no_vector_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MiniLM, "_vector", computed)


@pytest.fixture(scope="session")
def embedders(cache: Path) -> dict[str, MiniLM]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASKPOD_CACHE", str(cache))
        return {precision: MiniLM(precision) for precision in ("int8", "fp32")}


@pytest.fixture(scope="session")
def int8(embedders: dict[str, MiniLM]) -> MiniLM:
    return embedders["int8"]


@pytest.fixture(scope="session")
def fp32(embedders: dict[str, MiniLM]) -> MiniLM:
    return embedders["fp32"]
