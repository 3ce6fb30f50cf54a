"""The command line: one file for each command, no logic of its own.

Only the result goes to stdout; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import sys

from askpod.cli.app import app
from askpod.errors import AskpodError

INTERRUPTED = 130  # what a shell reports for Ctrl-C


def main() -> None:
    """Runs the command line; errors become one clear message and an exit code.

    Exit codes: 0 done; 1 some of the work failed, the rest is done; 2 bad usage or settings.
    """
    try:
        app(standalone_mode=True)
    except AskpodError as error:
        from askpod.cli.output import harmless

        sys.stderr.write(f"askpod: {harmless(str(error))}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("\naskpod: stopped; what was finished is kept\n")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe (head, less) has gone
        sys.stderr.close()
        sys.exit(0)
