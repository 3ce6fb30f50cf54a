"""`askpod doctor`: what is installed, which embedder and store are used, what is missing."""

from __future__ import annotations

from dataclasses import asdict

import typer

from askpod.cli import options
from askpod.cli.output import console, harmless, print_json


def doctor(store: options.Store = None, as_json: options.Json = False) -> None:
    """Say what is installed, which embedder and store are used, and what is missing."""
    from rich.table import Table

    from askpod.diagnosis import diagnose
    from askpod.settings import default_store

    findings = diagnose(store or default_store())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        table = Table(box=None, show_header=False, pad_edge=False)
        for finding in findings:
            mark = "ok" if finding.ok else "!!"
            table.add_row(mark, finding.what, harmless(finding.value))
        console().print(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
