"""The collection that follows a run: while it goes on, at its end, and where it is no more."""

from __future__ import annotations

import errno
import subprocess
import sys
from contextlib import closing

import pytest

from askpod import Archive
from askpod.indexing import publisher
from askpod.store.catalog import Catalog
from held_collection import assert_mended, chunk_ids, held_ids, state

TEXT = "Revision {} of the talk on heather honey."


@pytest.fixture
def nine(store, write_episode, monkeypatch) -> list[tuple[int, int, str]]:
    """The chunks of nine episodes that are in the catalog alone."""
    with monkeypatch.context() as patch, Archive.open(store) as archive:
        patch.setattr(publisher.Publisher, "finish", lambda _: None)
        archive.index([write_episode(f"talk-{n}.md", [TEXT.format(n)]) for n in range(9)])
    with closing(Catalog(store)) as catalog:
        return catalog.chunk_ranges()[-9:]


def test_a_long_run_is_published_on_its_way(store, nine, monkeypatch):
    for name, value in (("WRITTEN", 0), ("WRITTEN_SHARE", 0), ("PUBLISHED", 2)):
        monkeypatch.setattr(publisher, name, value)
    monkeypatch.setattr(publisher, "PUBLISHED_SHARE", 0)
    put_in_place, states = publisher.put_in_place, []

    def noted(*how) -> None:
        put_in_place(*how)
        states.append(state(store))

    monkeypatch.setattr(publisher, "put_in_place", noted)
    publisher.follow(store, [*nine, None], lambda: True)
    assert states == ["fresh"] * 4  # after 3, 6 and 9 chunks, and at the end
    assert held_ids(store) == chunk_ids(store)


@pytest.mark.parametrize("stopped", ["told no end", "killed"])
def test_nothing_is_published_for_a_run_that_is_no_more(store, nine, stopped):
    told = nine if stopped == "told no end" else [*nine, None]
    publisher.follow(store, told, lambda: stopped != "killed")
    assert state(store) == "stale"
    assert {first for first, _, _ in nine}.isdisjoint(held_ids(store))
    assert_mended(store)


def test_a_process_of_its_own_follows_a_run_that_writes_much(store, write_episode, monkeypatch):
    published = []
    monkeypatch.setattr(publisher, "WRITTEN", 2)
    monkeypatch.setattr(publisher, "publish", lambda *_: published.append(state(store)))
    with Archive.open(store) as archive:
        archive.index([write_episode(f"talk-{n}.md", [TEXT.format(n)]) for n in range(5)])
        assert published == ["fresh"]
        assert TEXT.format(4) in archive.search(TEXT.format(4), top=1)[0].text
    assert held_ids(store) == chunk_ids(store)
    assert not list(store.glob("chroma.*"))


@pytest.mark.parametrize("fault", ["it cannot be started", "it dies"])
def test_a_run_is_published_without_the_process_that_follows_it(
    store, write_episode, monkeypatch, fault
):
    def none(_: str, **pipes: int) -> subprocess.Popen:
        if fault == "it cannot be started":
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        return subprocess.Popen([sys.executable, "-c", ""], **pipes)

    monkeypatch.setattr(publisher, "WRITTEN", 2)
    monkeypatch.setattr(publisher, "own_process", none)
    with Archive.open(store) as archive:
        archive.index([write_episode(f"talk-{n}.md", [TEXT.format(n)]) for n in range(5)])
    assert state(store) == "fresh"
    assert held_ids(store) == chunk_ids(store)
