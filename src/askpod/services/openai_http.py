"""HTTP clients of a model's service. Importing this loads the openai client.

No redirect is followed: what is sent goes where the user said and nowhere else. What is plainly
no reply of the kind that was asked for is refused. No response is read without end.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import openai

from askpod.services.endpoints import is_this_machine
from askpod.services.limits import (
    ACCEPTED,
    Deadline,
    NotUnpacked,
    TooLarge,
    Unpacker,
    keep_deadline,
)

if TYPE_CHECKING:
    import ssl

    import httpx as httpx  # for errors.py, too
else:  # the library that the installed openai client is built on: httpx, or later its successor
    httpx = import_module(openai.DefaultHttpxClient.__base__.__module__.partition(".")[0])

PAGES = ("text/html", "application/xhtml", "text/xml", "application/xml")
BEGINNING = 2_000  # bytes of a page that are kept, to see what it says
MOST_WAITS = 20  # times the wait for a byte that a whole response may take
CONNECT_SECONDS = 10.0  # at most, for a connection to come about


class NotAReply(openai.OpenAIError):
    """The service answered 200 with a page or a document in place of what was asked for."""

    def __init__(self, kind: str, beginning: bytes) -> None:
        self.kind = kind
        self.text = beginning[:BEGINNING].decode("utf-8", "replace")
        super().__init__(kind)


class TooMuch(openai.OpenAIError):
    """A response, unpacked, went on past any length that was asked for."""


class Unreadable(openai.OpenAIError):
    """A response cannot be unpacked; the message says why."""


def http_options(base_url: str | None, timeout: float) -> dict[str, Any]:
    """What a client is made with; `timeout` is seconds without a byte."""
    return {
        "timeout": openai.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        "follow_redirects": False,
        # A proxy for the internet must not get what is meant for a server on this machine.
        "trust_env": not is_this_machine(base_url),
        "verify": _tls(),
    }


@dataclass(frozen=True, slots=True)
class Guard:
    """What a response may be."""

    most_bytes: int
    refused: tuple[str, ...] = PAGES  # beginnings of content types that are no reply

    def refuses(self, response: httpx.Response) -> bool:
        """Whether it is no reply. From now on, no more is read of it than may be."""
        wait = response.request.extensions.get("timeout", {}).get("read") or math.inf
        response.stream = _Bounded(response, self.most_bytes, MOST_WAITS * wait)
        response.headers.pop("content-encoding", None)  # what comes from now on is unpacked
        return response.is_success and _kind(response).startswith(self.refused)


class GuardedClient(openai.DefaultHttpxClient):
    """An HTTP client that holds each response to the rules above."""

    def __init__(self, guard: Guard, **options: Any) -> None:  # noqa: ANN401 - httpx's own
        self._guard = guard
        self._deadline = Deadline()
        super().__init__(**options)
        keep_deadline(self, self._deadline)

    def send(self, request: httpx.Request, *, stream: bool = False, **how: Any) -> httpx.Response:  # noqa: ANN401
        """See httpx; answers are unpacked within limits."""
        request.headers["accept-encoding"] = ACCEPTED
        self._deadline.start(_until_headers(self.timeout))
        try:
            response = super().send(request, stream=True, **how)
        finally:
            self._deadline.start(math.inf)
        try:
            if self._guard.refuses(response):
                raise NotAReply(_kind(response), next(response.iter_bytes(), b""))
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response


def guarded_openai(
    key: str, base_url: str | None, most_bytes: int, timeout: float
) -> openai.OpenAI:
    """The openai client with bounded responses; `timeout` is seconds without a byte.

    Requests are repeated by who asks, not by it.
    """
    http = GuardedClient(Guard(most_bytes), **http_options(base_url, timeout))
    return openai.OpenAI(api_key=key, base_url=base_url, http_client=http, max_retries=0)


class GuardedAsyncClient(openai.DefaultAsyncHttpxClient):
    """The same for asynchronous code."""

    def __init__(self, guard: Guard, **options: Any) -> None:  # noqa: ANN401 - httpx's own
        self._guard = guard
        super().__init__(**options)

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        **how: Any,  # noqa: ANN401
    ) -> httpx.Response:
        """See httpx; answers are unpacked within limits."""
        request.headers["accept-encoding"] = ACCEPTED
        try:
            async with asyncio.timeout(_until_headers(self.timeout)):
                response = await super().send(request, stream=True, **how)
        except TimeoutError:
            raise httpx.ReadTimeout("took too long in all", request=request) from None
        try:
            if self._guard.refuses(response):
                raise NotAReply(_kind(response), await anext(response.aiter_bytes(), b""))
            if not stream:
                await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response


class _Bounded(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A response's bytes, unpacked, up to a limit of bytes and of seconds."""

    def __init__(self, response: httpx.Response, limit: int, seconds: float) -> None:
        self._stream: Any = response.stream
        self._until = time.monotonic() + seconds
        with _told():
            self._unpacker = Unpacker(response.headers.get("content-encoding", ""), limit)

    def __iter__(self) -> Iterator[bytes]:
        with _told():
            yield from self._unpacker.all_of(map(self._in_time, self._stream))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told():
            async for packed in self._stream:
                for piece in self._unpacker.feed(self._in_time(packed)):
                    yield piece
            self._unpacker.end()

    def _in_time(self, packed: bytes) -> bytes:
        if time.monotonic() > self._until:
            raise httpx.ReadTimeout("took too long in all")
        return packed

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the unpacking as the openai client lets them through."""
    try:
        yield
    except TooLarge:
        raise TooMuch from None
    except NotUnpacked as error:
        raise Unreadable(str(error)) from None


def _until_headers(timeout: httpx.Timeout) -> float:
    """Seconds until a response must have begun, whatever came before it."""
    steps = (timeout.connect, timeout.write, timeout.read)
    return sum(math.inf if step is None else step for step in steps)


def _kind(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients: to make it takes longer than a request."""
    return httpx.create_ssl_context()
