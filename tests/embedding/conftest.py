"""One int8 and one fp32 embedder for all tests here, with a cache folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from askpod.embedding.minilm import MiniLM, Precision
from remembered_vectors import computed


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cache_of_the_tests(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPOD_CACHE", str(cache))


@pytest.fixture(autouse=True)
def _no_vector_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MiniLM, "_run", computed)


def made(cache: Path, precision: Precision) -> MiniLM:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASKPOD_CACHE", str(cache))
        return MiniLM(precision)


@pytest.fixture(scope="session")
def int8(cache: Path) -> MiniLM:
    return made(cache, "int8")


@pytest.fixture(scope="session")
def fp32(cache: Path) -> MiniLM:
    return made(cache, "fp32")


@pytest.fixture(scope="session")
def embedders(int8: MiniLM, fp32: MiniLM) -> dict[str, MiniLM]:
    return {"int8": int8, "fp32": fp32}
