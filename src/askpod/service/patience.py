"""How long a request that met a passing trouble is tried again: bounded in time, and in number.

Waits double, with jitter so that many clients do not come back at one instant; a Retry-After is
heeded, and where it asks for more than the patience that is left, the request is given up at once.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass

from askpod.errors import ModelError

FIRST_WAIT = 0.5  # seconds before the first retry, doubled for each further one
LONGEST_WAIT = 8.0  # seconds, where the service does not ask for more

_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Failure:
    """An error for the user, and what the retries need to know."""

    error: ModelError
    retry_after: float | None = None  # seconds, as the service asks for
    complaint: str = ""  # all that the service said of a request it refused


class Patience:
    """The tries of one request. The last one begins at most `seconds` after the first."""

    def __init__(self, seconds: float, tries: float = math.inf) -> None:
        self._seconds = seconds
        self._tries = tries
        self._began = time.monotonic()
        self._failed = 0

    def wait_after(self, failure: Failure) -> float:
        """Seconds until the next try. To be called outside of `except`.

        There, the error would lead to that of the client, which holds the request and the key.

        Raises:
            ModelError: the failure, where another try is of no use or would take too long.
        """
        if not failure.error.retryable:
            raise failure.error
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0**self._failed) * _chance.uniform(0.75, 1.25)
        wait = max(wait, failure.retry_after or 0.0)
        self._failed += 1
        spent = time.monotonic() - self._began
        if self._failed >= self._tries or spent + wait > self._seconds:
            raise self._given_up(failure.error, spent)
        return wait

    def _given_up(self, error: ModelError, spent: float) -> ModelError:
        if self._failed < 2:
            return error
        tried = f"{error} (tried {self._failed} times in {spent:.0f} seconds)"
        return type(error)(tried, retryable=True)
