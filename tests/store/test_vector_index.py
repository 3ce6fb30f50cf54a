"""The Chroma collection: it answers searches, others can read it, and it can be made again."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import closing
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import chromadb
import numpy as np
import pytest

from askpod import Archive
from askpod.embedding import weights
from askpod.embedding.contextual import contextual_vectors, recipe
from askpod.embedding.minilm import MiniLM
from askpod.errors import EmbedderError, StoreUnwritable
from askpod.indexing import publisher
from askpod.store import collection, dense
from askpod.store.catalog import Catalog
from askpod.store.collection import REMADE, CollectionStamp
from askpod.store_lock import write_lock
from held_collection import PLAIN, assert_mended, chunk_ids, held_ids, records, state


@pytest.fixture
def without_weights(monkeypatch, tmp_path):
    """The embedder cannot be loaded: proof that nothing is embedded."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setattr(weights, "PACKAGE", "not_installed")
    with pytest.raises(EmbedderError):
        weights.find_weights()


def test_a_plain_chroma_user_can_read_all(store):
    read = records(store)
    with Archive.open(store) as archive:
        assert len(read["ids"]) == archive.counts()["chunks"]
        turns = {episode.id: archive.turns(episode.id) for episode in archive.episodes()}
        titles = {episode.id: episode.title for episode in archive.episodes()}
    for text, metadata in zip(read["documents"], read["metadatas"], strict=True):
        spoken = "\n".join(turn.text for turn in turns[metadata["episode_id"]])
        assert all(line in spoken for line in text.split("\n"))
        assert metadata["title"] == titles[metadata["episode_id"]]
        assert 0 <= metadata["start"] < metadata["end"]
        assert metadata["url"].startswith("https://")
        assert metadata["speakers"]
    assert {m["season"] for m in read["metadatas"]} > {1}
    assert len(read["embeddings"][0]) == 384


def test_reading_it_with_plain_chroma_leaves_it_fresh(store):
    for _ in range(3):
        records(store)
        assert state(store) == "fresh"


def change(store: Path, **columns: list) -> None:
    """Changes records with plain Chroma, in a way that the sizes of its files do not tell."""
    client = chromadb.PersistentClient(str(store / "chroma"), settings=PLAIN)
    client.get_collection("askpod", embedding_function=None).upsert(**columns)
    client.close()
    stamp = CollectionStamp.read(store / "chroma")
    replace(stamp, graph=collection._graph(store / "chroma")).write(store / "chroma")


def test_chroma_answers(store, question):
    """A vector planted in the collection decides what comes first."""
    with Archive.open(store) as archive:
        last = archive.search(question, top=1000)[-1]
    read = records(store)
    there = [(each["episode_id"], each["start"]) for each in read["metadatas"]]
    at = there.index((last.episode_id, last.start))
    planted = 9 * MiniLM().embed([question])
    change(store, ids=[read["ids"][at]], embeddings=planted)
    with Archive.open(store) as archive:
        assert archive.search(question)[0].start == read["metadatas"][at]["start"]
        shutil.rmtree(store / "chroma")
        assert archive.search(question)[0].start == read["metadatas"][at]["start"]  # still open
    told: list[str] = []
    with Archive.open(store, notify=told.append) as archive:
        assert archive.search(question)[0].start != read["metadatas"][at]["start"]
    assert told == [REMADE]


def test_its_vectors_are_the_contextual_ones_and_it_says_so(store):
    client = chromadb.PersistentClient(str(store / "chroma"), settings=PLAIN)
    made = client.get_collection("askpod", embedding_function=None)
    assert recipe() in made.metadata["vectors"]
    assert made.metadata["embedder"] == "all-MiniLM-L6-v2/int8"
    with closing(Catalog(store)) as catalog:
        for first, last, _ in catalog.chunk_ranges():
            ids = [str(number) for number in range(first, last + 1)]
            got = made.get(ids=ids, include=["embeddings"])
            held = dict(zip(got["ids"], got["embeddings"], strict=True))
            wanted = contextual_vectors(catalog.vectors(range(first, last + 1)))
            np.testing.assert_allclose([held[each] for each in ids], wanted, atol=1e-6)
    client.close()


