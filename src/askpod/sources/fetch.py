"""Fetches one file after another over HTTP, within limits, one request at a time for each host.

Refused: addresses that are not public (see addresses.py), more than five redirects or one from
https to http, files that are larger, also unpacked, or slower than allowed. Credentials in an
address go to that scheme, host and port alone. Proxies named in the environment are not used:
behind one, nobody could check what is connected to.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import httpcore
import httpx

from askpod import __version__
from askpod.errors import FetchError
from askpod.files import read_bounded
from askpod.services.limits import ACCEPTED, Deadline, NotUnpacked, TooLarge, Unpacker
from askpod.services.retry import Retries, retry_after
from askpod.sources.addresses import Address, CheckedBackend, Origin, join, parse, port_of, shown
from askpod.sources.state import NEVER_SEEN, PartialFile, Validators

CONNECT = 10.0  # seconds for a connection to come about
SILENCE = 30.0  # seconds without a byte
WHOLE = 120.0  # seconds for a file
WHOLE_LARGE = 3_600.0  # seconds for a recording
MAX_RECORDING = 2**31  # bytes: ten hours at 450 kbit/s
MOST_REDIRECTS = 5
TRIES = 3  # of a request that meets a passing trouble
FIRST_WAIT = 1.0  # seconds before the second
PAUSE = 0.3  # seconds between two requests to one host
LONGEST_PAUSE = 60.0  # seconds that a host may ask for
MOST_FAILURES = 3  # files in a row that a host may fail at
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
_ADVICE = {
    401: "it asks for a user and password: https://USER:PASSWORD@…",
    403: "it refuses access",
    404: "there is nothing at that address",
    410: "what was there has been taken away",
}


class Gone(FetchError):
    """The server says that there is nothing at the address."""


class HostSkipped(FetchError):
    """The host is asked nothing more in this run."""


@dataclass(slots=True)
class _Host:
    """A host that is asked one request at a time, with pauses, and no more when it declines."""

    name: str
    free_at: float = 0.0  # by the monotonic clock
    failures: int = 0  # files in a row that were not got, in all their tries, by its fault
    left: str = ""  # why it is asked no more in this run

    def failed(self) -> None:
        self.failures += 1
        if self.failures >= MOST_FAILURES:
            self.left = f"has failed {MOST_FAILURES} times in a row and is asked no more"

    def check(self) -> None:
        """Raises HostSkipped where it is asked no more."""
        if self.left:
            raise HostSkipped(f"{self.name}: {self.left}; run the same command again later")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as it came."""

    url: str  # where it was in the end, without credentials
    body: bytes
    validators: Validators = NEVER_SEEN
    unchanged: bool = False  # it is as the caller has it, and `body` is empty


@dataclass(frozen=True, slots=True)
class _Asked:
    limit: int  # bytes
    headers: dict[str, str]
    seconds: float  # in which all of it must come
    part: PartialFile | None = None  # where the body goes; None: into memory


