"""Stopped at any instant: the next run finishes the work, and nothing tells that it happened."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from askpod import Archive
from askpod.store import collection
from askpod.store.catalog import Catalog
from askpod.store.filters import Selection
from askpod.store.vectors import VectorIndex
from forked import PROCESSES
from remembered_vectors import remember

KILLS = 8  # `make torture` makes more
PUBLISHING = 4  # of so many kills one waits until the vector index is being made
LEAST = {"publishing": 1, "anywhere": 4}  # kills that came before the run was over
PAUSE = 0.006  # seconds that each vector takes: an embedder's, without its work


def index(examples: Path, store: Path, vectors: Path) -> None:
    """What is killed: a process of its own that indexes the examples."""
    remember(pytest.MonkeyPatch(), vectors, PAUSE)
    with Archive.open(store, create=True) as archive:
        assert not archive.index([examples]).failed


class Killer:
    """Starts indexing on one store after the other and kills it at random instants."""

    def __init__(self, examples: Path, folder: Path, vectors: Path) -> None:
        self._examples = examples
        self._vectors = vectors
        self._folder = folder
        self._random = random.Random(20240501)
        self._whole = self._seconds_of_a_whole_run()

    def store(self, number: int) -> Path:
        return self._folder / f"store{number}"

    def stop_a_run(self, store: Path) -> bool:
        """Kills at any instant from the first write on; whether the run was still going."""
        delay = self._random.uniform(0.3, 1.0) * self._whole
        return self._stopped(store, lambda began: time.monotonic() - began > delay)

    def stop_a_publishing(self, store: Path) -> bool:
        """Kills while the new vector index is being made, or just after."""
        delay = self._random.uniform(0, 0.1) * self._whole
        seen: list[float] = []

        def due(_: float) -> bool:
            if not seen and any(store.glob("chroma.next.*")):
                seen.append(time.monotonic())
            return bool(seen) and time.monotonic() - seen[0] > delay

        return self._stopped(store, due)

    def _stopped(self, store: Path, due: Callable[[float], bool]) -> bool:
        process = PROCESSES.Process(target=index, args=(self._examples, store, self._vectors))
        process.start()
        began = time.monotonic()
        while process.is_alive() and not due(began):
            time.sleep(0.002)
        killed = process.is_alive()
        process.kill()
        process.join()
        assert killed or process.exitcode == 0
        return killed

    def _seconds_of_a_whole_run(self) -> float:
        assert not self._stopped(self._folder / "first", lambda _: False)  # waits for the imports
        began = time.monotonic()
        assert not self._stopped(self._folder / "whole", lambda _: False)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def stopped(
    examples,
    unopened,  # noqa: ARG001
    vectors_folder: Path,
    tmp_path_factory,
) -> list[Path]:
    """Stores on which indexing was killed, each time going on where it had been stopped.

    A new one is begun when there is nothing left to stop. With `unopened` the vectors are there.
    """
    kills = {"publishing": 0, "anywhere": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASKPOD_PRECISION", raising=False)
        killer = Killer(examples, tmp_path_factory.mktemp("crash"), vectors_folder)
        stores = 1
        for number in range(3 * KILLS):  # on a busy machine many come too late
            if number >= KILLS and all(kills[kind] >= LEAST[kind] for kind in kills):
                break
            store = killer.store(stores)
            if number % PUBLISHING == PUBLISHING - 1:
                kind, killed = "publishing", killer.stop_a_publishing(store)
            else:
                kind, killed = "anywhere", killer.stop_a_run(store)
            kills[kind] += killed
            stores += not killed
    # Else the instants were badly chosen and the test shows nothing.
    assert all(kills[kind] >= LEAST[kind] for kind in kills), kills
    found = [killer.store(number) for number in range(1, stores + 1)]
    return [store for store in found if store.exists()]


def test_a_run_after_any_number_of_kills_leaves_what_a_clean_one_does(
    stopped, indexed, examples, results, expected, tmp_path
):
    for number, killed in enumerate(stopped):
        store = shutil.copytree(killed, tmp_path / str(number))
        with Archive.open(store, create=True) as archive:
            report = archive.index([examples])
            assert not report.failed
            assert len(report.added) + len(report.unchanged) == 6
        assert results(store) == expected
        assert _shape(store) == _shape(indexed)
        with closing(Catalog(store)) as catalog:
            assert collection.state(store, catalog) == "fresh"
            with closing(VectorIndex(store / "chroma")) as index:
                assert index.ids() == set(catalog.chunk_ids(Selection()).tolist())


def test_between_the_kills_searches_see_whole_episodes_only(stopped, archive, tmp_path):
    turns = {known.id: archive.turns(known.id) for known in archive.episodes()}
    for number, killed in enumerate(stopped):
        store = shutil.copytree(killed, tmp_path / str(number))
        with Archive.open(store, create=True) as half:
            for known in half.episodes():
                assert half.turns(known.id) == turns[known.id]
            chunks = half.counts()["chunks"]
            assert all(p.episode_id in turns for p in half.search("false alarms"))
            assert bool(half.search("false alarms")) == bool(chunks)


def _shape(store: Path) -> list[str]:
    """The names of all files; the folder of Chroma's graph has another one in each index."""
    return sorted(
        f"{path.parent.parent.name}/*/{path.name}"
        if path.suffix in (".bin", ".pickle")
        else str(path.relative_to(store))
        for path in store.rglob("*")
        if path.is_file()
    )
