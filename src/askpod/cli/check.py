"""`askpod check`: the faults of transcript files, and how they would be mended."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.output import counted, harmless, note, print_json, show

if TYPE_CHECKING:
    from askpod.checking import FileCheck


def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files, or folders.")],
    *,
    store: options.Store = None,  # noqa: ARG001 (every command takes it; this one needs none)
    as_json: options.Json = False,
) -> None:
    """Show the faults of transcript files. Nothing is written."""
    from askpod.checking import FileCheck, check_files
    from askpod.readers.discover import find_files, named

    unreadable: dict[str, str] = {}
    checks = check_files(find_files(paths, unreadable), named(paths))
    checks += [FileCheck(path, error=problem) for path, problem in unreadable.items()]
    if as_json:
        print_json([asdict(each) for each in checks])
    else:
        _print(checks)
    if any(each.error for each in checks):
        raise typer.Exit(1)


def _print(checks: list[FileCheck]) -> None:
    from rich.text import Text

    for each in checks:
        if not each.error and not each.faults:
            continue
        count = "cannot be read" if each.error else counted(len(each.faults), "fault")
        show(Text(harmless(each.path), "bold"), Text(f"  {count}"))
        if each.error:
            show(Text("  "), Text(harmless(each.error), "red"))
        for fault in each.faults:
            head = Text(f"  {fault.line:>6}  ", "dim").append(f"{fault.kind:<28}", "yellow")
            show(head, Text(harmless(fault.repair)))
    faults = counted(sum(len(each.faults) for each in checks), "fault")
    failed = counted(sum(bool(each.error) for each in checks), "file")
    note(f"{counted(len(checks), 'file')}, {faults} mended, {failed} cannot be read")
    for each in checks:
        if each.passed_over:
            note(f"passed over: {each.passed_over}")
