"""A store is a folder: copied while nobody writes it is the same store, else whole or an error."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from askpod import Archive
from askpod.errors import StoreDamaged
from askpod.store.collection import REMADE

VERSIONS = ("The former talk on heather honey.", "The later talk on heather honey.")


def copied(store: Path, place: Path) -> Path:
    """As `cp -r` does: every file has a new date."""
    return Path(shutil.copytree(store, place, copy_function=shutil.copyfile))


def opened(store: Path) -> list[str]:
    """What opening it tells: nothing, where its vector index is accepted."""
    told: list[str] = []
    Archive.open(store, notify=told.append).close()
    return told


def test_a_copy_is_the_same_store(store, tmp_path, results, expected):
    copy = copied(store, tmp_path / "other place" / "copy")
    shutil.rmtree(store)
    assert opened(copy) == []
    assert results(copy) == expected


def test_a_copy_may_be_written_and_leaves_the_original_alone(store, tmp_path, write_episode):
    copy = copied(store, tmp_path / "copy")
    with Archive.open(copy) as archive:
        archive.index([write_episode("honey.md", [VERSIONS[0]])])
        assert archive.search("heather honey")[0].episode_id == "honey"
    with Archive.open(store) as archive:
        assert archive.counts()["episodes"] == 6
    assert opened(store) == opened(copy) == []


def test_copies_made_while_another_writes_are_whole_or_an_error(store, tmp_path, write_episode):
    """Never an answer from two versions at once."""
    path, done = write_episode("honey.md", [VERSIONS[0]] * 40), threading.Event()
    with Archive.open(store) as archive:
        archive.index([path])

        def write() -> None:
            for number in range(1, 7):
                archive.index([write_episode("honey.md", [VERSIONS[number % 2]] * 40)])
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        seen, number = set(), 0
        while not done.is_set() or not number:
            number += 1
            seen.add(look(store, tmp_path / f"copy{number}"))
        writer.join()
    assert seen <= {"an error", *((version,) * 40 for version in VERSIONS)}
    assert look(store, tmp_path / "last") == (VERSIONS[0],) * 40


def look(store: Path, place: Path) -> object:
    """The turns of the episode on honey, in a copy made just now."""
    try:
        copied(store, place)
    except (OSError, shutil.Error):  # a file went away meanwhile: no copy at all
        return "an error"
    try:
        with Archive.open(place) as archive:
            found = [p for p in archive.search("heather honey") if p.episode_id == "honey"]
            turns = tuple(turn.text for turn in archive.turns("honey"))
            assert all(line in turns for p in found for line in p.text.split("\n"))
            assert archive.counts()["episodes"] == 7
            return turns
    except StoreDamaged:
        return "an error"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_the_vectors_of_another_store_are_made_again(store, small):
    shutil.rmtree(small / "chroma")
    copied(store / "chroma", small / "chroma")
    assert opened(small) == [REMADE]
    with Archive.open(small) as archive:
        assert archive.search("linden")[0].episode_id == "bees"
