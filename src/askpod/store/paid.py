"""Vectors that were paid for and are not in the catalog yet, in a small file beside it.

An episode, or a whole rebuild, becomes visible in one transaction; one that is stopped leaves
nothing of itself in the catalog. What an endpoint had already been paid for is kept here, found
again by the next run, and removed when a run ends well.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.store.checksums import VECTOR
from askpod.store.connection import plain_errors

FILE = "paid.db"


class PaidVectors:
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
        except BaseException:
            connection.close()
            raise
        return connection


def text_digest(embedder: str, text: str) -> str:
    """Names a text as one embedder reads it."""
    return hashlib.sha256(f"{embedder}\0{text}".encode(errors="surrogatepass")).hexdigest()
