"""The one object that a user opens and asks: opening, looking up, closing, errors."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import Archive, Settings, answer
from askpod.errors import (
    ArchiveNotFound,
    AskpodError,
    FilterError,
    StoreDamaged,
    StoreMismatch,
)

QUESTION = "What killed the beekeeper's first colonies?"


def test_a_search_brings_up_the_right_episode(archive):
    best = archive.search(QUESTION, top=5)[0]
    assert best.episode_id == "hive-telemetry-for-small-apiaries"
    assert best.start < best.end
    assert best.text
    assert best.url


def test_a_folder_without_an_archive(tmp_path):
    with pytest.raises(ArchiveNotFound) as caught:
        Archive.open(tmp_path / "nothing")
    assert f"{tmp_path}/nothing: no archive here yet" in str(caught.value)
    assert f"askpod index PATH… --store {tmp_path}/nothing" in str(caught.value)
    assert not (tmp_path / "nothing").exists()


def test_what_a_run_stopped_at_its_start_leaves_is_no_archive_yet(tmp_path):
    (tmp_path / "catalog.db").touch()
    with pytest.raises(ArchiveNotFound, match="no archive here yet"):
        Archive.open(tmp_path)
    with Archive.open(tmp_path, create=True) as archive:
        assert archive.counts()["episodes"] == 0


def test_the_store_may_be_named_by_the_environment(store, monkeypatch):
    monkeypatch.setenv("ASKPOD_STORE", str(store))
    with Archive.open() as archive:
        assert archive.counts()["episodes"] == 6


def test_an_empty_archive_finds_nothing(tmp_path):
    with Archive.open(tmp_path, create=True) as archive:
        assert archive.search(QUESTION) == []
        assert archive.ask(QUESTION).refused
        assert archive.ask(QUESTION).warnings == ()


def test_opening_to_create_leaves_what_is_there(store):
    with Archive.open(store, create=True) as archive:
        assert archive.counts()["episodes"] == 6


def test_a_store_of_another_precision_is_not_opened(store):
    with pytest.raises(StoreMismatch) as caught:
        Archive.open(store, settings=Settings(precision="fp32"))
    message = str(caught.value)
    assert message.startswith(str(store))
    assert "all-MiniLM-L6-v2/int8" in message
    assert "all-MiniLM-L6-v2/fp32" in message
    assert "`askpod rebuild`" in message


def test_a_store_of_another_chunking_is_not_opened(store):
    usual = Settings()
    other = replace(usual, chunking=replace(usual.chunking, speech=usual.chunking.speech - 1))
    with pytest.raises(StoreMismatch, match=r"chunking .* Run `askpod rebuild`"):
        Archive.open(store, settings=other)


def test_a_newer_format_is_not_touched(store):
    with sqlite3.connect(store / "catalog.db") as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    connection.close()
    with pytest.raises(StoreMismatch, match=r"format 99, made by a newer askpod.* Upgrade askpod"):
        Archive.open(store)


@pytest.mark.parametrize("garbage", [b"not a database " * 9000, os.urandom(50_000)])
def test_a_catalog_of_garbage(store, garbage):
    (store / "catalog.db").write_bytes(garbage)
    with pytest.raises(StoreDamaged) as caught:
        Archive.open(store)
    assert f"{store}/catalog.db: the catalog is damaged" in str(caught.value)
    assert "askpod rebuild PATH…" in str(caught.value)


def test_a_closed_archive_says_so(store):
    archive = Archive.open(store)
    archive.search(QUESTION)
    archive.close()
    archive.close()
    with pytest.raises(AskpodError, match="has been closed; open it again"):
        archive.search(QUESTION)


def test_a_closed_archive_holds_no_file(store):
    with Archive.open(store) as archive:
        archive.search(QUESTION)
        for _ in range(40):  # in turn: how many connections are open at a time is chance
            thread = threading.Thread(target=archive.counts)
            thread.start()
            thread.join()
        # A connection takes three files at most; threads that have ended keep none.
        assert len(_open_files(store)) < 30
    until = time.monotonic() + 10  # Chroma closes its files in threads of its own
    while _open_files(store) and time.monotonic() < until:
        time.sleep(0.02)
    assert _open_files(store) == []


def _open_files(folder: Path) -> list[str]:
    own = Path("/proc/self/fd")
    if not own.is_dir():
        pytest.skip("needs /proc")
    targets = [str(link.readlink()) for link in own.iterdir() if link.is_symlink()]
    return [target for target in targets if target.startswith(str(folder))]


def test_the_catalog_is_one_file_once_indexed(examples, tmp_path):
    """Who copies catalog.db alone has all of it."""
    with Archive.open(tmp_path / "own", create=True) as archive:
        archive.index([examples / "night-train-timetables.md"])
        counts = archive.counts()
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "own" / "catalog.db", tmp_path / "copy")
    with Archive.open(tmp_path / "copy") as copy:
        assert copy.counts() == counts


READ = """
import sys
from askpod import Archive
examples, *stores = sys.argv[1:]
for store in stores:
    with Archive.open(store) as archive:
        print(archive.search("What killed the colonies?")[0].episode_id)
        try:
            archive.index([examples])
        except Exception as error:
            print(type(error).__name__, error)
