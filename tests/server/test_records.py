"""Episodes travel as records: what is packed comes out again, and what is no episode is noticed."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.chunking import cut_span
from askpod.embedding.contextual import contextual_vectors
from askpod.model import Chunk, Episode, Turn
from askpod.store.rows import Embedded, Source
from askpod.store.shared.records import (
    EpisodeRecord,
    NotWhole,
    chunk_id,
    chunk_records,
    pack,
    part_records,
    unpack,
)
from askpod.store.vectors import Record

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
NONE = Embedded([], np.empty((0, 8), np.float32))
seconds = st.floats(0, 1e6, allow_nan=False).map(lambda second: second + 0.0)


@st.composite
def episodes(draw) -> Episode:
    turns = tuple(
        Turn(
            draw(texts),
            draw(texts),
            draw(seconds),
            draw(seconds),
            draw(st.booleans()),
            draw(texts),
            tuple((0, second) for second in draw(st.lists(seconds, max_size=2))),
            draw(texts),
        )
        for _ in range(draw(st.integers(1, 4)))
    )
    return Episode(
        draw(texts),
        draw(texts),
        turns,
        guests=tuple(draw(st.lists(texts, max_size=2))),
        season=draw(st.none() | st.integers(0, 99)),
        duration=draw(st.none() | seconds),
        links=draw(st.dictionaries(texts, texts, max_size=2)),
    )


def chunks_of(episode: Episode) -> list[Chunk]:
    return [
        Chunk("heading", turn.section, (cut_span(turn, at, 0, len(turn.text)),))
        for at, turn in enumerate(episode.turns)
    ]


@settings(max_examples=40)
@given(episodes())
def test_an_episode_comes_out_as_it_was_packed(episode):
    vectors = np.eye(len(episode.turns), 8, dtype=np.float32)
    sentences = [np.full((2, 8), at, np.int8) for at in range(len(episode.turns))]
    told, held = unpack(pack(episode, Embedded(chunks_of(episode), vectors, sentences)))
    assert (told, held.chunks) == (episode, chunks_of(episode))
    assert np.allclose(held.vectors, vectors, atol=1e-3)
    assert np.array_equal(held.sentences, np.reshape(sentences, (-1, 2, 8)))


def test_a_long_episode_is_cut_into_parts_that_any_server_takes():
    rng = np.random.default_rng(5)
    said = "".join(chr(code) for code in rng.integers(0x4E00, 0x9000, 60_000))
    episode = Episode("long", "Long", (Turn("Ann", said, 0.0, 60.0),))
    records = part_records("v", episode, NONE)
    assert len(records) > 5
    assert max(len(record.text) for record in records) <= 16_000
    assert unpack("".join(record.text for record in records))[0] == episode


@pytest.mark.parametrize(
    "vectors", [np.zeros((1, 4)), np.full((1, 4), 2.0), np.full((1, 4), np.nan), np.ones((2, 3))]
)
def test_vectors_that_are_not_of_unit_length_or_too_many_are_noticed(vectors):
    episode = Episode("a", "A", (Turn("Ann", "Hm.", 0.0, 1.0),))
    with pytest.raises(NotWhole):
        unpack(pack(episode, Embedded(chunks_of(episode), vectors)))


def packed(value: object) -> str:
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64 ü",
        base64.b64encode(b"not compressed").decode(),
        packed([]),
        packed({"id": "a", "episode": {}, "turns": [], "chunks": [], "vectors": ""}),
        packed({"episode": 5, "turns": [["Ann"]], "chunks": []}),
        pack(Episode("a", "A", (Turn("Ann", "Hm.", 0.0, 1.0),)), NONE)[:-20],
    ],
)
def test_what_is_no_episode_is_noticed(text):
    with pytest.raises(NotWhole):
        unpack(text)


def test_a_small_text_that_would_fill_the_memory_is_no_episode(monkeypatch):
    monkeypatch.setattr("askpod.store.shared.records._LARGEST", 1_000_000)
    bomb = base64.b64encode(zlib.compress(b"0" * 2_000_000)).decode()
    with pytest.raises(NotWhole):
        unpack(bomb)


def test_an_entry_is_read_as_it_was_written():
    source = Source("/talks/a#1.md", "digest", "words", 2, "ada:/store", "v7")
    entry = EpisodeRecord("a#1", 7, source, 2, 3)
    assert EpisodeRecord.of(entry.record) == entry
    removed = EpisodeRecord("a#1", 8)
    assert EpisodeRecord.of(removed.record) == removed


@pytest.mark.parametrize("metadata", [None, {}, {"kind": "episode", "episode_id": "a"}])
def test_a_record_of_somebody_else_is_no_entry(metadata):
    with pytest.raises(NotWhole):
        EpisodeRecord.of(Record("x", metadata=metadata))


def test_a_chunks_record_has_its_contextual_vector():
    episode = Episode("a#1", "A", (Turn("Ann", "Hm.", 0.0, 1.0), Turn("Bo", "So?", 1.0, 2.0)))
    raw = np.eye(2, dtype=np.float32)
    records = chunk_records("v", episode, Embedded(chunks_of(episode), raw))
    assert [record.id for record in records] == [chunk_id("a#1", "v", at) for at in range(2)]
    assert np.allclose([record.vector for record in records], contextual_vectors(raw))
    assert records[0].metadata["speakers"] == ["Ann"]
