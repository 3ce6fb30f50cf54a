"""How things are shown: JSON, lines, links, notes; and nothing that acts on a terminal."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Control characters but line feed, and those that reorder or hide text.
_ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def harmless(text: str) -> str:
    """Text with every character that could act on a terminal shown as a code, such as \\x1b."""
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def in_one_line(text: str) -> str:
    """Harmless text without line feeds, for names and titles."""
    return harmless(" ".join(text.split("\n")))


def counted(number: int, one: str) -> str:
    """A number with its noun: "1 file", "1,200 files"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def print_json(value: Any) -> None:  # noqa: ANN401 (any value that JSON can carry)
    """One JSON document on stdout, in plain ASCII so that no terminal or pipe can garble it."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def note(text: str) -> None:
    """A line on stderr for the person at the terminal."""
    text = harmless(text)
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


def show(head: Text | str, body: Text | str = "") -> None:
    """One line; on a terminal what does not fit goes on below the beginning of `body`."""
    from rich.table import Table
    from rich.text import Text

    if not on_terminal():
        console().print(Text.assemble(head, body))
        return
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(head, body)
    console().print(grid)


def linked(text: str, url: str, style: str = "") -> Text:
    """Text that a terminal opens `url` from; without a terminal the text alone."""
    from rich.style import Style
    from rich.text import Text

    safe = harmless(text)
    if not url or not on_terminal():
        return Text(safe, style)
    return Text(safe, Style.parse(style) + Style(link=harmless(url)))
