"""Vectors of the default embedder, computed once in a run of the tests and shared by all of them.

A vector is a function of its text alone (tests/embedding shows it), so what tests see is the same
to the bit. Only the network's run is left out: lengths are checked and threads started as ever.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from askpod.embedding.minilm import MiniLM

computed = MiniLM._run


def remember(patch: pytest.MonkeyPatch, folder: Path, pause: float = 0.0) -> None:
    """From now on vectors come from the folder, where they are kept; each after a pause in seconds.

    A file for each text: processes that share the folder need no lock.
    """
    folder.mkdir(exist_ok=True)
    known: dict[str, np.ndarray] = {}

    def run(embedder: MiniLM, text: str, parts) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(pause)
        key = f"{embedder.name}\0{list(parts)}\0{text}"
        if key not in known:
            known[key] = _kept(
                folder / _digest(key), lambda: np.vstack(computed(embedder, text, parts))
            )
        vector, *sums = known[key].reshape(-1, MiniLM.dimension)
        return vector, np.array(sums).reshape(-1, MiniLM.dimension)

    patch.setattr(MiniLM, "_run", run)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _kept(path: Path, compute) -> np.ndarray:
    try:
        return np.frombuffer(path.read_bytes(), np.float32)
    except FileNotFoundError:
        found = compute()
    written = path.with_name(uuid4().hex)
    written.write_bytes(found.tobytes())
    written.replace(path)
    return found
