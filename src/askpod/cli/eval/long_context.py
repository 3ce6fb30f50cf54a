"""`askpod eval long-context`: up to which length of prompt a model can be trusted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import askpod
from askpod.cli import options
from askpod.cli.eval.run import KEPT, REPLIES, RUNS, Gold, Out, Parallel, questions_bar
from askpod.cli.output import console, counted, note, print_json
from askpod.text import visible

if TYPE_CHECKING:
    from askpod.evals.long_context.prompt_maker import PromptMaker
    from askpod.evals.long_context.results import Result
    from askpod.evals.long_context.run import Plan

DEFAULT_LENGTHS = "4k,8k,16k,32k,64k,128k"
DEFAULT_QUESTIONS = 24
MANY = 5_000_000  # tokens of all prompts together, from which on it is asked first


def long_context(
    gold: Gold,
    *,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    lengths: Annotated[
        str, typer.Option("--lengths", metavar="LIST", help="Tokens of the whole prompts.")
    ] = DEFAULT_LENGTHS,
    factors_at: Annotated[
        str | None,
        typer.Option(
            "--factors-at",
            metavar="LENGTH",
            help="Vary the instruction's place, the formatting and the other episodes at this one "
            "of the lengths, or at 'none'; else at all.",
        ),
    ] = None,
    questions: Annotated[
        int, typer.Option("--questions", metavar="N", min=1, help="How many are sampled.")
    ] = DEFAULT_QUESTIONS,
    parallel: Parallel = 4,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send many million tokens without asking first.")
    ] = False,
    out: Out = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Find the prompt length at which a model gives way.

    The same questions are asked over ever longer transcripts.
    """
    from askpod.answering.prompts import Prompts
    from askpod.evals.gold import load_gold, require_all
    from askpod.evals.long_context import ARMS, BASE, parse_lengths
    from askpod.evals.long_context.prompt_maker import PromptMaker
    from askpod.evals.long_context.results import write_document
    from askpod.evals.long_context.run import make_plan
    from askpod.evals.report.long_context import FILE, long_context_report
    from askpod.evals.run import UNWRITTEN, make_folder, open_archive, run_name, setup
    from askpod.files import writable

    asked = parse_lengths(lengths)
    varied = parse_lengths(factors_at, "--factors-at") if factors_at not in (None, "none") else ()
    if len(varied) > 1 or not set(varied) <= set(asked):
        raise typer.BadParameter("name one of the --lengths", param_hint="--factors-at")
    settings = askpod.Settings.load({"model": model, "base_url": base_url})
    limits = settings.model
    if limits is None:
        raise typer.BadParameter("name the model that is to be measured", param_hint="--model")
    of = load_gold(gold).alone()
    folder = out or RUNS / of.name / run_name(settings, retrieval_only=False)
    with open_archive(store, settings, REPLIES, note) as archive:
        about = {"gold": of.name, **setup(archive, settings, retrieval_only=False)}
        require_all(of, archive)
        maker = PromptMaker(archive, Prompts(settings.prompts), limits)
        arms = (BASE,) if factors_at == "none" else ARMS
        plan = make_plan(of, maker, asked, questions, arms, varied[0] if varied else None)
        _announce(plan, limits, yes=yes)
        make_folder(folder)
        result = _measure(archive, maker, plan, limits, parallel)
    with writable(folder, *UNWRITTEN):
        whole = write_document(folder, result, about)
        page = long_context_report(result, of.name, about)
        (folder / FILE).write_text(page, encoding="utf-8")
    if as_json:
        print_json(whole)
    else:
        _show(result, folder / FILE)
    if result.failed:
        failed = f"{counted(result.failed, 'request')} failed and scored 0"
        note(f"{failed}; the same command asks them again")
        raise typer.Exit(1)


def _measure(
    archive: askpod.Archive,
    maker: PromptMaker,
    plan: Plan,
    model: askpod.ModelSettings,
    parallel: int,
) -> Result:
    from askpod.evals.asking import StoredModel
    from askpod.evals.long_context.results import make_result
    from askpod.evals.long_context.run import run_plan
    from askpod.evals.measures.facts import FactMatcher

    asked = StoredModel(model, REPLIES)
    try:
        with questions_bar(model.name, "requests", KEPT) as progress:
            outcomes = run_plan(plan, maker, asked, parallel, progress)
    finally:
        asked.close()
    return make_result(plan, outcomes, FactMatcher(archive.support_embedder))


def _announce(plan: Plan, model: askpod.ModelSettings, *, yes: bool) -> None:
    """What it takes, and why it is unusual, before anything is sent; asks if it is very much."""
    from askpod.settings import TRUSTED_WINDOW_REASON

    longest = max((condition.length for condition in plan.conditions), default=0)
    if longest > model.effective_window:
        note(
            f"the prompts go past effective_window ({model.effective_window:,}) on purpose: "
            f"{TRUSTED_WINDOW_REASON}; this finds out where it is for {model.name}"
        )
    note(plan.announced(model))
    if plan.tokens(model) > MANY and not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                "so many tokens take long and may be expensive; add --yes to send them, or ask "
                "fewer --questions at fewer --lengths"
            )
        typer.confirm("Send them?", abort=True, err=True)


def _show(result: Result, report: Path) -> None:
    from askpod.evals.report.long_context import table

    console().print(table(result))
    console().print(f"report: {visible(str(report))}", soft_wrap=True)
    for outcome in result.outcomes:
        if outcome.problem:
            note(f"{outcome.question}, {outcome.condition or 'retrieved'}: {outcome.problem}")
