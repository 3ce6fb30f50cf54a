"""Lets one writer at a time into an archive on a server, across machines.

Of several who make a Chroma collection of one name only one succeeds: `askpod-writer` is the lock.
Its holder counts on in its metadata; who sees the count stand still for STALE seconds by its own
clock renames it by its id, so that never a newer one is hit, and makes its own. A holder looks
before each commit whether the lock is still its own. A holder that stands still for over a minute
between the two is not excluded: then an episode may have to be indexed again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from askpod.errors import ArchiveClosed, ServerError, StoreBusy
from askpod.store.shared.client import Collection, Database, Exists, NotThere

NAME = "askpod-writer"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two signs of life, without one until taken over, to wait, to look again."""

    beat: float = 10.0
    stale: float = 60.0
    patience: float = 600.0
    poll: float = 1.0


PACE = Pace()


class WriterLock:
    """The lock of one archive. A context manager."""

    def __init__(
        self, database: Database, holder: str, notify: Callable[[str], None], pace: Pace = PACE
    ) -> None:
        """`holder` names this machine and store folder, whose own write lock the caller holds.

        So a lock with this name is left by a process that has ended.
        """
        self._database = database
        self._holder = holder
        self._notify = notify
        self._pace = pace
        self._token = uuid4().hex
        self._over = threading.Event()

    def __enter__(self) -> WriterLock:
        """Raises StoreBusy where others have been writing for all the patience."""
        began = since = time.monotonic()
        seen: tuple[object, ...] = ()  # the lock as it was last seen to change, at `since`
        metadata = {"holder": self._holder, "token": self._token, "beat": 0}
        while True:
            with suppress(Exists):
                self._lock = self._database.make(NAME, metadata, "l2")
                break
            try:
                other = self._database.collection(NAME)
            except NotThere:  # it was released this instant
                continue
            if other.metadata.get("token") == self._token:
                _put_away(other)  # made by a try whose answer was lost
                continue
            now = time.monotonic()
            name = str(other.metadata.get("holder", "somebody"))
            if (life := (other.id, other.metadata.get("beat"))) != seen:
                if not seen and name != self._holder:
                    self._notify(f"{name} is writing to this archive; waiting for it to finish …")
                seen, since = life, now
            if name == self._holder or now - since >= self._pace.stale:
                _put_away(other)
            elif now - began >= self._pace.patience:
                raise StoreBusy(
                    f"{self._database.address}: {name} has been writing to this archive for "
                    f"{self._pace.patience:.0f} s; run the command again when it has finished"
                )
            else:
                time.sleep(self._pace.poll)
        self._thread = threading.Thread(target=self._show_life, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        with suppress(ServerError):  # else it is taken over, by this machine at once
            _put_away(self._lock)

    def check(self) -> None:
        """Raises ServerError where another machine has taken the lock over."""
        with suppress(NotThere):
            if self._database.collection(NAME).metadata.get("token") == self._token:
                return
        raise ServerError(
            f"{self._database.address}: another machine has taken over writing, as this one showed "
            "no sign of life for a minute. What was finished is kept; run the same command again"
        )

    def _show_life(self) -> None:
        count = 0
        while not self._over.wait(self._pace.beat):
            count += 1
            try:
                self._lock.with_metadata(beat=count)
            except NotThere:
                return  # taken over; check() tells
            except ServerError:
                continue  # the next one may come through; if none does, it is taken over
            except ArchiveClosed:
                return


def _put_away(lock: Collection) -> None:
    """Frees the name. Two who do it at once do no harm."""
    with suppress(NotThere):
        lock.put_away(f"{NAME}-was-{uuid4().hex}")
