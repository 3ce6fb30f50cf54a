"""A store rebuilt: for other settings, after damage; never at the price of what it held."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from askpod import Archive, Settings
from askpod.errors import ArchiveNotFound, AskpodError, PathError, StoreMismatch
from askpod.model import Passage
from forked import Python

QUESTION = "What killed the beekeeper's first colonies?"
FP32 = Settings(precision="fp32")
PARTS = 3  # of the pages of a catalog


def ids(store: Path, settings: Settings | None = None) -> list[str]:
    with Archive.open(store, settings=settings) as archive:
        return [episode.id for episode in archive.episodes()]


def search(store: Path, settings: Settings | None = None) -> list[Passage]:
    with Archive.open(store, settings=settings) as archive:
        return archive.search(QUESTION)


def test_a_rebuild_switches_the_precision(small):
    report = Archive.rebuild(small, settings=FP32)
    assert report.added == ["bees", "trains"]
    assert search(small, FP32)[0].episode_id == "bees"
    with pytest.raises(StoreMismatch, match="fp32"):
        Archive.open(small)


def test_a_rebuild_with_the_same_settings_changes_no_result(store):
    before = search(store)
    Archive.rebuild(store)
    assert search(store) == before


def test_a_rebuild_makes_a_store_of_a_newer_format_readable(small):
    with closing(sqlite3.connect(small / "catalog.db")) as connection, connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    Archive.rebuild(small)
    assert ids(small) == ["bees", "trains"]


def test_an_episode_whose_file_is_gone_is_carried_over(small, tmp_path):
    with Archive.open(small) as archive:
        turns = archive.turns("bees")
    (tmp_path / "bees.md").unlink()
    report = Archive.rebuild(small, settings=FP32)
    assert (report.added, report.gone) == (["trains"], ["bees"])
    with Archive.open(small, settings=FP32) as archive:
        assert archive.turns("bees") == turns
        assert archive.search("linden")[0].episode_id == "bees"


def test_an_episode_whose_file_fails_is_carried_over(small, tmp_path):
    (tmp_path / "bees.md").write_text("---\ntranscript: [\n---\n")
    report = Archive.rebuild(small)
    assert [failure.path for failure in report.failed] == [str(tmp_path / "bees.md")]
    assert (report.added, report.gone) == (["trains"], [])
    assert ids(small) == ["bees", "trains"]


def test_a_moved_file_may_be_named(small, tmp_path):
    (tmp_path / "new").mkdir()
    shutil.move(tmp_path / "bees.md", tmp_path / "new")
    report = Archive.rebuild(small, [tmp_path / "new"])
    assert (sorted(report.added), report.gone) == (["bees", "trains"], [])


def test_an_error_midway_leaves_the_former_state(small):
    before = search(small)

    def fail(progress) -> None:
        assert progress.done < progress.total
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        Archive.rebuild(small, settings=FP32, progress=fail)
    assert search(small) == before


KILLED = """
import os, signal, sys
from askpod import Archive, Settings
def kill(progress):
    if progress.done == 2:
        os.kill(os.getpid(), signal.SIGKILL)
