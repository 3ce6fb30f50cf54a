"""Two processes write to one store: both finish, and it is as if they had come one by one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from askpod import Archive
from askpod.doctor import diagnose
from askpod.errors import ArchiveNotFound
from askpod.store.catalog import Catalog
from askpod.store.filters import Selection

Content = dict[str, object]


def content(store: Path) -> Content:
    """By episode: what is known of it, its turns, its chunks and their vectors."""
    with closing(Catalog(store)) as catalog, catalog.reading():
        held: Content = {}
        for id_, episode in catalog.episodes().items():
            ids = catalog.chunk_ids(Selection(episodes=(id_,))).tolist()
            chunks = [catalog.chunks([number])[number].chunk for number in ids]
            vectors = catalog.vectors(ids).tobytes()
            held[id_] = (episode, catalog.turns(id_), chunks, vectors)
        return held


@pytest.fixture
def files(write_episode) -> list[Path]:
    return [
        write_episode(f"talk{n}.md", [f"In talk {n} bees dance to tell of tree {n}."] * (n + 1))
        for n in range(8)
    ]


@pytest.fixture
def serial(tmp_path, files) -> Content:
    """What is in an archive that one run alone has made."""
    with Archive.open(tmp_path / "serial", create=True) as archive:
        archive.index(files)
    return content(tmp_path / "serial")


@pytest.mark.parametrize(
    ("first", "second"),
    [(slice(0, 5), slice(3, 8)), (slice(0, 8), slice(0, 8))],
    ids=["some in common", "all in common"],
)
def test_two_that_index_at_once(tmp_path, files, start, serial, first, second):
    store = tmp_path / "store"
    writers = [
        start("-m", "askpod", "index", *files[part], "--store", store) for part in (first, second)
    ]
    ends = [writer.communicate(timeout=120) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    assert content(store) == serial
    assert all(finding.ok for finding in diagnose(store))


def test_one_that_indexes_while_another_rebuilds(small, tmp_path, start, write_episode):
    path = write_episode("honey.md", ["Heather honey sets like jelly."])
    writers = [
        start("-m", "askpod", "rebuild", "--store", small),
        start("-m", "askpod", "index", path, "--store", small),
    ]
    ends = [writer.communicate(timeout=120) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    before = content(small)
    assert set(before) == {"bees", "honey", "trains"}
    with Archive.open(small) as archive:
        assert archive.search("heather honey")[0].episode_id == "honey"
        assert len(archive.index([path, tmp_path / "bees.md"]).unchanged) == 2
    assert content(small) == before
    assert all(finding.ok for finding in diagnose(small))


def test_one_that_is_killed_while_the_other_waits(tmp_path, files, start, serial):
    store = tmp_path / "store"
    first = start("-m", "askpod", "index", *files, "--store", store)
    while not (store / "catalog.db").exists():
        assert first.poll() is None, first.communicate()
    second = start("-m", "askpod", "index", *files, "--store", store)
    first.kill()
    _, error = second.communicate(timeout=120)
    assert second.returncode == 0, error
    assert content(store) == serial


LAYING = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("CREATE TABLE meta (key, value)")
connection.executemany("INSERT INTO meta VALUES (?, ?)", [("k" * 900, n) for n in range(99)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_one_leaves_that_was_killed_while_it_laid_the_file(tmp_path, files, start, serial):
    """SQLite's first steps are not in the -wal file yet, and only a writer may undo them."""
    store = tmp_path / "store"
    store.mkdir()
    start("-c", LAYING, store / "catalog.db").wait()
    assert (store / "catalog.db-journal").stat().st_size
    with pytest.raises(ArchiveNotFound, match="askpod index"):
        Archive.open(store)
    with Archive.open(store, create=True) as archive:
        archive.index(files)
    assert content(store) == serial
