"""`askpod eval check`, `run` and `models`: a gold set is checked, asked, scored and reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

import askpod
from askpod.cli import options
from askpod.cli.output import console, counted, note, print_json, progress_bar
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.evals.gold import GoldQuestion, GoldSet
    from askpod.evals.models import ModelFigures
    from askpod.evals.records import Summary
    from askpod.evals.run import Run, RunSettings


Gold = Annotated[Path, typer.Argument(metavar="GOLD", help="A gold set: YAML.")]


def check(gold: Gold, *, store: options.Store = None, as_json: options.Json = False) -> None:
    """Name the bad rows of a gold set, and say what it holds."""
    from askpod.evals.gold import misplaced, read_gold

    rows, problems = read_gold(gold)
    with askpod.Archive.open(store, notify=note) as archive:
        problems = sorted([*problems, *misplaced(rows, archive)], key=lambda each: each.line)
    held = _held(rows.questions)
    if as_json:
        print_json({"gold": rows.name, **held, "problems": [asdict(each) for each in problems]})
    else:
        for problem in problems:
            console().print(visible(f"{gold}:{problem}"))
        console().print(_sentence(rows.name, held))
    if problems:
        raise typer.Exit(1)


def _held(questions: Sequence[GoldQuestion]) -> dict[str, Any]:
    unanswerable = sum(not question.answerable for question in questions)
    return {
        "questions": len(questions),
        "types": dict(Counter(question.type for question in questions).most_common()),
        "unanswerable": unanswerable,
        "episodes": len({each.episode for question in questions for each in question.evidence}),
    }


def _sentence(name: str, held: dict[str, Any]) -> str:
    """Like "dtc-dev: 64 questions (29 single, …), 9 % unanswerable, evidence in 41 episodes"."""
    types = ", ".join(f"{number:,} {visible(type_)}" for type_, number in held["types"].items())
    share = held["unanswerable"] / max(1, held["questions"])
    return (
        f"{visible(name)}: {counted(held['questions'], 'question')}"
        f"{f' ({types})' if types else ''}, {share:.0%} unanswerable, "
        f"evidence in {counted(held['episodes'], 'episode')}"
    )


RUNS = Path("evals", "runs")
REPLIES = RUNS / "replies"
KEPT = f"the replies so far are kept in {REPLIES}; the same command goes on there"
MOST_NAMED = 10  # problems that are shown

Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME", help="Let this model write; may be given again."),
]
Parallel = Annotated[
    int, typer.Option("--parallel", metavar="N", min=1, help="Questions asked at a time.")
]
Out = Annotated[Path | None, options.out(f"Folder of the run, else one in {RUNS}/ named after it.")]


class Finished(NamedTuple):
    """A run that was written."""

    name: str
    folder: Path
    run: Run
    summary: Summary


def run(
    gold: Gold,
    *,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Measure the search alone; ask no model.")
    ] = False,
    model: Models = None,
    base_url: options.BaseUrl = None,
    parallel: Parallel = 4,
    out: Out = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Ask the questions of a gold set, score the answers, report."""
    from askpod.evals.gold import load_gold
    from askpod.evals.run import RunSettings

    if retrieval_only and model:
        raise typer.BadParameter("--retrieval-only asks no model; leave --model out")
    questions = load_gold(gold)
    how = RunSettings(retrieval_only, parallel)
    planned = _planned(_each_model(model, base_url), out, RUNS / questions.name, how)
    finished = [
        _run(questions, settings, how, folder, store) for folder, settings in planned.items()
    ]
    if as_json:
        print_json({"runs": [_as_dict(each) for each in finished]})
    else:
        for each in finished:
            _show(each)
        if len(finished) > 1:
            from askpod.evals.report.tables import side_by_side

            console().print(side_by_side({each.name: each.summary for each in finished}))
    for each in finished:
        _note_failures(each)
    if any(each.run.failed for each in finished):
        raise typer.Exit(1)


def _each_model(names: list[str] | None, base_url: str | None) -> list[askpod.Settings]:
    """The settings with each of the models; those of the environment where none is named."""
    wanted: list[str | None] = [*dict.fromkeys(names or [])] or [None]
    return [askpod.Settings.load({"model": name, "base_url": base_url}) for name in wanted]


def _planned(
    settings: list[askpod.Settings], out: Path | None, usual: Path, how: RunSettings
) -> dict[Path, askpod.Settings]:
    from askpod.evals.run import run_name

    planned: dict[Path, askpod.Settings] = {}
    for each in settings:
        name = run_name(each, retrieval_only=how.retrieval_only)
        folder = out if out and len(settings) == 1 else (out or usual) / name
        if folder in planned:
            raise typer.BadParameter(f"two of the models would share the folder {folder}")
        planned[folder] = each
    return planned