Archive.rebuild(sys.argv[1], settings=Settings(precision="fp32"), progress=kill)
"""


def test_a_kill_midway_leaves_the_former_state(small, vectors_folder):
    before = search(small)
    assert Python("-c", KILLED, small, vectors=vectors_folder).wait(60) == -signal.SIGKILL
    assert search(small) == before
    Archive.rebuild(small, settings=FP32)
    assert ids(small, FP32) == ["bees", "trains"]


def test_readers_see_the_former_state_until_the_new_one_is_whole(small, write_episode):
    write_episode("bees.md", ["The new version has another text."])
    seen = []
    with Archive.open(small) as reader:
        before = reader.search("linden")

        def look(_: object) -> None:
            with Archive.open(small) as other:
                seen.append((reader.search("linden"), other.search("linden")))

        Archive.rebuild(small, progress=look)
        assert seen == [(before, before)] * 2
        assert reader.search("linden") != before
        assert {p.text for p in reader.search("version")} >= {"The new version has another text."}


def test_without_an_archive_there_is_nothing_to_rebuild(tmp_path):
    with pytest.raises(ArchiveNotFound, match=r"no archive here to rebuild.*askpod index PATH…"):
        Archive.rebuild(tmp_path / "nothing")


def test_a_wrong_path_changes_nothing(small, tmp_path):
    garbage = b"garbage" * 999
    with pytest.raises(PathError, match="nowhere: does not exist"):
        Archive.rebuild(small, [tmp_path / "nowhere"])
    assert ids(small) == ["bees", "trains"]
    (small / "catalog.db").write_bytes(garbage)
    with pytest.raises(PathError, match="nowhere: does not exist"):
        Archive.rebuild(small, [tmp_path / "nowhere"])
    assert (small / "catalog.db").read_bytes() == garbage


def test_a_damaged_catalog_needs_the_paths(store):
    (store / "catalog.db").write_bytes(b"garbage" * 9999)
    with pytest.raises(
        PathError, match=r"beyond reading.* `askpod rebuild PATH… --store "
    ) as caught:
        Archive.rebuild(store)
    assert str(store) in str(caught.value)


def test_a_damaged_catalog_is_rebuilt_and_kept(small, tmp_path):
    before = search(small)
    for attempt in (b"garbage", b"other garbage"):
        (small / "catalog.db").write_bytes(attempt * 9999)
        report = Archive.rebuild(small, [tmp_path / "bees.md", tmp_path / "trains.md"])
        assert report.added == ["bees", "trains"]
        assert search(small) == before
        assert (small / "damaged-catalog.db").read_bytes() == attempt * 9999


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.thorough) for n in range(1, PARTS))]
)
def test_damage_to_any_page_of_the_catalog_can_be_mended(small, tmp_path, first):
    """Whichever part is overwritten: what the error says to do works."""
    with Archive.open(small) as archive:
        before = archive.search("linden")
    whole = (small / "catalog.db").read_bytes()
    pages = range(0, len(whole), 4096)
    assert len(pages) > 10
    for at in pages[first::PARTS]:
        store = tmp_path / "broken"
        shutil.copytree(small, store)
        with (store / "catalog.db").open("r+b") as file:
            file.seek(at)
            file.write(b"\xa5" * 4096)
        with suppress(AskpodError), Archive.open(store) as archive:
            archive.search("linden")  # any other error would be a fault
        Archive.rebuild(store, [tmp_path / "bees.md", tmp_path / "trains.md"])
        with Archive.open(store) as archive:
            assert archive.search("linden") == before, at
        shutil.rmtree(store)


def test_a_link_stays_the_episode_that_it_is(tmp_path, write_episode):
    """As git-annex and DVC lay files: the names are those of links, the targets are digests."""
    old = write_episode("objects/sha-1.md", ["Bees dance where the linden trees are."])
    new = write_episode("objects/sha-2.md", ["Bees sleep where the linden trees are."])
    talk, store = tmp_path / "talks" / "bees.md", tmp_path / "store"
    talk.parent.mkdir()
    talk.symlink_to(old)
    with Archive.open(store, create=True) as archive:
        archive.index([talk.parent])
    assert Archive.rebuild(store).added == ["bees"]
    assert ids(store) == ["bees"]
    talk.unlink()
    talk.symlink_to(new)
    write_episode("talks/trains.md", ["A night train waits in a siding near Basel."])
    with Archive.open(store) as archive:
        assert archive.index([talk.parent]).changed == ["bees"]
        assert "sleep" in archive.turns("bees")[0].text
        talk.unlink()  # what it led to is there
        assert archive.index([talk.parent], prune=True).removed == ["bees"]
