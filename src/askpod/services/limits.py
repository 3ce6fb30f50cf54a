"""Bounds on what a server may send: bytes as they come out unpacked, and time until it answers.

A megabyte of gzip can hold a gigabyte. A server can also answer with "wait" (status 103) for ever,
each within any time limit between two bytes, so waiting for an answer has an end of its own.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import httpcore
import httpx

from askpod.services.endpoints import excerpt, is_this_machine
from askpod.services.retry import Retries, retry_after

ACCEPTED = "gzip"  # the Accept-Encoding of all our requests
PIECE = 2**16  # bytes that are unpacked at once
PASSING = (429, 500, 502, 503, 504)  # statuses that may be others at the next try
MOST_MEMBERS = 100  # gzip streams one after the other in one body

_PLAIN = ("", "identity")
_GZIP = ("gzip", "x-gzip")


class TooLarge(Exception):
    """A body is larger than its limit, as sent or unpacked."""


class NotUnpacked(Exception):
    """A body cannot be unpacked; the message says why."""


class Unpacker:
    """Unpacks one response's body, of a Content-Encoding, piece by piece.

    `limit` is of the bytes that come out, and that come in. Raises NotUnpacked: it is packed in
    another way than was asked for.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        kind = encoding.strip().lower()
        if kind not in _PLAIN + _GZIP:
            raise NotUnpacked("comes packed in a way that was not asked for")
        self._gzip = zlib.decompressobj(wbits=31) if kind in _GZIP else None
        self._members = 1
        self._room_in = self._room_out = limit

    @classmethod
    def of(cls, headers: Mapping[str, str], limit: int) -> Unpacker:
        """For a response with these headers, their names in lower case. Raises TooLarge."""
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:18]) > limit:
            raise TooLarge
        return cls(headers.get("content-encoding", ""), limit)

    def all_of(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The content of a body that comes in pieces. Raises what `feed` and `end` raise."""
        for piece in pieces:
            yield from self.feed(piece)
        self.end()

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """What the next piece of the body holds. Raises TooLarge, NotUnpacked."""
        self._room_in -= len(packed)
        if self._room_in < 0:
            raise TooLarge
        while packed:
            content, packed = self._unpacked(packed)
            self._room_out -= len(content)
            if self._room_out < 0:
                raise TooLarge
            if content:
                yield content

    def end(self) -> None:
        """To be called when the body has ended. Raises NotUnpacked where something is missing."""
        if self._gzip is not None and not self._gzip.eof:
            raise NotUnpacked("cannot be unpacked: it breaks off")

    def _unpacked(self, packed: bytes) -> tuple[bytes, bytes]:
        """Some content, and what is left of the packed bytes."""
        if self._gzip is None:
            return packed, b""
        if self._gzip.eof and self._members == MOST_MEMBERS:
            raise NotUnpacked(f"cannot be unpacked: it is over {MOST_MEMBERS} files of gzip in one")
        try:
            if self._gzip.eof:
                self._gzip = zlib.decompressobj(wbits=31)
                self._members += 1
            content = self._gzip.decompress(packed, PIECE)
        except zlib.error:
            what = "it is no gzip" if self._members == 1 else "something follows the gzip in it"
            raise NotUnpacked(f"cannot be unpacked: {what}") from None
        return content, self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail


class Deadline(threading.local):
    """When what a thread waits for must be there. Without a start there is none."""

    def __init__(self) -> None:
        self._until = math.inf

    def start(self, seconds: float) -> None:
        """From now on this thread waits for so many seconds at most; inf: as long as it takes."""
        self._until = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._until

    def bound(self, timeout: float | None) -> float | None:
        """Seconds to wait for the next step. Raises ReadTimeout where none are left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("took too long in all")
        return timeout if math.isinf(left) else min(left, math.inf if timeout is None else timeout)


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every step ends before the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See httpcore; ends before the deadline."""
        return self._stream.read(max_bytes, self._deadline.bound(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See httpcore; ends before the deadline."""
        self._stream.write(buffer, self._deadline.bound(timeout))

    def close(self) -> None:
        """Closes the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """See httpcore; the stream that is returned ends before the deadline, too."""
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.bound(timeout))
        return DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own
        """See httpcore."""
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._backend = backend
        self._deadline = deadline

    def connect_tcp(self, *where: Any, **how: Any) -> DeadlineStream:  # noqa: ANN401 - httpcore's own
        return DeadlineStream(self._backend.connect_tcp(*where, **how), self._deadline)


def keep_deadline(client: Any, deadline: Deadline) -> None:  # noqa: ANN401 - of httpx or its successor
    """Makes all connections of an httpx client, proxies' too, keep to the deadline.

    Its transports take no network backend, so it is put into the pools that they have made.
    """
    for transport in (client._transport, *client._mounts.values()):
        pool: Any = getattr(transport, "_pool", None)
        if backend := getattr(pool, "_network_backend", None):
            pool._network_backend = _DeadlineBackend(backend, deadline)


@dataclass(frozen=True, slots=True)
class Response:
    """What a service answered, all of it."""

    status: int
    body: bytes
    retry_after: float | None  # seconds, as the service asks for

    @property
    def passing(self) -> bool:
        """Whether it may be another at the next try."""
        return self.status in PASSING


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request without a usable answer. A value: an error would hold the request and its token."""

    what: str  # as a sentence without its subject
    passing: bool = False  # it may go well at the next try
    about: Literal["", "closed", "connection", "certificate", "tls"] = ""
    retry_after: None = None


class BoundedClient:
    """Requests to one service, each bounded in time and size. Follows no redirect.

    `most_bytes` are of one response, unpacked; `ca` are root certificates in place of the system's.
    Raises OSError, ssl.SSLError: it cannot be read.
    """

    def __init__(
        self, base_url: str, headers: dict[str, str], most_bytes: int, ca: Path | None = None
    ) -> None:
        self._most_bytes = most_bytes
        self._client = httpx.Client(
            base_url=base_url,
            headers=headers | {"Accept-Encoding": ACCEPTED},
            follow_redirects=False,
            # A proxy for the internet must not get what is meant for a server on this machine.
            trust_env=not is_this_machine(base_url),
            # Over plain HTTP nothing is verified: reading root certificates would take 30 ms.
            verify=_tls(ca) if base_url.startswith("https:") else _TRUSTS_NOBODY,
        )
        self._deadline = Deadline()
        keep_deadline(self._client, self._deadline)
        self.close = self._client.close

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        timeout: httpx.Timeout,
        seconds: float,
        retries: Retries,
    ) -> Response | Unanswered:
        """The answer to a request that may be sent twice without harm.

        `path` is below the base URL, quoted; `content` is JSON. `timeout` is for the steps of each
        try, which may take `seconds` in all.
        """
        while True:
            answer = self._tried(method, path, content, timeout, seconds)
            wait = retries.next_wait(answer.retry_after) if answer.passing else None
            if wait is None:
                return answer
            time.sleep(wait)

    def _tried(
        self, method: str, path: str, content: bytes | None, timeout: httpx.Timeout, seconds: float
    ) -> Response | Unanswered:
        self._deadline.start(seconds)
        kind = {"Content-Type": "application/json"} if content else None
        try:
            with self._client.stream(
                method, path, content=content, headers=kind, timeout=timeout
            ) as response:
                unpacker = Unpacker(response.headers.get("content-encoding", ""), self._most_bytes)
                body = b"".join(unpacker.all_of(response.iter_raw()))
                asked = retry_after(response.headers.get("retry-after", ""))
                return Response(response.status_code, body, asked)
        except httpx.TimeoutException:
            if self._deadline.passed:
                return Unanswered(f"is too slow: not done after {seconds:.0f} s")
            return Unanswered(f"has not answered for {timeout.read:g} s", passing=True)
        except httpx.ConnectError as error:
            return _unconnected(excerpt(str(error)))
        except httpx.HTTPError as error:
            reason = excerpt(str(error)) or type(error).__name__
            return Unanswered(f"broke off ({reason})", passing=True)
        except TooLarge:
            return Unanswered("sends more than was asked for")
        except NotUnpacked as error:
            return Unanswered(f"sends what {error}")
        except RuntimeError:  # closed in another thread, perhaps this instant
            if not self._client.is_closed:
                raise
            return Unanswered("is asked no more", about="closed")


def _unconnected(reason: str) -> Unanswered:
    if "certificate" in reason.lower():
        what = f"shows a certificate that is not trusted ({reason})"
        return Unanswered(what, about="certificate")
    if "ssl" in reason.lower():
        return Unanswered(f"does not speak TLS as asked ({reason})", about="tls")
    return Unanswered(f"does not answer ({reason})", passing=True, about="connection")


_TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _tls(ca: Path | None) -> ssl.SSLContext:
    """One for all clients: to make it takes longer than a request."""
    return ssl.create_default_context(cafile=None if ca is None else str(ca))
