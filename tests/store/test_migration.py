"""A store of the former format is brought to the present one at its next opening, or untouched."""

from __future__ import annotations

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from former_format import make_former, stored_format

from askpod import Archive
from askpod.diagnosis import diagnose
from askpod.errors import StoreBusy, StoreDamaged, StoreMismatch, StoreUnwritable
from askpod.store import migrate
from askpod.store.lock import write_lock

BRINGING = "bringing {} from format 2 to format 3 …"

KILLED = """
import os, signal, sys
from askpod import Archive
from askpod.store import migrate
write = migrate.write_rows
def stop(connection, table, rows):
    if table == "vectors":
        os.kill(os.getpid(), signal.SIGKILL)
    write(connection, table, rows)
migrate.write_rows = stop
Archive.open(sys.argv[1])
"""

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from askpod import Archive
from askpod.errors import StoreUnwritable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = (Path(sys.argv[1]) / "catalog.db").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size // 4, size // 4))
try:
    Archive.open(sys.argv[1])
except StoreUnwritable as error:
    print(error)
"""


@pytest.fixture
def former(store: Path) -> Path:
    """The examples' archive as format 2 had it."""
    make_former(store)
    return store


def schema(store: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(store / "catalog.db")) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return set(rows)


def test_opening_brings_it_up_and_changes_no_result(former, indexed, results, expected):
    told: list[str] = []
    Archive.open(former, notify=told.append).close()
    assert told == [BRINGING.format(former)]  # and no vector index made anew
    assert schema(former) == schema(indexed)
    assert results(former) == expected
    assert all(finding.ok for finding in diagnose(former))


def test_the_work_goes_on_where_it_was(former, examples, write_episode):
    with Archive.open(former) as archive:
        assert len(archive.index([examples]).unchanged) == 6
        archive.index([write_episode("honey.md", ["Heather honey sets like jelly."])])
        assert archive.search("heather honey")[0].episode_id == "honey"


def test_a_number_of_a_chunk_is_not_used_again(former, write_episode):
    """Else an index of vectors that is behind would name the wrong chunk."""
    with closing(sqlite3.connect(former / "catalog.db")) as connection, connection:
        (last,) = connection.execute("SELECT max(id) FROM chunks").fetchone()
        connection.execute("UPDATE sqlite_sequence SET seq = ?", (last + 70,))
    with Archive.open(former) as archive:
        archive.index([write_episode("honey.md", ["Heather honey sets like jelly."])])
    with closing(sqlite3.connect(former / "catalog.db")) as connection:
        assert connection.execute("SELECT max(id) FROM chunks").fetchone() == (last + 71,)


def test_a_kill_midway_leaves_the_former_format(former, start, results, expected):
    run = start("-c", KILLED, former)
    assert run.wait() == -signal.SIGKILL
    assert stored_format(former) == "2"
    assert results(former) == expected


def test_a_full_disk_leaves_the_former_format(former, start, results, expected):
    output, error = start("-c", FULL_DISK, former).communicate(timeout=60)
    assert "this store has format 2" in output, error
    assert f"run `askpod episodes --store {former}`" in output
    assert stored_format(former) == "2"
    assert results(former) == expected


def test_while_another_writes_it_waits_and_then_says_so(former, monkeypatch):
    monkeypatch.setattr(migrate, "PATIENCE", 0.1)
    with (
        write_lock(former),
        pytest.raises(StoreBusy, match=r"has format 2.* run `askpod episodes --store"),
    ):
        Archive.open(former)
    assert stored_format(former) == "2"


def test_many_may_open_it_at_once(former, results, expected):
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(results, [former] * 4)) == [expected] * 4


@pytest.mark.parametrize("wanted", [b"laboratory", b"\x80?"], ids=["text", "vector"])
def test_damage_is_not_taken_over(former, wanted):
    """A checksum made from a damaged row would vouch for it."""
    path = former / "catalog.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        if wanted == b"laboratory":
            connection.execute("UPDATE turns SET text = replace(text, 'laboratory', 'lavatory')")
        else:
            connection.execute("UPDATE vectors SET vector = zeroblob(1536) WHERE chunk_id = 7")
    with pytest.raises(StoreDamaged, match=r"askpod rebuild"):
        Archive.open(former)
    assert stored_format(former) == "2"


def test_a_store_of_an_older_format_is_not_touched(store, examples):
    make_former(store, "1")
    before = (store / "catalog.db").read_bytes()
    with pytest.raises(StoreMismatch, match=r"has format 1, .* Run `askpod rebuild`"):
        Archive.open(store)
    assert (store / "catalog.db").read_bytes() == before
    assert len(Archive.rebuild(store).added) == len(list(examples.glob("*.md")))


def test_a_rebuild_of_the_former_format_carries_over(small, tmp_path):
    make_former(small)
    (tmp_path / "bees.md").unlink()
    report = Archive.rebuild(small)
    assert (report.added, report.gone, report.failed) == (["trains"], ["bees"], [])
    with Archive.open(small) as archive:
        assert archive.search("linden")[0].episode_id == "bees"


def test_the_doctor_changes_nothing(former):
    before = (former / "catalog.db").read_bytes()
    findings = {finding.what: finding for finding in diagnose(former)}
    assert findings["format"].value == "2; brought to 3 at the next opening"
    assert (former / "catalog.db").read_bytes() == before


def test_a_folder_where_nobody_may_write_is_said_so(former, monkeypatch):
    """The system's refusal stands in for the folder's modes, which count nothing for root."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(former / "write.lock"))

    monkeypatch.setattr("filelock.FileLock.acquire", refused)
    with pytest.raises(StoreUnwritable, match=r"format 2.*Permission denied.*as a user who may"):
        Archive.open(former)
