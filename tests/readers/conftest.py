"""What the readers' tests share: writing a small file and reading it."""

from __future__ import annotations

from pathlib import Path

import pytest
from episode_file import as_file

from askpod.readers import Reading, read_episode


@pytest.fixture(scope="session")
def formats() -> Path:
    """The folder with a small file of each format; all people in them are invented."""
    return Path(__file__).parent / "formats"


@pytest.fixture
def read(tmp_path):
    """Writes a text or bytes to a file and reads it as an episode."""

    def read_text(text: str | bytes, name: str = "talk.md") -> Reading:
        path: Path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_episode(path)

    return read_text


@pytest.fixture
def read_rows(read):
    """Reads an episode with the rows given, each a mapping as in a file."""

    def read_all(*rows: object, **fields: object) -> Reading:
        return read(as_file({"title": "A talk", **fields, "transcript": list(rows)}))

    return read_all
