"""Commands that change the archive: `askpod index`, `remove` and `rebuild`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import askpod
from askpod.cli import options
from askpod.cli.output import counted, note, print_json, progress_bar
from askpod.errors import AskpodError
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.indexing import IndexReport, ProgressListener

MOST_PASSED_OVER = 5  # files that are named one by one


def index(
    sources: options.Sources,
    *,
    store: options.Store = None,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove the episodes of what is named whose files are gone."),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="With --prune: also where a whole folder is missing or empty."),
    ] = False,
    allow_private: options.AllowPrivate = False,
    untimed: options.Untimed = False,
    transcribe: Annotated[
        bool,
        typer.Option(
            "--transcribe",
            help="Also the recordings in folders, and of a feed's episodes without transcripts.",
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME",
            help="What transcribes: a size of Whisper (small …), which is fetched once, a folder, "
            "or openai:NAME.  [ASKPOD_TRANSCRIBER]",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, help="Processes that read and embed.")
    ] = 1,
    as_json: options.Json = False,
) -> None:
    """Read transcripts into the archive. What has not changed is not read again.

    A recording that is named (episode.mp3) is transcribed first.
    """
    from askpod.opening import store_folder
    from askpod.readers.discover import what_is_not_read
    from askpod.sources import gather
    from askpod.transcription import Transcription

    # A wrong path, or a feed that cannot be had, must not leave an empty archive behind.
    folder = store_folder(store)
    gathered = gather(
        folder,
        sources,
        allow_private=allow_private,
        untimed=untimed,
        transcription=Transcription(model, transcribe, note),
        notify=note,
    )
    try:
        with (
            askpod.Archive.open(folder, create=True, notify=note) as archive,
            _indexing_bar() as progress,
        ):
            report = archive.index(
                gathered,
                prune=prune,
                prune_missing_folders=yes,
                workers=workers,
                untimed=untimed,
                progress=progress,
            )
    except AskpodError as error:
        if error.report is not None:
            with suppress(typer.Exit):
                _show(error.report, as_json=as_json)
        raise
    if unread := what_is_not_read([Path(source) for source in sources], transcribed=transcribe):
        note(f"not looked at: {unread}")
    _show(report, as_json=as_json)


def _show(report: IndexReport, *, as_json: bool) -> None:
    """The report of a run; leaves with exit code 1 where a file failed."""
    for failure in report.failed:
        note(f"not indexed: {failure.message}")
    for failure in report.not_pruned:
        note(f"not removed: {failure.message}")
    if report.not_reached:
        first, more = report.not_reached[0], len(report.not_reached) - 1
        note(f"not reached: {first}" + (f" and {more:,} more" if more else ""))
    if as_json:
        print_json(report.to_dict())
    else:
        _print_summary(report)
    if report.failed or report.not_pruned:
        raise typer.Exit(1)


@contextmanager
def _indexing_bar() -> Iterator[ProgressListener]:
    with progress_bar("indexing", in_bytes=True) as bar:
        yield lambda at: bar(at.bytes_done, at.bytes_total, f"{at.done}/{at.total} files")


def _print_summary(report: IndexReport) -> None:
    for label, value in _rows(report):
        typer.echo(f"{label:<22}{value:>9}")
    for passed in report.passed_over[:MOST_PASSED_OVER]:
        note(f"passed over: {passed.message}")
    if len(report.passed_over) > MOST_PASSED_OVER:
        note(f"passed over: {len(report.passed_over) - MOST_PASSED_OVER:,} more files")
    if report.gone:
        shown = ", ".join(visible(id_) for id_ in report.gone[:3])
        more = f" and {len(report.gone) - 3} more" if len(report.gone) > 3 else ""
        note(
            f"kept though their files are gone: {shown}{more}; --prune with their folder removes "
            "them"
        )
    if report.faults:
        note("`askpod check PATH…` shows the faults that were mended")


def _rows(report: IndexReport) -> Iterator[tuple[str, str]]:
    """The table's lines; those that would say "none" are left out."""
    counts: list[tuple[str, int]] = [
        ("files fetched", report.fetched),
        ("episodes added", len(report.added)),
        ("episodes changed", len(report.changed)),
        ("episodes unchanged", len(report.unchanged)),
        ("episodes removed", len(report.removed)),
        ("episodes not indexed", len(report.failed)),
        ("files passed over", len(report.passed_over)),
        ("files not reached", len(report.not_reached)),
    ]
    yield from ((label, f"{count:,}") for label, count in counts if count)
    if report.added or report.changed:
        yield "turns", f"{report.turns:,}"
        yield "chunks", f"{report.chunks:,}"
        yield "hours of audio", f"{report.audio_seconds / 3600:,.1f}"
        yield "faults mended", f"{len(report.faults):,}"
    if report.tokens:
        yield "tokens embedded", f"{report.tokens:,}"
        yield "cost in US dollars", "unknown" if report.cost is None else f"{report.cost:,.4f}"
    yield "seconds", f"{report.seconds:,.1f}"


def remove(
    episodes: Annotated[
        list[str], typer.Argument(metavar="EPISODE", help="Ids, as `askpod episodes` lists them.")
    ],
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take episodes out of the archive. Their files stay as they are."""
    with askpod.Archive.open(store, notify=note) as archive:
        removed = archive.remove(episodes)
    if as_json:
        print_json({"removed": removed})
    else:
        gone = counted(len(removed), "episode")
        note(f"{gone} removed; indexing the files again brings them back")


def rebuild(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders to read besides the known ones."),
    ] = None,
    *,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Build the archive again. Needed for other settings, a newer format, or after damage."""
    with _indexing_bar() as progress:
        report = askpod.Archive.rebuild(store, paths or [], progress=progress, notify=note)
    _show(report, as_json=as_json)
