"""What a user can choose, from the environment or in Python. Defaults serve everyone else."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from askpod.chunking import ChunkSettings
from askpod.errors import AskpodError

Precision = Literal["int8", "fp32"]

DEFAULT_STORE = Path("vectorstore")


class SettingError(AskpodError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an archive is made and asked.

    precision: of the embedder's weights; int8 is twice as fast, fp32 the reference. An archive
    keeps what it was made with and opens with nothing else.

    Raises:
        SettingError: a value is none of those allowed.
    """

    precision: Precision = "int8"
    chunking: ChunkSettings = field(default_factory=ChunkSettings)

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            raise SettingError(
                f"precision (ASKPOD_PRECISION): {self.precision!r} is none of "
                f"{', '.join(get_args(Precision))}"
            )

    @classmethod
    def from_environment(cls) -> Settings:
        """The defaults, changed by ASKPOD_PRECISION where that is set."""
        return cls(precision=cast("Precision", os.environ.get("ASKPOD_PRECISION") or "int8"))


def default_store() -> Path:
    """The folder of the archive where none is named: ASKPOD_STORE, else `vectorstore`."""
    return Path(os.environ.get("ASKPOD_STORE") or DEFAULT_STORE)
