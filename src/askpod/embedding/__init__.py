"""Embedders: text in, unit vectors out. Nothing here knows of episodes or stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Range = tuple[int, int]  # first character, and the one after the last


class Embedder(Protocol):
    """What the rest of askpod needs of an embedder. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """Names the weights and their precision; kept in the store, compared at opening."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The longest text it reads, in its own tokens, special tokens included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included, nothing cut."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension), in the order of `texts`.

        Raises:
            EmbedderError: a text is longer than `max_tokens`; nothing is cut in silence.
        """


@runtime_checkable
class PoolingEmbedder(Embedder, Protocol):
    """An embedder that shows the states of its tokens."""

    def embed_parts(
        self, texts: Sequence[str], parts: Sequence[Sequence[Range]]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """The vectors of texts, and for each the summed token states of parts of it.

        Args:
            texts: what is embedded.
            parts: for each text the ranges of characters whose tokens are summed.

        Returns:
            As `Embedder.embed`, and for each text an array of shape (parts, dimension).
        """
