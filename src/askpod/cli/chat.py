"""`askpod chat`: questions and follow-ups, at a terminal or piped."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, redirect_stdout, suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated

import typer

import askpod
from askpod.cli import options
from askpod.cli.output import counted, note, on_terminal, print_json
from askpod.errors import AskpodError
from askpod.files import PRIVATE, usable
from askpod.model import Filters
from askpod.text import visible

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

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
    from askpod.settings import default_store

    folder = store or default_store()
    settings = askpod.Settings.load({"model": model, "base_url": base_url})
    with closing(Conversation(folder, settings, filters, verbose=verbose)) as conversation:
        with usable(folder):
            is_there = (folder / CATALOG).is_file()
        if not is_there or as_json or not interactive():
            conversation.archive  # noqa: B018 (one that cannot be opened ends it here)
        if go_on and not conversation.resume():
            note("there is no earlier conversation with this archive; this is a new one")
        if as_json:
            with redirect_stdout(sys.stderr):  # what a person would read
                _piped(conversation, piped_lines())
            print_json([answer.to_dict() for answer in conversation.answers])
        elif interactive():
            _typed(conversation)
        else:
            _piped(conversation, piped_lines())


def _typed(conversation: Conversation) -> None:
    """Replies to what a person types, until Ctrl-D. The archive is opened meanwhile."""
    from askpod.cli.conversation import COMMANDS, FILTERS

    _greet(conversation)
    session = _session([*COMMANDS, *(f"/filter {name}=" for name in FILTERS)])
    session.app.after_render.add_handler(lambda _: conversation.prepare())
    while not conversation.leaving:
        filters = conversation.chat.filters
        label = f"{visible(filters.describe())} > " if filters else "> "
        try:
            line = session.prompt([("bold", label)]).strip()
        except KeyboardInterrupt:
            note("(Ctrl-D or /quit leaves)")
            continue
        except EOFError:
            return
        if not line:
            continue
        typer.echo()
        with suppress(KeyboardInterrupt):  # pressed after the answer: it stops what is shown
            _reply(conversation, line)
        if not conversation.leaving:
            typer.echo()


def _piped(conversation: Conversation, lines: Iterable[str]) -> None:
    for number, line in enumerate(lines):
        if number and not conversation.leaving:
            typer.echo(BETWEEN)
        _reply(conversation, line)
        if conversation.leaving:
            return


def _reply(conversation: Conversation, line: str) -> None:
    """Answers a question or carries out a command; an error is one line, and the chat goes on."""
    from askpod.cli.conversation import run_command

    line = PLAIN_WORDS.get(line.casefold(), line)
    try:
        if line.startswith("/"):
            run_command(conversation, line)
        else:
            conversation.ask(line)
    except AskpodError as error:
        note(f"askpod: {error}")


def _greet(conversation: Conversation) -> None:
    note("Ask a question; /help lists the commands, Ctrl-D leaves.")
    if conversation.settings.model is None:
        note(NO_MODEL)
    history = conversation.chat.history
    if history:
        asked = " ".join(history[-1].question.split())
        note(f"Going on after {counted(len(history), 'question')}, the last one: “{asked}”")
    typer.echo()


def interactive() -> bool:
    """Whether a person is at both ends."""
    return sys.stdin.isatty() and on_terminal()


def piped_lines() -> Iterator[str]:
    """The lines of stdin that are not blank."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for line in sys.stdin:
        if text := line.strip("\ufeff \t\r\n"):
            yield text


def _session(words: list[str]) -> PromptSession[str]:
    # prompt_toolkit asks the terminal where its cursor is. The reply of a slow one would end up
    # in the next question, and one that gives none would get a warning into the chat.
    os.environ.setdefault("PROMPT_TOOLKIT_NO_CPR", "1")
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter

    return PromptSession(
        history=_history(),
        key_bindings=_keys(),
        completer=WordCompleter(words, sentence=True),
        complete_while_typing=False,
        prompt_continuation=lambda width, _line, _wrapped: " " * width,
    )


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("c-c")
    def _clear(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt)

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _history() -> History:
    """Earlier questions, in a file that only the user may read; in memory where there is none."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    from askpod.chat import data_folder, private_folder

    class Kept(FileHistory):
        """A full disk must not end a chat: the question is then only not remembered."""

        def store_string(self, string: str) -> None:
            with suppress(OSError):
                super().store_string(string)

    path = data_folder() / "questions"
    try:
        private_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    except OSError:
        return InMemoryHistory()
    return Kept(str(path))
