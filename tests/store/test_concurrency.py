"""Threads and processes that read and write one archive at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from askpod import Archive, opening
from askpod.store.catalog import Catalog

VERSIONS = ["The former talk on heather honey.", "The later talk on heather honey."]

SEARCH_ON = """
import sys, time
from askpod import Archive
from askpod.errors import ArchiveNotFound
seen = set()
print("ready", flush=True)
while True:
    try:
        with Archive.open(sys.argv[1]) as archive:
            found = archive.search("honey", top=100)
            # An episode is there with all of its turns or not at all.
            listed = archive.episodes()
            for known in listed:
                turns = len(archive.turns(known.id))
                seen.add((known.id, turns))
            if len(listed) == 6 and found:
                break
    except ArchiveNotFound:
        time.sleep(0.01)
print(sorted(seen), flush=True)
"""


def test_threads_search_and_ask_while_one_indexes(store, write_episode):
    path = write_episode("honey.md", [VERSIONS[0]])
    with Archive.open(store) as archive:
        archive.index([path])
        done = threading.Event()
        seen: list[str] = []

        def search(number: int) -> int:
            rounds = 0
            while not done.is_set() or not rounds:
                if number % 2:
                    passages = archive.search("heather honey", top=5)
                else:
                    passages = archive.ask("What is said of heather honey?").passages
                honey = [p.text for p in passages if p.episode_id == "honey"]
                assert len(honey) == 1
                seen.extend(honey)
                rounds += 1
            return rounds

        with ThreadPoolExecutor(8) as pool:
            searches = [pool.submit(search, number) for number in range(8)]
            try:
                for number in range(1, 5):
                    write_episode("honey.md", [VERSIONS[number % 2]])
                    assert archive.index([path]).changed == ["honey"]
            finally:
                done.set()
            assert all(search.result() for search in searches)
        assert set(seen) == set(VERSIONS)
        assert archive.search("heather honey")[0].text == VERSIONS[0]


def test_an_archive_may_be_closed_while_threads_search(store):
    archive = Archive.open(store)
    archive.search("bees")
    started = threading.Barrier(5)

    def search() -> Exception | None:
        started.wait()
        try:
            while True:
                archive.search("bees")
        except Exception as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search) for _ in range(4)]
        started.wait()
        archive.close()
        errors = {str(search.result()) for search in searches}
    assert errors == {f"{store}: this archive has been closed; open it again"}


def test_two_writers_at_once_both_succeed(tmp_path, examples, start, results, expected):
    store, files = tmp_path / "store", sorted(examples.glob("*.md"))
    writers = [
        start("-m", "askpod", "index", *half, "--store", store) for half in (files[:3], files[3:])
    ]
    ends = [writer.communicate(timeout=120) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    told = [error for _, error in ends if "another askpod is writing to" in error]
    assert len(told) <= 1
    assert [[p.text for p in found] for found in results(store)] == [
        [p.text for p in found] for found in expected
    ]


def test_the_second_writer_is_told_to_wait(tmp_path, examples, start, write_episode):
    """Sure to meet the first one: it holds the lock until the second has spoken."""
    store = tmp_path / "store"
    spoken, path = threading.Event(), write_episode("honey.md", [VERSIONS[0]])
    second = []

    def wait(_: object) -> None:
        if not second:
            second.append(start("-m", "askpod", "index", examples, "--store", store))
            line = second[0].stderr.readline()
            assert line.startswith(f"another askpod is writing to {store}; waiting")
            spoken.set()

    with Archive.open(store, create=True) as archive:
        archive.index([path], progress=wait)
        assert spoken.is_set()
        _, error = second[0].communicate(timeout=120)
        assert second[0].returncode == 0, error
        assert archive.counts()["episodes"] == 7


def test_an_archive_that_is_opened_while_it_is_being_made_is_searched(
    tmp_path, write_episode, monkeypatch
):
    store = tmp_path / "new"
    store.mkdir()
    path, verify = write_episode("honey.md", [VERSIONS[0]]), opening.verify

    def made_meanwhile(*arguments, **options) -> None:
        monkeypatch.setattr(opening, "verify", verify)
        with Archive.open(store, create=True) as other:
            other.index([path])
        verify(*arguments, **options)

    with closing(Catalog(store, writable=True)) as begun:
        begun.meta()  # no process has got further: the file holds nothing
    monkeypatch.setattr(opening, "verify", made_meanwhile)
    with Archive.open(store) as archive:
        assert [passage.text for passage in archive.search("heather")] == [VERSIONS[0]]


def test_searches_in_another_process_never_fail_while_one_indexes(
    tmp_path, examples, start, archive
):
    searcher = start("-c", SEARCH_ON, tmp_path / "store")
    assert searcher.stdout.readline() == "ready\n"
    with Archive.open(tmp_path / "store", create=True) as own:
        for path in sorted(examples.glob("*.md")):
            own.index([path])  # six times, each of them replacing the vector index
    output, error = searcher.communicate(timeout=120)
    assert searcher.returncode == 0, error
    whole = {(known.id, len(archive.turns(known.id))) for known in archive.episodes()}
    seen = set(eval(output))
    assert seen == whole