class _Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Fetcher:
    """Fetches for one run. A context manager, which closes the connections."""

    allow_private: bool = False
    pause: Callable[[float], None] = time.sleep
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _credentials: dict[Origin, str] = field(default_factory=dict)
    _deadline: Deadline = field(default_factory=Deadline)

    def trust(self, address: Address) -> None:
        """Sends the credentials of an address that the user named to its origin from now on."""
        if address.authorization:
            self._credentials[address.origin] = address.authorization

    def get(self, url: str, limit: int, known: Validators = NEVER_SEEN) -> Fetched:
        """The file at `url`, of at most `limit` bytes, if it is not `known` as it is now.

        Raises FetchError; Gone where there is none, HostSkipped where the host is not asked.
        """
        headers = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        address, reply = self._followed(parse(url), _Asked(limit, headers, WHOLE))
        if reply.status == 304 and known != NEVER_SEEN:
            return Fetched(str(address.url), b"", known, unchanged=True)
        if reply.status != 200:
            raise _refused(address, reply.status)
        seen = Validators(*(reply.headers.get(name, "") for name in ("etag", "last-modified")))
        return Fetched(str(address.url), reply.body, seen)

    def download(self, url: str, path: Path, limit: int) -> None:
        """Puts the file at `url`, of at most `limit` bytes, to `path`, unless it is there already.

        Goes on after a stop. Raises as `get` does: what has come stays, but for a file that is
        gone; and OSError where it cannot be written.
        """
        if path.is_file():
            return
        part = PartialFile(path)
        asked = _Asked(limit, {}, WHOLE_LARGE, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        address, reply = self._followed(parse(url), asked)
        if reply.status == 416:  # what has come is no beginning of what is there now
            part.forget()
            address, reply = self._followed(parse(url), asked)
        if not path.is_file():
            part.forget()
            raise _refused(address, reply.status)

    def _followed(self, address: Address, asked: _Asked) -> tuple[Address, _Reply]:
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._patiently(address, asked)
            if not (reply.status in _REDIRECTS and reply.headers.get("location")):
                return address, reply
            address = _redirected(address, reply.headers["location"])
        raise FetchError(f"{address}: over {MOST_REDIRECTS} redirects; name the final address")

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        if "_pool" in vars(self):
            self._pool.close()

    def _patiently(self, address: Address, asked_for: _Asked) -> _Reply:
        host = self._hosts.setdefault(address.url.host, _Host(address.url.host))
        retries = Retries(tries=TRIES, first_wait=FIRST_WAIT)
        wait: float | None = 0.0
        while wait is not None:
            host.check()
            if (pause := host.free_at - time.monotonic()) > 0:
                self.pause(pause)
            trouble, asked = "", None
            try:
                reply = self._once(address, asked_for)
            except _PASSING as error:
                trouble = _said(error)
                if self._deadline.passed:  # a second try would take as long again
                    host.failed()
                    raise FetchError(
                        f"{address}: has not come in {asked_for.seconds:g} s; try again later"
                    ) from None
            finally:
                if host.name not in _THIS_MACHINE:
                    host.free_at = time.monotonic() + PAUSE
            if not trouble:
                if reply.status < 500 and reply.status != 429:
                    host.failures = 0
                    return reply
                trouble = f"the server answers {reply.status}"
                asked = retry_after(reply.headers.get("retry-after", ""))
            if asked is not None and asked > LONGEST_PAUSE:
                host.left = f"asks to be left alone for {asked:,.0f} s"
                host.check()
            wait = retries.next_wait(asked)
            if wait is not None:
                self.pause(wait)
        host.failed()
        raise FetchError(f"{address}: {trouble} (tried {retries.failed} times); try again later")

    def _once(self, address: Address, asked_for: _Asked) -> _Reply:
        self._deadline.start(asked_for.seconds)
        url = address.url
        sent = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": f"askpod/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity" if asked_for.part else ACCEPTED,
            "Authorization": address.authorization or self._credentials.get(address.origin, ""),
            **asked_for.headers,
            **(asked_for.part.headers() if asked_for.part else {}),
        }
        there = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path
        )
        headers = [(name, value) for name, value in sent.items() if value and value.isascii()]
        timeout = {"connect": CONNECT, "read": SILENCE, "write": SILENCE, "pool": CONNECT}
        with self._pool.stream(
            "GET", there, headers=headers, extensions={"timeout": timeout}
        ) as response:
            got = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            body = b""
            if response.status in (200, 206 if "Range" in sent else 200):
                body = _body(address, response.status, got, response.iter_stream(), asked_for)
            return _Reply(response.status, got, body)

    @cached_property  # when first used: reading the roots of TLS takes a while
    def _pool(self) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=4,
            keepalive_expiry=20.0,
            network_backend=CheckedBackend(self._deadline, allow_private=self.allow_private),
        )


def _redirected(address: Address, location: str) -> Address:
    """Where a redirect leads. Credentials named in it are not used."""
    there = parse(join(address.url, location))
    if address.url.scheme == "https" and there.url.scheme != "https":
        raise FetchError(f"{address}: leads from https to {there}, which is not encrypted")
    return Address(there.url, address.authorization if there.origin == address.origin else "")


