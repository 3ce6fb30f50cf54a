"""Requests to a Chroma server, by its documented HTTP interface (version 2).

Chroma's own client waits for ever (its timeout cannot be set), takes half a second to import and
turns a refused token into a bare Exception. Here each request is bounded in time and size, tried
again where that may help, and fails with what to do. No message, and no chain of exceptions,
holds the token. No redirect is followed.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx

from askpod.errors import AskpodError, ServerError
from askpod.parsing import ParseError, parse_json
from askpod.services.http import is_this_machine, struck_out, where
from askpod.services.limits import (
    ACCEPTED,
    Deadline,
    NotUnpacked,
    TooLarge,
    Unpacker,
    keep_deadline,
)
from askpod.services.retry import Retries, retry_after

TOKEN = "ASKPOD_CHROMA_TOKEN"  # noqa: S105 (the variable's name)

TRIES = 3
FIRST_WAIT = 0.5  # seconds before the first retry, doubled for the next
PATIENCE = 20.0  # seconds after which no further try begins
READ_SECONDS = 10.0  # without a byte
WRITE_SECONDS = 30.0  # the server may put its graph on the disk meanwhile
CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 90.0  # that one response may take in all
MOST_BYTES = 64_000_000  # of one response, unpacked; a page of the longest vectors takes half

_EXCERPT = 200  # characters of what a server says
_PASSING = (429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and where on it the archive is. Without the token."""

    url: str
    tenant: str
    database: str
    ca: Path | None = None  # root certificates; None: the system's

    def __str__(self) -> str:
        return f"{where(self.url)} (database {self.database!r} of tenant {self.tenant!r})"


class NotThere(ServerError):
    """What a request was about does not exist."""


class Exists(ServerError):
    """What was to be made exists already."""


class _Passing(Exception):
    """A trouble that may have gone at the next try; the error if it has not."""

    def __init__(self, error: ServerError) -> None:
        self.error = error
        self.retry_after: float | None = None  # seconds, as the server asks for
        super().__init__()


