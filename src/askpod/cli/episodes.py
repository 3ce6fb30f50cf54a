"""`askpod episodes`: what the archive holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.output import counted, note, on_terminal, print_json, show
from askpod.model import Filters
from askpod.text import visible
from askpod.times import NO_SECOND

if TYPE_CHECKING:
    from askpod.model import Episode


@options.with_filters
def episodes(
    *,
    store: options.Store = None,
    about: Annotated[
        str | None,
        typer.Option("--about", metavar="TOPIC", help="Only those that talk about it, best first."),
    ] = None,
    filters: Filters,
    as_json: options.Json = False,
) -> None:
    """List the episodes of the archive."""
    from askpod.archive import Archive

    with Archive.open(store, notify=note) as archive:
        listed = archive.episodes(filters, about=about)
    if as_json:
        print_json([each.to_dict() for each in listed])
        return
    for each in listed:
        _print(each)
    note(counted(len(listed), "episode"))


def _print(episode: Episode) -> None:
    """On a terminal a few lines; piped one line of columns with tabs between."""
    from rich.text import Text

    number = "" if episode.season is None else f"s{episode.season}"
    number += "" if episode.number is None else f"e{episode.number}"
    day, guests, title = episode.date or "", ", ".join(episode.guests), episode.title
    if not on_terminal():
        columns = (episode.id, number, day, guests, title)
        typer.echo("\t".join(map(visible, columns)))
        return
    body = Text(visible(title), "bold")
    body.append(f"  ({NO_SECOND})" if episode.untimed else "", "dim")
    body.append(f"\n{visible(guests)}" if guests else "", "green")
    show(Text(f"{day:<12}{number:<8}"), body.append(f"\n{visible(episode.id)}", "dim"))
