"""Where a service is, whether it is on this machine, and with which key a model's is asked.

The key is read from OPENAI_API_KEY and kept nowhere.
"""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from askpod.errors import ModelError

OPENAI_URL = "https://api.openai.com/v1"
VENDOR = "openai.com"  # asks for a key and for the prices that are known
NO_KEY = "no-key"  # the client insists on a key; servers of one's own mostly ask for none


def where(base_url: str | None) -> str:
    """The service's address without credentials and closing slash, fit to be shown."""
    parts = urlsplit(base_url or OPENAI_URL)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def is_vendors(base_url: str | None) -> bool:
    """Whether OpenAI itself is asked: elsewhere its models' names say nothing of a price."""
    return f".{_host(base_url)}".endswith(f".{VENDOR}")


def is_this_machine(base_url: str | None) -> bool:
    """Whether nothing that is sent there leaves this machine."""
    host = _host(base_url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def key_for(base_url: str | None) -> str:
    """The key from OPENAI_API_KEY; a placeholder where a server of one's own needs none.

    Raises:
        ModelError: OpenAI itself is asked and there is no key, or it holds what no key holds.
    """
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ModelError("OPENAI_API_KEY holds characters that no key has: copy the key again")
    if not key and is_vendors(base_url):
        raise ModelError(
            f"no key for {where(base_url)}: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server "
            "of your own"
        )
    return key or NO_KEY


def _host(base_url: str | None) -> str:
    return urlsplit(base_url or OPENAI_URL).hostname or ""
