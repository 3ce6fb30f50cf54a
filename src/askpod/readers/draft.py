"""What a reader gives: a file's turns, and what the file itself says of the recording.

A draft has no id yet, and knows nothing of the metadata beside the file or of its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from askpod.model import Turn


@dataclass(frozen=True, slots=True)
class Draft:
    """What a file by itself tells. The fields mean what an `Episode`'s mean."""

    turns: tuple[Turn, ...]
    title: str = ""
    date: str | None = None  # ISO 8601, YYYY-MM-DD
    duration: float | None = None  # seconds
    guests: tuple[str, ...] = ()
    youtube: str | None = None  # the video's id
    links: dict[str, str] = field(default_factory=dict)  # name -> URL, in the file's order
    description: str = ""
