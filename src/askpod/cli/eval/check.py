"""`askpod eval check`: the rows of a gold set that cannot be used, and what the others hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askpod.cli import options
from askpod.cli.output import console, counted, harmless, note, print_json

if TYPE_CHECKING:
    from askpod.evals.gold import GoldQuestion

Gold = Annotated[Path, typer.Argument(metavar="GOLD", help="A gold set: YAML.")]


def check(
    gold: Gold,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Name the bad rows of a gold set, and say what it holds."""
    from askpod.archive import Archive
    from askpod.evals.gold import read_gold
    from askpod.evals.sources import misplaced

    rows, problems = read_gold(gold)
    with Archive.open(store, notify=note) as archive:
        problems = sorted([*problems, *misplaced(rows, archive)], key=lambda each: each.line)
    held = _held(rows.questions)
    if as_json:
        print_json({"gold": rows.name, **held, "problems": [asdict(each) for each in problems]})
    else:
        for problem in problems:
            console().print(harmless(f"{gold}:{problem}"))
        console().print(_sentence(rows.name, held))
    if problems:
        raise typer.Exit(1)


def _held(questions: Sequence[GoldQuestion]) -> dict[str, Any]:
    """What can be said of questions in a line."""
    unanswerable = sum(not question.answerable for question in questions)
    return {
        "questions": len(questions),
        "types": dict(Counter(question.type for question in questions).most_common()),
        "unanswerable": unanswerable,
        "episodes": len({each.episode for question in questions for each in question.evidence}),
    }


def _sentence(name: str, held: dict[str, Any]) -> str:
    """ "dtc-dev: 64 questions (29 single, …), 9 % unanswerable, evidence in 41 episodes"."""
    types = ", ".join(f"{number:,} {harmless(type_)}" for type_, number in held["types"].items())
    share = held["unanswerable"] / max(1, held["questions"])
    return (
        f"{harmless(name)}: {counted(held['questions'], 'question')}"
        f"{f' ({types})' if types else ''}, {share:.0%} unanswerable, "
        f"evidence in {counted(held['episodes'], 'episode')}"
    )
