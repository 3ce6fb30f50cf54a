"""Repositories: what none of them can do, and what is no name of one."""

from __future__ import annotations

import stat
import subprocess

import pytest

from askpod.errors import FetchError
from askpod.sources import git
from fake_git import TALKS, backend
from feeds import names, vtt

pytestmark = pytest.mark.skipif(backend() is None, reason="git with its http-backend is not here")


@pytest.mark.parametrize(
    "source",
    [
        "git+file:///etc",
        "git+ssh://git@river.example/talks",
        "git+ext::sh -c touch% /tmp/x",
        "git+/etc",
        "git+https://",
        "git+https://ann:s3cret@river.example/talks",
        "git+https://river.example/talks@--upload-pack=touch x",
        "git+https://river.example/talks@-x",
        "git+https://river.example/talks@a..b",
        "git+https://river.example/talks@a:b",
        "git+https://river.example/talks@+main",
        "git+https://river.example/talks@a b",
        "git+https://river.example/talks@",
        "git+https://river.example/talks@x.lock",
        "git+https://river.example/talks#../other",
        "git+https://river.example/talks#a/../../b",
        "git+https://river.example/talks#%2e%2e/b",
        "git+https://river.example/talks#.git",
        "git+https://river.example/talks#a/.GIT/hooks",
        "git+https://river.example/talks#a%0ab",
        "git+https://river.example/talks#a//b",
    ],
)
def test_what_could_mean_something_else(bring, store, source, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)  # nothing is run
    with pytest.raises(FetchError) as failure:
        bring(source)
    assert "s3cret" not in str(failure.value)
    assert not store.exists()


def test_private_addresses_and_plain_http_need_a_flag(served, bring, store):
    served.commit("talks", TALKS)
    with pytest.raises(FetchError, match="not encrypted"):
        bring(served.at("talks"), allow_private=False)
    with pytest.raises(FetchError, match="no public address"):
        bring(served.at("talks").replace("http:", "https:"), allow_private=False)
    assert served.requests == []
    assert not store.exists()


def test_git_connects_to_the_number_that_was_checked(served, bring, monkeypatch):
    """The name means nothing to any name server: git can only have taken the number."""
    served.commit("talks", TALKS)
    monkeypatch.setattr(git, "resolve", lambda *_, **__: ["127.0.0.1"])
    found = bring(served.at("talks").replace("127.0.0.1", "talks.invalid") + "#other")
    assert names(found) == ["mills.vtt"]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("talks#none", "has no folder or file 'none' at HEAD"),
        ("talks#pictures", "holds no transcript there at HEAD"),
        ("talks@none", "couldn't find remote ref none"),
        ("none", "git says: "),
    ],
)
def test_what_is_not_there(served, bring, store, part, message):
    served.commit("talks", {**TALKS, "pictures/x.png": "x"})
    with pytest.raises(FetchError, match=message):
        bring(served.at("") + part)
    assert not store.exists()


def test_links_are_left_out(served, bring, tmp_path):
    (tmp_path / "secret.vtt").write_text(vtt())
    link = f"-> {tmp_path / 'secret.vtt'}"
    served.commit("talks", {**TALKS, "other/link.vtt": link, "up": "-> .."})
    found = bring(f"{served.at('talks')}#other")
    assert names(found) == ["mills.vtt"]
    [folder] = {path.parent for path in found.files}
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    with pytest.raises(FetchError, match="has no folder or file 'up/x'"):
        bring(f"{served.at('talks')}#up/x")


def test_nothing_of_a_repository_runs(served, bring, tmp_path):
    """Neither the hooks that a template would bring, nor filters, nor submodules."""
    mark = tmp_path / "ran"
    hooks = tmp_path / "home" / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(stat.S_IRWXU)
    (tmp_path / "home" / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n[submodule]\n\trecurse = true\n"
        f'[filter "lfs"]\n\tsmudge = touch {mark}\n\trequired = true\n'
    )
    served.commit(
        "talks",
        {
            **TALKS,
            ".gitattributes": "*.vtt filter=lfs\n",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = http://127.0.0.1:9/\n',
        },
    )
    assert names(bring(f"{served.at('talks')}#other")) == ["mills.vtt"]
    assert not mark.exists()


def test_no_redirect_is_followed(served, bring, web):
    served.commit("talks", TALKS)
    there = served.at("talks").removeprefix("git+") + "/info/refs?service=git-upload-pack"
    web.put("/talks/info/refs?service=git-upload-pack", status=301, Location=there)
    with pytest.raises(FetchError, match="git says"):
        bring(f"git+{web.at('/talks')}")
    assert served.requests == []


def test_nobody_is_asked_for_a_password(bring, web):
    web.put("/talks/info/refs?service=git-upload-pack", status=401, WWW_Authenticate="Basic")
    with pytest.raises(FetchError, match=r"git says: .*(Authentication|could not read)"):
        bring(f"git+{web.at('/talks')}")
