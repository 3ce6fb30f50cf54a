"""Centres of cells, by spherical k-means: vectors of unit length, each near some of the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int32]

ROUNDS = 8  # of k-means: later ones hardly move a centre
_BLOCK = 8_192  # vectors compared with all centres at once


def find_centres(sample: Vectors, count: int) -> Vectors:
    """`count` centres for vectors like those of `sample` (unit length, at least `count`).

    The same sample gives the same centres.
    """
    random = np.random.default_rng(0)
    centres: Vectors = sample[random.choice(len(sample), count, replace=False)].copy()
    for _ in range(ROUNDS):
        cells = nearest_centre(sample, centres)
        sizes = np.bincount(cells, minlength=count)
        filled = np.flatnonzero(sizes)
        begins = (np.cumsum(sizes) - sizes)[filled]
        sums = np.add.reduceat(sample[np.argsort(cells, kind="stable")], begins, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # A cell without vectors, or whose vectors cancel out, keeps its centre.
        centres[filled] = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres[filled])
    return centres


def nearest_centre(vectors: Vectors, centres: Vectors) -> Numbers:
    """The number of the centre nearest to each vector."""
    nearest = np.empty(len(vectors), np.int32)
    for begin in range(0, len(vectors), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        nearest[block] = (vectors[block] @ centres.T).argmax(axis=1)
    return nearest
