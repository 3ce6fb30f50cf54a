"""The cached graph: complete or absent, mended when damaged, never needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from askpod.embedding import minilm
from askpod.embedding.minilm import MiniLM
from askpod.embedding.weights import cache_folder, cached

QUESTION = ["What is a feature store?"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASKPOD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def file(folder: Path, cache: Path, int8: MiniLM) -> Path:  # noqa: ARG001 - it has filled the cache
    """A graph in the cache, as it was built for all tests."""
    [built] = cache.glob("all-MiniLM-L6-v2-int8-*")
    folder.mkdir()
    return Path(shutil.copy(built, folder))


def test_a_graph_is_built_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = MiniLM().embed(QUESTION)
    [file] = folder.iterdir()
    assert file.name.startswith("all-MiniLM-L6-v2-int8-")
    monkeypatch.setattr(minilm.WeightFiles, "tensors", None)  # a second build would fail
    assert np.array_equal(MiniLM().embed(QUESTION), first)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda _: b"not a graph",
        lambda data: data[:9000] + bytes(8192) + data[17192:],
    ],
    ids=["empty", "half", "one byte short", "garbage", "a block of zeros"],
)
def test_a_damaged_file_is_built_again(file: Path, int8: MiniLM, damage) -> None:
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert np.array_equal(MiniLM().embed(QUESTION), int8.embed(QUESTION))
    assert file.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08" * 10_000])
def test_a_complete_file_that_is_no_graph_is_built_again(
    file: Path, int8: MiniLM, content: bytes
) -> None:
    whole = file.read_bytes()
    file.write_bytes(content + hashlib.sha256(content).digest())
    assert np.array_equal(MiniLM().embed(QUESTION), int8.embed(QUESTION))
    assert file.read_bytes() == whole


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(file: Path, int8: MiniLM) -> None:
    file.unlink()
    os.mkfifo(file)
    assert np.array_equal(MiniLM().embed(QUESTION), int8.embed(QUESTION))
    assert file.is_file()


def test_two_processes_may_start_at_once(folder: Path, int8: MiniLM) -> None:
    script = (
        "from askpod.embedding.minilm import MiniLM\n"
        f"print(MiniLM().embed({QUESTION!r}).tobytes().hex())"
    )
    command = [sys.executable, "-c", script]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    expected = (int8.embed(QUESTION).tobytes().hex() + "\n", "")
    assert [process.communicate(timeout=60) for process in both] == [expected, expected]
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, int8: MiniLM
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ASKPOD_CACHE", str(tmp_path / "file" / "cache"))
    assert np.array_equal(MiniLM().embed(QUESTION), int8.embed(QUESTION))


def test_a_write_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    assert cached("graph", lambda: b"content") == b"content"
    assert list(folder.iterdir()) == []


def test_without_a_home_nothing_is_written_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASKPOD_CACHE", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: "~/.cache/askpod")
    assert cached("graph", lambda: b"content") == b"content"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_the_users_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKPOD_CACHE", "")
    assert "askpod" in str(cache_folder())
    monkeypatch.setenv("ASKPOD_CACHE", "elsewhere")
    assert cache_folder() == Path("elsewhere")
