"""Chance that is the same in every run, and that hangs on names alone."""

from __future__ import annotations

import hashlib

SEED = 20_241


def drawn(*names: str) -> bytes:
    """A key to sort by: as good as random, and the same whatever else is sorted with it."""
    return hashlib.sha256("\0".join((str(SEED), *names)).encode()).digest()
