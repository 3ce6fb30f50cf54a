"""`askpod search`: the passages that answer a question, best first."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.output import console, linked, note, on_terminal, print_json, show, show_url
from askpod.model import Filters
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.model import Passage


@options.with_filters
def search(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to look for.")],
    *,
    top: Annotated[int, typer.Option("--top", min=1, max=200, help="How many passages.")] = 10,
    store: options.Store = None,
    filters: Filters,
    as_json: options.Json = False,
) -> None:
    """Find the passages that speak of something."""
    from askpod.archive import Archive

    with Archive.open(store, notify=note) as archive:
        passages = archive.search(question, top=top, **asdict(filters))
        nothing = () if passages else archive.unmatched(filters)
    for line in nothing:
        note(f"note: {line}")
    if as_json:
        print_json([passage.to_dict() for passage in passages])
        return
    if not passages and not nothing:
        note("nothing found; `askpod episodes` lists what the archive holds")
    for number, passage in enumerate(passages, start=1):
        show_passage(number, passage)


def show_passage(number: int, passage: Passage) -> None:
    """A passage with who speaks, where and when, and what is said."""
    from rich.text import Text

    from askpod.times import clock

    when = clock(passage.start)
    when = when if passage.end is None else f"{when}–{clock(passage.end)}"
    title = Text(f"  {visible(passage.title)}", "bold")
    where = Text(f"  › {visible(passage.section)}" if passage.section else "", "dim")
    head = Text.assemble(linked(when, passage.url, "cyan"), title, where)
    show(Text(f"{number:>2}. ", "bold"), head)
    margin = Text("    ")
    for span in passage.spans:
        who = Text(f"{visible(span.speaker)}: " if span.speaker else "", "green")
        show(margin, Text.assemble(who, visible(span.text)))
    if not on_terminal():  # there the time is the link
        show_url(passage.url, margin.cell_len)
    console().print()
