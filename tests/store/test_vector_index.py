"""The Chroma folder: readable by others, and made anew from the catalog whenever it is not ours."""

from __future__ import annotations

import shutil
from pathlib import Path

import chromadb
import pytest
from chromadb.config import Settings as ChromaSettings

from askpod import Archive
from askpod.embedding import weights
from askpod.errors import EmbedderError
from askpod.store import sync
from askpod.store.catalog import Catalog
from askpod.store.filters import Selection

PLAIN = ChromaSettings(anonymized_telemetry=False)


def records(store: Path) -> dict:
    """All that a plain Chroma user reads."""
    client = chromadb.PersistentClient(str(store / "chroma"), settings=PLAIN)
    try:
        collection = client.get_collection("askpod", embedding_function=None)
        return collection.get(include=["documents", "metadatas", "embeddings"])
    finally:
        client.close()


def state(store: Path) -> str:
    catalog = Catalog(store)
    try:
        return sync.state(store, catalog)
    finally:
        catalog.close()


def chunk_ids(store: Path) -> list[int]:
    catalog = Catalog(store)
    try:
        return catalog.chunk_ids(Selection()).tolist()
    finally:
        catalog.close()


def held_ids(store: Path) -> list[int]:
    return sorted(int(number) for number in records(store)["ids"])


@pytest.fixture
def without_weights(monkeypatch, tmp_path):
    """The embedder cannot be loaded: proof that nothing is embedded."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setattr(weights, "PACKAGE", "not_installed")
    with pytest.raises(EmbedderError):
        weights.find_weights()


def assert_mended(store: Path) -> None:
    """The next opening makes the index anew and says so; nothing else is left."""
    told: list[str] = []
    assert state(store) != "fresh"
    Archive.open(store, notify=told.append).close()
    assert told == ["making the vector index anew from the stored vectors …"]
    assert state(store) == "fresh"
    assert held_ids(store) == chunk_ids(store)
    assert not list(store.glob("chroma.*"))


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


def test_writing_to_it_with_plain_chroma_does_not(store):
    client = chromadb.PersistentClient(str(store / "chroma"), settings=PLAIN)
    collection = client.get_collection("askpod", embedding_function=None)
    collection.update(
        ids=[collection.peek(1)["ids"][0]], documents=["Never said."], embeddings=[[0.1] * 384]
    )
    client.close()
    assert_mended(store)
    assert "Never said." not in records(store)["documents"]


@pytest.mark.usefixtures("without_weights")
@pytest.mark.parametrize("damage", ["removed", "emptied", "truncated", "flipped", "garbled"])
def test_a_damaged_file_is_noticed_and_mended_without_embedding(store, damage):
    names = [path.name for path in (store / "chroma").rglob("*") if path.is_file()]
    assert len(names) == 7
    for name in names:
        [path] = store.glob(f"chroma/**/{name}")
        data = path.read_bytes()
        at = len(data) // 2
        damaged = {
            "emptied": b"",
            "truncated": data[:at],
            "flipped": _flipped(data, at),
            "garbled": b"\xa5" * len(data),
            "removed": None,
        }[damage]
        if damaged is None:
            path.unlink()
        elif damaged == data:  # nothing to take away from an empty file
            continue
        else:
            path.write_bytes(damaged)
        assert_mended(store)


def _flipped(data: bytes, at: int) -> bytes:
    if b"colonies" in data:  # the database: a byte at random may lie in an unused page
        return data.replace(b"colonies", b"colonieS")
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] if data else b"?"


@pytest.mark.usefixtures("without_weights")
def test_a_missing_index_is_made_anew_without_embedding(store):
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
    place, former, building = (store / f"chroma{end}" for end in ("", ".old", ".next"))
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
    for name in ("chroma.old", "chroma.next"):
        shutil.copytree(store / "chroma", store / name)
    with Archive.open(store) as archive:
        archive.index([examples])
    assert not list(store.glob("chroma.*"))
    assert state(store) == "fresh"


def test_an_index_that_cannot_be_made_does_not_stop_a_search(store, results, expected):
    shutil.rmtree(store / "chroma")
    (store / "chroma").write_text("in the way")
    (store / "chroma.next").write_text("in the way")
    assert results(store) == expected


def test_many_publishings_in_one_process(store, write_episode):
    text = "Revision {} of the talk on heather honey."
    with Archive.open(store) as archive:
        for number in range(6):
            archive.index([write_episode("honey.md", [text.format(number)])])
            assert state(store) == "fresh"
            documents = records(store)["documents"]
            assert [d for d in documents if "heather" in d] == [text.format(number)]
    assert held_ids(store) == chunk_ids(store)
