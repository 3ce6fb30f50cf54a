"""Sends prompts to a model, one or several at a time, and notes what became of each.

Each is tried once: whoever tries again hides how often a service fails, and what it takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from askpod.answering.llm_client import LanguageModel, Reply
from askpod.errors import ModelError
from askpod.evals.models.prompts import Prompt
from askpod.evals.workers import in_order

LEVELS = (1, 4, 16)  # requests at a time
MOST_REQUESTS = 32  # at a level above the first


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and what came of it: either a whole reply or an error."""

    prompt: Prompt
    reply: Reply | None = None
    error: ModelError | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """Requests that were made `parallel` at a time.

    `seconds` of wall time lie between the first one's start and the last one's end.
    """

    parallel: int
    seconds: float
    sent: tuple[Sent, ...]

    @property
    def failed(self) -> int:
        """Requests without a whole reply: refused (429 and others), timed out, broken off."""
        return sum(each.reply is None for each in self.sent)


def prompts_at(level: int, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Those that are sent at a level: all, one at a time; else MOST_REQUESTS of them.

    These are taken at even distances, as neighbours in a gold set tend to be alike.
    """
    if level == 1 or len(prompts) <= MOST_REQUESTS:
        return tuple(prompts)
    return tuple(prompts[i * len(prompts) // MOST_REQUESTS] for i in range(MOST_REQUESTS))


def send(
    model: LanguageModel,
    prompts: Sequence[Prompt],
    parallel: int,
    finished: Callable[[int], None] | None = None,
) -> Load:
    """Sends each prompt once. `finished` is told how many are done.

    A request that fails does not stop the others. The model's own patience should be 0, so that
    it is one request indeed.
    """
    began = time.perf_counter()
    with closing(in_order(partial(_send, model), prompts, parallel, finished)) as replies:
        sent = tuple(replies)
    return Load(parallel, time.perf_counter() - began, sent)


class _Stopped(Exception):
    """Nobody waits for the reply any more."""


def _send(model: LanguageModel, prompt: Prompt, unwanted: threading.Event) -> Sent:
    try:
        with closing(model.stream(prompt)) as items:  # closing it ends the request
            for item in items:
                if isinstance(item, Reply):
                    return Sent(prompt, reply=item)
                if unwanted.is_set():
                    break
    except ModelError as error:
        return Sent(prompt, error=error)
    raise _Stopped
