"""How things are shown: JSON, tables, links, clock times; and nothing that acts on a terminal."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Control characters but line feed, and those that reorder or hide text.
_ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def harmless(text: str) -> str:
    """Text with every character that could act on a terminal shown as a code, such as \\x1b."""
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def print_json(value: Any) -> None:  # noqa: ANN401 (any value that JSON can carry)
    """One JSON document on stdout, in plain ASCII so that no terminal or pipe can garble it."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def note(text: str) -> None:
    """A line on stderr for the person at the terminal."""
    sys.stderr.write(f"{harmless(text)}\n")


@cache
def console() -> Console:
    """Writes to stdout: in colour on a terminal, plain and unwrapped when piped."""
    from rich.console import Console

    plain = not sys.stdout.isatty()
    return Console(
        highlight=False, markup=False, emoji=False, soft_wrap=plain, width=1_000 if plain else None
    )


def linked(text: str, url: str, style: str = "") -> Text:
    """Text that a terminal opens `url` from; without a terminal the text alone."""
    from rich.style import Style
    from rich.text import Text

    safe = harmless(text)
    if not url or not sys.stdout.isatty():
        return Text(safe, style)
    return Text(safe, Style.parse(style) + Style(link=harmless(url)))
