"""`askpod eval import`: scores another system's run, given in trec_eval's format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askpod.cli import options
from askpod.cli.eval.check import Gold
from askpod.cli.eval.run import RUNS, Out
from askpod.cli.output import console, counted, harmless, note, print_json

if TYPE_CHECKING:
    from askpod.archive import Archive
    from askpod.evals.gold import GoldSet
    from askpod.evals.running import Run

SHOWN = 5  # unknown questions that a note lists


def import_(
    gold: Gold,
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN.trec",
            help="A run in trec_eval's format; documents are named EPISODE@START-END, in seconds.",
        ),
    ],
    qrels: Annotated[
        Path | None,
        typer.Option(
            "--qrels", metavar="FILE", help="Judgements in place of the gold set's evidence."
        ),
    ] = None,
    out: Out = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Score another search's run on a gold set, and report."""
    import json

    from askpod.archive import Archive
    from askpod.evals.gold import load_gold
    from askpod.evals.records import REPORT, SUMMARY
    from askpod.evals.running import write_run
    from askpod.evals.tables import table

    with Archive.open(store, notify=note) as archive:
        questions, scored = _scored(load_gold(gold), run, qrels, archive)
        about = _setup(archive, run, qrels)
    folder = out or RUNS / questions.name / f"imported-{run.stem}"
    summary = write_run(folder, scored, questions, about)
    if as_json:
        written = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        print_json({"folder": str(folder), "summary": written})
        return
    console().print(table(summary))
    console().print(f"report: {harmless(str(folder / REPORT))}", soft_wrap=True)


def _scored(gold: GoldSet, run: Path, qrels: Path | None, archive: Archive) -> tuple[GoldSet, Run]:
    """The questions it is scored on, and the scored run."""
    from askpod.evals.gold import bad_gold
    from askpod.evals.imported import imported_run, judged_by, unknown_questions
    from askpod.evals.sources import Sources, misplaced
    from askpod.evals.trec import read_qrels, read_run

    ranked = read_run(run)
    if unknown := unknown_questions(gold, ranked):
        more = " …" if len(unknown) > SHOWN else ""
        note(
            f"note: {counted(len(unknown), 'question')} of {run} not in {gold.path}, left out: "
            f"{', '.join(unknown[:SHOWN])}{more}"
        )
    sources = Sources(archive)
    if qrels is not None:
        gold = judged_by(gold, qrels, read_qrels(qrels), sources)
    elif problems := misplaced(gold, archive):
        raise bad_gold(gold.path, problems)
    return gold, imported_run(gold, run, ranked, sources)


def _setup(archive: Archive, run: Path, qrels: Path | None) -> dict[str, Any]:
    """What the figures depend on, to be kept beside them."""
    from askpod import __version__

    about = {"askpod": __version__, "mode": f"imported from {run.name}", **archive.counts()}
    return about if qrels is None else {**about, "qrels": qrels.name}
