"""A damaged catalog: noticed at the opening or by the read that meets it, and never served."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from askpod import Archive, doctor
from askpod.doctor import diagnose
from askpod.errors import PathError, StoreDamaged
from askpod.store.catalog import Catalog

PAGE = 4096
QUESTIONS = ("What killed the beekeeper's first colonies?", "false alarms", "Zyxomma")

Damage = Callable[[bytes, random.Random], bytes]


def flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def zeroed(data: bytes, chance: random.Random, size: int = PAGE) -> bytes:
    at = chance.randrange(0, len(data), size)
    return data[:at] + bytes(size) + data[at + size :]


def half_a_page_zeroed(data: bytes, chance: random.Random) -> bytes:
    return zeroed(data, chance, 512)


def page_in_the_place_of_another(data: bytes, chance: random.Random) -> bytes:
    one, other = (chance.randrange(0, len(data), PAGE) for _ in range(2))
    return data[:one] + data[other : other + PAGE] + data[one + PAGE :]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def look(store: Path) -> list[Any]:
    """All that a user can read in an archive, and some searches."""
    with Archive.open(store) as archive:
        episodes = archive.episodes()
        speaker = archive.turns(episodes[0].id)[0].speaker
        return [
            archive.counts(),
            [(episode, archive.turns(episode.id)) for episode in episodes],
            [archive.search(question) for question in QUESTIONS],
            archive.search("bees", speaker=speaker),
            archive.ask(QUESTIONS[0]).text,
        ]


@pytest.fixture(scope="module")
def whole(indexed: Path) -> list[Any]:
    return look(indexed)


def change(store: Path, statement: str, *parameters: object) -> None:
    """Changes the catalog behind askpod's back."""
    with closing(sqlite3.connect(store / "catalog.db")) as connection, connection:
        connection.execute(statement, parameters)


def misspell(store: Path, word: str) -> None:
    """Changes a letter of a word wherever it is said."""
    change(store, "UPDATE turns SET text = replace(text, ?, ?)", word, word.swapcase())


@pytest.mark.parametrize(
    ("damage", "tries"),
    [
        (flipped, 20),
        (zeroed, 5),
        (half_a_page_zeroed, 10),
        (page_in_the_place_of_another, 10),
        (cut, 3),
    ],
)
def test_whatever_is_damaged_nothing_else_is_served(store, whole, damage: Damage, tries):
    path = store / "catalog.db"
    data, chance = path.read_bytes(), random.Random(20240501)
    noticed = 0
    for _ in range(tries):
        path.write_bytes(damage(data, chance))
        try:
            assert look(store) == whole
        except StoreDamaged:
            noticed += 1
    assert noticed >= tries / 5  # the rest lies in vectors, which a search does not read, or gaps


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE turns SET text = replace(text, 'laboratory', 'lavatory')",
        "UPDATE turns SET start = start + 1 WHERE position = 3",
        "UPDATE turns SET speaker = 'Nobody' WHERE position = 3",
        "UPDATE turns SET text = CAST(x'ff' AS TEXT) WHERE position = 3",
        "UPDATE episodes SET details = json_set(details, '$.links', json('{}'))",
        "UPDATE episodes SET turns = turns - 1",
        "UPDATE chunks SET spans = replace(spans, '1', '2')",
        "UPDATE chunk_speakers SET speaker = speaker || ' Junior'",
        "DELETE FROM turns WHERE position = 5",
        "DELETE FROM chunks WHERE id = 40",
        "DELETE FROM words WHERE rowid = 40",
        "DELETE FROM episodes WHERE id LIKE 'night%'",
        "UPDATE episodes SET first_chunk = first_chunk + 1",
        "DELETE FROM meta WHERE key = 'store'",
        "UPDATE meta SET value = 'many' WHERE key = 'revision'",
        "DELETE FROM meta",
        "DROP TABLE words",
        "UPDATE words_data SET block = zeroblob(length(block)) WHERE id > 10",
    ],
)
def test_a_changed_row_is_noticed_by_the_read_that_meets_it_and_by_the_doctor(store, statement):
    vacant = store.with_name("vacant")  # without checks at opening: each read is on its own
    change(store, statement)
    shutil.copytree(store, vacant, ignore=shutil.ignore_patterns("chroma"))
    with pytest.raises(StoreDamaged, match="askpod rebuild"):
        look(store)
    assert not all(finding.ok for finding in diagnose(vacant))


@pytest.mark.parametrize("table", ["vectors", "contextual_vectors"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET vector = x'00' || substr(vector, 2) WHERE chunk_id > 50",
        "UPDATE {} SET checksum = 'one'",
        "DELETE FROM {} WHERE chunk_id = 40",
    ],
)
def test_damaged_vectors_are_noticed_by_the_doctor_and_when_they_are_needed(
    store, whole, table, statement
):
    change(store, statement.format(table))
    with suppress(StoreDamaged):  # those of the nearest chunks are needed, others are not
        assert look(store) == whole
    assert not all(finding.ok for finding in diagnose(store))
    shutil.rmtree(store / "chroma")
    if table == "contextual_vectors":
        with pytest.raises(StoreDamaged, match="askpod rebuild"):
            look(store)


def test_a_text_is_noticed_where_it_would_be_shown(store):
    misspell(store, "laboratory")
    with Archive.open(store) as archive:
        with pytest.raises(
            StoreDamaged, match=r"turn \d+ of episode '.*' is not as it was written"
        ):
            archive.search("How long does a laboratory test take?")
        with pytest.raises(StoreDamaged, match="askpod rebuild"):
            [archive.turns(episode.id) for episode in archive.episodes()]


