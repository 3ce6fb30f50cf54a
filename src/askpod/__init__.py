"""Ask a podcast archive a question; every claim in the answer carries the second it was said.

    from askpod import Archive, answer

    print(answer("What happens to long-context models past 32k tokens?").text)

Names are imported when first used, so that `import askpod` costs nothing.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from askpod.archive import Archive
    from askpod.errors import ArchiveNotFound, AskpodError
    from askpod.indexing import IndexReport
    from askpod.model import Answer, Citation, Episode, Exchange, Filters, Passage, Turn
    from askpod.settings import ModelSettings, Settings

# onnxruntime's official builds report home from their import on, and ask this variable alone.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

_MODEL = ("Answer", "Citation", "Episode", "Exchange", "Filters", "Passage", "Turn")
_HOME = {
    **dict.fromkeys(_MODEL, "askpod.model"),
    "Archive": "askpod.archive",
    **dict.fromkeys(("ArchiveNotFound", "AskpodError"), "askpod.errors"),
    "IndexReport": "askpod.indexing",
    **dict.fromkeys(("ModelSettings", "Settings"), "askpod.settings"),
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

_archives: dict[tuple[Path, Settings], Archive] = {}
_lock = threading.Lock()


def answer(
    question: str,
    *,
    store: str | Path | None = None,
    filters: Filters | Mapping[str, Any] | None = None,
) -> Answer:
    """Answers a question from the archive in `store` (by default ASKPOD_STORE or `vectorstore`).

    The archive stays open for the next call. May be called from several threads. Raises as
    `Archive.open` and `Archive.ask` do.
    """
    from pathlib import Path

    from askpod.settings import default_store

    folder = Path(store) if store is not None else default_store()
    return _archive(folder).ask(question, filters=filters)


def _archive(store: Path) -> Archive:
    from askpod.archive import Archive
    from askpod.settings import Settings

    key = (store.absolute(), Settings.from_environment())
    with _lock:
        archive = _archives.get(key)
        if archive is None or not archive.in_place():
            archive = Archive.open(store, settings=key[1])
            _archives[key] = archive
        return archive


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    if name not in _HOME:
        raise AttributeError(f"module 'askpod' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
