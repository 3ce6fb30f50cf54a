"""Which machines may be asked: public ones, unless the user allows his own and his network's.

A feed can name any address. Without this check it could make askpod read what only this machine
or its network may see: a router's page, a cloud's credentials, a service without a password.
"""

from __future__ import annotations

import ipaddress
import socket

from askpod.errors import FetchError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # stands for the IPv4 address in its last bits
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")


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
