"""What is run (a model, quotations, the search alone), what it is called and what it notes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from askpod import __version__
from askpod.archive import Archive
from askpod.evals.replies import StoredModel, StoredReplies
from askpod.services.http import where
from askpod.settings import Settings

RETRIEVAL = "retrieval"
EXTRACTIVE = "extractive"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def run_name(settings: Settings, *, retrieval_only: bool) -> str:
    """What a run is called, fit for a folder: its model, made safe, else what answers in its place.

    "meta-llama/Llama-3.1:8b" -> "meta-llama-Llama-3.1-8b"
    """
    if retrieval_only:
        return RETRIEVAL
    if settings.model is None:
        return EXTRACTIVE
    return _UNSAFE.sub("-", settings.model.name).strip(".-") or "model"


def open_archive(
    store: Path | None, settings: Settings, replies: Path, notify: Callable[[str], None]
) -> Archive:
    """The archive, its model's replies kept in the folder `replies`. Raises what `open` does."""
    model = StoredModel(settings.model, StoredReplies(replies)) if settings.model else None
    return Archive.open(store, settings=settings, notify=notify, language_model=model)


def setup(archive: Archive, settings: Settings, *, retrieval_only: bool) -> dict[str, Any]:
    """All that a run's figures depend on, to be kept beside them. No key, no path, no clock."""
    about: dict[str, Any] = {
        "askpod": __version__,
        "mode": RETRIEVAL if retrieval_only else EXTRACTIVE,
        "embedder": settings.embedder,
        "precision": settings.precision,
        "chunking": settings.chunking.signature,
        **archive.counts(),
    }
    model = settings.model
    if retrieval_only or model is None:
        return about
    return {
        **about,
        "mode": "llm",
        "model": model.name,
        "service": where(model.base_url),
        "context_tokens": model.context_tokens,
        "effective_window": model.effective_window,
        "answer_tokens": model.answer_tokens,
        "unsupported": settings.unsupported,
    }
