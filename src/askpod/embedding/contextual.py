"""Contextual vectors: each chunk's vector with the talk around it mixed in.

Talk spreads an answer over many turns, so a chunk is judged with the minutes around it and less
the quarter of an hour around it, and shares what it has with its neighbours. All of that is linear
in the vectors, so one vector a chunk carries it: its inner product with a question's vector is the
dense score. That is what the Chroma collection holds. What each part gives is measured in
docs/retrieval.md. These constants are the only place where windows and weights are set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# Chunks to either side: some minutes, whose mean is added, and about a quarter of an hour, whose
# mean is taken away. That minutes are on the subject tells more than one sentence does; that the
# whole episode is, tells nothing of where in it the answer is.
CONTEXT_WINDOWS = (8, 32)
# Shares of its neighbours' scores that a chunk is given: the next ones, those after them.
NEIGHBOUR_SHARES = (0.3, 0.15)


def recipe() -> str:
    """Names what the vectors are; a collection made by another recipe is made again."""
    shares = " ".join(map(str, NEIGHBOUR_SHARES))
    return f"own + mean of {CONTEXT_WINDOWS[0]} - mean of {CONTEXT_WINDOWS[1]}; neighbours {shares}"


def under_heading(spoken: Vectors, heading: Vectors) -> Vectors:
    """The vector of a chunk that stands under a heading: half way between both, of unit length.

    It finds an episode as well as the vector of both texts together, and a heading that stands
    over many chunks is embedded once.
    """
    both = spoken + heading
    return both / (float(np.linalg.norm(both)) or 1.0)


def contextual_vectors(raw: Vectors) -> Vectors:
    """Mixes the talk around each chunk of one episode into its vector.

    Args:
        raw: The vectors of all chunks of the episode, each under its heading, in the order of
            speech; shape (chunks, dimension), unit length.

    Returns:
        One vector a chunk, same shape and order, not of unit length. Its inner product with a
        question's vector is the chunk's dense score.
    """
    near, far = CONTEXT_WINDOWS
    own = raw + _means(raw, near) - _means(raw, far)
    mixed = own.copy()
    for distance, share in enumerate(NEIGHBOUR_SHARES, start=1):
        mixed[distance:] += share * own[:-distance]
        mixed[:-distance] += share * own[distance:]
    return mixed.astype(np.float32)


def _means(raw: Vectors, reach: int) -> NDArray[np.float64]:
    """For each row the mean of those at most `reach` rows away, its own included."""
    count = len(raw)
    sums = np.zeros((count + 1, raw.shape[1]))
    np.cumsum(raw, axis=0, dtype=np.float64, out=sums[1:])
    places = np.arange(count)
    begins, ends = np.maximum(places - reach, 0), np.minimum(places + reach + 1, count)
    means: NDArray[np.float64] = (sums[ends] - sums[begins]) / (ends - begins)[:, np.newaxis]
    return means
