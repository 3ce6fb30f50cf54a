"""`askpod doctor`: what is installed, which embedder and store are used, what is missing."""

from __future__ import annotations

from dataclasses import asdict

import typer

from askpod.cli import options
from askpod.cli.output import print_json, show
from askpod.text import visible


def doctor(*, store: options.Store = None, as_json: options.Json = False) -> None:
    """Say what is installed and what is missing. Shows the embedder and the store in use."""
    from rich.text import Text

    from askpod.doctor import diagnose
    from askpod.settings import default_store

    findings = diagnose(store or default_store())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = Text("ok  ", "green") if finding.ok else Text("!!  ", "red")
            show(mark.append(f"{finding.what:<16}", "default"), Text(visible(finding.value)))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
