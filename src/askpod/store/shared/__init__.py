"""An archive on a Chroma server, shared by several machines. See docs/server.md.

The server's collections are the truth; the catalog in the store's folder is a replica of them,
brought up to the server's revision before it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from askpod.errors import StoreMismatch

ARCHIVE = "server"  # in a replica's `meta`: the id of the archive that it follows


def refuse_replica(meta: Mapping[str, str], store: Path) -> None:
    """Raises StoreMismatch where `meta` is a replica's, which is used with its server only."""
    if ARCHIVE in meta:
        raise StoreMismatch(
            f"{store}: this folder holds the replica of an archive on a Chroma server. Set "
            "ASKPOD_CHROMA_URL to use it, or name another folder (--store, ASKPOD_STORE)"
        )
