"""Tells what the time of a run is spent on, part by part, by wrapping functions."""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Clock:
    """Wall and CPU seconds per part. A part within another one counts for itself only.

    Only the thread that made the clock moves it from part to part; the CPU seconds are those of the
    whole process meanwhile. `threads` holds what other threads spent in the
    functions wrapped by `wrap_threads`: there seconds pass in several at once.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.threads: defaultdict[str, float] = defaultdict(float)
        self._owner = threading.get_ident()
        self._stack: list[str] = []
        self._since = time.perf_counter(), time.process_time()
        self._lock = threading.Lock()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Counts what happens inside the `with` as `name`."""
        if threading.get_ident() != self._owner:
            yield
            return
        self._switch()
        self._stack.append(name)
        try:
            yield
        finally:
            self._switch()
            self._stack.pop()

    def wrap(self, owner: Any, attribute: str, name: str) -> None:
        """Replaces a function of a module or class by one that counts as `name`."""
        function: Callable[..., Any] = getattr(owner, attribute)

        @functools.wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            with self.part(name):
                return function(*args, **options)

        setattr(owner, attribute, timed)

    def wrap_threads(self, owner: Any, attribute: str, name: str) -> None:
        """The same for a function that several threads are in at once."""
        function: Callable[..., Any] = getattr(owner, attribute)

        @functools.wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                with self._lock:
                    self.threads[name] += time.perf_counter() - began

        setattr(owner, attribute, timed)

    def _switch(self) -> None:
        now = time.perf_counter(), time.process_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now[0] - self._since[0]
            self.cpu[self._stack[-1]] += now[1] - self._since[1]
        self._since = now
