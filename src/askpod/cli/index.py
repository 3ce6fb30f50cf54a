"""`askpod index`: reads transcripts into the archive."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.output import harmless, note, print_json

if TYPE_CHECKING:
    from askpod.indexing import IndexReport, Progress, ProgressListener


def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files, or folders.")],
    store: options.Store = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove the episodes whose files are gone.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Read transcripts into the archive. What has not changed is not read again."""
    from askpod.archive import Archive
    from askpod.readers.discover import find_files

    files = find_files(paths)  # a wrong path must not leave an empty archive behind
    with (
        Archive.open(store, create=True, notify=note) as archive,
        progress_bar() as progress,
    ):
        report = archive.index(files, prune=prune, progress=progress)
    show_report(report, as_json=as_json)


def show_report(report: IndexReport, *, as_json: bool) -> None:
    """The report of a run; leaves with exit code 1 where a file failed."""
    for failure in report.failed:
        note(f"not indexed: {failure.message}")
    if as_json:
        print_json(report.to_dict())
    else:
        _print_summary(report)
    if report.failed:
        raise typer.Exit(1)


@contextmanager
def progress_bar() -> Iterator[ProgressListener | None]:
    """A bar with rate and time left on stderr; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console

    bar = bars.Progress(
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[files]}"),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        transient=True,
    )
    with bar:
        task = bar.add_task("indexing", total=None, files="")

        def show(state: Progress) -> None:
            bar.update(
                task,
                total=state.bytes_total,
                completed=state.bytes_done,
                files=f"{state.done}/{state.total} files",
            )

        yield show


def _print_summary(report: IndexReport) -> None:
    rows: list[tuple[str, str]] = []
    changes: list[tuple[str, Sized]] = [
        ("added", report.added),
        ("changed", report.changed),
        ("unchanged", report.unchanged),
        ("removed", report.removed),
        ("not indexed", report.failed),
    ]
    for label, members in changes:
        if members:
            rows.append((f"episodes {label}", f"{len(members):,}"))
    if report.added or report.changed:
        rows.append(("turns", f"{report.turns:,}"))
        rows.append(("chunks", f"{report.chunks:,}"))
        rows.append(("hours of audio", f"{report.audio_seconds / 3600:,.1f}"))
        rows.append(("faults mended", f"{len(report.faults):,}"))
    if report.tokens:
        rows.append(("tokens embedded", f"{report.tokens:,}"))
        price = "unknown" if report.cost is None else f"{report.cost:,.4f}"
        rows.append(("cost in US dollars", price))
    rows.append(("seconds", f"{report.seconds:,.1f}"))
    for label, value in rows:
        typer.echo(f"{label:<22}{value:>9}")
    if report.gone:
        shown = ", ".join(harmless(id_) for id_ in report.gone[:3])
        more = f" and {len(report.gone) - 3} more" if len(report.gone) > 3 else ""
        note(f"kept though their files are gone: {shown}{more}; --prune removes them")
    if report.faults:
        note("`askpod check PATH…` shows the faults that were mended")
