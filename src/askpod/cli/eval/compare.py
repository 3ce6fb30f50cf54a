"""`askpod eval compare`: what changed between two runs; and `export`, a run for trec_eval."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from askpod.cli import options
from askpod.cli.output import console, counted, note, print_json
from askpod.text import visible

if TYPE_CHECKING:
    from rich.table import Table

    from askpod.evals.compare import Compared, Comparison

MOST_CHANGED = 10  # questions shown; --json has them all
FEW = 6  # episodes; fewer agree by chance too often: all of five do in 1 of 16 cases

FailBelow = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-below",
        metavar="NAME=VALUE",
        help="Leave with 1 if this figure of B is worse than VALUE; may be given again.",
    ),
]
FailOnLoss = Annotated[
    bool,
    typer.Option("--fail-on-loss", help="Leave with 1 if B is worse, beyond chance, by a measure."),
]


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Folder of the run to compare with.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Folder of the run to judge.")],
    *,
    fail_below: FailBelow = None,
    fail_on_loss: FailOnLoss = False,
    as_json: options.Json = False,
) -> None:
    """Compare two runs of a gold set, question by question."""
    from askpod.evals import compare as comparing

    thresholds = [comparing.threshold(text) for text in fail_below or []]
    comparison = comparing.compare(a, b)
    failures = comparing.missed(comparison, thresholds)
    if fail_on_loss:
        failures += comparing.losses(comparison)
    if as_json:
        runs = {"a": str(a), "b": str(b)}
        print_json({**runs, **asdict(comparison), "failures": failures})
    else:
        _show(comparison, a, b)
    for line in _left_out(comparison):
        note(f"note: {line}")
    for line in failures:
        note(f"failed: {line}")
    if failures:
        raise typer.Exit(1)


def _show(comparison: Comparison, a: Path, b: Path) -> None:
    screen = console()
    for name, folder in (("A", a), ("B", b)):
        screen.print(f"{name}  {visible(str(folder))}", soft_wrap=True)
    both = f"{counted(comparison.questions, 'question')} of {visible(comparison.gold)} in both"
    screen.print("; ".join([both, *_settings(comparison)]))
    screen.print()
    screen.print(_measures(comparison))
    if comparison.changed:
        screen.print(f"\nthe questions that changed most, by {comparison.headline}:")
        screen.print(_changed(comparison))


def _settings(comparison: Comparison) -> Iterator[str]:
    """Like "precision int8 → fp32", for each setting in which the runs differ."""
    a, b = comparison.setup_a, comparison.setup_b
    for name in sorted({*a, *b}):
        was, now = a.get(name, "none"), b.get(name, "none")
        if was != now:
            yield visible(f"{name} {was} → {now}")


def _measures(comparison: Comparison) -> Table:
    from askpod.evals.measures import BY_NAME
    from askpod.evals.report.tables import figures_table

    rows = figures_table("measure", "A", "B", "B − A", "95 % interval", "won/lost\n/tied")
    rows.add_column("")
    group = ""
    for name, each in comparison.measures.items():
        block = BY_NAME[name].group
        block = name.partition("@")[0] if block == "retrieval" else block
        if group and block != group:
            rows.add_row()
        group = block
        rows.add_row(name, *_row(each, digits=BY_NAME[name].digits))
    return rows


def _row(each: Compared, digits: int) -> Iterator[Any]:
    style = {"better": "green", "worse": "red", "": ""}[each.verdict]
    difference = each.difference
    between = f"{difference.low:+z.{digits}f} to {difference.high:+z.{digits}f}"
    yield f"{each.a.value:.{digits}f}"
    yield f"{each.b.value:.{digits}f}"
    yield Text(f"{difference.value:+z.{digits}f}", style)
    yield Text(between if difference.questions > 1 else "", style)
    yield f"{each.wins}/{each.losses}/{each.ties}"
    yield Text(each.verdict, style)


def _changed(comparison: Comparison) -> Table:
    from askpod.evals.report.tables import figures_table

    rows = figures_table("", "A", "B", "B − A")
    rows.add_column("question")
    for each in comparison.changed[:MOST_CHANGED]:
        figures = f"{each.a:.3f}", f"{each.b:.3f}", f"{each.difference:+z.3f}"
        question = Text(visible(" ".join(each.question.split())))
        rows.add_row(Text(visible(each.id), overflow="fold"), *figures, question)
    return rows


def _left_out(comparison: Comparison) -> Iterator[str]:
    """What the comparison does not cover, and when not to lean on it."""
    for name, ids in (("A", comparison.only_in_a), ("B", comparison.only_in_b)):
        if ids:
            yield f"{counted(len(ids), 'question')} only in {name}, left out: {', '.join(ids)}"
    if comparison.unshared:
        yield f"measured in one run only, left out: {', '.join(comparison.unshared)}"
    clusters = max(each.difference.clusters for each in comparison.measures.values())
    if clusters < FEW:
        yield (
            f"the questions are about {counted(clusters, 'episode')}; "
            f"with fewer than {FEW} the intervals say little"
        )


TAG = "askpod"


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    *,
    out: Annotated[Path | None, options.out("Folder of the files, else RUN.")] = None,
    as_json: options.Json = False,
) -> None:
    """Write a run for trec_eval, to check the ranking measures."""
    from askpod.evals.compare import write_trec
    from askpod.evals.records import read_records

    written = write_trec(out or run, read_records(run), TAG)
    if as_json:
        print_json({"files": [{"path": str(path), "lines": written[path]} for path in written]})
        return
    for path, lines in written.items():
        console().print(f"{visible(str(path))}: {counted(lines, 'line')}", soft_wrap=True)
    ranked, judged = (shlex.quote(str(path)) for path in written)
    check = f"trec_eval -c -m success.1,5 -m recip_rank -m ndcg_cut.10 {judged} {ranked}"
    console().print(f"to check it: {visible(check)}", soft_wrap=True)
