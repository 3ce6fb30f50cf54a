"""Ask a podcast archive a question; every claim in the answer carries the second it was said.

    from askpod import Archive, answer

    print(answer("What happens to long-context models past 32k tokens?").text)

Names are imported when first used, so that `import askpod` costs nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from askpod.archive import Archive
    from askpod.ask import answer
    from askpod.errors import ArchiveNotFound, AskpodError
    from askpod.indexing import IndexReport
    from askpod.model import Answer, Citation, Episode, Exchange, Filters, Passage, Turn
    from askpod.settings import ModelSettings, Settings

# onnxruntime's official builds report home from their import on, and ask this variable alone.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

_HOME = {
    "Answer": "askpod.model",
    "Archive": "askpod.archive",
    "ArchiveNotFound": "askpod.errors",
    "AskpodError": "askpod.errors",
    "Citation": "askpod.model",
    "Episode": "askpod.model",
    "Exchange": "askpod.model",
    "Filters": "askpod.model",
    "IndexReport": "askpod.indexing",
    "ModelSettings": "askpod.settings",
    "Passage": "askpod.model",
    "Settings": "askpod.settings",
    "Turn": "askpod.model",
    "answer": "askpod.ask",
}

__all__ = [
    "Answer",
    "Archive",
    "ArchiveNotFound",
    "AskpodError",
    "Citation",
    "Episode",
    "Exchange",
    "Filters",
    "IndexReport",
    "ModelSettings",
    "Passage",
    "Settings",
    "Turn",
    "answer",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    if name not in _HOME:
        raise AttributeError(f"module 'askpod' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
