"""Sources: podcast feeds, git repositories and paths, turned into files to index.

Files and folders stand for themselves. A feed and a git repository are downloaded into the store's
folder first, each episode as a transcript with its metadata beside it, and indexed from there.
"""

from __future__ import annotations

from askpod.readers.discover import SourceFiles
from askpod.sources.gather import gather, is_remote

__all__ = ["SourceFiles", "gather", "is_remote"]
