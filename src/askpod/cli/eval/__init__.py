"""The commands of `askpod eval`."""

from __future__ import annotations

import typer

from askpod.cli.eval.compare import compare, export
from askpod.cli.eval.long_context import long_context
from askpod.cli.eval.run import check, models, run

app = typer.Typer(
    help="Measure how good the answers are, with intervals.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

for command in (check, run, compare, models, long_context, export):
    app.command()(command)
