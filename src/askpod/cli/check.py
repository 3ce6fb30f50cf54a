"""`askpod check` and `askpod doctor`: what is wrong in transcript files, or in the installation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from askpod.cli import options
from askpod.cli.output import counted, note, print_json, show
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.indexing.file_check import FileCheck, Speaking

MOST_NAMED = 8  # labels that are named one by one


def check(
    sources: options.Sources,
    *,
    store: options.Store = None,
    allow_private: options.AllowPrivate = False,
    untimed: options.Untimed = False,
    as_json: options.Json = False,
) -> None:
    """Show the faults of transcript files, and who speaks in them.

    Nothing is indexed. What is fetched of feeds and repositories is kept in the archive's
    folder, so that `askpod index` need not fetch it again.
    """
    from askpod.indexing.file_check import FileCheck, check_files
    from askpod.opening import store_folder
    from askpod.readers.discover import what_is_not_read
    from askpod.sources import gather

    gathered = gather(
        store_folder(store), sources, allow_private=allow_private, untimed=untimed, notify=note
    )
    checks = []
    for each in chain(
        check_files(gathered.files, gathered.named, untimed=untimed),
        (FileCheck(failure.path, error=failure.message) for failure in gathered.failed),
    ):
        checks.append(each)
        if not as_json:
            _show_check(each)
    if as_json:
        print_json([asdict(each) for each in checks])
    else:
        _show_sums(checks)
    if unread := what_is_not_read([Path(source) for source in sources]):
        note(f"not looked at: {unread}")
    if gathered.failed or any(each.error for each in checks):
        raise typer.Exit(1)


def _show_check(check: FileCheck) -> None:
    if check.passed_over:
        return
    count = "cannot be read" if check.error else counted(len(check.faults), "fault")
    show(Text(visible(check.path), "bold"), Text(f"  {count}"))
    if check.error:
        show(Text("  "), Text(visible(check.error), "red"))
    else:
        head = Text(f"  {'':>6}  ").append(f"{'who speaks':<28}", "green")
        show(head, Text(visible("; ".join(_who_speaks(check.speaking)))))
    for fault in check.faults:
        head = Text(f"  {fault.line:>6}  ", "dim").append(f"{fault.kind:<28}", "yellow")
        show(head, Text(visible(fault.repair)))


def _show_sums(checks: list[FileCheck]) -> None:
    faults = counted(sum(len(each.faults) for each in checks), "fault")
    failed = counted(sum(bool(each.error) for each in checks), "file")
    note(f"{counted(len(checks), 'file')}, {faults} mended, {failed} cannot be read")
    for each in checks:
        if each.passed_over:
            note(f"passed over: {each.passed_over}")


def _who_speaks(speaking: Sequence[Speaking]) -> Iterator[str]:
    """The labels with their shares of the time, then those that hold little, then the rest."""
    labels = [each for each in speaking if each.label]
    known = [f"{each.label} {each.share:.0%}" for each in labels if not each.little]
    little = [f"{each.label} ({each.seconds:.0f} s)" for each in labels if each.little]
    yield _listed(known) if known else "nobody is named"
    if little:
        yield f"{_listed(little)} with less than 1%"
    if nobody := sum(each.share for each in speaking if not each.label):
        yield f"{nobody:.0%} of the time without a label"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


_MARKS = {True: ("ok  ", "green"), None: ("--  ", "yellow"), False: ("!!  ", "red")}


def doctor(*, store: options.Store = None, as_json: options.Json = False) -> None:
    """Say what is installed and what is missing. Shows the embedder and the store in use."""
    from askpod.doctor import diagnose
    from askpod.settings import default_store

    findings = []
    for finding in diagnose(store or default_store()):
        findings.append(finding)
        if not as_json:
            mark = Text(*_MARKS[finding.ok]).append(f"{finding.what:<16}", "default")
            show(mark, Text(visible(finding.value)))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)
