"""An episode file as text."""

from __future__ import annotations

import yaml


def as_file(fields: object) -> str:
    """A DataTalks.Club file with `fields` as its front matter."""
    dumped = yaml.dump(fields, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return f"---\n{dumped}---\nShow notes.\n"
