"""The command line: one file for each command, no logic of its own.

Only the result goes to stdout; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

from askpod.cli.app import app
from askpod.cli.output import note
from askpod.errors import AskpodError

INTERRUPTED = 130  # what a shell reports for Ctrl-C


def main() -> None:
    """Runs the command line; errors become one clear message and an exit code.

    Exit codes: 0 done; 1 some of the work failed, the rest is done; 2 bad usage or settings.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # a narrow encoding shows codes for the rest
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app(standalone_mode=True)
    except AskpodError as error:
        note(f"askpod: {error}")
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            note("\naskpod: stopped; what was finished is kept")
        raise
