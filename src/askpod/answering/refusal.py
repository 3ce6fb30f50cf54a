"""When to say that the archive does not hold an answer."""

from __future__ import annotations

from askpod.retrieval.search import Found

REFUSAL = "I found nothing in these episodes that answers this."
WEAKEST = 0.3  # cosine


def is_weak(found: Found, best: float) -> bool:
    """Whether what was found is too little to answer from."""
    return found.similarity < WEAKEST
