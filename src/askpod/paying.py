"""A paid embedder in a run of indexing: pays for each text once, and keeps the bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Embedder
from askpod.embedding.remote import RemoteEmbedder
from askpod.errors import ModelError
from askpod.store.paid import PaidVectors, text_digest
from askpod.tokens import cost


class PayingEmbedder:
    """A remote embedder that asks for no text that an earlier, stopped run has paid for.

    `tokens` is what this run has paid for so far.
    """

    def __init__(self, embedder: RemoteEmbedder, paid: PaidVectors) -> None:
        self._embedder = embedder
        self._paid = paid
        self.tokens = 0

    @property
    def name(self) -> str:
        """The remote embedder's."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """The remote embedder's."""
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        """The remote embedder's."""
        return self._embedder.max_tokens

    @property
    def cost(self) -> float | None:
        """Of `tokens`, in US dollars; None where the model's price is not known."""
        return cost(self._embedder.sold_as, self.tokens, 0)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As the remote embedder counts them."""
        return self._embedder.count_tokens(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors in the order of `texts`; each batch is on the disk as soon as it is there.

        Raises:
            EmbedderError: a text is empty or too long.
            ModelError: the endpoint failed. The same run, begun again, goes on here.
        """
        digests = [text_digest(self.name, text) for text in texts]
        vectors = self._paid.known(digests)
        missing = {
            digest: text
            for digest, text in zip(digests, texts, strict=True)
            if digest not in vectors
        }
        wanted = list(missing)
        try:
            for batch in self._embedder.batches(list(missing.values())):
                these = wanted[batch.begin : batch.begin + len(batch.vectors)]
                self._paid.keep(these, batch.vectors)
                self.tokens += batch.tokens
                vectors.update(zip(these, batch.vectors, strict=True))
        except ModelError as error:
            raise ModelError(
                f"{error} What was finished is kept: run the same command again, and it goes on "
                "there and pays for nothing twice.",
                retryable=error.retryable,
            ) from error
        if not texts:
            return self._embedder.embed(texts)
        return np.stack([vectors[digest] for digest in digests])


@contextmanager
def paying_once(store: Path, embedder: Embedder) -> Iterator[Embedder]:
    """The embedder for one run over the archive in `store`; one that costs nothing as it is.

    The caller holds the store's write lock.
    """
    if not isinstance(embedder, RemoteEmbedder):
        yield embedder
        return
    with closing(PaidVectors(store)) as paid:
        yield PayingEmbedder(embedder, paid)
    paid.remove()
