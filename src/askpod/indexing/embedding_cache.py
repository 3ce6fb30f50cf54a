"""Vectors that were paid for and are not in the catalog yet, in a small file beside it.

An episode, or a whole rebuild, becomes visible in one transaction; one that is stopped leaves
nothing of itself in the catalog. What an endpoint had already been paid for is kept here, found
again by the next run, and removed when a run ends well.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.embedding import Embedder
from askpod.embedding.remote import RemoteEmbedder
from askpod.errors import ModelError
from askpod.store.rows import VECTOR
from askpod.store.schema import plain_errors
from askpod.tokens import cost

FILE = "paid.db"


class EmbeddingCache:
    """The file in `folder`. The caller holds the store's write lock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        with plain_errors(self._path):
            try:
                self._connection = self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):  # no permission, no space
                    raise
                self.remove()  # damaged: it can only spare money, never be needed
                self._connection = self._open()

    def known(self, digests: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of those digests that are kept."""
        with plain_errors(self._path):
            rows = self._connection.execute(
                "SELECT digest, vector FROM paid WHERE digest IN (SELECT value FROM json_each(?))",
                (json.dumps(list(digests)),),
            )
            return {digest: np.frombuffer(vector, dtype=VECTOR) for digest, vector in rows}

    def keep(self, digests: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """On the disk when this returns."""
        with plain_errors(self._path), self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO paid VALUES (?, ?)",
                [
                    (digest, vector.astype(VECTOR).tobytes())
                    for digest, vector in zip(digests, vectors, strict=True)
                ],
            )

    def close(self) -> None:
        """Closes the file, which stays."""
        self._connection.close()

    def remove(self) -> None:
        """Deletes the file; a run has ended well."""
        for suffix in ("", "-journal"):
            self._path.with_name(FILE + suffix).unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS paid (digest TEXT PRIMARY KEY, vector BLOB NOT NULL) "
                "WITHOUT ROWID"
            )
            with closing(connection.execute("SELECT digest, vector FROM paid LIMIT 1")) as first:
                first.fetchone()
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise sqlite3.DatabaseError(state)
        except BaseException:
            connection.close()
            raise
        return connection


def text_digest(embedder: str, text: str) -> str:
    """Names a text as one embedder reads it."""
    return hashlib.sha256(f"{embedder}\0{text}".encode(errors="surrogatepass")).hexdigest()


class CachedEmbedder:
    """A remote embedder that asks for no text that an earlier, stopped run has paid for.

    `tokens` is what this run has paid for so far.
    """

    def __init__(self, embedder: RemoteEmbedder, paid: EmbeddingCache) -> None:
        self._embedder = embedder
        self._paid = paid
        self.tokens = 0
        self.name, self.max_tokens = embedder.name, embedder.max_tokens
        self.count_tokens = embedder.count_tokens

    @property
    def dimension(self) -> int:
        """The remote embedder's, which may ask its endpoint."""
        return self._embedder.dimension

    @property
    def cost(self) -> float | None:
        """Of `tokens`, in US dollars; None where the model's price is not known."""
        return cost(self._embedder.sold_as, self.tokens, 0)

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
def with_cache(store: Path, embedder: Embedder) -> Iterator[Embedder]:
    """The embedder for one run over the archive in `store`; one that costs nothing as it is.

    The caller holds the store's write lock.
    """
    if not isinstance(embedder, RemoteEmbedder):
        yield embedder
        return
    with closing(EmbeddingCache(store)) as paid:
        yield CachedEmbedder(embedder, paid)
    paid.remove()
