"""Sentences are embedded once: a talk stays with its passages."""

from __future__ import annotations

import numpy as np
import pytest

from askpod.answering import relevance
from askpod.answering.relevance import KeptVectors

TEXTS = ["Bees dance.", "The scale drifts.", "Bees dance."]


class Counting:
    """The archive's embedder, and what it was asked for."""

    def __init__(self, embedder) -> None:
        self.embedder = embedder
        self.asked: list[list[str]] = []

    def embed(self, texts):
        self.asked.append(list(texts))
        return self.embedder.embed(texts)


@pytest.fixture
def counting(archive) -> Counting:
    return Counting(archive.support_embedder)


def test_a_sentence_is_embedded_once(counting):
    kept = KeptVectors(counting)
    vectors = kept.embed(TEXTS)
    again = kept.embed([*reversed(TEXTS), "It rains."])
    assert counting.asked == [TEXTS[:2], ["It rains."]]
    assert np.array_equal(vectors[0], vectors[2])
    assert np.array_equal(again[:3], vectors[::-1])


def test_no_more_are_kept_than_there_is_room_for(counting, monkeypatch):
    monkeypatch.setattr(relevance, "KEPT", 3)
    kept = KeptVectors(counting)
    first = kept.embed(TEXTS)
    kept.embed(["It rains.", "It snows."])
    assert np.allclose(kept.embed(TEXTS), first, atol=1e-6)
    assert len(counting.asked) == 3
