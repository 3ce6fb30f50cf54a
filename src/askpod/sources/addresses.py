"""Addresses (URLs) that a user or a feed names: parsed, shown without secrets, and connected to.

Only http and https, and only public machines, unless the user allows his own and his network's: a
feed can name any address, and could otherwise make askpod read a router's page, a cloud's
credentials or a service without a password. A name is resolved once, its IP addresses are checked,
and one of these very addresses is connected to: a name server that answers otherwise the second
time changes nothing. TLS still checks the certificate against the name.
"""

from __future__ import annotations

import base64
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from askpod.errors import FetchError
from askpod.services.limits import Deadline, DeadlineStream

MAX_URL = 4_000  # characters; servers refuse longer ones
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
    pair = base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
    authorization = f"Basic {pair}" if url.userinfo else ""
    return Address(url.copy_with(userinfo=b"", fragment=None), authorization)


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


class NoSuchHost(Exception):
    """No address belongs to the name, or at least none can be found now."""


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host`, as numbers, in the system's order. Raises NoSuchHost.

    And FetchError where one of them is not public, and `allow_private` is not given.
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
