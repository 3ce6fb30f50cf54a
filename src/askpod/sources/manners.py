"""How hosts are asked: one request at a time, with a pause, and not again when they decline.

A host that asks for a long pause, or does not answer several times in a row, is left alone until
the next run; what is missing is fetched then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from askpod.errors import FetchError

PAUSE = 0.3  # seconds between two requests to one host
LONGEST_PAUSE = 60.0  # seconds that a host may ask for
MOST_FAILURES = 3  # files in a row that a host may fail at
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class HostLeft(FetchError):
    """The host is asked nothing more in this run."""


@dataclass(slots=True)
class _Host:
    free_at: float = 0.0  # by the monotonic clock
    failures: int = 0  # files in a row
    left: str = ""  # why it is asked no more


@dataclass(slots=True)
class Manners:
    """What is known of the hosts asked in this run."""

    pause: Callable[[float], None] = time.sleep
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def before(self, host: str) -> None:
        """Waits for the host's turn. Raises HostLeft where there will be none."""
        known = self._hosts.setdefault(host, _Host())
        if known.left:
            raise HostLeft(f"{host}: {known.left}; run the same command again later")
        wait = known.free_at - time.monotonic()
        if wait > 0:
            self.pause(wait)

    def after(self, host: str) -> None:
        """To be called when a request has ended, however it did."""
        if host not in _THIS_MACHINE:
            self._hosts[host].free_at = time.monotonic() + PAUSE

    def answered(self, host: str) -> None:
        self._hosts[host].failures = 0

    def failed(self, host: str) -> None:
        """To be called when a file was not got, in all its tries, by the host's fault."""
        known = self._hosts[host]
        known.failures += 1
        if known.failures >= MOST_FAILURES:
            known.left = f"has failed {MOST_FAILURES} times in a row and is asked no more"

    def leave(self, host: str, reason: str) -> HostLeft:
        """Asks the host nothing more in this run; the error says so."""
        self._hosts[host].left = reason
        return HostLeft(f"{host}: {reason}; run the same command again later")


def seconds_asked(retry_after: str) -> float | None:
    """The pause that a Retry-After header asks for; None where it says nothing sensible."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (zoned - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
