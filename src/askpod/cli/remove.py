"""`askpod remove`: takes episodes out of the archive."""

from __future__ import annotations

from typing import Annotated

import typer

from askpod.cli import options
from askpod.cli.output import counted, note, print_json


def remove(
    episodes: Annotated[
        list[str], typer.Argument(metavar="EPISODE", help="Ids, as `askpod episodes` lists them.")
    ],
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take episodes out of the archive. Their files stay as they are."""
    from askpod.archive import Archive

    with Archive.open(store, notify=note) as archive:
        removed = archive.remove(episodes)
    if as_json:
        print_json({"removed": removed})
    else:
        gone = counted(len(removed), "episode")
        note(f"{gone} removed; indexing the files again brings them back")
