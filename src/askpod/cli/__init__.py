"""The command line: a command is a function here, with no logic of its own.

Only the result goes to stdout; progress, notes and errors go to stderr.
"""

from askpod.cli.app import main

__all__ = ["main"]
