"""The archive as a server holds it: opened when needed, reopened when it was replaced."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from askpod import Archive
from askpod.answering.llm_client import LanguageModel, Reply
from askpod.errors import AskpodError
from askpod.model import Answer, Exchange, Filters
from askpod.settings import ModelSettings, Settings
from askpod.store_lock import being_written
from askpod.tokens import Message, Schema

LOOKUPS = 4  # searches at a time, and look-ups: more would only wait for the processor
TURN = 0.3  # seconds that it lasts at most: who has it may be waiting for a service
SWITCH = 0.0005  # seconds after which a thread must let another one run Python; its default is 5 ms

T = TypeVar("T")


class TooManyAnswers(AskpodError):
    """As many answers are being written as the server allows at a time."""


class Stopping(AskpodError):
    """The server is being stopped; the answer ends here."""


class Turns:
    """Whose answer may compute: one at a time, so that searches, which are short, go before.

    An answer's thread has the turn but while it waits for the model.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holder = 0  # a thread; 0: nobody
        self._ends = 0.0

    def take(self) -> None:
        """Waits until nobody has the turn, or somebody has had it for too long."""
        with self._changed:
            while self._holder and (left := self._ends - time.monotonic()) > 0:
                self._changed.wait(left)
            self._holder, self._ends = threading.get_ident(), time.monotonic() + TURN

    def give_up(self) -> None:
        """Lets another one compute."""
        with self._changed:
            if self._holder == threading.get_ident():
                self._holder = 0
                self._changed.notify()


class ServedModel(LanguageModel):
    """A model during whose pauses others compute."""

    def __init__(self, settings: ModelSettings, turns: Turns) -> None:
        super().__init__(settings)
        self._turns = turns

    def stream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[str | Reply, None, None]:
        """As LanguageModel's."""
        with closing(super().stream(messages, schema)) as items:
            while True:
                self._turns.give_up()
                try:
                    item = next(items, None)
                finally:
                    self._turns.take()
                if item is None:
                    return
                yield item


class LiveArchive:
    """An archive that outlives what happens to its folder; so many `answers` are written at a time.

    A store that is missing or damaged is an error of the request, not of the server: the next
    request tries again. One that `askpod rebuild` replaced is reopened, and the former one closed
    when the last request that uses it is done.
    """

    def __init__(self, store: Path, settings: Settings, answers: int = 64) -> None:
        self.settings = settings
        self.stopping = asyncio.Event()
        self._store = store
        self._free = answers
        self._lock = threading.Lock()
        self._current: Archive | None = None
        self._users: dict[Archive, int] = {}
        self._turns = Turns()
        self._lanes: dict[str, anyio.CapacityLimiter] = {}
        sys.setswitchinterval(SWITCH)

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        """The open archive, for the time of one request. Raises what `Archive.open` does."""
        with self._lock:
            former = self._current
            if former is None or not former.in_place():
                self._current = None
                if former is not None and not self._users.get(former):
                    former.close()
                asked = self.settings.model
                model = ServedModel(asked, self._turns) if asked else None
                self._current = Archive.open(
                    self._store, settings=self.settings, language_model=model
                )
            archive = self._current
            assert archive is not None
            self._users[archive] = self._users.get(archive, 0) + 1
        try:
            yield archive
        finally:
            with self._lock:
                self._users[archive] -= 1
                if not self._users[archive]:
                    del self._users[archive]
                    if archive is not self._current:
                        archive.close()

    async def look_up(self, what: Callable[[Archive], T], lane: str = "look-ups") -> T:
        """Asks the archive in a thread, so that the event loop goes on.

        Each lane has its own threads: searches may wait for an embeddings endpoint.
        """

        def run() -> T:
            with self.archive() as archive:
                return what(archive)

        limiter = self._lanes.setdefault(lane, anyio.CapacityLimiter(LOOKUPS))
        return await anyio.to_thread.run_sync(run, limiter=limiter)

    async def being_indexed(self) -> bool:
        """Whether an index run, or another one that writes, is under way."""
        return await anyio.to_thread.run_sync(being_written, self._store)

    async def answer(
        self, question: str, history: Sequence[Exchange], filters: Filters
    ) -> AsyncGenerator[str | Answer]:
        """`Archive.ask_stream` in a thread of its own: a slow model takes no one else's turn.

        Closing the generator stops the model's request at its next piece. Raises TooManyAnswers;
        and Stopping where the server is being stopped.
        """
        if self._free <= 0:
            raise TooManyAnswers("too many answers are being written; ask again in a moment")
        self._free -= 1
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[Any] = asyncio.Queue()
        gone = threading.Event()

        def put(item: object) -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(items.put_nowait, item)

        def run() -> None:
            self._turns.take()
            try:
                with (
                    self.archive() as archive,
                    closing(
                        archive.ask_stream(question, history=history, filters=filters)  # type: ignore[type-var]
                    ) as pieces,
                ):
                    for piece in pieces:
                        if gone.is_set():
                            break
                        put(piece)
            except Exception as error:
                put(error)
            finally:
                self._turns.give_up()
            put(None)

        # A daemon: a model that does not answer must not keep a stopped server alive.
        threading.Thread(target=run, daemon=True, name="answer").start()
        said = Stopping("the server is being stopped; ask again when it is back")
        stopped = asyncio.ensure_future(self.stopping.wait())
        stopped.add_done_callback(lambda _: items.put_nowait(said))
        try:
            while (item := await items.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            gone.set()
            stopped.cancel()
            self._free += 1

    def warm(self) -> None:
        """Loads what the first answer needs: seconds of the processor, that searches would lack."""
        if self.settings.model:
            import askpod.answering.llm_endpoint  # noqa: F401
        with suppress(AskpodError), self.archive():
            pass  # once open, it loads its vector index beside what follows

    def close(self) -> None:
        """Closes the archive; what still uses it fails."""
        with self._lock:
            if self._current is not None:
                self._current.close()
            self._current = None