def test_a_record_that_the_catalog_lacks_has_it_made_again(store, question, results, expected):
    planted = 9 * MiniLM().embed([question])
    change(store, ids=["4711"], embeddings=planted, documents=["Never said."])
    told: list[str] = []
    with Archive.open(store, notify=told.append) as archive:
        assert told == []
        assert archive.search(question)
        assert told == [REMADE]
    assert results(store) == expected
    assert "Never said." not in records(store)["documents"]


def test_a_changed_file_size_is_noticed_at_opening(store):
    [path] = store.glob("chroma/*/data_level0.bin")
    path.write_bytes(path.read_bytes()[:-1])
    assert_mended(store)


DAMAGES = ("removed", "emptied", "truncated", "garbled")


@pytest.mark.parametrize(
    "damages",
    [DAMAGES, *(pytest.param((each,), marks=pytest.mark.thorough) for each in DAMAGES)],
    ids=["each in turn", *DAMAGES],
)
def test_a_damaged_file_is_met_at_opening_or_by_a_search(store, results, expected, damages):
    names = sorted(path.name for path in (store / "chroma").rglob("*") if path.is_file())
    assert len(names) == 7
    for name, damage in zip(names, cycle(damages), strict=False):
        [path] = store.glob(f"chroma/**/{name}")
        data = path.read_bytes()
        if damage == "removed":
            path.unlink()
        else:
            half = data[: len(data) // 2]
            kinds = {"emptied": b"", "truncated": half, "garbled": b"\xa5" * len(data)}
            path.write_bytes(kinds[damage])
        assert results(store) == expected
        assert state(store) == "fresh"


@pytest.mark.usefixtures("without_weights")
def test_a_missing_index_is_rebuilt_without_embedding(store):
    before = records(store)
    shutil.rmtree(store / "chroma")
    assert_mended(store)
    after = records(store)
    assert dict(zip(after["ids"], after["documents"], strict=True)) == dict(
        zip(before["ids"], before["documents"], strict=True)
    )


def test_an_index_that_was_mended_gives_the_same_results(store, results, expected):
    shutil.rmtree(store / "chroma")
    assert results(store) == expected


@pytest.mark.usefixtures("without_weights")
def test_the_index_of_another_store_is_not_used(store, tmp_path, indexed):
    # Same files, same revision, but made by another run: the ids may name other chunks.
    shutil.copytree(store, tmp_path / "other")
    catalog = Catalog(tmp_path / "other", writable=True)
    with catalog._connections.writing() as connection:
        connection.execute("UPDATE meta SET value = 'another' WHERE key = 'store'")
    catalog.close()
    assert state(tmp_path / "other") == "damaged"
    assert_mended(tmp_path / "other")
    assert state(indexed) == "fresh"


@pytest.mark.usefixtures("without_weights")
def test_an_index_behind_the_catalog_is_brought_up(store):
    catalog = Catalog(store, writable=True)
    catalog.remove(["night-train-timetables"])
    catalog.close()
    assert state(store) == "stale"
    assert_mended(store)
    assert "night-train-timetables" not in {m["episode_id"] for m in records(store)["metadatas"]}


@pytest.mark.usefixtures("without_weights")
@pytest.mark.parametrize("at", ["before the new one", "before the first", "after the second"])
def test_a_stop_between_the_renames(store, at):
    place, former, building = (store / f"chroma{end}" for end in ("", ".old", ".next.7"))
    if at == "before the first":  # the new index is whole, the former one still in place
        shutil.copytree(place, building)
        (place / "askpod.json").unlink()
    elif at == "before the new one":
        shutil.copytree(place, building)
        place.rename(former)
    else:
        shutil.copytree(place, former)
        (place / "askpod.json").unlink()
    assert_mended(store)


def test_leftovers_are_swept_by_the_next_run(store, examples):
    for name in ("chroma.old", "chroma.next.7"):
        shutil.copytree(store / "chroma", store / name)
    with Archive.open(store) as archive:
        archive.index([examples])
    assert not list(store.glob("chroma.*"))
    assert state(store) == "fresh"


def test_an_index_that_cannot_be_made_does_not_stop_a_search(store, results, expected):
    shutil.rmtree(store / "chroma")
    (store / "chroma").write_text("in the way")
    (store / f"chroma.next.{os.getpid()}").write_text("in the way")
    assert results(store) == expected


@pytest.fixture
def question() -> str:
    return "What killed the beekeeper's first colonies?"


def test_what_a_killed_run_wrote_is_found_before_it_is_published(store, write_episode, monkeypatch):
    """As while another process writes: the catalog's own vectors answer for it."""
    text = "Heather honey sets like jelly."
    monkeypatch.setattr(publisher.Publisher, "finish", lambda _: None)
    with Archive.open(store) as archive:
        archive.index([write_episode("honey.md", [text])])
        assert state(store) == "stale"
        with write_lock(store):  # so that nothing can be published
            assert archive.search("heather honey")[0].text == text
            assert archive.search("honey", episode="honey")[0].text == text
            assert archive.search("false alarms")[0].episode_id != "honey"
            shutil.rmtree(store / "chroma")
            with Archive.open(store) as other:
                assert other.search("heather honey")[0].text == text
    with Archive.open(store) as archive:
        assert archive.search("heather honey")[0].text == text
        assert state(store) == "fresh"


def test_many_publishings_in_one_process(store, write_episode):
    text = "Revision {} of the talk on heather honey."
    with Archive.open(store) as archive:
        for number in range(6):
            archive.index([write_episode("honey.md", [text.format(number)])])
            assert state(store) == "fresh"
            documents = records(store)["documents"]
            assert [d for d in documents if "heather" in d] == [text.format(number)]
    assert held_ids(store) == chunk_ids(store)


def test_room_for_further_records_holds_nothing_of_this_process(small, write_episode):
    """hnswlib writes it as malloc gave it: put there what a heap may have held."""
    graph = next(small.glob("chroma/*/data_level0.bin"))
    with graph.open("r+b") as file:
        file.seek(-5000, 2)
        file.write(b"MARK" * 1250)
    with Archive.open(small) as archive:
        archive.index([write_episode("bread.md", ["Bread sells best before the rain."])])
        assert archive.search("bread")
    for path in small.rglob("*"):
        assert not path.is_file() or b"MARK" not in path.read_bytes(), path


@pytest.mark.parametrize(
    "name",
    ["link_lists.bin", "data_level0.bin", "header.bin", "length.bin", "index_metadata.pickle"],
)
def test_a_graph_that_has_changed_is_never_loaded(store, question, name):
    """Zeros, as a power cut leaves them, in a file of the right size: hnswlib crashes on some."""
    [file] = store.glob(f"chroma/*/{name}")
    file.write_bytes(bytes(file.stat().st_size))
    told: list[str] = []
    with Archive.open(store, notify=told.append) as archive:
        assert archive.search(question)
    assert told == [REMADE]
    assert state(store) == "fresh"
    assert held_ids(store) == chunk_ids(store)


def test_a_changed_graph_is_not_built_upon(store, write_episode):
    [file] = store.glob("chroma/*/link_lists.bin")
    file.write_bytes(bytes(file.stat().st_size))
    with Archive.open(store) as archive:
        archive.index([write_episode("ice.md", ["Glaciers calve into the fjord in spring."])])
        assert "ice" in [each.episode_id for each in archive.search("glaciers calve", top=3)]
    assert held_ids(store) == chunk_ids(store)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write whatever is set")
def test_a_folder_without_leave_to_write_is_searched_from_a_copy(store, question):
    """Also of files that are read-only themselves, as on a volume laid with `chmod -R a-w`."""
    paths = [store, *store.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    told: list[str] = []
    try:
        with Archive.open(store, notify=told.append) as archive:
            assert archive.search(question)
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | 0o200)
    assert told == []


def test_without_room_for_the_copy_the_error_says_what_to_do(store, question, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dense.os, "access", lambda *_: False)
    monkeypatch.setattr(dense, "copy_to_write", full)
    with (
        Archive.open(store) as archive,
        pytest.raises(StoreUnwritable, match=r"No space left on device.*TMPDIR"),
    ):
        archive.search(question)
