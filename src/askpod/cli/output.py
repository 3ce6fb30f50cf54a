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
from typing import TYPE_CHECKING, Any

from askpod.text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

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
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not on_terminal())


def show(head: Text, body: Text) -> None:
    """Prints both on one line; on a terminal the rest of `body` goes on below its beginning."""
    from rich.text import Text

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
    from rich.text import Text

    show(Text(), Text(text))


def show_url(url: str, indent: int) -> None:
    """An address on a line of its own, never cut, so that it can be copied."""
    if url:
        from rich.text import Text

        console().print(Text(" " * indent + visible(url), "dim"), soft_wrap=True)


def linked(text: str, url: str, style: str = "") -> Text:
    """Text that a terminal opens `url` from; without a terminal the text alone."""
    from rich.style import Style
    from rich.text import Text

    safe = visible(text)
    if not url or not on_terminal():
        return Text(safe, style)
    return Text(safe, Style.parse(style) + Style(link=visible(url)))


Bar = Callable[[int, int, str], None]
"""Moves a progress bar: how much is done, of how much, and what stands beside it ("3/8 files")."""


@contextmanager
def progress_bar(what: str, *, in_bytes: bool = False) -> Iterator[Bar | None]:
    """A bar with the time left, on stderr; None where that is no terminal.

    Where what is counted are bytes, it shows how many a second.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console

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
    """Text on stdout as it comes; every piece is visible when `write` returns.

    On a terminal a word that grows past the edge is taken back and goes on in the next line.
    Piped, or on a terminal that cannot move its cursor, text is written as it is.
    """

    def __init__(self) -> None:
        self.text = ""  # all that was written
        moves = on_terminal() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
        # One column stays free: behind the last one terminals differ in where the cursor is.
        self._room = max(LEAST_ROOM, console().width - 1) if moves else None
        self._column = 0
        self._word = ""  # the word at the cursor, as far as it has come
        self._wrapped = False  # the line was begun here, not by a line feed of the text
        self._waiting = False

    def wait(self) -> None:
        """Shows that something is being done, until there is text."""
        if self._room is not None:
            self._waiting = True
            self._put(f"\x1b[2m{WAITING}\x1b[0m")

    def write(self, piece: str) -> None:
        """Shows a piece."""
        self.text += piece
        safe = "\n".join(map(visible, piece.split("\n")))
        self._put(self._without_waiting() + "".join(map(self._placed, _PARTS.findall(safe))))

    def end(self) -> None:
        """Ends the last line, where it was not ended."""
        unfinished = bool(self.text) and not self.text.endswith("\n")
        self._put(self._without_waiting() + ("\n" if unfinished else ""))

    def _placed(self, part: str) -> str:
        """What must be sent for a line feed, a space, or a word or a part of one."""
        if self._room is None:
            return part
        if part == "\n":
            self._column, self._word, self._wrapped = 0, "", False
            return part
        if part == " ":
            return self._space(self._room)
        from rich.cells import cell_len

        width = cell_len(part)
        before = ""
        if self._column + width > self._room and cell_len(self._word) < self._column:
            before = self._next_line()
        self._column += width
        self._word += part
        if self._column > self._room:  # a word longer than the line: the terminal breaks it
            self._column, self._word = self._column % (self._room + 1), ""
        return before + part

    def _space(self, room: int) -> str:
        self._word = ""
        if self._column == 0 and self._wrapped:
            return ""
        if self._column == room:
            self._column, self._wrapped = 0, True
            return "\n"
        self._column += 1
        return " "

    def _next_line(self) -> str:
        """Goes to the next line, and takes along what was shown of the word at the cursor."""
        from rich.cells import cell_len

        width = cell_len(self._word)
        self._column, self._wrapped = width, True
        back = f"\x1b[{width}D\x1b[K" if width else ""
        return f"{back}\n{self._word}"

    def _without_waiting(self) -> str:
        if not self._waiting:
            return ""
        self._waiting = False
        return "\r\x1b[K"

    def _put(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


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
