"""How things are shown: JSON, lines, links, notes, progress, text as it comes.

Whatever text is shown, nothing in it acts on the terminal.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from askpod.text import visible

WAITING = "…"
_PARTS = re.compile(r"[\n ]|[^\n ]+")

LEAST_ROOM = 20  # characters in a line of text, however narrow the terminal


def counted(number: int, one: str) -> str:
    """A number with its noun: "1 file", "1,200 files"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def print_json(value: Any) -> None:  # noqa: ANN401 (any value that JSON can carry)
    """One JSON document on stdout, in plain ASCII so that no terminal or pipe can garble it."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def note(text: str) -> None:
    """A line on stderr for the person at the terminal, below what stdout has been given."""
    with suppress(OSError, ValueError):  # a closed pipe is met where stdout is written
        sys.stdout.flush()
    text = "\n".join(map(visible, text.split("\n")))
    if sys.stderr.isatty():
        text = textwrap.fill(
            text,
            shutil.get_terminal_size().columns - 1,
            subsequent_indent="  ",
            replace_whitespace=False,
            break_long_words=False,  # a path stays whole
            break_on_hyphens=False,
        )
    sys.stderr.write(f"{text}\n")


def on_terminal() -> bool:
    """Whether a person reads stdout; else it is piped, and gets plain lines, none wrapped."""
    return sys.stdout.isatty()


def console() -> Console:
    """Writes to stdout: in colour on a terminal, plain and unwrapped when piped."""
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not on_terminal())


def show(head: Text, body: Text) -> None:
    """Prints both on one line; on a terminal the rest of `body` goes on below its beginning."""
    screen = console()
    lines = list(body.split("\n"))
    if on_terminal():
        room = max(LEAST_ROOM, screen.width - head.cell_len)
        lines = list(body.wrap(screen, room, overflow="fold"))
    for line in lines:
        screen.print(Text.assemble(head, line))
        head = Text(" " * head.cell_len)


def tell(text: str) -> None:
    """Prints a text; on a terminal it is cut between words."""
    show(Text(), Text(text))


def show_url(url: str, indent: int) -> None:
    """An address on a line of its own, never cut, so that it can be copied."""
    if url:
        console().print(Text(" " * indent + visible(url), "dim"), soft_wrap=True)


def linked(text: str, url: str, style: str = "") -> Text:
    """Text that a terminal opens `url` from; without a terminal the text alone."""
    safe = visible(text)
    if not url or not on_terminal():
        return Text(safe, style)
    return Text(safe, Style.parse(style) + Style(link=visible(url)))


Bar = Callable[[int, int, str], None]
"""Moves a progress bar: how much is done, of how much, and what stands beside it ("3/8 files")."""


@contextmanager
def progress_bar(what: str, *, in_bytes: bool = False) -> Iterator[Bar]:
    """A bar with the time left, on a terminal's stderr; of bytes with how many a second."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich import progress as bars

    bar = bars.Progress(
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[count]}"),
        *([bars.TransferSpeedColumn()] if in_bytes else []),
        bars.TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        transient=True,
    )
    with bar:
        task = bar.add_task(visible(what), total=None, count="")
        yield lambda done, total, count: bar.update(task, completed=done, total=total, count=count)


class StreamedText:
    """Text on stdout as it comes; on a terminal word by word, with lines cut between words.

    Piped, or on a terminal that knows no colours, text is written as it is.
    """

    def __init__(self) -> None:
        self.text = ""  # all that was written
        plain = not on_terminal() or os.environ.get("TERM", "dumb") in ("dumb", "unknown")
        # One column stays free: behind the last one terminals differ in where the cursor is.
        self._room = None if plain else max(LEAST_ROOM, console().width - 1)
        self._column = 0
        self._held = ""  # the beginning of a word, until it is known how long it is
        self._waiting = False

    def wait(self) -> None:
        """Shows that something is being done, until there is text."""
        if self._room is not None:
            self._waiting = True
            sys.stdout.write(f"\x1b[2m{WAITING}\x1b[0m")
            sys.stdout.flush()

    def write(self, piece: str) -> None:
        """Shows a piece, on a terminal up to its last white space."""
        self.text += piece
        safe = self._held + "\n".join(map(visible, piece.split("\n")))
        end = len(safe) if self._room is None else max(safe.rfind(" "), safe.rfind("\n")) + 1
        self._held = safe[end:]
        self._put(safe[:end])

    def end(self) -> None:
        """Ends the last line, where it was not ended."""
        unfinished = bool(self.text) and not self.text.endswith("\n")
        self._put(self._held + ("\n" if unfinished else ""))
        self._held = ""

    def _put(self, text: str) -> None:
        if self._waiting:
            self._waiting = False
            sys.stdout.write("\r\x1b[K")
        sys.stdout.write(text if self._room is None else self._wrapped(text, self._room))
        sys.stdout.flush()

    def _wrapped(self, text: str, room: int) -> str:
        """Complete words, a line feed before each that does not fit into the line."""
        shown = ""
        for part in _PARTS.findall(text):
            width = cell_len(part)
            if part == "\n":
                self._column = width = 0
            elif self._column + width > room and self._column:
                if part == " ":
                    continue
                shown, self._column = f"{shown}\n", 0
            shown += part
            self._column += width
            if self._column > room:  # a word longer than the line: the terminal breaks it
                self._column %= room + 1
        return shown


@contextmanager
def keys_unseen() -> Iterator[None]:
    """What is typed meanwhile does not show up in the middle of an answer; it is not lost."""
    if not sys.stdin.isatty():
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    quiet = list(before)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
