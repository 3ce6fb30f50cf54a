"""Writes docs/cli.md from the commands' own help: `make reference`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from askpod.cli import app

PAGE = Path(__file__).parent / "cli.md"
WIDTH = 80  # columns of the help as the page shows it

HEAD = """\
# The command line

Written by `make reference` from what `askpod COMMAND --help` says; a test holds it to that.

Only the result goes to stdout; progress, notes and errors go to stderr. `--json` prints one JSON
document. Exit codes: 0 done; 1 some of the work failed, the rest is done; 2 bad usage or settings;
130 stopped with Ctrl-C.
"""


def reference() -> str:
    """The page: the help of every command, in the order of the list that `askpod --help` shows."""
    parts = [HEAD]
    for words in _commands():
        name = " ".join(["askpod", *words])
        parts.append(f"## {name}\n\n```text\n{_help(words)}\n```\n")
    return "\n".join(parts)


def _commands(words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    command = get_command(app)
    for word in words:
        command = command.commands[word]
    for word in getattr(command, "commands", ()):
        yield from _commands((*words, word))


def _help(words: tuple[str, ...]) -> str:
    environment = {"COLUMNS": str(WIDTH), "TERMINAL_WIDTH": str(WIDTH)}
    shown = CliRunner(env=environment).invoke(app, [*words, "--help"], prog_name="askpod")
    return "\n".join(line.rstrip() for line in shown.output.strip().splitlines())


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
