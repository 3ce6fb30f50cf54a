"""`askpod rebuild`: builds the archive again from its episodes' files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from askpod.cli import options
from askpod.cli.index import indexing_bar, show_report
from askpod.cli.output import note


def rebuild(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders to read besides the known ones."),
    ] = None,
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Build the archive again. Needed for other settings, a newer format, or after damage."""
    from askpod.archive import Archive

    with indexing_bar() as progress:
        report = Archive.rebuild(store, paths or [], progress=progress, notify=note)
    show_report(report, as_json=as_json)