"""


def _obey_permissions() -> None:
    """Makes the program about to be run obey permission bits even where root runs it."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


@pytest.mark.skipif(sys.platform != "linux", reason="root is made to obey with Linux's prctl")
def test_a_store_that_cannot_be_written_can_be_searched(store, examples):
    """As on a read-only disk, or in a colleague's folder; with or without an empty journal."""
    for journal in store.glob("catalog.db-*"):
        journal.unlink()
    with_journal = store.with_name("with-journal")
    shutil.copytree(store, with_journal)
    (with_journal / "catalog.db-wal").touch()
    stores = [store, with_journal]
    paths = [path for each in stores for path in (each, *each.rglob("*"))]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    run = subprocess.run(
        [sys.executable, "-c", READ, examples, *stores],
        preexec_fn=_obey_permissions,
        capture_output=True,
        text=True,
        check=False,
    )
    for path in paths:
        path.chmod(0o755)
    lines = run.stdout.splitlines()
    assert lines[::2] == ["hive-telemetry-for-small-apiaries"] * 2, run.stderr
    for each, line in zip(stores, lines[1::2], strict=True):
        assert line.startswith(f"StoreUnwritable {each}:")
        assert "permission" in line


SEARCH_CLOSED = """
import sys
from askpod import Archive

with Archive.open(sys.argv[1]) as archive:
    archive.search("two towers")
archive.search("two towers")
"""


def test_a_program_that_searches_a_closed_archive_ends_with_the_error(indexed):
    run = subprocess.run(
        [sys.executable, "-c", SEARCH_CLOSED, indexed], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stderr
    assert "this archive has been closed" in run.stderr.splitlines()[-1]


def test_answer_needs_no_more_than_a_question_and_a_store(store):
    first = answer(QUESTION, store=store)
    assert first.passages
    assert answer(QUESTION, store=store).text == first.text


@pytest.mark.parametrize("kind", [str, Path])
def test_one_path_and_one_id_need_no_list(tmp_path, examples, kind):
    name = "hive-telemetry-for-small-apiaries"
    path = examples / f"{name}.md"
    with Archive.open(tmp_path / "new", create=True) as archive:
        assert archive.index(kind(path)).added == [name]
        assert archive.remove(name) == [name]


def test_answer_notices_that_the_archive_was_replaced(store, write_episode):
    assert answer(QUESTION, store=store).passages
    shutil.rmtree(store)
    with pytest.raises(ArchiveNotFound):
        answer(QUESTION, store=store)
    with Archive.open(store, create=True) as archive:
        archive.index([write_episode("soup.md", ["The soup was cold."])])
    assert {p.episode_id for p in answer("Was the soup cold?", store=store).passages} == {"soup"}


def test_an_archive_that_was_made_anew_with_another_embedder_says_so(small):
    with Archive.open(small) as archive:
        archive.search(QUESTION)
        Archive.rebuild(small, settings=Settings(precision="fp32"))
        with pytest.raises(StoreMismatch, match=r"fp32 since it was opened .*; open it again"):
            archive.search(QUESTION)


def test_episodes_of_a_speaker_are_those_in_which_they_speak(archive):
    [episode] = archive.episodes({"speaker": "Marisol Vanterpool"})
    assert episode.guests == ("Marisol Vanterpool",)
    assert archive.episodes({"speaker": "Zebediah"}) == []
    assert len(archive.episodes({"speaker": "Odalys"})) == 6


def test_unknown_filters_are_refused(archive):
    with pytest.raises(FilterError, match="unknown filter gest"):
        archive.ask(QUESTION, filters={"gest": "Mara"})
