"""Faults found while one file is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from askpod.model import Fault

_MOST = 1_000  # faults of one kind that are told one by one: a file may hold a million


class FaultLog:
    """Collects the faults of one file, in the order of its lines, then of those read with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._faults: list[Fault] = []
        self._counts: Counter[str] = Counter()

    def add(self, line: int, kind: str, repair: str) -> None:
        """Note what was wrong in a line of the file and what was done about it."""
        self._counts[kind] += 1
        if self._counts[kind] <= _MOST:
            self._faults.append(Fault(str(self.path), line, kind, repair))

    def of(self, path: Path) -> FaultLog:
        """A log for another file that is read along with this one: its faults are told here."""
        other = FaultLog(path)
        other._faults, other._counts = self._faults, self._counts
        return other

    def faults(self) -> tuple[Fault, ...]:
        """All faults by file and line; of very many of one kind the first ones and their number."""
        last = max((fault.line for fault in self._faults), default=1)
        more = [
            Fault(str(self.path), last, kind, f"and {count - _MOST:,} more of this kind")
            for kind, count in self._counts.items()
            if count > _MOST
        ]
        ours = str(self.path)
        return tuple(
            sorted([*self._faults, *more], key=lambda fault: (fault.path != ours, fault.line))
        )
