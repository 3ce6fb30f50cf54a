"""Contextual vectors: their inner product with a question is the score that was summed before."""

from __future__ import annotations

import numpy as np
import pytest

from askpod.embedding.contextual import (
    CONTEXT_WINDOWS,
    NEIGHBOUR_SHARES,
    contextual_vectors,
    under_heading,
)


def direct(raw: np.ndarray, question: np.ndarray) -> list[float]:
    """The formula as it reads: cosines averaged around each chunk, then shared with neighbours."""
    cosines, count = raw @ question, len(raw)

    def mean(at: int, reach: int) -> float:
        return float(np.mean(cosines[max(0, at - reach) : at + reach + 1]))

    near, far = CONTEXT_WINDOWS
    own = [float(cosines[at]) + mean(at, near) - mean(at, far) for at in range(count)]
    return [
        own[at]
        + sum(
            share * own[at + step]
            for distance, share in enumerate(NEIGHBOUR_SHARES, start=1)
            for step in (-distance, distance)
            if 0 <= at + step < count
        )
        for at in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 33, 70, 150])
def test_one_vector_carries_the_whole_formula(count):
    chance = np.random.default_rng(count)
    raw = chance.normal(size=(count, 384)).astype(np.float32)
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    question = raw[count // 2] + 0.1 * chance.normal(size=384).astype(np.float32)
    mixed = contextual_vectors(raw)
    assert (mixed.shape, mixed.dtype) == (raw.shape, np.float32)
    assert mixed @ question == pytest.approx(direct(raw, question), abs=1e-5)


def test_an_episode_without_chunks_has_none():
    assert contextual_vectors(np.empty((0, 384), np.float32)).shape == (0, 384)


def test_a_chunk_under_a_heading_is_as_near_to_what_is_said_as_to_the_heading():
    chance = np.random.default_rng(5)
    spoken, heading = (chance.normal(size=(2, 384)) / 384**0.5).astype(np.float32)
    spoken, heading = (each / np.linalg.norm(each) for each in (spoken, heading))
    vector = under_heading(spoken, heading)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-6)
    assert vector @ spoken == pytest.approx(float(vector @ heading), abs=1e-6)
    assert np.isfinite(under_heading(spoken, -spoken)).all()
