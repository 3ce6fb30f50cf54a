"""`askpod ask`: an answer with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.output import console, harmless, linked, note, print_json, show, show_url

if TYPE_CHECKING:
    from askpod.model import Answer

LEADS = 3  # passages offered with a refusal


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What you want to know.")],
    store: options.Store = None,
    episode: options.Episode = None,
    guest: options.Guest = None,
    speaker: options.Speaker = None,
    season: options.Season = None,
    since: options.Since = None,
    until: options.Until = None,
    as_json: options.Json = False,
) -> None:
    """Answer a question from what was said. Each statement carries its second."""
    from askpod.archive import Archive
    from askpod.store.filters import Filters

    filters = Filters(episode, guest, speaker, season, since, until)
    with Archive.open(store, notify=note) as archive:
        answer = archive.ask(question, filters=filters)
    if as_json:
        print_json(answer.to_dict())
        return
    show_answer(answer)


def show_answer(answer: Answer) -> None:
    """The answer, then its numbered sources; for a refusal the nearest passages."""
    for paragraph in answer.text.split("\n"):
        console().print(harmless(paragraph))
    if answer.citations:
        console().print()
        _show_sources(answer)
    elif answer.passages:
        _show_leads(answer)
    for warning in answer.warnings:
        note(f"note: {warning}")


def _show_sources(answer: Answer) -> None:
    from rich.text import Text

    from askpod.times import clock

    for citation in answer.citations:
        when = linked(clock(citation.start), citation.url, "cyan")
        who = Text(f"{harmless(citation.speaker)}  " if citation.speaker else "", "green")
        what = Text.assemble(when, "  ", who, harmless(citation.title))
        number = Text(f"[{citation.number}] ", "bold")
        show(number, what)
        show_url(citation.url, number.cell_len)


def _show_leads(answer: Answer) -> None:
    from rich.text import Text

    from askpod.times import clock

    console().print("\nThe nearest passages, in case they help:")
    for passage in answer.passages[:LEADS]:
        when = linked(f"{clock(passage.start):>9}", passage.url, "cyan")
        where = Text(f"  › {harmless(passage.section)}" if passage.section else "", "dim")
        what = Text.assemble(harmless(passage.title), where)
        show(when.append("  "), what)
        show_url(passage.url, when.cell_len)
