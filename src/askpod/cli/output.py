"""How things are shown: JSON, lines, links, notes; and nothing that acts on a terminal."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from askpod.text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

LEAST_ROOM = 20  # characters in a line of text, however narrow the terminal


def harmless(text: str) -> str:
    """Text with every character that could act on a terminal shown as a code, such as \\x1b."""
    return visible(text)


def counted(number: int, one: str) -> str:
    """A number with its noun: "1 file", "1,200 files"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def print_json(value: Any) -> None:  # noqa: ANN401 (any value that JSON can carry)
    """One JSON document on stdout, in plain ASCII so that no terminal or pipe can garble it."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def note(text: str) -> None:
    """A line on stderr for the person at the terminal."""
    text = "\n".join(map(harmless, text.split("\n")))
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


def show_url(url: str, indent: int) -> None:
    """An address on a line of its own, never cut, so that it can be copied."""
    if url:
        from rich.text import Text

        console().print(Text(" " * indent + harmless(url), "dim"), soft_wrap=True)


def linked(text: str, url: str, style: str = "") -> Text:
    """Text that a terminal opens `url` from; without a terminal the text alone."""
    from rich.style import Style
    from rich.text import Text

    safe = harmless(text)
    if not url or not on_terminal():
        return Text(safe, style)
    return Text(safe, Style.parse(style) + Style(link=harmless(url)))
