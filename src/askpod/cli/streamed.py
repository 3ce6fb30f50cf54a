"""Shows text that comes in pieces, each at once, without breaking words at a terminal's edge."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from askpod.cli.output import LEAST_ROOM, console, harmless, on_terminal

WAITING = "…"
_PARTS = re.compile(r"[\n ]|[^\n ]+")


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
        safe = "\n".join(map(harmless, piece.split("\n")))
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
