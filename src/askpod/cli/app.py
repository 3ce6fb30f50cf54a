"""The application and its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from askpod import __version__
from askpod.cli.ask import ask
from askpod.cli.chat import chat
from askpod.cli.check import check
from askpod.cli.doctor import doctor
from askpod.cli.episodes import episodes
from askpod.cli.eval import app as eval_app
from askpod.cli.index import index
from askpod.cli.rebuild import rebuild
from askpod.cli.search import search

app = typer.Typer(
    help="Ask a podcast archive a question; every claim in the answer carries the second at "
    "which it was said.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"askpod {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


for command in (index, search, ask, chat, episodes, check, doctor, rebuild):
    app.command()(command)
app.add_typer(eval_app, name="eval")
