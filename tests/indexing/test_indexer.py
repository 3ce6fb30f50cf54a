"""Indexing brings an archive in line with its files, whatever their state."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import Archive, Settings
from askpod.chunking import ChunkSettings, chunk_episode
from askpod.embedding.minilm import MiniLM
from askpod.errors import PathError
from askpod.indexing import workers
from askpod.readers import read_episode

BEES = ["Bees dance to tell where the linden trees are.", ("Cora", "How far away is that?")]
TRAINS = ["A night train waits in a siding near Basel."]


@pytest.fixture
def own(tmp_path):
    """An empty archive of the test's own."""
    with Archive.open(tmp_path / "own", create=True) as archive:
        yield archive


def ids(archive: Archive) -> list[str]:
    return [episode.id for episode in archive.episodes()]


def found(archive: Archive, question: str) -> str:
    return "\n".join(passage.text for passage in archive.search(question))


def test_a_report_tells_what_was_done(own, write_episode):
    path = write_episode("bees.md", BEES)
    told = []
    report = own.index([path], progress=told.append)
    assert (report.added, report.changed, report.unchanged) == (["bees"], [], [])
    assert (report.turns, report.chunks) == (2, 1)
    assert report.audio_seconds == own.turns("bees")[-1].end > 10
    assert 0 < report.seconds < 60
    size = path.stat().st_size
    assert [(p.done, p.total, p.path, p.bytes_done, p.bytes_total) for p in told] == [
        (1, 1, path, size, size)
    ]


def test_faults_that_were_mended_are_reported(tmp_path, examples):
    with Archive.open(tmp_path / "store", create=True) as archive:
        report = archive.index([examples / "night-train-timetables.md"])
    assert len({fault.kind for fault in report.faults}) > 1
    assert all(fault.line > 0 and fault.repair for fault in report.faults)


def test_a_heading_is_embedded_once_and_is_in_the_vector_of_each_of_its_chunks(examples):
    read = workers.read(examples / "night-train-timetables.md")
    embedder, asked = MiniLM(), []

    class Watched:
        def embed(self, texts):
            asked.extend(texts)
            return embedder.embed(texts)

    chunks = chunk_episode(read.episode, embedder.count_tokens, ChunkSettings())
    found = workers.embed(read.episode.turns, chunks, Watched())
    headings = {chunk.heading for chunk in found.chunks}
    assert len(found.chunks) > len(headings) > 1
    assert sorted(asked) == sorted([*headings, *(each.embedded_text for each in found.chunks)])
    for chunk, vector in zip(found.chunks, found.vectors, strict=True):
        heading, spoken = embedder.embed([chunk.heading, chunk.embedded_text])
        assert vector @ heading == pytest.approx(float(vector @ spoken), abs=1e-5)


def test_unchanged_files_are_not_read_again(store, examples):
    before = (store / "catalog.db").read_bytes()
    with Archive.open(store) as archive:
        report = archive.index([examples])
    assert len(report.unchanged) == 6
    assert (report.added, report.changed, report.faults, report.chunks) == ([], [], [], 0)
    assert report.seconds < 0.5  # embedding the examples takes longer on any machine
    assert (store / "catalog.db").read_bytes() == before


def test_a_changed_file_replaces_its_episode_whole(own, write_episode):
    own.index([write_episode("bees.md", BEES)])
    assert "linden" in found(own, "linden")
    report = own.index([write_episode("bees.md", TRAINS, title="Now about trains")])
    assert (report.added, report.changed) == ([], ["bees"])
    assert own.counts() == {"episodes": 1, "turns": 1, "chunks": 1}
    assert own.episodes()[0].title == "Now about trains"
    assert own.search("linden", speaker="Cora") == []
    assert found(own, "linden") == TRAINS[0]


def test_an_episode_is_kept_when_its_file_is_gone(own, write_episode):
    gone, there = write_episode("bees.md", BEES), write_episode("trains.md", TRAINS)
    own.index([gone, there])
    gone.unlink()
    report = own.index([there])
    assert (report.gone, report.removed, report.unchanged) == (["bees"], [], ["trains"])
    assert ids(own) == ["bees", "trains"]


def test_prune_removes_only_what_has_no_file(own, write_episode):
    gone, there = write_episode("a/bees.md", BEES), write_episode("b/trains.md", TRAINS)
    other = write_episode("c/birds.md", ["Birds sing at dawn."])
    own.index([gone, there, other])
    beside = write_episode("a/beside.md", ["A lamp stands beside the hive."])
    own.index([beside])
    gone.unlink()
    assert own.index([there], prune=True).gone == ["bees"]  # its folder is not named
    report = own.index([beside.parent], prune=True)  # `other` is not named, but its file exists
    assert (report.gone, report.removed) == ([], ["bees"])
    assert ids(own) == ["beside", "birds", "trains"]
    assert "linden" not in found(own, "linden")


def test_a_moved_file_keeps_its_episode(own, write_episode):
    former = write_episode("old/bees.md", BEES)
    own.index([former])
    new = former.parents[1] / "new" / "bees.md"
    new.parent.mkdir()
    shutil.move(former, new)
    assert own.index([new]).unchanged == ["bees"]
    assert own.index([new], prune=True).removed == []
    assert ids(own) == ["bees"]


