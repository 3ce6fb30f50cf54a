"""How evals ask: several requests at a time, and each of a model's replies kept."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from askpod.answering.llm_client import LanguageModel, Reply
from askpod.files import read_bounded, writable, write_atomically
from askpod.parsing import ParseError, parse_json
from askpod.services.endpoints import service_of
from askpod.settings import ModelSettings
from askpod.text import well_formed
from askpod.tokens import Message, Schema

Item = TypeVar("Item")
Result = TypeVar("Result")

GRACE = 2.0  # seconds for threads to finish their step once the work is given up

MOST_BYTES = 50_000_000  # of a kept reply
_REPLY = TypeAdapter(Reply)


def in_order(
    work: Callable[[Item, threading.Event], Result],
    items: Sequence[Item],
    parallel: int,
    progress: Callable[[int, int], None] | None = None,
) -> Generator[Result, None, None]:
    """What `work` makes of each item, in the order of the items.

    `work` is also given an event that is set once nobody wants the rest, and may then raise what
    it likes. `progress` is told how many of how many are done, whatever their order. An error of
    `work` is raised here. Closing the iterator, or an error, stops the rest.
    """
    todo: SimpleQueue[tuple[int, Item]] = SimpleQueue()
    for each in enumerate(items):
        todo.put(each)
    done: SimpleQueue[tuple[int, Future[Result]]] = SimpleQueue()
    unwanted = threading.Event()

    def worker() -> None:
        with suppress(Empty):
            while not unwanted.is_set():
                position, item = todo.get_nowait()
                future: Future[Result] = Future()
                try:
                    future.set_result(work(item, unwanted))
                except BaseException as error:
                    future.set_exception(error)
                done.put((position, future))

    # Daemons, as those of a pool are not: a model that does not answer must not hold up Ctrl-C.
    threads = [
        threading.Thread(target=worker, name=f"askpod-eval-{number}", daemon=True)
        for number in range(min(parallel, len(items)))
    ]
    for thread in threads:
        thread.start()
    waiting: dict[int, Result] = {}
    following = 0
    try:
        for number in range(1, len(items) + 1):
            position, future = done.get()
            waiting[position] = future.result()
            if progress is not None:
                progress(number, len(items))
            while following in waiting:
                yield waiting.pop(following)
                following += 1
    finally:
        unwanted.set()
        until = time.monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


class Stopped(Exception):
    """Nobody waits for the answer any more."""


def ending_of(
    stream: Generator[Any, None, None], kind: type[Result], unwanted: threading.Event
) -> Result:
    """What a stream ends with, an item of that type. Raises Stopped where `unwanted` is set."""
    with closing(stream) as items:
        for item in items:
            if isinstance(item, kind):
                return item
            if unwanted.is_set():
                break
    raise Stopped


class StoredModel(LanguageModel):
    """A model that is asked only what it has not answered before, so that an eval can be run again.

    Its replies are small files in a folder, each named by a hash of all that determines it, with
    the seconds and tokens that it took; failures are not kept. Several threads and processes may
    share the folder: a file appears whole, and a damaged one counts as absent.
    """

    def __init__(self, settings: ModelSettings, folder: Path) -> None:
        """`folder` is made when the first reply is kept."""
        super().__init__(settings)
        self._folder = folder

    def stream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[str | Reply, None, None]:
        """As LanguageModel's; a kept reply's text comes in one piece. Raises StoreUnwritable."""
        kept = self.kept(messages, schema)
        if kept is not None:
            yield from (kept.text, kept)
            return
        with closing(super().stream(messages, schema)) as items:
            for item in items:
                if isinstance(item, Reply):
                    self.keep(messages, item, schema)
                yield item

    def kept(self, messages: Sequence[Message], schema: Schema | None = None) -> Reply | None:
        """The reply to these messages, as it came the first time; None where it is not kept."""
        try:
            content = read_bounded(self._path(messages, schema), MOST_BYTES)
            return _REPLY.validate_python(parse_json(content))
        except (OSError, ParseError, ValidationError):
            return None

    def keep(self, messages: Sequence[Message], reply: Reply, schema: Schema | None = None) -> None:
        """On the disk when this returns. Raises StoreUnwritable: it cannot be kept."""
        # Halves of characters, which JSON can carry and no text can, are not kept.
        reply = replace(reply, text=well_formed(reply.text))
        todo = "make room, or run the eval where it may write"
        with writable(self._folder, "replies cannot be kept", todo):
            path = self._path(messages, schema)
            write_atomically(path, json.dumps(asdict(reply), indent=1).encode())

    def forget(self, messages: Sequence[Message], schema: Schema | None = None) -> None:
        """A reply that could not be used is a failure, and asked for again by the next run."""
        with suppress(OSError):
            self._path(messages, schema).unlink(missing_ok=True)

    def _path(self, messages: Sequence[Message], schema: Schema | None) -> Path:
        """Named by the request. How long is waited, and how often it is tried, change no reply."""
        settings = self._settings
        asked = {
            "service": service_of(settings.name, settings.base_url),
            "model": settings.name,
            "answer_tokens": settings.answer_tokens,
            "temperature": 0,  # what llm_endpoint.py asks for
            "messages": [list(message) for message in messages],
            **({"schema": schema} if schema is not None else {}),
        }
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        return self._folder / f"{digest}.json"
