"""Faults found while one file is read."""

from __future__ import annotations

from pathlib import Path

from askpod.model import Fault
from askpod.readers.cleaning import clean


class FaultLog:
    """Collects the faults of one file, in the order of its lines."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._faults: list[Fault] = []

    def add(self, line: int, kind: str, repair: str) -> None:
        """Note what was wrong in a line of the file and what was done about it."""
        self._faults.append(Fault(self._path, line, kind, repair))

    def faults(self) -> tuple[Fault, ...]:
        """All faults, sorted by line."""
        return tuple(sorted(self._faults, key=lambda fault: fault.line))


def excerpt(text: str, limit: int = 60) -> str:
    """The text in quotation marks, cut to about `limit` characters, for a fault's words."""
    short = clean(text)[0]
    return f"“{short}”" if len(short) <= limit else f"“{short[: limit - 1].rstrip()}…”"
