"""Where a chat's lines come from: a person at a terminal, or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from askpod.cli.output import note, on_terminal
from askpod.files import PRIVATE

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

LEAVING = "Ctrl-D or /quit leaves"


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


def typed_lines(
    label: Callable[[], str], words: list[str], when_shown: Callable[[], None]
) -> Iterator[str]:
    """What a person types, until Ctrl-D.

    `label` is what stands before the cursor; `words` are completed with Tab. A pasted text of
    several lines is one question; Alt-Enter begins a new line. Ctrl-C clears the line.
    `when_shown` is called when the prompt is there to be typed at.
    """
    session = _session(words)
    session.app.after_render.add_handler(lambda _: when_shown())
    while True:
        try:
            text = session.prompt([("bold", label())]).strip()
        except KeyboardInterrupt:
            note(f"({LEAVING})")
            continue
        except EOFError:
            return
        if text:
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
    from prompt_toolkit.history import InMemoryHistory

    from askpod.sessions import data_folder, private_folder

    path = data_folder() / "questions"
    try:
        private_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    except OSError:
        return InMemoryHistory()
    return _kept_in(path)


def _kept_in(path: Path) -> History:
    from prompt_toolkit.history import FileHistory

    class Kept(FileHistory):
        """A full disk must not end a chat: the question is then only not remembered."""

        def store_string(self, string: str) -> None:
            with suppress(OSError):
                super().store_string(string)

    return Kept(str(path))
