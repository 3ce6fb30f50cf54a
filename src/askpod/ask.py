"""`answer()`: one question to an archive, in one call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from askpod.archive import Archive
from askpod.model import Answer, Filters
from askpod.settings import Settings, default_store

_archives: dict[tuple[Path, Settings], Archive] = {}
_lock = threading.Lock()


def answer(
    question: str,
    *,
    store: str | Path | None = None,
    filters: Filters | Mapping[str, Any] | None = None,
) -> Answer:
    """Answers a question from the archive in `store` (by default ASKPOD_STORE or `vectorstore`).

    The archive stays open for the next call. May be called from several threads.

    Raises:
        ArchiveNotFound: there is no archive there.
        QuestionError: the question is empty, or longer than the embedder reads.
    """
    return _archive(Path(store) if store is not None else default_store()).ask(
        question, filters=filters
    )


def _archive(store: Path) -> Archive:
    key = (store.absolute(), Settings.from_environment())
    with _lock:
        archive = _archives.get(key)
        if archive is None or not archive.in_place():
            archive = Archive.open(store, settings=key[1])
            _archives[key] = archive
        return archive