def _refused(address: Address, status: int) -> FetchError:
    advice = _ADVICE.get(status, "try again later, or check the address")
    kind = Gone if status in (404, 410) else FetchError
    return kind(f"{address}: the server answers {status}: {advice}")


def _body(
    address: Address, status: int, headers: dict[str, str], pieces: Iterable[bytes], asked: _Asked
) -> bytes:
    """What the pieces amount to when unpacked; nothing where it goes into a file."""
    limit = asked.limit
    try:
        if asked.part:
            asked.part.write(status, headers, pieces, limit)
            return b""
        return b"".join(Unpacker.of(headers, limit).all_of(pieces))
    except TooLarge:
        if asked.part:
            asked.part.forget()
        most = f"{limit // 2**20:,} MB, the most that is read"
        raise FetchError(f"{address}: is larger than {most}") from None
    except NotUnpacked as error:
        raise FetchError(f"{address}: {error}") from None


def _said(error: Exception) -> str:
    if isinstance(error, httpcore.TimeoutException):
        return "no answer in time"
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error):
        return f"no trustworthy connection: {str(error)[:200]}"
    if isinstance(error, httpcore.ConnectError):
        return f"cannot be reached: {str(error)[:200]}"
    # What came instead of HTTP is not shown: it may repeat what was sent.
    detail = "" if isinstance(error, httpcore.ProtocolError) else f": {str(error)[:200]}"
    return f"the connection broke{detail}"


@dataclass(frozen=True, slots=True)
class Link:
    """Something that a feed names: its address or path, and what tells it from a newer one."""

    where: str
    version: str = ""  # of a file on this machine; on the web the address alone counts

    @property
    def identity(self) -> str:
        """The same as long as the same content is meant, as far as can be told unread."""
        return f"{self.where} {self.version}"


@dataclass(frozen=True, slots=True)
class Location:
    """What a feed's references are taken from: the web address or the folder it is in.

    A local feed may name files beside it or below, by relative path alone.
    """

    fetcher: Fetcher
    base: httpx.URL | Path

    def find(self, href: str) -> Link:
        """What a reference stands for. Raises FetchError where it may not be followed."""
        if isinstance(self.base, httpx.URL):
            return Link(join(self.base, href))
        if href.lower().startswith(("http://", "https://")):
            return Link(href)
        path = _inside(self.base, href)
        try:
            status = path.stat()
        except OSError:
            raise FetchError(f"{path}: the feed names it, and it is not there") from None
        return Link(str(path), f"{status.st_size} {status.st_mtime_ns}")

    def read(self, found: Link, limit: int) -> bytes:
        """Its content. Raises FetchError where it cannot be had within `limit` bytes."""
        if found.version:
            return read_file(Path(found.where), limit)
        return self.fetcher.get(found.where, limit).body

    def recording(self, found: Link, into: Path) -> Path:
        """Where a recording is, fetched to `into` where need be. Raises FetchError.

        What has come of it stays for the next run.
        """
        if found.version:
            return Path(found.where)
        self.fetcher.download(found.where, into, MAX_RECORDING)
        return into


def _inside(folder: Path, href: str) -> Path:
    relative = unquote(href.partition("#")[0].partition("?")[0])
    foreign = relative.startswith("/") or ":" in relative.partition("/")[0] or "\\" in relative
    root = folder.resolve()
    with suppress(OSError, RuntimeError):  # links that lead in circles
        if not foreign and relative.isprintable():
            path = (root / relative).resolve()
            if path.is_relative_to(root):
                return path
    raise FetchError(
        f"{shown(href)}: a local feed may only name http(s) addresses, and files in its own "
        "folder by relative path"
    )


def read_file(path: Path, limit: int) -> bytes:
    """A local file's content. Raises FetchError."""
    try:
        return read_bounded(path, limit)
    except OSError as error:
        raise FetchError(f"{path}: cannot be read: {error.strerror}") from None