def test_a_moved_and_changed_file_is_a_change(own, write_episode):
    former = write_episode("old/bees.md", BEES)
    own.index([former])
    former.unlink()
    assert own.index([write_episode("new/bees.md", TRAINS)]).changed == ["bees"]


def test_two_files_of_one_id(own, write_episode):
    first, second = write_episode("a/bees.md", BEES), write_episode("b/bees.md", TRAINS)
    third = write_episode("c/trains.md", TRAINS)
    report = own.index([first, second, third])
    assert report.added == ["bees", "trains"]
    [failure] = report.failed
    assert failure.path == str(second)
    assert failure.message.startswith(f"{second}: would have the id 'bees', which {first} has")
    assert "another name" in failure.message
    assert "linden" in found(own, "linden")
    # Nor does a later run let it take the place of the first.
    assert own.index([second]).failed[0].message == failure.message
    assert "linden" in found(own, "linden")


def test_a_failing_file_keeps_its_former_version_and_harms_no_other(own, write_episode):
    bees, trains = write_episode("bees.md", BEES), write_episode("trains.md", TRAINS)
    own.index([bees, trains])
    bees.write_text("---\ntranscript: [unclosed\n---\n")
    write_episode("trains.md", ["Trains now leave at noon."])
    report = own.index([bees, trains])
    assert report.changed == ["trains"]
    assert [failure.path for failure in report.failed] == [str(bees)]
    assert report.failed[0].message.startswith(f"{bees}:")
    assert "linden" in found(own, "linden")
    assert "noon" in found(own, "noon")
    write_episode("bees.md", TRAINS)
    assert own.index([bees, trains]).changed == ["bees"]


def test_a_file_whose_name_is_not_utf8_fails_alone(own, write_episode):
    path = write_episode("bees.md", BEES)
    odd = os.fsencode(path.parent) + b"/caf\xe9.md"
    try:
        os.link(path, odd)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    report = own.index([os.fsdecode(odd), path])
    assert report.added == ["bees"]
    assert report.failed[0].message.endswith(
        "caf\\udce9.md: its path is not valid UTF-8; rename the file or its folder"
    )


def test_huge_fields_do_no_harm(own, write_episode):
    guests = [f"Guest {i}" for i in range(20_000)]
    path = write_episode("bees.md", BEES, title="x" * 900_000, guests=guests)
    other = write_episode("trains.md", TRAINS)
    assert own.index([path, other]).added == ["bees", "trains"]
    assert own.search("linden", guest="Guest 19999")[0].episode_id == "bees"
    size = sum(file.stat().st_size for file in own._store.rglob("*") if file.is_file())
    assert size < 20_000_000


def test_an_episode_without_a_word_is_no_hindrance(own, write_episode):
    silent, trains = write_episode("silent.md", ["…", "—"]), write_episode("trains.md", TRAINS)
    report = own.index([silent, trains])
    assert "trains" in report.added
    assert TRAINS[0] in found(own, "siding")


def test_a_path_that_does_not_exist_stops_the_run_before_it_begins(own, write_episode, tmp_path):
    with pytest.raises(PathError, match="nowhere"):
        own.index([write_episode("bees.md", BEES), tmp_path / "nowhere"])
    assert ids(own) == []


def test_what_was_done_before_ctrl_c_is_kept(own, write_episode):
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    files = [write_episode("bees.md", BEES), write_episode("trains.md", TRAINS)]
    with pytest.raises(KeyboardInterrupt):
        own.index(files, progress=interrupt)
    assert ids(own) == ["bees"]
    report = own.index(files)
    assert (report.unchanged, report.added) == (["bees"], ["trains"])


def test_a_reader_that_fails_in_a_way_of_its_own_harms_no_other_file(
    own, write_episode, monkeypatch
):
    def read(path: Path, *, untimed: bool) -> workers.Reading:
        if path.stem == "bees":
            raise RecursionError("x" * 10_000)
        return read_episode(path, untimed=untimed)

    monkeypatch.setattr(workers, "read_episode", read)
    bees, trains = write_episode("bees.md", BEES), write_episode("trains.md", TRAINS)
    report = own.index([bees, trains])
    assert report.added == ["trains"]
    [failure] = report.failed
    assert failure.message.startswith(f"{bees}: its reader failed (RecursionError: xxx")
    assert "please report it" in failure.message
    assert len(failure.message) < 1_000


def test_guests_are_named_in_full(own, write_episode):
    turns = [("Mara", "Welcome to my hive."), ("Odalys", "Thank you."), ("", "Applause.")]
    own.index([write_episode("bees.md", turns, guests=["Mara Lind", "Ole Berg"])])
    speakers = {turn.speaker for turn in own.turns("bees")}
    assert {"Mara Lind", "Odalys"} <= speakers


def test_the_chunks_obey_the_settings(tmp_path, examples):
    usual = Settings()
    small = replace(usual, chunking=replace(usual.chunking, speech=40))
    file = examples / "night-train-timetables.md"
    counts = []
    for settings in (usual, small):
        folder: Path = tmp_path / str(settings.chunking.speech)
        with Archive.open(folder, settings=settings, create=True) as archive:
            counts.append(archive.index([file]).chunks)
    assert counts[1] > 1.5 * counts[0]
