"""Sources: what a user names to be indexed, made files.

Files and folders stand for themselves. A feed and a git repository are brought into the store's
folder first, each episode as a transcript with its metadata beside it, and indexed from there.
"""

from __future__ import annotations

from askpod.sources.gathered import Gathered
from askpod.sources.gathering import gather, is_remote

__all__ = ["Gathered", "gather", "is_remote"]