def test_what_a_damaged_text_holds_is_not_in_the_error(store):
    """It may be anything, and as long as it likes."""
    change(store, "UPDATE turns SET text = CAST(x'1b5d303b' || text || x'ff' AS TEXT)")
    with pytest.raises(StoreDamaged) as caught:
        look(store)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 800


def test_the_doctor_looks_at_an_index_that_may_not_be_written_by_a_copy(store, monkeypatch):
    before = {path: path.read_bytes() for path in (store / "chroma").rglob("*") if path.is_file()}
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    [index] = [finding for finding in diagnose(store) if finding.what == "vector index"]
    assert index.ok
    assert index.value.startswith("fresh; Chroma reads its ")
    assert before == {path: path.read_bytes() for path in before}


def test_the_doctor_names_the_parts(store):
    assert {f.what: f.value for f in diagnose(store)}["catalog"] == "whole; every row was read"
    misspell(store, "laboratory")
    change(store, "DELETE FROM vectors WHERE chunk_id = 40")
    bad = {finding.what: finding.value for finding in diagnose(store) if not finding.ok}
    assert set(bad) == {"episodes", "chunks", "vectors"}
    assert all("askpod rebuild" in value for value in bad.values())


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(84), b"\xa5" * 9000])
def test_a_catalog_that_lost_its_content_is_not_taken_for_a_new_one(small, tmp_path, content):
    for path in small.glob("catalog.db*"):
        path.write_bytes(content if path.suffix == ".db" else b"")
    for create in (False, True):
        with pytest.raises(StoreDamaged, match="askpod rebuild"):
            Archive.open(small, create=create)
    with pytest.raises(PathError, match="Name the folders"):
        Archive.rebuild(small)
    assert Archive.rebuild(small, [tmp_path / "bees.md"]).added == ["bees"]


# The -wal file


@pytest.fixture
def unfinished(small, tmp_path, write_episode) -> Path:
    """A copy of a store whose last episode is still in the -wal file, its vectors published."""
    copy = tmp_path / "copy"
    with closing(Catalog(small)) as reader, reader.reading():
        reader.counts()  # it keeps the writer from emptying the -wal file
        with Archive.open(small) as archive:
            archive.index([write_episode("honey.md", ["Heather honey sets like jelly."])])
        shutil.copytree(small, copy, ignore=shutil.ignore_patterns("*-shm"))
    assert (copy / "catalog.db-wal").stat().st_size
    return copy


def test_a_whole_wal_file_is_read(unfinished):
    with Archive.open(unfinished) as archive:
        assert archive.search("heather honey")[0].episode_id == "honey"


@pytest.mark.parametrize("damage", ["missing", "emptied", "cut", "flipped", "garbled"])
def test_a_lost_wal_file_is_noticed_at_opening(unfinished, tmp_path, damage):
    path = unfinished / "catalog.db-wal"
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {
                "emptied": b"",
                "cut": data[: len(data) // 2],
                "flipped": flipped(data[:5000], random.Random(1)) + data[5000:],
                "garbled": b"\xa5" * len(data),
            }[damage]
        )
    with pytest.raises(StoreDamaged, match=r"what was written since is lost.*askpod rebuild"):
        Archive.open(unfinished)
    Archive.rebuild(unfinished, [tmp_path / "honey.md"])
    with Archive.open(unfinished) as archive:
        assert archive.search("heather honey")[0].episode_id == "honey"
        assert archive.counts()["episodes"] == 3


# What a rebuild saves


def test_a_rebuild_restores_all_from_the_files_unasked(small):
    misspell(small, "linden")
    report = Archive.rebuild(small)
    assert (report.added, report.failed) == (["bees", "trains"], [])
    with Archive.open(small) as archive:
        assert "linden" in archive.search("linden")[0].text
    assert b"LINDEN" in (small / "damaged-catalog.db").read_bytes()
    assert all(finding.ok for finding in diagnose(small))


def test_whole_episodes_without_a_file_are_carried_over_and_the_others_reported(small, tmp_path):
    with Archive.open(small) as archive:
        turns = archive.turns("trains")
    misspell(small, "linden")
    for name in ("bees.md", "trains.md"):
        (tmp_path / name).unlink()
    report = Archive.rebuild(small)
    assert (report.gone, [failure.path for failure in report.failed]) == (["trains"], ["bees"])
    with Archive.open(small) as archive:
        assert [episode.id for episode in archive.episodes()] == ["trains"]
        assert archive.turns("trains") == turns


STOPPED = """
import os, signal, sys
from askpod import Archive
Archive.rebuild(sys.argv[1], progress=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_rebuild_that_was_stopped_goes_on_from_what_it_set_aside(small, tmp_path, start):
    """Until then nobody may take what is there for an archive of nothing."""
    misspell(small, "linden")
    (tmp_path / "trains.md").unlink()
    for _ in range(2):
        start("-c", STOPPED, small).wait(60)
        with pytest.raises(StoreDamaged, match=r"damaged-catalog.db.*askpod rebuild"):
            Archive.open(small, create=True)
    report = Archive.rebuild(small)
    assert (report.added, report.gone, report.failed) == (["bees"], ["trains"], [])
    with Archive.open(small) as archive:
        assert archive.search("linden")[0].episode_id == "bees"


def test_a_catalog_that_was_removed_is_missed(small, tmp_path):
    """Where its vectors are left, nobody founds an empty archive in its place."""
    (small / "catalog.db").unlink()
    for create in (False, True):
        with pytest.raises(StoreDamaged, match=r"tells of a store.*askpod rebuild PATH"):
            Archive.open(small, create=create)
    assert Archive.rebuild(small, [tmp_path / "bees.md"]).added == ["bees"]
    assert all(finding.ok for finding in diagnose(small))
