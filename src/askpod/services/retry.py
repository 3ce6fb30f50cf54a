"""When a failed request is tried again: exponential backoff with jitter, and Retry-After.

Bounded in time and in number. Where a Retry-After asks for more time than is left, the request is
given up at once.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from askpod.errors import ModelError

FIRST_WAIT = 0.5  # seconds before the first retry, doubled for each further one
LONGEST_WAIT = 8.0  # seconds, where the service does not ask for more
LONGEST_ASKED = 366 * 86_400.0  # seconds; a Retry-After of more means this

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_chance = random.SystemRandom()
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RequestFailure:
    """An error for the user, and what the retries need to know."""

    error: ModelError
    retry_after: float | None = None  # seconds, as the service asks for
    complaint: str = ""  # all that the service said of a request it refused


class Retries:
    """The tries of one request, from now on.

    The last one begins at most so many seconds after the first, and `first_wait` seconds lie before
    the second; None means FIRST_WAIT.
    """

    def __init__(
        self, seconds: float = math.inf, tries: float = math.inf, first_wait: float | None = None
    ) -> None:
        self._seconds = seconds
        self._tries = tries
        self._first_wait = FIRST_WAIT if first_wait is None else first_wait
        self._began = time.monotonic()
        self.failed = 0  # tries

    def next_wait(self, asked: float | None = None) -> float | None:
        """Seconds until the next try, now that one has failed; None where there should be none.

        `asked` is the Retry-After in seconds.
        """
        doubled = min(LONGEST_WAIT, self._first_wait * 2.0**self.failed)
        wait = max(doubled * _chance.uniform(0.75, 1.25), asked or 0.0)
        self.failed += 1
        late = self.spent + wait > self._seconds
        return None if late or self.failed >= self._tries else wait

    def wait_after(self, failure: RequestFailure) -> float:
        """Seconds until the next try. To be called outside of `except`.

        There, the error would lead to that of the client, which holds the request and the key.
        Raises ModelError: the failure, where another try is of no use or would take too long.
        """
        error = failure.error
        if not error.retryable:
            raise error
        wait = self.next_wait(failure.retry_after)
        if wait is not None:
            return wait
        raise error if self.failed < 2 else type(error)(f"{error} ({self.tried})", retryable=True)

    def repeat(
        self, request: Callable[[], _T], failure_of: Callable[[Exception], RequestFailure]
    ) -> _T:
        """What a request gives, in one of its tries. Raises the failure of the last one."""
        while True:
            try:
                return request()
            except Exception as problem:
                failure = failure_of(problem)
            time.sleep(self.wait_after(failure))

    @property
    def spent(self) -> float:
        """Seconds since the first try began."""
        return time.monotonic() - self._began

    @property
    def tried(self) -> str:
        """Like "tried 3 times in 4 s"."""
        return f"tried {self.failed} times in {self.spent:.0f} s"


def retry_after(header: str) -> float | None:
    """Seconds to wait, from a Retry-After in seconds or as a date; None where it is neither."""
    text = header.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_ASKED)  # float, unlike int, reads any number of digits
    try:
        moment = parsedate_to_datetime(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(0.0, (zoned - datetime.now(UTC)).total_seconds()), LONGEST_ASKED)
    except (ValueError, TypeError, OverflowError):
        return None