def _run(
    gold: GoldSet, settings: askpod.Settings, how: RunSettings, folder: Path, store: Path | None
) -> Finished:
    from askpod.evals.gold import require_all
    from askpod.evals.run import make_folder, open_archive, run_gold, run_name, setup, write_run

    name = run_name(settings, retrieval_only=how.retrieval_only)
    with open_archive(store, settings, REPLIES, note) as archive:
        require_all(gold, archive)
        make_folder(folder)
        about = setup(archive, settings, retrieval_only=how.retrieval_only)
        with questions_bar(name, stopped=KEPT if "model" in about else "") as progress:
            run = run_gold(gold, archive, how, progress)
    return Finished(name, folder, run, write_run(folder, run, gold, about))


@contextmanager
def questions_bar(
    name: str, of: str = "questions", stopped: str = ""
) -> Iterator[Callable[[int, int], None]]:
    """A progress bar for what asks questions; `stopped` is said on Ctrl-C."""
    try:
        with progress_bar(name) as bar:
            yield lambda done, total: bar(done, total, f"{done}/{total} {of}")
    except KeyboardInterrupt:
        if stopped:
            note(f"\n{stopped}")
        raise


def _show(finished: Finished) -> None:
    from askpod.evals.records import REPORT
    from askpod.evals.report.tables import basis_table, slices_table, table

    for make in (table, slices_table, basis_table):
        if (made := make(finished.summary)) is not None:
            console().print(made)
            console().print()
    console().print(_took(finished.run))
    console().print(f"report: {visible(str(finished.folder / REPORT))}", soft_wrap=True)


def _note_failures(finished: Finished) -> None:
    problems = [
        f"{record.id}: {problem}" for record in finished.run.records for problem in record.problems
    ]
    for line in problems[:MOST_NAMED]:
        note(line)
    if len(problems) > MOST_NAMED:
        note(f"and {len(problems) - MOST_NAMED:,} more, which the report has")
    if problems:
        failed = f"{counted(finished.run.failed, 'question')} failed and scored 0"
        note(f"{finished.name}: {failed}; the same command asks them again")


def _took(run: Run) -> str:
    """Like "retrieval 0.03 s (p95 0.05), model 1.20 s (p95 3.10), 120,000 tokens in, 3,000 out"."""
    from askpod.evals.records import figures

    took = figures(run.timings)
    parts = [
        f"{label} {took[key]['p50']:.2f} s (p95 {took[key]['p95']:.2f})"
        for label, key in (
            ("retrieval", "retrieval_seconds"),
            ("first text", "first_text_seconds"),
            ("model", "model_seconds"),
        )
        if took[key] is not None
    ]
    if took["model_seconds"] is not None:
        cost = "price unknown" if took["cost"] is None else f"${took['cost']:.4f}"
        into, out = took["prompt_tokens"], took["completion_tokens"]
        parts += [f"{into:,} tokens in, {out:,} out", cost]
    return ", ".join(parts)


def _as_dict(finished: Finished) -> dict[str, Any]:
    from askpod.evals.records import figures

    return {
        "name": finished.name,
        "folder": str(finished.folder),
        "failed": finished.run.failed,
        "timings": figures(finished.run.timings),
        "summary": asdict(finished.summary),
    }


FOLDER = "models"  # within the gold set's

ModelsOut = Annotated[Path | None, options.out(f"Where to write, else {RUNS}/GOLD/{FOLDER}.")]


def models(
    gold: Gold,
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="A model to measure; give it for each one."),
    ] = None,
    base_url: options.BaseUrl = None,
    out: ModelsOut = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Measure models side by side: quality, speed, errors, cost."""
    from askpod.evals.gold import load_gold, require_all
    from askpod.evals.models import Candidate, announced, estimate, measure
    from askpod.evals.report.models import FIGURES, write_models
    from askpod.evals.run import make_folder

    questions = load_gold(gold).alone()
    settings = _each_model(model, base_url)
    if settings[0].model is None:
        raise typer.BadParameter("name the models to measure, with --model for each")
    with askpod.Archive.open(store, settings=settings[0], notify=note) as archive:
        require_all(questions, archive)
    candidates = [Candidate.of(questions, store, each) for each in settings]
    folder = out or RUNS / questions.name / FOLDER
    make_folder(folder)
    note(announced({each.model.name: estimate(each.model, each.prompts) for each in candidates}))
    measured: list[ModelFigures] = []
    for candidate in candidates:
        name = candidate.model.name
        kept = f"; those before it are in {folder / FIGURES}" if measured else ""
        stopped = f"the figures of {name} are lost{kept}"
        with questions_bar(name, "requests", stopped) as progress:
            measured.append(measure(questions, store, candidate, progress))
        whole = write_models(folder, questions.name, measured)  # before the next one begins
    if as_json:
        print_json(whole)
    else:
        _show_models(measured, folder)
    if any(not each.latency for each in measured):
        raise typer.Exit(1)


def _show_models(measured: list[ModelFigures], folder: Path) -> None:
    from askpod.evals.report.models import REPORT, tables

    for table in tables(measured):
        console().print(table)
        console().print()
    console().print(f"report: {visible(str(folder / REPORT))}", soft_wrap=True)
    for each in measured:
        for problem in each.problems:
            note(f"{each.model}: {problem}")
