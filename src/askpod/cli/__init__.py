"""The command line: one file for each command, no logic of its own.

Only the result goes to stdout; progress, notes and errors go to stderr.
"""

from askpod.cli.app import main

__all__ = ["main"]
