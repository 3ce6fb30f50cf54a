"""The embedder while indexing beside the same model in a bare loop, on the same texts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clock import Clock

BARE = "the bare loop"
RUNNING = "running the model"
WARM_UP = 2  # episodes that are not paired


@dataclass(slots=True)
class Spent:
    """What one way of embedding took for its tokens."""

    tokens: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, tokens: int, wall: float, cpu: float) -> None:
        self.tokens, self.wall, self.cpu = self.tokens + tokens, self.wall + wall, self.cpu + cpu


@dataclass(slots=True)
class Pair:
    """The same texts embedded by the embedder while indexing, and in the bare loop."""

    indexing: Spent = field(default_factory=Spent)
    bare: Spent = field(default_factory=Spent)


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a call returns, its wall seconds and the CPU seconds of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def run_bare(session: Any, ids: list[list[int]], threads: int) -> None:
    """Runs the model on every text, the longest first, as many at once as the embedder does."""
    feeds = [{"ids": np.array([text], np.int64)} for text in sorted(ids, key=len, reverse=True)]
    waiting = iter(feeds)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                feed = next(waiting, None)
            if feed is None:
                return
            session.run(["vector"], feed)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def pair_embedding(clock: Clock) -> Pair:
    """Lets every second call of `embed` be followed by the bare loop over the same texts.

    To be called before `WordPieces.ids` is wrapped and after `embed` is.
    """
    from askpod.embedding.minilm import MiniLM, WordPieces

    pair = Pair()
    embed, calls = MiniLM.embed, 0
    ids_of = WordPieces.ids

    def embedding(self: Any, texts: list[str]) -> Any:
        nonlocal calls
        calls += 1
        if calls % 2 or calls <= WARM_UP:
            return embed(self, texts)
        with clock.part(BARE):
            # The bare method: the wrapped one would count these too.
            ids = [ids_of(self._pieces, text) for text in texts]
        tokens = sum(len(text) for text in ids)
        vectors, wall, cpu = timed(lambda: embed(self, texts))
        pair.indexing.add(tokens, wall, cpu)
        session = getattr(self._session, "bare", self._session)
        with clock.part(BARE):
            pair.bare.add(tokens, *timed(lambda: run_bare(session, ids, self._threads))[1:])
        return vectors

    MiniLM.embed = embedding
    return pair


class Watched:
    """An inference session whose runs are timed."""

    def __init__(self, session: Any, clock: Clock) -> None:
        self.bare = session
        self.run = session.run
        clock.wrap_threads(self, "run", RUNNING)
