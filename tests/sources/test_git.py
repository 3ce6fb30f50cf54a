"""Repositories brought into a store by git: what is fetched, and what failures leave."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest

from askpod.errors import FetchError
from askpod.sources import git as git_module
from fake_git import TALKS, backend
from feeds import about, names, vtt

pytestmark = pytest.mark.skipif(backend() is None, reason="git with its http-backend is not here")


def packed(store: Path) -> set[Path]:
    """The files in which git holds what it fetched."""
    return set(store.glob("sources/*/.git/objects/pack/*"))


def test_the_transcripts_of_a_folder_are_brought_and_nothing_else(served, bring, store):
    served.commit("talks", TALKS)
    found = bring(f"{served.at('talks')}#episodes")
    assert names(found) == ["eels.SRT", "locks.vtt"]
    assert found.fetched == 2
    assert found.named == frozenset(), "what a folder holds is not named one by one"
    [clone] = [path for path in (store / "sources").iterdir() if path.is_dir()]
    laid_out = {path.name for path in clone.rglob("*") if ".git" not in path.parts}
    assert laid_out == {"episodes", "2024", "locks.vtt", "locks.yaml", "eels.SRT"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("", ["eels.SRT", "locks.vtt", "mills.vtt"]),
        ("#other", ["mills.vtt"]),
        ("#/other/", ["mills.vtt"]),
        ("#episodes/2024", ["eels.SRT"]),
        ("#episodes/locks.vtt", ["locks.vtt"]),
    ],
)
def test_parts_of_a_repository(served, bring, part, expected):
    served.commit("talks", TALKS)
    found = bring(served.at("talks") + part)
    assert names(found) == expected
    assert bool(found.named) == part.endswith(".vtt")


def test_a_files_metadata_come_with_it(served, bring):
    served.commit("talks", TALKS)
    [file] = bring(f"{served.at('talks')}#episodes/locks.vtt").files
    assert file.with_suffix(".yaml").read_text() == "title: On locks\n"


def test_odd_names_of_folders(served, bring):
    served.commit("talks", {"a [b] *! #1/x.vtt": vtt(), "a b 1/y.vtt": vtt()})
    assert names(bring(f"{served.at('talks')}#a%20[b]%20*!%20%231")) == ["x.vtt"]


def test_the_next_run_brings_what_has_changed(served, bring, store):
    url = f"{served.at('talks')}#episodes"
    served.commit("talks", TALKS)
    first = bring(url)
    held = packed(store)
    assert bring(url).fetched == 0
    assert packed(store) == held, "nothing came a second time"
    served.commit(
        "talks",
        {
            "episodes/locks.vtt": vtt(about("locks and keys")),
            "episodes/2024/eels.SRT": None,
            "episodes/weirs.vtt": vtt(about("weirs")),
            "other/mills.vtt": vtt(about("windmills")),
        },
    )
    found = bring(url)
    assert names(found) == ["locks.vtt", "weirs.vtt"]
    assert found.fetched == 2
    [same] = set(found.files) & set(first.files)
    assert "keys" in same.read_text()


def test_branches_tags_and_commits(served, bring):
    first = served.commit("talks", TALKS)
    served.git("talks", "tag", "v1.0")
    served.git("talks", "checkout", "-q", "-b", "team/next")
    served.commit("talks", {"other/mills.vtt": None, "other/weirs.vtt": vtt()})
    served.git("talks", "checkout", "-q", "main")
    at = served.at("talks")
    assert names(bring(f"{at}@v1.0#other")) == ["mills.vtt"]
    assert names(bring(f"{at}@team/next#other")) == ["weirs.vtt"]
    assert names(bring(f"{at}@{first}#other")) == ["mills.vtt"]


def test_an_at_sign_that_begins_a_name_is_part_of_it(served, bring):
    served.commit("@group", {"x.vtt": vtt()})
    served.git("@group", "tag", "v1")
    assert names(bring(served.at("@group"))) == ["x.vtt"]
    assert names(bring(f"{served.at('@group')}@v1")) == ["x.vtt"]


def test_a_rewritten_history_is_followed(served, bring):
    served.commit("talks", TALKS)
    bring(f"{served.at('talks')}#other")
    served.git("talks", "checkout", "-q", "--orphan", "anew")
    served.commit("talks", {"other/mills.vtt": vtt(about("tide mills"))})
    served.git("talks", "branch", "-f", "main", "anew")
    served.git("talks", "checkout", "-q", "main")
    found = bring(f"{served.at('talks')}#other")
    assert "tide" in found.files[0].read_text()


# Failures


def test_a_server_that_is_down_leaves_what_was_brought(served, bring):
    served.commit("talks", TALKS)
    url = f"{served.at('talks')}#other"
    before = bring(url)
    served.down = True
    found = bring(url)
    assert found.files == before.files
    assert found.files[0].is_file()
    [failure] = found.failed
    assert "503" in failure.message


@pytest.mark.parametrize(
    "harm",
    [
        lambda git: (git / "index.lock").touch(),
        lambda git: (git / "shallow.lock").touch(),
        lambda git: (git / "HEAD").write_text("nonsense"),
        lambda git: (git / "index").write_bytes(b"DIRC" + b"\0" * 40),
        lambda git: shutil.rmtree(git / "objects"),
        lambda git: (git / "config").write_text("[core"),
        lambda git: shutil.rmtree(git),
    ],
    ids=["lock", "shallow-lock", "head", "index", "objects", "config", "all"],
)
def test_a_clone_that_was_damaged_or_stopped_is_mended(served, bring, store, harm):
    url = f"{served.at('talks')}#episodes"
    served.commit("talks", TALKS)
    bring(url)
    [git] = (store / "sources").glob("*/.git")
    harm(git)
    served.commit("talks", {"episodes/locks.vtt": vtt(about("sluices"))})
    found = bring(url)
    assert names(found) == ["eels.SRT", "locks.vtt"]
    assert found.failed == ()
    assert "sluices" in next(p for p in found.files if p.name == "locks.vtt").read_text()


def test_without_git(served, bring, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match="git is not installed"):
        bring(served.at("talks"))


def test_git_that_takes_too_long_or_talks_too_much_or_brings_too_much_is_ended(
    served, bring, monkeypatch, tmp_path
):
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    process = tmp_path / "process"

    def pretend(script: str) -> None:
        program.write_text(f"#!/bin/sh\necho $$ > {process}\n{script}\n")
        program.chmod(stat.S_IRWXU)

    for script, bound, value, message in [
        ("sleep 30", "WHOLE", 0.2, "has not finished in 0 s"),
        ("yes chatter >&2", "MOST_SAID", 100_000, "talks without end"),
        ("yes big > filling; sleep 30", "MOST_BYTES", 2**20, "is larger than"),
    ]:
        pretend(script)
        with monkeypatch.context() as patch:
            patch.setattr(git_module, bound, value)
            began = time.monotonic()
            with pytest.raises(FetchError, match=message):
                bring(served.at("talks"))
            assert time.monotonic() - began < 25
        with pytest.raises(ProcessLookupError):
            os.kill(int(process.read_text()), 0)