class Client:
    """Sends requests to one server. Safe for several threads."""

    def __init__(self, address: Address) -> None:
        """Connects at the first request.

        Raises:
            ServerError: the token or the file of root certificates cannot be used.
        """
        self.address = address
        self.where = where(address.url)
        self._token = _token()
        headers = {"Accept": "application/json", "Accept-Encoding": ACCEPTED}
        if self._token:  # as a proxy in front of a server of one's own, and as Chroma's cloud asks
            headers |= {"Authorization": f"Bearer {self._token}", "X-Chroma-Token": self._token}
        self._client = httpx.Client(
            base_url=f"{self.where}/api/v2",
            headers=headers,
            follow_redirects=False,
            # A proxy for the internet must not get what is meant for a server on this machine.
            trust_env=not is_this_machine(address.url),
            verify=_tls(address.ca) if address.url.startswith("https:") else True,
        )
        self._deadline = Deadline()
        keep_deadline(self._client, self._deadline)

    def close(self) -> None:
        self._client.close()

    def ask(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        path: str,
        body: object = None,
        *,
        writes: bool = False,
    ) -> Any:  # noqa: ANN401 (what the server says)
        """What the server answers, as JSON. Every request may be sent twice without harm.

        Raises:
            NotThere, Exists: it says so.
            AskpodError: `close` has been called.
            ServerError: it is down, slow, refuses the token, is none of Chroma's, or fails.
        """
        retries = Retries(PATIENCE, TRIES, FIRST_WAIT)
        while True:
            try:
                trouble = self._tried(method, path, body, WRITE_SECONDS if writes else READ_SECONDS)
            except RuntimeError:  # in another thread, perhaps this instant
                if not self._client.is_closed:
                    raise
                raise AskpodError(
                    f"{self.address}: this archive has been closed; open it again"
                ) from None
            if not isinstance(trouble, _Passing):
                return trouble
            wait = retries.next_wait(trouble.retry_after)
            if wait is None:
                raise ServerError(f"{trouble.error} ({retries.tried})")
            time.sleep(wait)

    def _tried(self, method: str, path: str, body: object, seconds: float) -> Any:  # noqa: ANN401
        """What is answered, or a _Passing: given back, so that nothing is raised in an except."""
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        self._deadline.start(WHOLE_SECONDS)
        try:
            with self._client.stream(
                method,
                quote(path, safe="/?=&"),
                content=content,
                headers={"Content-Type": "application/json"} if content else None,
                timeout=timeout,
            ) as response:
                said = self._read(response)
                status = response.status_code
                asked = retry_after(response.headers.get("retry-after", ""))
        except httpx.TimeoutException:
            failure: _Passing | ServerError = self._passing(f"has not answered for {seconds:g} s")
            if self._deadline.passed:
                failure = self._error(f"is too slow: not done after {WHOLE_SECONDS:.0f} s")
        except httpx.ConnectError as error:
            failure = self._unconnected(str(error))
        except httpx.HTTPError as error:
            return self._passing(f"broke off ({_plain(str(error)) or type(error).__name__})")
        else:
            reply = self._reply(status, said)
            if isinstance(reply, _Passing):
                reply.retry_after = asked
            return reply
        if isinstance(failure, ServerError):
            raise failure
        return failure

    def _read(self, response: httpx.Response) -> bytes:
        try:
            unpacker = Unpacker(response.headers.get("content-encoding", ""), MOST_BYTES)
            return b"".join(unpacker.all_of(response.iter_raw()))
        except TooLarge:
            raise self._error("sends more than was asked for") from None
        except NotUnpacked as error:
            raise self._error(f"sends what {error}") from None

    def _reply(self, status: int, said: bytes) -> Any:  # noqa: ANN401
        try:
            value = parse_json(said, max_depth=None) if said else None
        except ParseError:
            value = said
        told = isinstance(value, dict) and "error" in value
        if status in _PASSING:
            return self._passing(f"failed ({status}{self._words(value)})")
        if 200 <= status < 300 and not isinstance(value, bytes):
            return value
        if status == 404 and told:
            raise NotThere(f"{self.where}: {self._words(value).removeprefix(': ')}")
        if status == 409 and told:
            raise Exists(f"{self.where}: {self._words(value).removeprefix(': ')}")
        raise self._refusal(status, value)

    def _refusal(self, status: int, value: object) -> ServerError:
        if status in (401, 403):
            done = f"refuses the token in {TOKEN}" if self._token else "asks for a token"
            return self._error(f"{done} ({status}); set {TOKEN} to one that it takes")
        if status == 413:
            return self._error(
                "refuses a request as too large (413); raise the limit of the server, or of the "
                "proxy before it, to 4 MB"
            )
        if 300 <= status < 400:
            return self._error("redirects to another address; name that one in ASKPOD_CHROMA_URL")
        if status < 300 or status in (404, 405, 410):
            return self._error(
                "does not answer as Chroma's interface version 2 does; look whether "
                "ASKPOD_CHROMA_URL names a Chroma server, of version 1.0 or newer"
            )
        return self._error(f"refused a request ({status}{self._words(value)})")

    def _unconnected(self, reason: str) -> _Passing | ServerError:
        if "certificate" in reason.lower():
            return self._error(
                f"shows a certificate that is not trusted ({_plain(reason)}); name the file of its "
                "root in ASKPOD_CHROMA_CA"
            )
        if "ssl" in reason.lower():
            return self._error(f"does not speak TLS as asked ({_plain(reason)}); http or https?")
        return self._passing(
            f"does not answer ({_plain(reason)}); start it, or correct ASKPOD_CHROMA_URL"
        )

    def _passing(self, what: str) -> _Passing:
        return _Passing(
            self._error(f"{what}. What was finished is kept: run the same command again later")
        )

    def _error(self, what: str) -> ServerError:
        return ServerError(f"{self.where}: the Chroma server {what}")

    def _words(self, value: object) -> str:
        """What the server said of it, in a few harmless words."""
        said = value.get("message") if isinstance(value, dict) else value
        if isinstance(said, bytes):
            said = said.decode(errors="replace")
        if not isinstance(said, str) or not said.strip():
            return ""
        return f": {_plain(said)}"


def _token() -> str:
    """Raises ServerError where it holds what no token holds."""
    token = os.environ.get(TOKEN, "").strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise ServerError(f"{TOKEN} holds characters that no token has: copy the token again")
    return token


def _plain(text: str) -> str:
    """What came from outside, cut, without the token that it may repeat."""
    folded = " ".join(struck_out(text).split())[:_EXCERPT]
    return "".join(character if character.isprintable() else "?" for character in folded)


@cache
def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise ServerError(
            f"ASKPOD_CHROMA_CA: {ca} holds no certificates that can be read ({error})"
        ) from None
