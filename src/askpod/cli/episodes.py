"""`askpod episodes`: what the archive holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from askpod.cli import options
from askpod.cli.output import console, harmless, note, print_json

if TYPE_CHECKING:
    from askpod.model import Episode


def episodes(
    store: options.Store = None,
    episode: options.Episode = None,
    guest: options.Guest = None,
    speaker: options.Speaker = None,
    season: options.Season = None,
    since: options.Since = None,
    until: options.Until = None,
    as_json: options.Json = False,
) -> None:
    """List the episodes of the archive."""
    from rich.table import Table

    from askpod.archive import Archive
    from askpod.store.filters import Filters

    with Archive.open(store, notify=note) as archive:
        listed = archive.episodes(Filters(episode, guest, speaker, season, since, until))
    if as_json:
        print_json([_as_dict(each) for each in listed])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "season", "date", "guests", "title"):
        table.add_column(column, overflow="fold")
    for each in listed:
        number = f"s{each.season}e{each.number}" if each.season is not None else ""
        guests = ", ".join(each.guests)
        table.add_row(*map(harmless, (each.id, number, each.date or "", guests, each.title)))
    console().print(table)
    note(f"{len(listed)} episodes")


def _as_dict(episode: Episode) -> dict[str, object]:
    from dataclasses import asdict

    fields = asdict(episode)
    del fields["turns"]
    return fields
