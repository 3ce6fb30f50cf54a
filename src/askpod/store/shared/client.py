"""Requests to a Chroma server, by its documented HTTP interface (version 2).

Chroma's own client waits for ever (its timeout cannot be set), takes half a second to import and
turns a refused token into a bare Exception. Here each request is bounded in time and size, tried
again where that may help, and fails with what to do. No message, and no chain of exceptions,
holds the token. No redirect is followed.
"""

from __future__ import annotations

import json
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
from askpod.services.http import excerpt, is_this_machine, secret, where
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
_REFUSALS = {
    413: "refuses a request as too large (413); raise the limit of the server, or of the proxy "
    "before it, to 4 MB",
    **dict.fromkeys(
        (*range(200, 300), 404, 405, 410),
        "does not answer as Chroma's interface version 2 does; look whether ASKPOD_CHROMA_URL "
        "names a Chroma server, of version 1.0 or newer",
    ),
    **dict.fromkeys(
        range(300, 400), "redirects to another address; name that one in ASKPOD_CHROMA_URL"
    ),
}


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


@dataclass(frozen=True, slots=True)
class _Failure:
    """A request that failed. Given back and raised later: else the error would hold the token."""

    error: AskpodError
    passing: bool = False  # it may go well at the next try
    retry_after: float | None = None  # seconds, as the server asks for


class Client:
    """Sends requests to one server. Safe for several threads."""

    def __init__(self, address: Address) -> None:
        """Connects at the first request.

        Raises:
            ServerError: the token or the file of root certificates cannot be used.
        """
        self.address = address
        self.where = where(address.url)
        self._token = secret(TOKEN, "token", ServerError)
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
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        while True:
            answer = self._tried(method, path, content, WRITE_SECONDS if writes else READ_SECONDS)
            if not isinstance(answer, _Failure):
                return answer
            if not answer.passing:
                raise answer.error
            wait = retries.next_wait(answer.retry_after)
            if wait is None:
                raise ServerError(f"{answer.error} ({retries.tried})")
            time.sleep(wait)

    def _tried(self, method: str, path: str, content: bytes | None, seconds: float) -> Any:  # noqa: ANN401
        """What is answered, or a _Failure."""
        self._deadline.start(WHOLE_SECONDS)
        try:
            with self._client.stream(
                method,
                quote(path, safe="/?=&"),
                content=content,
                headers={"Content-Type": "application/json"} if content else None,
                timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            ) as response:
                unpacker = Unpacker(response.headers.get("content-encoding", ""), MOST_BYTES)
                return self._answer(response, b"".join(unpacker.all_of(response.iter_raw())))
        except httpx.TimeoutException:
            if self._deadline.passed:
                return self._failure(f"is too slow: not done after {WHOLE_SECONDS:.0f} s")
            return self._passing(f"has not answered for {seconds:g} s")
        except httpx.ConnectError as error:
            return self._unconnected(excerpt(str(error), _EXCERPT))
        except httpx.HTTPError as error:
            reason = excerpt(str(error), _EXCERPT) or type(error).__name__
            return self._passing(f"broke off ({reason})")
        except TooLarge:
            return self._failure("sends more than was asked for")
        except NotUnpacked as error:
            return self._failure(f"sends what {error}")
        except RuntimeError:  # closed in another thread, perhaps this instant
            if not self._client.is_closed:
                raise
            closed = f"{self.address}: this archive has been closed; open it again"
            return _Failure(AskpodError(closed))

    def _answer(self, response: httpx.Response, said: bytes) -> Any:  # noqa: ANN401
        """The JSON that is answered, or a _Failure."""
        status = response.status_code
        try:
            value = parse_json(said, max_depth=None) if said else None
        except ParseError:
            value = said
        words = _words(value)
        if status in _PASSING:
            asked = retry_after(response.headers.get("retry-after", ""))
            return self._passing(f"failed ({status}{words and f': {words}'})", asked)
        if 200 <= status < 300 and not isinstance(value, bytes):
            return value
        if status in (404, 409) and isinstance(value, dict) and "error" in value:
            return _Failure((NotThere if status == 404 else Exists)(f"{self.where}: {words}"))
        if status in (401, 403):
            done = f"refuses the token in {TOKEN}" if self._token else "asks for a token"
            return self._failure(f"{done} ({status}); set {TOKEN} to one that it takes")
        refused = f"refused a request ({status}{words and f': {words}'})"
        return self._failure(_REFUSALS.get(status, refused))

    def _unconnected(self, reason: str) -> _Failure:
        if "certificate" in reason.lower():
            return self._failure(
                f"shows a certificate that is not trusted ({reason}); name the file of its root in "
                "ASKPOD_CHROMA_CA"
            )
        if "ssl" in reason.lower():
            return self._failure(f"does not speak TLS as asked ({reason}); http or https?")
        return self._passing(f"does not answer ({reason}); start it, or correct ASKPOD_CHROMA_URL")

    def _passing(self, what: str, asked: float | None = None) -> _Failure:
        kept = "What was finished is kept: run the same command again later"
        return _Failure(self._failure(f"{what}. {kept}").error, True, asked)

    def _failure(self, what: str) -> _Failure:
        return _Failure(ServerError(f"{self.where}: the Chroma server {what}"))


def _words(value: object) -> str:
    """What the server said of it, in a few harmless words."""
    said = value.get("message") if isinstance(value, dict) else value
    if isinstance(said, bytes):
        said = said.decode(errors="replace")
    return excerpt(said, _EXCERPT) if isinstance(said, str) else ""


@cache
def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise ServerError(
            f"ASKPOD_CHROMA_CA: {ca} holds no certificates that can be read ({error})"
        ) from None
