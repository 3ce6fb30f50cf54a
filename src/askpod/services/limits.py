"""Bounds on what a server may send: bytes as they come out unpacked, and time until it answers.

A megabyte of gzip can hold a gigabyte, so limits count what comes out, and no more is unpacked at
once than a piece. A server can also answer with "wait" (status 103) for ever, each within any time
limit between two bytes, so waiting for an answer has an end of its own.
"""

from __future__ import annotations

import math
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore

ACCEPTED = "gzip"  # the Accept-Encoding of all our requests
PIECE = 2**16  # bytes that are unpacked at once
MOST_MEMBERS = 100  # gzip streams one after the other in one body

_PLAIN = ("", "identity")
_GZIP = ("gzip", "x-gzip")


class TooLarge(Exception):
    """A body is larger than its limit, as sent or unpacked."""


class NotUnpacked(Exception):
    """A body cannot be unpacked; the message says why."""


class Unpacker:
    """Unpacks one response's body, piece by piece.

    Args:
        encoding: the response's Content-Encoding.
        limit: bytes that may come out, and that may come in.

    Raises:
        NotUnpacked: it is packed in another way than was asked for.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        kind = encoding.strip().lower()
        if kind not in _PLAIN + _GZIP:
            raise NotUnpacked("comes packed in a way that was not asked for")
        self._gzip = zlib.decompressobj(wbits=31) if kind in _GZIP else None
        self._members = 1
        self._room_in = self._room_out = limit

    def all_of(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The content of a body that comes in pieces. Raises what `feed` and `end` raise."""
        for piece in pieces:
            yield from self.feed(piece)
        self.end()

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """What the next piece of the body holds.

        Raises:
            TooLarge: more has come than the limit.
            NotUnpacked: it is no gzip, or something else follows it.
        """
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
        try:
            if self._gzip.eof:
                self._next_member()
            content = self._gzip.decompress(packed, PIECE)
        except zlib.error:
            what = "it is no gzip" if self._members == 1 else "something follows the gzip in it"
            raise NotUnpacked(f"cannot be unpacked: {what}") from None
        return content, self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail

    def _next_member(self) -> None:
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise NotUnpacked(f"cannot be unpacked: it is over {MOST_MEMBERS} files of gzip in one")
        self._gzip = zlib.decompressobj(wbits=31)


class Deadline(threading.local):
    """When what a thread waits for must be there. Without a start there is none."""

    def __init__(self) -> None:
        self._until = math.inf

    def start(self, seconds: float) -> None:
        """From now on this thread waits for so many seconds at most."""
        self._until = time.monotonic() + seconds

    def clear(self) -> None:
        """Lets this thread wait for as long as it takes."""
        self._until = math.inf

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
    """Makes connections whose every step ends before the deadline."""

    def __init__(self, backend: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._backend = backend
        self._deadline = deadline

    def connect_tcp(self, *where: Any, **how: Any) -> DeadlineStream:  # noqa: ANN401 - httpcore's own
        return DeadlineStream(self._backend.connect_tcp(*where, **how), self._deadline)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


def keep_deadline(client: Any, deadline: Deadline) -> None:  # noqa: ANN401 - of httpx or its successor
    """Makes all connections of an httpx client, proxies' too, keep to the deadline.

    Its transports take no network backend, so it is put into the pools that they have made.
    """
    for transport in (client._transport, *client._mounts.values()):
        pool: Any = getattr(transport, "_pool", None)
        if backend := getattr(pool, "_network_backend", None):
            pool._network_backend = _DeadlineBackend(backend, deadline)
