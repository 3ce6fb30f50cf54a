"""An episode file as text, and what was read of one."""

from __future__ import annotations

import yaml

from askpod.readers import Reading


def as_file(fields: object) -> str:
    """A DataTalks.Club file with `fields` as its front matter."""
    dumped = yaml.dump(fields, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return f"---\n{dumped}---\nShow notes.\n"


def said(reading: Reading) -> list[tuple[str, float, str]]:
    """Speaker, second and text of each turn."""
    return [(turn.speaker, turn.start, turn.text) for turn in reading.episode.turns]


def kinds(reading: Reading) -> list[str]:
    """The kinds of the faults that were found, in order."""
    return [fault.kind for fault in reading.faults]
