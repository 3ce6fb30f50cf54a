"""The command line: its commands, and what errors become. A command is a function without logic.

Only the result goes to stdout; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from askpod import __version__
from askpod.cli import ask, chat, check, episodes, index, serve
from askpod.cli.eval import app as eval_app
from askpod.cli.output import note
from askpod.errors import AskpodError

INTERRUPTED = 130  # what a shell reports for Ctrl-C
STOPPED = "\naskpod: stopped; what was finished is kept"

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    help="Ask a podcast archive a question; every claim in the answer carries the second at "
    "which it was said.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: object) -> None:
    if wanted:
        typer.echo(f"askpod {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None: ...


for command in (index.index, ask.search, ask.ask, chat.chat, episodes.episodes, index.remove):
    app.command()(command)
for command in (check.check, check.doctor, index.rebuild, serve.serve, serve.mcp):
    app.command()(command)
app.add_typer(episodes.people_app, name="people")
app.add_typer(eval_app, name="eval")


def main() -> None:
    """Runs the command line; errors become one clear message and an exit code.

    Exit codes: 0 done; 1 some of the work failed, the rest is done; 2 bad usage or settings.
    """
    _open_closed_streams()
    if isinstance(sys.stdout, TextIOWrapper):  # a narrow encoding shows codes for the rest
        sys.stdout.reconfigure(errors="backslashreplace")
    with _quiet_dependencies():
        try:
            app(standalone_mode=True)
        except AskpodError as error:
            note(f"askpod: {error}")
            sys.exit(error.exit_code)
        except SystemExit as leaving:
            if leaving.code == INTERRUPTED:
                note(STOPPED)
            raise
        except (Exception, KeyboardInterrupt) as error:
            if sys.flags.dev_mode:
                raise
            if _is_interrupt(error):
                note(STOPPED)
                sys.exit(INTERRUPTED)
            note(f"askpod: {_unwritten(error) or _fault(error)}")
            sys.exit(1)


def _open_closed_streams() -> None:
    """A standard stream that was closed (`2>&-`) leads nowhere from now on.

    Else its number is given to the next file that is opened, and what is printed may end up there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 (for good)
            setattr(sys, name, nowhere)


@contextmanager
def _quiet_dependencies() -> Iterator[None]:
    """Keeps the warnings and tracebacks of libraries off the terminal.

    They name paths of the installation, and may hold what a server sent, even a key that it
    repeats. `python -X dev -m askpod …` shows them all.
    """
    if sys.flags.dev_mode:
        yield
        return
    handler = logging.NullHandler()
    hooks = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = (lambda _: None), (lambda _: None)
    logging.root.addHandler(handler)  # without any, warnings are logged to stderr
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.removeHandler(handler)
        threading.excepthook, sys.unraisablehook = hooks


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind it: while compiled code is imported, that comes as ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _unwritten(error: BaseException) -> str:
    """What to say where no room was left for what is printed; "" where it is something else."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        return ""
    return (
        f"stopped, as not all could be written: {error.strerror}. Make room where the output goes, "
        "or in the folder for temporary files; what was finished is kept"
    )


def _fault(error: BaseException) -> str:
    """An error that nobody foresaw, without its message: that may hold what nobody may see."""
    place = "askpod"
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if "askpod" in path.parts:
            place = f"{path.parent.name}/{path.name}:{frame.lineno}"
    return (
        f"stopped by a fault of its own: {type(error).__name__} at {place}. What was finished is "
        "kept. Please report it, with what `python -X dev -m askpod …` shows for the same command"
    )
