"""Vectors of sentences out of the runs of their chunks: right, kept, and used for answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod import Archive
from askpod.chunking import ChunkSettings, chunk_episode
from askpod.embedding import PoolingEmbedder
from askpod.embedding.minilm import MiniLM
from askpod.errors import StoreDamaged
from askpod.late_chunking import SentencePooling, pack, sentences_of, unpack
from askpod.model import Episode, Turn
from askpod.store.catalog import Catalog

LETTERS = "abcdefg"
said = st.text(alphabet=f"{LETTERS} .?", min_size=1, max_size=300).filter(str.strip)


def words(texts):
    return [2 + len(text.split()) for text in texts]


def letters(text):
    return np.array([text.count(letter) for letter in LETTERS], np.float32)


@given(st.lists(said, min_size=1, max_size=5), st.integers(3, 40))
def test_what_a_sentence_is_summed_over_is_the_sentence(texts, speech):
    turns = tuple(Turn("Ann", text.strip(), at, at + 1) for at, text in enumerate(texts))
    settings = ChunkSettings(speech=speech, heading=4, lead=3)
    chunks = chunk_episode(Episode("a", "A", turns), words, settings)
    pooling = SentencePooling(turns, chunks, words)
    states = [
        np.array([letters(chunk.embedded_text[a:b]) for a, b in parts]).reshape(-1, len(LETTERS))
        for chunk, parts in zip(chunks, pooling.parts, strict=True)
    ]
    for turn, held in zip(turns, pooling.pooled(states), strict=True):
        sentences = [turn.text[a:b] for a, b in sentences_of(turn.text, words)]
        assert np.array_equal(held, pack(np.array([letters(each) for each in sentences])))


@pytest.mark.parametrize(
    "text", ["Hives hum. Bees dance.", "Ça bouge à Zürich 🐝. 蜂は踊る。", "\u0301 x"]
)
def test_parts_of_a_text_sum_up_to_all_of_it(text):
    embedder, middle = MiniLM(), len(text) // 2
    while not text[middle].isspace():
        middle += 1
    assert isinstance(embedder, PoolingEmbedder)
    [vector], [[whole, first, second]] = embedder.embed_parts(
        [text], [[(0, len(text)), (0, middle), (middle, len(text))]]
    )
    assert np.array_equal(vector, embedder.embed([text])[0])
    assert np.allclose(first + second, whole, atol=1e-3)


def test_each_sentence_is_nearest_to_its_own_vector(store):
    embedder = MiniLM()
    with closing(Catalog(store)) as catalog:
        id_, *_ = catalog.episodes()
        turns = catalog.turns(id_)
        held = catalog.sentence_vectors(id_, 0, len(turns) - 1)
    texts = [
        turn.text[a:b] for turn in turns for a, b in sentences_of(turn.text, embedder.count_tokens)
    ]
    vectors = np.vstack([unpack(held[at]) for at in sorted(held)])
    nearest = np.argmax(vectors @ embedder.embed(texts).T, axis=1)
    assert np.mean(nearest == np.arange(len(texts))) > 0.7  # by chance, one in 154


def test_an_answer_waits_for_few_embeddings(store, monkeypatch):
    embedded, run = [], MiniLM._run

    def counted(embedder, text, parts):
        embedded.append(text)
        return run(embedder, text, parts)

    with Archive.open(store) as archive:
        monkeypatch.setattr(MiniLM, "_run", counted)
        assert archive.ask("How many hives were in the trial of the kit?").basis == "answered"
    assert 1 <= len(embedded) <= 14


def test_a_vector_that_has_changed_is_noticed(store):
    with closing(sqlite3.connect(store / "catalog.db")) as connection, connection:
        connection.execute("UPDATE sentence_vectors SET vectors = zeroblob(length(vectors))")
    with Archive.open(store) as archive, pytest.raises(StoreDamaged, match="sentences of turn"):
        archive.ask("How many hives were in the trial of the kit?")
