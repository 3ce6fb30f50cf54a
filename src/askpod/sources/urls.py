"""Addresses that a user or a feed names: checked, split and shown. Nothing is asked here.

Refused: everything but http and https, and what no address looks like.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from askpod.errors import FetchError

MAX_URL = 4_000  # characters; servers refuse longer ones
_SHOWN = 300  # characters of an address in a message
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


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


def host_and_path(text: str) -> str:
    """What two askings of one source have in common, whatever the credentials: for names."""
    parts = urlsplit(text)
    return f"{parts.hostname or ''} {unquote(parts.path)}"


def _authorization(url: httpx.URL) -> str:
    if not url.userinfo:
        return ""
    pair = f"{url.username}:{url.password}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"
