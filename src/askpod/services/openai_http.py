"""HTTP clients that hold every response of a model's service to three rules.

No redirect is followed: what is sent goes where the user said and nowhere else. What is plainly
no reply of the kind that was asked for is refused. No response is read without end.

Importing this loads the openai client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import openai

from askpod.services.http import is_this_machine

if TYPE_CHECKING:
    import ssl

    import httpx as httpx  # for failures.py, too
else:  # the library that the installed openai client is built on: httpx, or later its successor
    httpx = import_module(openai.DefaultHttpxClient.__base__.__module__.partition(".")[0])

PAGES = ("text/html", "application/xhtml", "text/xml", "application/xml")
BEGINNING = 2_000  # bytes of a page that are kept, to see what it says
CONNECT_SECONDS = 10.0  # at most, for a connection to come about


class NotAReply(openai.OpenAIError):
    """The service answered 200 with a page or a document in place of what was asked for."""

    def __init__(self, kind: str, beginning: bytes) -> None:
        self.kind = kind
        self.text = beginning[:BEGINNING].decode("utf-8", "replace")
        super().__init__(kind)


class TooMuch(openai.OpenAIError):
    """A response went on past any length that was asked for."""


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
        response.stream = _Bounded(response.stream, self.most_bytes)
        return response.is_success and _kind(response).startswith(self.refused)


class GuardedClient(openai.DefaultHttpxClient):
    """An HTTP client that holds each response to the rules above."""

    def __init__(self, guard: Guard, **options: Any) -> None:  # noqa: ANN401 - httpx's own
        self._guard = guard
        super().__init__(**options)

    def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        **how: Any,  # noqa: ANN401
    ) -> httpx.Response:
        response = super().send(request, stream=True, **how)
        try:
            if self._guard.refuses(response):
                raise NotAReply(_kind(response), next(response.iter_bytes(), b""))
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response


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
        response = await super().send(request, stream=True, **how)
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
    """A response's bytes, up to a limit."""

    def __init__(self, stream: Any, limit: int) -> None:  # noqa: ANN401 - httpx's own
        self._stream = stream
        self._left = limit

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            yield self._counted(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield self._counted(piece)

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _counted(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise TooMuch
        return piece


def _kind(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients: to make it takes longer than a request."""
    return httpx.create_ssl_context()
