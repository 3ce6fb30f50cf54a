"""Embedders that workers can make again, and that fail there in ways of their own.

A module, not a test: a worker imports it by name.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from askpod.errors import EmbedderError

DEADLY = "ragnarok"
UNSPEAKABLE = "hastur"


class Unspeakable(Exception):
    """Cannot be made again from its message, as many libraries' errors cannot."""

    def __init__(self, name: str, place: str) -> None:
        super().__init__(f"{name} in {place}")


class Faulty:
    """Counts words and embeds everything alike; some words end it. Leaves a mark for each call."""

    name = "faulty"
    dimension = 3
    max_tokens = 1_000

    def __init__(self, marks: Path, *, loading: str = "") -> None:
        self._marks = marks
        self._loading = loading

    def elsewhere(self, processes: int) -> Callable[[], Faulty]:
        assert processes > 1
        return partial(made, self._marks, self._loading)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(text.split()) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        said = " ".join(texts)
        if DEADLY in said:
            os.kill(os.getpid(), signal.SIGKILL)
        if UNSPEAKABLE in said:
            raise Unspeakable("him", "carcosa")
        (self._marks / f"{os.getpid()}-{len(list(self._marks.iterdir()))}").touch()
        print("a library that prints")  # noqa: T201
        return np.tile(np.float32([1, 0, 0]), (len(texts), 1))


def made(marks: Path, loading: str) -> Faulty:
    """In a worker: an embedder, or what comes of `loading` it."""
    if loading == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if loading == "fails":
        raise EmbedderError("the weights are not installed here")
    return Faulty(marks)
