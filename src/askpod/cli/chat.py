"""`askpod chat`: questions and follow-ups, at a terminal or piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import closing, redirect_stdout, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.chat_prompt import interactive, piped_lines, typed_lines
from askpod.cli.output import counted, note, print_json
from askpod.model import Filters
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.archive import Archive
    from askpod.cli.conversation import Conversation

CATALOG = "catalog.db"
BETWEEN = "\n---\n"  # between two replies where they are piped
PLAIN_WORDS = {"exit": "/quit", "quit": "/quit", "help": "/help"}
NO_MODEL = (
    "No model is configured, so answers are quotations; /model NAME or ASKPOD_MODEL sets one."
)


@options.with_filters
def chat(
    *,
    go_on: Annotated[
        bool, typer.Option("--continue", "-c", help="Go on with the last conversation.")
    ] = False,
    store: options.Store = None,
    filters: Filters,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Ask, and ask on: a conversation. Piped, it takes one question a line."""
    from askpod.cli.conversation import Conversation
    from askpod.files import usable
    from askpod.sessions import Sessions
    from askpod.settings import Settings, default_store

    folder = store or default_store()

    def open_archive(settings: Settings, notify: Callable[[str], None]) -> Archive:
        from askpod.archive import Archive

        return Archive.open(folder, settings=settings, notify=notify)

    conversation = Conversation(
        open_archive,
        Settings.load({"model": model, "base_url": base_url}),
        Sessions(folder),
        filters,
        verbose=verbose,
    )
    with closing(conversation):
        with usable(folder):
            is_there = (folder / CATALOG).is_file()
        if not is_there or as_json or not interactive():
            conversation.archive  # noqa: B018 (one that cannot be opened ends it here)
        if go_on and not conversation.resume():
            note("there is no earlier conversation with this archive; this is a new one")
        if as_json:
            _as_json(conversation, piped_lines())
        elif interactive():
            _typed(conversation)
        else:
            _piped(conversation, piped_lines())


def _typed(conversation: Conversation) -> None:
    """Replies to what a person types. The archive is opened while the first line is typed."""
    from askpod.cli.chat_commands import COMMANDS

    _greet(conversation)
    label = partial(_label, conversation)
    for line in typed_lines(label, list(COMMANDS), when_shown=conversation.prepare):
        typer.echo()
        with suppress(KeyboardInterrupt):  # pressed after the answer: it stops what is shown
            _reply(conversation, line)
        if conversation.leaving:
            return
        typer.echo()


def _piped(conversation: Conversation, lines: Iterable[str]) -> None:
    """One reply for each line, with BETWEEN between two."""
    for number, line in enumerate(lines):
        if number and not conversation.leaving:
            typer.echo(BETWEEN)
        _reply(conversation, line)
        if conversation.leaving:
            return


def _as_json(conversation: Conversation, lines: Iterable[str]) -> None:
    """The answers as one document; what a person would read goes to stderr."""
    before = len(conversation.chat.history)
    with redirect_stdout(sys.stderr):
        _piped(conversation, lines)
    answers = conversation.chat.history[before:]
    print_json([exchange.answer.to_dict() for exchange in answers])


def _reply(conversation: Conversation, line: str) -> None:
    """Answers a question or carries out a command; an error is one line, and the chat goes on."""
    from askpod.cli import chat_commands
    from askpod.errors import AskpodError

    line = PLAIN_WORDS.get(line.casefold(), line)
    try:
        if line.startswith("/"):
            chat_commands.run(conversation, line)
        else:
            conversation.ask(line)
    except AskpodError as error:
        note(f"askpod: {error}")


def _label(conversation: Conversation) -> str:
    filters = conversation.chat.filters
    return f"{visible(filters.describe())} > " if filters else "> "


def _greet(conversation: Conversation) -> None:
    note("Ask a question; /help lists the commands, Ctrl-D leaves.")
    if conversation.settings.model is None:
        note(NO_MODEL)
    history = conversation.chat.history
    if history:
        asked = " ".join(history[-1].question.split())
        note(f"Going on after {counted(len(history), 'question')}, the last one: “{asked}”")
    typer.echo()
