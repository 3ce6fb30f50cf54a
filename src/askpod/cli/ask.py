"""`askpod ask`: an answer with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.output import console, harmless, linked, note, print_json

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
    """Answer a question, each statement with the second at which it was said."""
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
    console().print(harmless(answer.text))
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
        line = Text(f"[{citation.number}] ", "bold")
        line.append_text(linked(clock(citation.start), citation.url, "cyan"))
        line.append(f"  {harmless(citation.speaker)}" if citation.speaker else "", "green")
        line.append(f"  {harmless(citation.title)}")
        if citation.url:
            line.append(f"\n    {harmless(citation.url)}", "dim")
        console().print(line)


def _show_leads(answer: Answer) -> None:
    from rich.text import Text

    from askpod.times import clock

    console().print("\nThe nearest passages, in case they help:")
    for passage in answer.passages[:LEADS]:
        line = Text("  ")
        line.append_text(linked(clock(passage.start), passage.url, "cyan"))
        line.append(f"  {harmless(passage.title)}")
        if passage.section:
            line.append(f"  › {harmless(passage.section)}", "dim")
        if passage.url:
            line.append(f"\n    {harmless(passage.url)}", "dim")
        console().print(line)
