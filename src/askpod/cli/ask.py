"""`askpod ask` and `askpod search`: an answer with its sources, or the passages alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

import askpod
from askpod.cli import options
from askpod.cli.output import (
    StreamedText,
    console,
    linked,
    note,
    on_terminal,
    print_json,
    show,
    show_url,
)
from askpod.model import MOST_PASSAGES, Answer, Filters, Passage
from askpod.text import visible
from askpod.times import clock

LEADS = 3  # passages offered with a refusal


@options.with_filters
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What you want to know.")],
    *,
    store: options.Store = None,
    filters: Filters,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Answer a question from what was said. Each statement carries its second."""
    settings = askpod.Settings.load({"model": model, "base_url": base_url})
    with askpod.Archive.open(store, settings=settings, notify=note) as archive:
        if as_json:
            print_json(archive.ask(question, filters=filters).to_dict())
            return
        answer = show_stream(archive.ask_stream(question, filters=filters))
    show_ending(answer)
    if verbose:
        note(figures(answer))
    if settings.model is None and answer.citations:
        note("note: no model is configured, so these are quotations; ASKPOD_MODEL names one")


def show_stream(items: Iterator[str | Answer], flow: StreamedText | None = None) -> Answer:
    """Shows an answer as it comes; of one that broke off, the Answer made in its place."""
    from askpod.answering.refusal import in_its_place

    flow = flow or StreamedText()
    for item in items:
        if isinstance(item, str):
            flow.write(item)
            continue
        if item.text != flow.text:
            flow.write(in_its_place(item.text) if flow.text else item.text)
        flow.end()
        return item
    raise AssertionError("a stream of an answer ends with the Answer")


def show_ending(answer: Answer) -> None:
    """What stands below an answer: its sources, or a refusal's leads; then its warnings."""
    if answer.citations:
        console().print()
        show_sources(answer)
    elif answer.passages:
        _show_leads(answer)
    for warning in answer.warnings:
        note(f"note: {warning}")


def figures(answer: Answer) -> str:
    """What an answer took, in one line."""
    usage = answer.usage
    retrieval = f"retrieval {usage.retrieval_seconds:.2f} s"
    if answer.mode != "llm":
        return retrieval
    tokens = f"{usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out"
    cost = "price unknown" if usage.cost is None else f"${usage.cost:.5f}"
    return f"{answer.model}: {tokens}, {cost}, {retrieval}, model {usage.model_seconds:.2f} s"


def show_sources(answer: Answer) -> None:
    """The citations of an answer: number, time, speaker, title, link."""
    for citation in answer.citations:
        when = linked(clock(citation.start), citation.url, "cyan")
        who = Text(f"{visible(citation.speaker)}  " if citation.speaker else "", "green")
        what = Text.assemble(when, "  ", who, visible(citation.title))
        number = Text(f"[{citation.number}] ", "bold")
        show(number, what)
        show_url(citation.url, number.cell_len)


def _show_leads(answer: Answer) -> None:
    console().print("\nThe nearest passages, in case they help:")
    for passage in answer.passages[:LEADS]:
        when = linked(f"{clock(passage.start):>9}", passage.url, "cyan")
        where = Text(f"  › {visible(passage.section)}" if passage.section else "", "dim")
        what = Text.assemble(visible(passage.title), where)
        show(when.append("  "), what)
        show_url(passage.url, when.cell_len)


@options.with_filters
def search(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to look for.")],
    *,
    top: Annotated[
        int, typer.Option("--top", min=1, max=MOST_PASSAGES, help="How many passages.")
    ] = 10,
    store: options.Store = None,
    filters: Filters,
    as_json: options.Json = False,
) -> None:
    """Find the passages that speak of something."""
    with askpod.Archive.open(store, notify=note) as archive:
        passages = archive.search(question, top=top, **asdict(filters))
        nothing = () if passages else archive.unmatched(filters)
    for line in nothing:
        note(f"note: {line}")
    if as_json:
        print_json([passage.to_dict() for passage in passages])
        return
    if not passages and not nothing:
        note("nothing found; `askpod episodes` lists what the archive holds")
    for number, passage in enumerate(passages, start=1):
        _show_passage(number, passage)


def _show_passage(number: int, passage: Passage) -> None:
    when = clock(passage.start)
    when = when if passage.end is None else f"{when}–{clock(passage.end)}"
    title = Text(f"  {visible(passage.title)}", "bold")
    where = Text(f"  › {visible(passage.section)}" if passage.section else "", "dim")
    head = Text.assemble(linked(when, passage.url, "cyan"), title, where)
    show(Text(f"{number:>2}. ", "bold"), head)
    margin = Text("    ")
    for span in passage.spans:
        who = Text(f"{visible(span.speaker)}: " if span.speaker else "", "green")
        show(margin, Text.assemble(who, visible(span.text)))
    if not on_terminal():  # there the time is the link
        show_url(passage.url, margin.cell_len)
    console().print()
