"""Two machines share one archive on a real Chroma server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import chromadb
import pytest
from chromadb.config import Settings as ChromaSettings

from askpod import Archive, Passage
from askpod.embedding.minilm import MiniLM
from askpod.errors import ArchiveNotFound, StoreMismatch
from askpod.settings import Settings

BEES = "Bees dance to tell where the linden trees are."
TRAINS = "A night train waits in a siding near Basel."


def said(archive: Archive, question: str) -> list[str]:
    return [passage.text for passage in archive.search(question)]


def plain(chroma, database: str):
    """The collection of chunks, as a plain Chroma client opens it."""
    host, port = chroma.url.removeprefix("http://").split(":")
    client = chromadb.HttpClient(
        host, int(port), database=database, settings=ChromaSettings(anonymized_telemetry=False)
    )
    return client.get_collection("askpod", embedding_function=None)


def answers(archive: Archive) -> list[list[Passage]]:
    return [archive.search(question) for question in ("What do bees do?", "Where is the train?")]


@pytest.fixture
def bees(write_episode) -> Path:
    return write_episode("talks/bees.md", [BEES, ("Cora", "How do they know?")], guests=["Cora"])


@pytest.fixture
def trains(write_episode) -> Path:
    return write_episode("talks/trains.md", [TRAINS], season=3)


def test_what_one_machine_indexes_another_finds(machine, bees, trains):
    ada = machine("ada", create=True)
    ada.index([bees])
    bob = machine("bob")
    assert said(bob, "What do bees do?")[0].startswith(BEES)
    ada.index([trains])
    assert said(bob, "Where does the train wait?")[0] == TRAINS
    assert answers(bob) == answers(ada)
    assert bob.counts() == ada.counts()


def test_a_change_and_a_removal_reach_the_other_machine(machine, bees, trains, write_episode):
    ada, bob = machine("ada", create=True), machine("bob")
    ada.index([bees, trains])
    assert len(bob.episodes()) == 2
    write_episode("talks/bees.md", ["Bees sleep in winter."])
    ada.index([bees])
    assert said(bob, "What do bees do?")[0] == "Bees sleep in winter."
    trains.unlink()
    ada.index([bees.parent], prune=True)
    assert [episode.id for episode in bob.episodes()] == ["bees"]


def test_a_shared_archive_answers_as_one_on_disk(machine, tmp_path, bees, trains):
    with Archive.open(tmp_path / "local", create=True) as local:
        local.index([bees, trains])
        machine("ada", create=True).index([bees, trains])
        bob = machine("bob")
        for found, wanted in zip(answers(bob), answers(local), strict=True):
            assert [replace(p, score=0.0) for p in found] == [replace(p, score=0.0) for p in wanted]
            assert [p.score for p in found] == pytest.approx([p.score for p in wanted], abs=1e-5)
        assert bob.turns("bees") == local.turns("bees")
        assert bob.ask("What do bees do?").to_dict()["text"] == local.ask("What do bees do?").text


def test_the_server_answers(machine, chroma, database, bees, trains, monkeypatch):
    """A vector planted in its collection decides what comes first, on every machine."""
    ada, bob = machine("ada", create=True), machine("bob")
    ada.index([bees, trains])
    assert said(bob, "What do bees do?")[0].startswith(BEES)
    collection = plain(chroma, database)
    [record] = collection.get(where={"episode_id": "trains"})["ids"]
    collection.update(ids=[record], embeddings=9 * MiniLM().embed(["What do bees do?"]))
    for one in (ada, bob):
        assert said(one, "What do bees do?")[0] == TRAINS
        assert one.search("What do bees do?")[0].score > 5
    monkeypatch.setattr("askpod.store.dense.FEW", 0)  # else the replica's own vectors answer
    for one in (ada, bob):
        assert one.search("What do bees do?", episode="trains")[0].score > 5


def test_an_episode_that_is_replaced_meanwhile_is_found_as_the_replica_has_it(
    machine, chroma, database, bees, trains
):
    ada = machine("ada", create=True)
    ada.index([bees, trains])
    asked = "How do insects communicate?"  # none of these words is said
    before = [(p.text, p.score) for p in ada.search(asked)]
    collection = plain(chroma, database)
    whole = ["embeddings", "documents", "metadatas"]
    held = collection.get(where={"episode_id": "bees"}, include=whole)
    collection.delete(ids=held["ids"])
    newer = [f"bees#another#{place}" for place in range(len(held["ids"]))]
    collection.add(ids=newer, **{each: held[each] for each in whole})
    after = ada.search(asked)
    assert [p.text for p in after] == [text for text, _ in before]
    assert [p.score for p in after] == pytest.approx([score for _, score in before], abs=1e-4)


def test_a_machine_that_lost_its_folder_gets_it_back(machine, tmp_path, bees):
    machine("ada", create=True).index([bees])
    (tmp_path / "ada").rename(tmp_path / "lost")
    again = machine("ada")
    assert said(again, "What do bees do?")[0].startswith(BEES)
    assert again.index([bees]).unchanged == ["bees"]


def test_what_has_not_changed_is_not_written_again(machine, bees):
    ada = machine("ada", create=True)
    ada.index([bees])
    bob = machine("bob")
    report = bob.index([bees])
    assert (report.unchanged, report.added, report.changed) == (["bees"], [], [])


def test_prune_leaves_other_machines_episodes(machine, bees, trains):
    ada, bob = machine("ada", create=True), machine("bob")
    ada.index([bees])
    bees.unlink()
    report = bob.index([trains.parent], prune=True)
    assert (report.removed, report.gone) == ([], [])
    assert [episode.id for episode in ada.episodes()] == ["bees", "trains"]
    assert ada.index([trains.parent], prune=True).removed == ["bees"]


def test_another_machines_episode_is_not_replaced_by_a_file_elsewhere(machine, bees, write_episode):
    machine("ada", create=True).index([bees])
    other = write_episode("elsewhere/bees.md", ["Spelling bees are hard."])
    bees.unlink()  # to the other machine it never was there
    bob = machine("bob")
    report = bob.index([other])
    (failure,) = report.failed
    assert "would have the id 'bees'" in failure.message
    assert f"{bees} on ada has already" in failure.message
    assert said(bob, "What do bees do?")[0].startswith(BEES)


def test_a_moved_file_keeps_its_episode(machine, bees, tmp_path):
    ada = machine("ada", create=True)
    ada.index([bees])
    (tmp_path / "new").mkdir()
    moved = bees.rename(tmp_path / "new" / "bees.md")
    assert ada.index([moved]).unchanged == ["bees"]
    assert ada.index([moved], prune=True).removed == []
    (tmp_path / "ada").rename(tmp_path / "lost")
    assert machine("ada").index([moved], prune=True).removed == []


@pytest.mark.parametrize("few", [0, 2000])
def test_the_server_finds_what_a_collection_on_disk_does(
    machine, tmp_path, examples, monkeypatch, few
):
    monkeypatch.setattr("askpod.store.dense.FEW", few)
    episode = next(examples.glob("*.md"))
    machine("ada", create=True).index([episode])
    bob = machine("bob")
    with Archive.open(tmp_path / "local", create=True) as local:
        local.index([episode])
        speaker = local.turns(episode.stem)[0].speaker
        for filters in ({}, {"speaker": speaker}, {"episode": episode.stem, "speaker": "a"}):
            for question in ("Which sensor was the first?", "What did it cost?"):
                found, wanted = bob.search(question, **filters), local.search(question, **filters)
                assert [(p.start, p.text) for p in found] == [(p.start, p.text) for p in wanted]
                # What a server keeps for the replicas has half the digits.
                scores = pytest.approx([p.score for p in wanted], abs=1e-4)
                assert [p.score for p in found] == scores


def test_a_plain_chroma_user_can_read_it(machine, chroma, database, bees):
    machine("ada", create=True).index([bees])
    collection = plain(chroma, database)
    record = collection.get(include=["documents", "metadatas", "embeddings"])
    assert record["documents"][0].startswith(BEES)
    known = record["metadatas"][0]
    assert (known["episode_id"], known["start"], known["guests"]) == ("bees", 0.0, ["Cora"])
    vector = MiniLM().embed(["What do bees do?"])
    near = collection.query(query_embeddings=vector, n_results=1)
    score = float(record["embeddings"][0] @ vector[0])
    assert near["distances"][0][0] == pytest.approx(1 - score, abs=1e-6)
    assert "contextual" in collection.metadata["vectors"]


# What is refused


def test_there_is_no_archive_before_something_is_indexed(machine, tmp_path, database):
    with pytest.raises(ArchiveNotFound, match=rf"(?s){database}.*askpod index"):
        machine("bob")
    assert not (tmp_path / "bob").exists()


def test_a_replica_is_not_used_without_its_server(machine, tmp_path, bees):
    machine("ada", create=True).index([bees])
    for opening in (Archive.open, Archive.rebuild):
        with pytest.raises(StoreMismatch, match=r"replica .* ASKPOD_CHROMA_URL"):
            opening(tmp_path / "ada")


def test_an_archive_on_disk_is_not_taken_for_a_replica(machine, small, tmp_path):
    small.rename(tmp_path / "ada")
    with pytest.raises(StoreMismatch, match="archive of its own, and ASKPOD_CHROMA_URL"):
        machine("ada", create=True)
    with Archive.open(tmp_path / "ada") as archive:
        assert archive.counts()["episodes"] == 2


def test_a_replica_is_not_taken_for_one_of_another_archive(machine, chroma, bees):
    machine("ada", create=True).index([bees])
    other = Settings(chroma_url=chroma.url, chroma_database=chroma.new_database())
    with pytest.raises(StoreMismatch, match="replica of another archive"):
        machine("ada", settings=other, create=True)
    machine("bob", settings=other, create=True)
    with pytest.raises(StoreMismatch, match="replica of another archive"):
        machine("ada", settings=other)


def test_all_machines_must_embed_alike(machine, bees, chroma, database):
    machine("ada", create=True).index([bees])
    fine = Settings(precision="fp32", chroma_url=chroma.url, chroma_database=database)
    with pytest.raises(StoreMismatch, match=r"embedder .*int8.*fp32.*another database"):
        machine("bob", settings=fine)


def test_somebody_elses_collection_is_left_alone(machine, chroma, database):
    import httpx

    path = f"{chroma.url}/api/v2/tenants/default_tenant/databases/{database}/collections"
    httpx.post(path, json={"name": "askpod-episodes"}).raise_for_status()
    with pytest.raises(Exception, match="not one that askpod made"):
        machine("ada", create=True)


# A replica that is damaged, copied or brought from elsewhere


def test_a_damaged_replica_is_made_anew_without_embedding(
    machine, settings, tmp_path, bees, trains, monkeypatch
):
    ada = machine("ada", create=True)
    ada.index([bees, trains])
    expected = answers(ada)
    ada.close()
    (tmp_path / "ada" / "catalog.db").write_bytes(b"not a catalog" * 1000)
    with pytest.raises(Exception, match="askpod rebuild"):
        machine("ada")
    monkeypatch.setattr("askpod.archive.load_embedder", lambda *_: pytest.fail("it embeds"))
    report = Archive.rebuild(tmp_path / "ada", settings=settings)
    assert report.unchanged == ["bees", "trains"]
    monkeypatch.undo()
    assert answers(machine("ada")) == expected


def test_a_copied_replica_belongs_to_the_machine_that_has_it(machine, tmp_path, bees, trains):
    ada = machine("ada", create=True)
    ada.index([bees])
    ada.close()
    (tmp_path / "ada").rename(tmp_path / "bob")
    bees.unlink()
    bob = machine("bob")
    report = bob.index([trains.parent], prune=True)
    assert (report.removed, report.gone) == ([], [])
    assert len(bob.episodes()) == 2
