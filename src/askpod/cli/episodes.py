"""`askpod episodes` and `askpod people`: what the archive holds, and who speaks in it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

import askpod
from askpod.cli import options
from askpod.cli.output import counted, note, on_terminal, print_json, show
from askpod.model import Episode, Filters
from askpod.text import visible
from askpod.times import NO_SECOND, clock

if TYPE_CHECKING:
    from askpod.voices import Person, Voice


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
    with askpod.Archive.open(store, notify=note) as archive:
        listed = archive.episodes(filters, about=about)
        nothing = () if listed else archive.unmatched(filters)
    for line in nothing:
        note(f"note: {line}")
    if as_json:
        print_json([each.to_dict() for each in listed])
        return
    for each in listed:
        _show_episode(each)
    note(counted(len(listed), "episode"))


def _show_episode(episode: Episode) -> None:
    """On a terminal a few lines; piped one line of columns with tabs between."""
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


people_app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@people_app.callback()
def people(
    context: typer.Context, *, store: options.Store = None, as_json: options.Json = False
) -> None:
    """List who speaks; merge, give and take back their names."""
    if context.invoked_subcommand is not None:
        if store is not None or as_json:
            raise typer.BadParameter(f"options stand after {context.invoked_subcommand!r}")
        return

    with askpod.Archive.open(store, notify=note) as archive:
        everybody = archive.people.everyone()
    if as_json:
        print_json([asdict(person) for person in everybody])
        return
    if on_terminal() and everybody:
        typer.echo(f"{'turns':>7}{'hours':>9}{'episodes':>10}  name")
    for person in everybody:
        _show_person(person)
    note(counted(len(everybody), "name"))


@people_app.command("merge")
def merge_(
    one: Annotated[str, typer.Argument(metavar="A", help="The name that goes.")],
    into: Annotated[str, typer.Argument(metavar="B", help="The name that stays, or a new one.")],
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Make one person of two names: A is B in every episode."""
    with askpod.Archive.open(store, notify=note) as archive:
        after = archive.people.merge(one, into)
    if as_json:
        print_json(asdict(after))
    else:
        _show_person(after)
        note("`askpod people undo` takes it back")


@people_app.command("name")
def name_(
    episode: Annotated[str, typer.Argument(metavar="EPISODE", help="An episode, by its id.")],
    label: Annotated[
        str | None, typer.Argument(metavar="LABEL", help="What the transcript calls the speaker.")
    ] = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Who that is.")] = None,
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say whose a label is in one episode; quotes show who it may be."""
    from askpod.voices import find_voice

    with askpod.Archive.open(store, notify=note) as archive:
        voices = archive.people.voices(episode)
        if label is not None:
            voices = [find_voice(voices, label)]
            label = voices[0].label
            if name is None and not as_json and sys.stdin.isatty() and on_terminal():
                _show_voices(voices)
                name = typer.prompt("Who is it (nothing: leave it)", default="", show_default=False)
            if name:
                voices = [archive.people.give(episode, label, name)]
    if as_json:
        print_json([asdict(voice) for voice in voices])
    elif name:
        who = label or "who speaks"
        note(f"{who} is {voices[0].name} in {episode}; `askpod people undo` takes it back")
    elif name is None:
        _show_voices(voices)


@people_app.command("undo")
def undo_(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Take back all that gave this name.")
    ] = None,
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take back the last name that was given, or all that gave NAME."""
    with askpod.Archive.open(store, notify=note) as archive:
        taken = archive.people.undo(name)
    if as_json:
        print_json([asdict(each) for each in taken])
        return
    for each in taken:
        where = f" in {each.episode}" if each.episode is not None else ""
        note(f"taken back: {', '.join(each.labels)} is {each.name}{where}")


def _show_person(person: Person) -> None:
    figures = f"{person.turns:,}", f"{person.seconds / 3600:,.1f}", f"{person.episodes:,}"
    alike = ", ".join(person.alike)
    if not on_terminal():
        columns = (*(figure.replace(",", "") for figure in figures), person.name, alike)
        typer.echo("\t".join(map(visible, columns)))
        return
    turns, hours, episodes = figures
    like = Text(f"  like {visible(alike)}" if alike else "", "yellow")
    head = Text(f"{turns:>7}{hours:>9}{episodes:>10}  ")
    show(head, Text(visible(person.name), "bold").append_text(like))


def _show_voices(voices: list[Voice]) -> None:
    for voice in voices:
        named = f" = {voice.name}" if voice.name != voice.label else ""
        timed = any(quote.start is not None for quote in voice.quotes)
        talk = f", {clock(voice.seconds)} of talk" if timed else ""
        about = f"  {counted(voice.turns, 'turn')}{talk}"
        about += f"  (in the file: {', '.join(voice.written)})" if voice.written else ""
        show(Text(visible(voice.label) or '""', "bold"), Text(visible(named + about)))
        for quote in voice.quotes:
            show(Text(f"{clock(quote.start):>9}  ", "cyan"), Text(visible(quote.text)))
