"""`askpod eval export`: a run and its judgements in the formats of trec_eval."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from askpod.cli import options
from askpod.cli.output import console, counted, harmless, print_json

TAG = "askpod"


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the files, else RUN.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a run for trec_eval, to check the ranking measures."""
    from askpod.evals.records import read_records
    from askpod.evals.trec import write_trec

    written = write_trec(out or run, read_records(run), TAG)
    if as_json:
        print_json({"files": [{"path": str(path), "lines": written[path]} for path in written]})
        return
    for path, lines in written.items():
        console().print(f"{harmless(str(path))}: {counted(lines, 'line')}", soft_wrap=True)
    ranked, judged = (shlex.quote(str(path)) for path in written)
    check = f"trec_eval -c -m success.1,5 -m recip_rank -m ndcg_cut.10 {judged} {ranked}"
    console().print(f"to check it: {harmless(check)}", soft_wrap=True)
