"""How evals ask: several requests at a time, and each of a model's replies kept.

A reply is kept under a hash of all that determines it: the service, the model, the messages, the
schema, how long an answer may be. What it took (seconds, tokens) is kept with it, failures are
not. So an eval that is run again asks only for what is missing.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from askpod.answering.llm_client import LanguageModel, Message, Reply, Schema
from askpod.files import read_bounded, writable, write_atomically
from askpod.parsing import ParseError, parse_json
from askpod.services.endpoints import service_of
from askpod.settings import ModelSettings
from askpod.text import well_formed

Item = TypeVar("Item")
Result = TypeVar("Result")

GRACE = 2.0  # seconds for threads to finish their step once the work is given up

MOST_BYTES = 50_000_000  # of a kept reply

_REPLY = TypeAdapter(Reply)


def in_order(
    work: Callable[[Item, threading.Event], Result],
    items: Sequence[Item],
    parallel: int,
    finished: Callable[[int], None] | None = None,
) -> Generator[Result, None, None]:
    """What `work` makes of each item, in the order of the items.

    `work` is also given an event that is set once nobody wants the rest, and may then raise what
    it likes. `finished` is told how many are done, whatever their order. An error of `work` is
    raised here. Closing the iterator, or an error, stops the rest.
    """
    todo = iter(list(enumerate(items)))
    taking = threading.Lock()
    done: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()
    unwanted = threading.Event()

    def worker() -> None:
        while not unwanted.is_set():
            with taking:
                step = next(todo, None)
            if step is None:
                return
            position, item = step
            try:
                done.put((position, work(item, unwanted), None))
            except BaseException as error:
                done.put((position, None, error))

    threads = [
        threading.Thread(target=worker, name=f"askpod-eval-{number}", daemon=True)
        for number in range(min(parallel, len(items)))
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _sorted(done, len(items), finished)
    finally:
        unwanted.set()
        until = time.monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _sorted(
    done: SimpleQueue[tuple[int, Result | None, BaseException | None]],
    expected: int,
    finished: Callable[[int], None] | None,
) -> Iterator[Result]:
    waiting: dict[int, Result] = {}
    following = 0
    for number in range(1, expected + 1):
        position, result, error = done.get()
        if error is not None:
            raise error
        waiting[position] = result  # type: ignore[assignment]
        if finished is not None:
            finished(number)
        while following in waiting:
            yield waiting.pop(following)
            following += 1


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


class StoredReplies:
    """A folder with a small JSON file for each reply.

    Several threads and processes may share it: a file appears whole, and under one name there
    is only ever a reply to one request. A damaged file counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first reply is kept."""
        self._folder = folder

    def get(
        self, settings: ModelSettings, messages: Sequence[Message], schema: Schema | None = None
    ) -> Reply | None:
        """The reply to these messages, as it came the first time; None where it is not kept."""
        try:
            content = read_bounded(self._path(settings, messages, schema), MOST_BYTES)
            return _REPLY.validate_python(parse_json(content))
        except (OSError, ParseError, ValidationError):
            return None

    def put(
        self,
        settings: ModelSettings,
        messages: Sequence[Message],
        reply: Reply,
        schema: Schema | None = None,
    ) -> None:
        """On the disk when this returns. Raises StoreUnwritable: it cannot be kept."""
        # Halves of characters, which JSON can carry and no text can, are not kept.
        reply = replace(reply, text=well_formed(reply.text))
        todo = "make room, or run the eval where it may write"
        with writable(self._folder, "replies cannot be kept", todo):
            path = self._path(settings, messages, schema)
            write_atomically(path, json.dumps(asdict(reply), indent=1).encode())

    def drop(
        self, settings: ModelSettings, messages: Sequence[Message], schema: Schema | None = None
    ) -> None:
        """The reply to these messages, if it is kept, is kept no longer."""
        with suppress(OSError):
            self._path(settings, messages, schema).unlink(missing_ok=True)

    def _path(
        self, settings: ModelSettings, messages: Sequence[Message], schema: Schema | None
    ) -> Path:
        """Named by the request. How long is waited, and how often it is tried, change no reply."""
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


class StoredModel(LanguageModel):
    """A model that is asked only what it has not answered before. Safe for several threads."""

    def __init__(self, settings: ModelSettings, replies: StoredReplies) -> None:
        super().__init__(settings)
        self._replies = replies

    def stream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[str | Reply, None, None]:
        """As LanguageModel's; a kept reply's text comes in one piece. Raises StoreUnwritable."""
        kept = self._replies.get(self._settings, messages, schema)
        if kept is not None:
            yield from (kept.text, kept)
            return
        with closing(super().stream(messages, schema)) as items:
            for item in items:
                self._keep(messages, item, schema)
                yield item

    async def astream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> AsyncGenerator[str | Reply, None]:
        """`stream` for asynchronous code."""
        kept = self._replies.get(self._settings, messages, schema)
        if kept is not None:
            yield kept.text
            yield kept
            return
        async with aclosing(super().astream(messages, schema)) as items:
            async for item in items:
                self._keep(messages, item, schema)
                yield item

    def forget(self, messages: Sequence[Message], schema: Schema | None = None) -> None:
        """A reply that could not be used is a failure, and asked for again by the next run."""
        self._replies.drop(self._settings, messages, schema)

    def _keep(self, messages: Sequence[Message], item: str | Reply, schema: Schema | None) -> None:
        if isinstance(item, Reply):
            self._replies.put(self._settings, messages, item, schema)
