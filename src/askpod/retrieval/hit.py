"""A chunk that a search found."""

from __future__ import annotations

from dataclasses import dataclass

from askpod.store.catalog import StoredChunk


@dataclass(frozen=True, slots=True)
class Hit:
    stored: StoredChunk
    score: float  # fused; comparable within one search only
    similarity: float  # cosine of the chunk to the question; 0.0 where only its words matched
