"""Addresses that a user or a feed names: parsed, shown without secrets, followed, connected to.

Only http and https, and only public machines, unless the user allows his own and his network's: a
feed can name any address, and could otherwise make askpod read a router's page, a cloud's
credentials or a service without a password. A name is resolved once, its IP addresses are checked,
and one of these very addresses is connected to: a name server that answers otherwise the second
time changes nothing. TLS still checks the certificate against the name. A local feed may also name
files beside it or below, by relative path alone.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from askpod.errors import FetchError
from askpod.files import read_bounded
from askpod.services.limits import Deadline, DeadlineStream

if TYPE_CHECKING:
    from askpod.sources.fetch import Fetcher

MAX_URL = 4_000  # characters; servers refuse longer ones
MAX_RECORDING = 2**31  # bytes: ten hours at 450 kbit/s
_SHOWN = 300  # characters of an address in a message
_PORTS = {"http": 80, "https": 443}
_MOST_ADDRESSES = 4  # of one name that are tried
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # stands for the IPv4 address in its last bits
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")

# What private feeds, and signed addresses of clouds, call their keys; and what those look like.
_SECRET_NAME = re.compile(
    r"auth|token|secret|passw|credential|session|signature|jwt|apikey|^(?:api|access|private)"
    r"|^x-(?:amz|goog)-|(?:^|[-_.])(?:key|sig|pw|pwd|hash|user|login|code)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_.~+/=-]{24,}")

_INSIDE = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"']*[@?#][^\s<>\"']*")

Origin = tuple[str, str, int]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Address:
    """An address to be asked: without credentials and fragment."""

    url: httpx.URL
    authorization: str = ""  # what the credentials in it amount to as a header

    @property
    def origin(self) -> Origin:
        """Scheme, host and port: who is asked."""
        return self.url.scheme, self.url.host, port_of(self.url)

    def __str__(self) -> str:
        return shown(str(self.url))


def parse(text: str) -> Address:
    """Raises FetchError where `text` is no http(s) address."""
    text = text.strip()
    if len(text) > MAX_URL:
        raise FetchError(f"{shown(text)}: an address of over {MAX_URL:,} characters; shorten it")
    try:
        url = httpx.URL(text)
        usable = url.scheme in _PORTS and bool(url.host) and (url.port or 1) < 2**16
    except (httpx.InvalidURL, ValueError, TypeError):  # the last: a character that IDNA forbids
        usable = False
    if not usable:
        raise FetchError(f"{shown(text)}: is no http(s) address; check it")
    return Address(url.copy_with(userinfo=b"", fragment=None), _authorization(url))


def join(base: httpx.URL, href: str) -> str:
    """The address that `href`, found at `base`, stands for."""
    try:
        return str(base.join(href.strip()))
    except (httpx.InvalidURL, ValueError, TypeError):
        return href


def port_of(url: httpx.URL) -> int:
    """The port of an address, or that of its scheme."""
    return url.port or _PORTS[url.scheme]


def shown(text: str) -> str:
    """An address fit for messages: credentials struck out, and a query, which may hold a key."""
    head, question, _ = text.partition("#")[0].partition("?")
    scheme, separator, rest = head.partition("://")
    if separator:
        host, slash, path = rest.partition("/")
        head = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    head += "?…" if question else ""
    return head if len(head) <= _SHOWN else f"{head[:_SHOWN]}…"


def without_secrets(text: str) -> str:
    """An address to be kept: without user and password, and parts of its query that are keys."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    query, fragment = (
        "&".join(pair for pair in part.split("&") if not _is_secret(pair))
        for part in (parts.query, parts.fragment)
    )
    netloc = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=netloc, query=query, fragment=fragment).geturl()


def without_secrets_inside(text: str) -> str:
    """A text to be kept: its addresses without what is secret in them."""
    return _INSIDE.sub(lambda found: without_secrets(found.group()), text)


def _is_secret(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return bool(_SECRET_NAME.search(unquote(name)) or _SECRET_VALUE.fullmatch(unquote(value)))


def host_and_path(text: str) -> str:
    """What two askings of one source have in common, whatever the credentials: for names."""
    parts = urlsplit(text)
    return f"{parts.hostname or ''} {unquote(parts.path)}"


def _authorization(url: httpx.URL) -> str:
    if not url.userinfo:
        return ""
    pair = f"{url.username}:{url.password}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


class NoSuchHost(Exception):
    """No address belongs to the name, or at least none can be found now."""


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host`, as numbers, in the system's order.

    Raises:
        FetchError: one of them is not public, and `allow_private` is not given.
        NoSuchHost: there is none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter: a name that no name server knows
        raise NoSuchHost(f"no address is known for {host}") from None
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = None if allow_private else next((n for n in numbers if not is_public(n)), None)
    if refused:
        where = host if refused == host else f"{host} ({refused})"
        raise FetchError(
            f"{where} is no public address, and a feed could use it to read what only this machine "
            "or its network may see. If you trust it: --allow-private"
        )
    return numbers


def is_public(number: str) -> bool:
    """Whether an IP address belongs to the internet, and not to a machine, a network or nobody."""
    try:
        address = _embedded(ipaddress.ip_address(number))
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (
        address.is_site_local or address in _NAT64_LOCAL or address.scope_id
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _embedded(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 one stands for, where it does; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    relayed = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or relayed or address


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to what `addresses.resolve` lets through."""

    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connects to the very address that was checked."""
        try:
            numbers = resolve(host, port, allow_private=self._allow_private)
        except NoSuchHost as error:
            raise httpcore.ConnectError(str(error)) from None
        failure: Exception = httpcore.ConnectError("no address")
        for number in numbers[:_MOST_ADDRESSES]:
            try:
                stream = self._sockets.connect_tcp(
                    number, port, self._deadline.bound(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self._deadline)
        raise failure


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
    """What a feed's references are taken from: the web address or the folder it is in."""

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
        """Where a recording is, after it has been fetched to `into` where need be.

        Raises FetchError where it cannot be had; what has come of it stays for the next run.
        """
        if found.version:
            return Path(found.where)
        self.fetcher.download(found.where, into, MAX_RECORDING)
        return into


def _inside(folder: Path, href: str) -> Path:
    """The file in a folder that a relative reference names."""
    relative = unquote(href.partition("#")[0].partition("?")[0])
    unfit = FetchError(
        f"{shown(href)}: a local feed may only name http(s) addresses, and files in its own "
        "folder by relative path"
    )
    if ":" in relative.partition("/")[0] or "\\" in relative or not relative.isprintable():
        raise unfit
    root = folder.resolve()
    try:
        path = (root / relative).resolve()
    except (OSError, RuntimeError):  # links that lead in circles
        raise unfit from None
    if relative.startswith("/") or not path.is_relative_to(root):
        raise unfit
    return path


def read_file(path: Path, limit: int) -> bytes:
    """A local file's content. Raises FetchError."""
    try:
        return read_bounded(path, limit)
    except OSError as error:
        raise FetchError(f"{path}: cannot be read: {error.strerror}") from None
