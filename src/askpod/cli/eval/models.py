"""`askpod eval models`: models side by side, by quality, seconds, throughput and cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from askpod.cli import options
from askpod.cli.eval.run import RUNS, Gold, questions_bar
from askpod.cli.output import console, note, print_json
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.evals.gold import GoldSet
    from askpod.evals.models import Candidate, ModelFigures

FOLDER = "models"  # within the gold set's

Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="A model to measure; give it for each one."),
]
Out = Annotated[Path | None, options.out(f"Where to write, else {RUNS}/GOLD/{FOLDER}.")]


def models(
    gold: Gold,
    *,
    model: Models = None,
    base_url: options.BaseUrl = None,
    out: Out = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Measure models side by side: quality, speed, errors, cost."""
    from askpod.evals.gold import load_gold
    from askpod.evals.models import announced, estimate
    from askpod.evals.run import make_folder

    questions = load_gold(gold).alone()
    candidates = _candidates(questions, model or [], base_url, store)
    folder = out or RUNS / questions.name / FOLDER
    make_folder(folder)
    note(announced({each.model.name: estimate(each.model, each.prompts) for each in candidates}))
    measured = _measured(questions, store, candidates, folder)
    _show(measured, folder, as_json=as_json)
    if any(not each.latency for each in measured):
        raise typer.Exit(1)


def _candidates(
    gold: GoldSet, names: list[str], base_url: str | None, store: Path | None
) -> list[Candidate]:
    """The models with what they will be sent, after the gold set is held against the archive."""
    from askpod.archive import Archive
    from askpod.evals.gold import require_all
    from askpod.evals.models import Candidate
    from askpod.settings import Settings

    wanted: list[str | None] = [*dict.fromkeys(names)] or [None]
    settings = [Settings.load({"model": name, "base_url": base_url}) for name in wanted]
    if settings[0].model is None:
        raise typer.BadParameter("name the models to measure, with --model for each")
    with Archive.open(store, settings=settings[0], notify=note) as archive:
        require_all(gold, archive)
    return [Candidate.of(gold, store, each) for each in settings]


def _measured(
    gold: GoldSet, store: Path | None, candidates: list[Candidate], folder: Path
) -> list[ModelFigures]:
    """Measures one model after the other; what is finished is written before the next begins."""
    from askpod.evals.models import measure
    from askpod.evals.report.models import FIGURES, write_models

    measured: list[ModelFigures] = []
    for candidate in candidates:
        name = candidate.model.name
        try:
            with questions_bar(name, "requests") as progress:
                measured.append(measure(gold, store, candidate, progress))
        except KeyboardInterrupt:
            kept = f"; those before it are in {folder / FIGURES}" if measured else ""
            note(f"\nthe figures of {name} are lost{kept}")
            raise
        write_models(folder, gold.name, measured)
    return measured


def _show(measured: list[ModelFigures], folder: Path, *, as_json: bool) -> None:
    from askpod.evals.report.models import FIGURES, REPORT, tables

    if as_json:
        import json

        print_json(json.loads((folder / FIGURES).read_text(encoding="utf-8")))
        return
    for table in tables(measured):
        console().print(table)
        console().print()
    console().print(f"report: {visible(str(folder / REPORT))}", soft_wrap=True)
    for each in measured:
        for problem in each.problems:
            note(f"{each.model}: {problem}")
