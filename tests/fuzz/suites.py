"""What can be fuzzed: transcripts with feeds and metadata, and the files of evals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzz import evals, reading
from fuzz.reading import Outcome
from fuzz.starts import Start, starts


@dataclass(frozen=True, slots=True)
class Suite:
    """How the files of one kind are made and read."""

    starts: Callable[[], list[Start]]
    write_case: Callable[[Path, int, int, list[Start]], tuple[str, Path]]
    examine: Callable[[int, str, Path], Outcome]


SUITES = {
    "transcripts": Suite(starts, reading.write_case, reading.examine),
    "evals": Suite(evals.starts, evals.write_case, evals.examine),
}
