"""What a run of indexing leaves alone: other folders, missing disks, and what an error cut off."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from askpod import Archive
from askpod.errors import ModelError, PathError, StoreUnwritable
from askpod.indexing.publisher import Publisher


@pytest.fixture
def folders(tmp_path, write_episode) -> tuple[Path, Path]:
    """Two folders with two episodes each."""
    for number in (1, 2):
        write_episode(f"a/bees-{number}.md", [f"Bees dance, and hive {number} hears of it."])
        write_episode(f"b/trains-{number}.md", [f"Train {number} waits near Basel."])
    return tmp_path / "a", tmp_path / "b"


@pytest.fixture
def own(tmp_path):
    with Archive.open(tmp_path / "store", create=True) as archive:
        yield archive


def ids(archive: Archive) -> list[str]:
    return sorted(episode.id for episode in archive.episodes())


EVERY = ["bees-1", "bees-2", "trains-1", "trains-2"]


# Which episodes are removed


def test_only_what_is_below_the_named_folders_is_removed(own, folders):
    a, b = folders
    own.index([a, b])
    (a / "bees-1.md").unlink()
    (b / "trains-1.md").unlink()
    report = own.index([b], prune=True)
    assert (report.removed, report.gone) == (["trains-1"], ["bees-1"])
    assert ids(own) == ["bees-1", "bees-2", "trains-2"]


def test_a_file_that_has_become_a_folder_is_gone(own, folders):
    a, _ = folders
    own.index([a])
    (a / "bees-1.md").unlink()
    (a / "bees-1.md").mkdir()
    assert own.index([a], prune=True).removed == ["bees-1"]
    assert ids(own) == ["bees-2"]


@pytest.mark.parametrize("emptied", [True, False])
@pytest.mark.parametrize("whole", ["named", "above"])
def test_the_episodes_of_a_missing_folder_are_kept_until_it_is_meant(own, folders, emptied, whole):
    """A disk that is not mounted leaves an empty folder, or none."""
    a, b = folders
    own.index([a, b])
    shutil.rmtree(a)
    if emptied:
        a.mkdir()
    named = [a.parent] if whole == "above" or not emptied else [a, b]
    report = own.index(named, prune=True)
    assert (report.removed, report.gone) == ([], ["bees-1", "bees-2"])
    [refused] = report.not_pruned
    assert refused.path == str(a)
    assert "the whole folder is missing or empty, so its episodes (2) are kept" in refused.message
    assert ids(own) == EVERY
    report = own.index(named, prune=True, prune_missing_folders=True)
    assert (report.removed, report.not_pruned) == (["bees-1", "bees-2"], [])
    assert ids(own) == EVERY[2:]


def test_a_named_folder_that_is_missing_is_an_error_and_removes_nothing(own, folders):
    a, b = folders
    own.index([a, b])
    shutil.rmtree(a)
    with pytest.raises(PathError, match="does not exist"):
        own.index([a, b], prune=True, prune_missing_folders=True)
    assert ids(own) == EVERY


def test_a_named_file_removes_no_others(own, folders):
    a, b = folders
    own.index([a, b])
    (a / "bees-1.md").unlink()
    assert own.index([a / "bees-2.md"], prune=True).removed == []


def test_a_folder_that_may_not_be_entered_is_not_gone(own, folders, monkeypatch):
    a, b = folders
    own.index([a, b])
    refuse(monkeypatch, a, entered=False)
    report = own.index([a.parent], prune=True)
    assert (report.removed, report.gone) == ([], [])
    assert ids(own) == EVERY


def test_the_command_says_what_it_did_not_remove(askpod, folders, tmp_path):
    a, _ = folders
    named = (tmp_path, "--store", tmp_path / "store", "--prune")
    assert askpod("index", *named).code == 0
    shutil.rmtree(a)
    refused = askpod("index", *named)
    assert refused.code == 1
    assert f"not removed: {a}: the whole folder is missing" in refused.err
    assert askpod("index", *named, "--yes", "--json").json["removed"] == ["bees-1", "bees-2"]


# Folders that cannot be read


def refuse(monkeypatch: pytest.MonkeyPatch, folder: Path, *, entered: bool = True) -> None:
    """The system refuses to list a folder, and to enter it, as to a user without rights."""
    scandir, stat = os.scandir, os.stat

    def refusing_scandir(path="."):
        if not isinstance(path, int) and Path(os.fspath(path)) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def refusing_stat(path, **how):
        if not isinstance(path, int) and folder in Path(os.fsdecode(path)).parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "scandir", refusing_scandir)
    if not entered:
        monkeypatch.setattr(os, "stat", refusing_stat)


def test_an_unreadable_subfolder_fails_alone(own, folders, monkeypatch):
    a, _ = folders
    refuse(monkeypatch, a)
    report = own.index([a.parent])
    assert report.added == ["trains-1", "trains-2"]
    [failure] = report.failed
    assert failure.message == f"{a}: cannot be read (Permission denied); check it"


def test_an_unreadable_folder_that_is_named_is_an_error(own, folders, monkeypatch):
    refuse(monkeypatch, folders[0])
    with pytest.raises(PathError, match=r"cannot be read \(Permission denied\)"):
        own.index(list(folders))


def test_check_and_rebuild_report_an_unreadable_subfolder_too(
    askpod, own, folders, monkeypatch, tmp_path
):
    a, b = folders
    own.index([b])
    own.close()
    refuse(monkeypatch, a)
    checked = askpod("check", a.parent)
    assert checked.code == 1
    assert "Permission denied" in checked.out
    rebuilt = askpod("rebuild", a.parent, "--store", tmp_path / "store", "--json")
    assert rebuilt.code == 1
    assert [each["path"] for each in rebuilt.json["failed"]] == [str(a)]


# Errors that end a run


def test_on_a_full_disk_the_report_tells_what_was_done_and_what_was_not(tmp_path, write_episode):
    for number in range(8):
        turns = [
            f"Thing {n} of talk {number} came to be. {'Word upon word. ' * 9}" for n in range(40)
        ]
        write_episode(f"in/talk-{number}.md", turns)
    command = [sys.executable, "-m", "askpod", "index", tmp_path / "in", "--json", "--store"]
    ended = subprocess.run(
        [*command, tmp_path / "store"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)),
    )
    report = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert 0 < len(report["added"]) < 8
    assert len(report["added"]) + len(report["not_reached"]) == 8
    assert "not reached: " in ended.stderr
    assert "the store cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr
    with Archive.open(tmp_path / "store") as archive:
        assert ids(archive) == report["added"]


def test_the_first_error_is_not_hidden_by_a_second(own, folders, monkeypatch):
    """The endpoint fails, and then the vector index cannot be written either."""

    def full(*_: object) -> None:
        raise StoreUnwritable("no space left")

    def down(*_: object) -> None:
        raise ModelError("the endpoint is down")

    monkeypatch.setattr(Publisher, "finish", full)
    with pytest.raises(StoreUnwritable) as late:
        own.index([folders[0]])
    assert late.value.report.added == ["bees-1", "bees-2"]
    monkeypatch.setattr("askpod.indexing.indexer.embed", down)
    with pytest.raises(ModelError, match="is down") as early:
        own.index([folders[1]])
    assert (early.value.report.added, len(early.value.report.not_reached)) == ([], 2)
