"""The vectors of all-MiniLM-L6-v2, as sentence-transformers would give them, kept on disk.

askpod's own fp32 embedder makes them, whose cosine with sentence-transformers is 1.000. The same
text is never embedded twice.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from askpod.embedding.minilm import MAX_TOKENS, MiniLM

BATCH = 256


class KeptVectors:
    """An embedder, in askpod's terms, for texts of any length."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._minilm = MiniLM(precision="fp32")
        self.name = self._minilm.name
        self.dimension = self._minilm.dimension
        self.max_tokens = self._minilm.max_tokens
        self._kept = sqlite3.connect(folder / "vectors.db")
        self._kept.execute(
            "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, nothing cut."""
        return self._minilm.count_tokens(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row for each text; what is beyond 256 word pieces is not read."""
        read = {self._digest(text): text for text in map(self._start, texts)}
        missing = [digest for digest in read if self._vector(digest) is None]
        if len(missing) > BATCH:
            print(f"embedding {len(missing):,} texts, once: some minutes", file=sys.stderr)
        for begin in range(0, len(missing), BATCH):
            batch = missing[begin : begin + BATCH]
            vectors = self._minilm.embed([read[digest] for digest in batch])
            with self._kept:
                self._kept.executemany(
                    "INSERT INTO vectors VALUES (?, ?)",
                    [(d, v.tobytes()) for d, v in zip(batch, vectors, strict=True)],
                )
        rows = [self._vector(self._digest(self._start(text))) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dimension)

    def _start(self, text: str) -> str:
        """The words that the model reads.

        sentence-transformers cuts a text at 256 word pieces without a word; askpod's embedder
        refuses such a text, so it is cut here: before the word that no longer fits, where
        sentence-transformers would still read the first pieces of that word.
        """
        words = text.split(" ")
        special = self._minilm.count_tokens([""])[0]
        pieces = np.array(self._minilm.count_tokens(words)) - special
        fitting = np.searchsorted(pieces.cumsum(), MAX_TOKENS - special, side="right")
        return " ".join(words[: int(fitting)])

    def _digest(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.name}\0{text}".encode("utf-8", "surrogatepass")).digest()

    def _vector(self, digest: bytes) -> NDArray[np.float32] | None:
        query = "SELECT vector FROM vectors WHERE digest = ?"
        row = self._kept.execute(query, (digest,)).fetchone()
        return None if row is None else np.frombuffer(row[0], dtype=np.float32)
