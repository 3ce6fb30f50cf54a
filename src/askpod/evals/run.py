"""Runs a gold set over an archive, several questions at a time, and writes the run's folder."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast

from askpod import __version__
from askpod.answering.llm_answer import FALLBACK
from askpod.answering.rewriting import standalone
from askpod.archive import Archive
from askpod.errors import FilterError, ModelError, QuestionError
from askpod.evals.asking import StoredModel, ending_of, in_order
from askpod.evals.gold import GoldQuestion, GoldSet, Sources
from askpod.evals.records import (
    REPORT,
    Record,
    Summary,
    Timing,
    summarise,
    write_records,
    write_summary,
    write_timings,
)
from askpod.evals.report.run import run_report
from askpod.evals.scoring import Outcome, Scorers, record
from askpod.files import writable
from askpod.model import Answer, Exchange
from askpod.services.endpoints import service_of
from askpod.settings import Settings

RETRIEVAL = "retrieval"
EXTRACTIVE = "extractive"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

# Far more than the largest budget of words takes: a passage has about a hundred.
TOP = 100

UNWRITTEN = "the run cannot be written", "make room, or name another folder (--out)"

OF_ONE_QUESTION = (QuestionError, FilterError, ModelError)  # the others may fare better


def run_name(settings: Settings, *, retrieval_only: bool) -> str:
    """What a run is called: its model, made safe for a folder, or what answers in its place."""
    if retrieval_only:
        return RETRIEVAL
    if settings.model is None:
        return EXTRACTIVE
    return _UNSAFE.sub("-", settings.model.name).strip(".-") or "model"


def open_archive(
    store: Path | None, settings: Settings, replies: Path, notify: Callable[[str], None]
) -> Archive:
    """The archive, its model's replies kept in the folder `replies`. Raises what `open` does."""
    model = StoredModel(settings.model, replies) if settings.model else None
    return Archive.open(store, settings=settings, notify=notify, language_model=model)


def setup(archive: Archive, settings: Settings, *, retrieval_only: bool) -> dict[str, Any]:
    """All that a run's figures depend on, to be kept beside them. No key, no path, no clock."""
    about: dict[str, Any] = {
        "askpod": __version__,
        "mode": RETRIEVAL if retrieval_only else EXTRACTIVE,
        "embedder": settings.embedder,
        "precision": settings.precision,
        "chunking": settings.chunking.signature,
        **archive.counts(),
    }
    model = settings.model
    if retrieval_only or model is None:
        return about
    return {
        **about,
        "mode": "llm",
        "model": model.name,
        "service": service_of(model.name, model.base_url),
        "context_tokens": model.context_tokens,
        "effective_window": model.effective_window,
        "answer_tokens": model.answer_tokens,
        "unsupported": settings.unsupported,
        "rewrite": settings.rewrite,
    }


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a gold set is run."""

    retrieval_only: bool = False
    parallel: int = 4  # questions at a time


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it. Both are in the gold set's order."""

    records: tuple[Record, ...]
    timings: tuple[Timing, ...]

    @property
    def failed(self) -> int:
        """Questions with which something went wrong."""
        return sum(bool(record.problems) for record in self.records)


def run_gold(
    gold: GoldSet,
    archive: Archive,
    settings: RunSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Asks every question and scores it. `progress` is told how many of how many are done.

    A question that fails has a problem in its record and scores 0; the others go on. Scores depend
    on the archive, the gold set and the replies only, not on `parallel`. Raises AskpodError: what
    stops all questions, such as a damaged archive.
    """
    sources = Sources(archive)
    scorers = None if settings.retrieval_only else Scorers.of(archive.support_embedder)

    first = gold.questions[0]
    with suppress(*OF_ONE_QUESTION):  # loads what no question's seconds should hold
        archive.search(first.question, top=1, episode=first.episode)
    ask = partial(_ask, archive, retrieval_only=settings.retrieval_only)
    records, timings = [], []
    with closing(in_order(ask, gold.questions, settings.parallel, progress)) as asked:
        for question, (outcome, timing) in zip(gold.questions, asked, strict=True):
            records.append(record(question, outcome, sources, scorers))
            timings.append(timing)
    return Run(tuple(records), tuple(timings))


def write_run(folder: Path, run: Run, gold: GoldSet, setup: Mapping[str, Any]) -> Summary:
    """Writes a run's folder (see records.py). Raises StoreUnwritable.

    `setup` says what was run; it must be JSON.
    """
    make_folder(folder)
    summary = summarise(run.records, gold.name, setup)
    report = run_report(summary, run.records)
    with writable(folder, *UNWRITTEN):
        write_records(folder, run.records)
        write_summary(folder, summary)
        write_timings(folder, run.timings)
        (folder / REPORT).write_text(report, encoding="utf-8")
    return summary


def make_folder(folder: Path) -> None:
    """Makes a run's folder: done before any question is paid for. Raises StoreUnwritable."""
    with writable(folder, *UNWRITTEN):
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()


def _ask(
    archive: Archive, question: GoldQuestion, unwanted: threading.Event, *, retrieval_only: bool
) -> tuple[Outcome, Timing]:
    asked, answer = question.question, None
    began = time.perf_counter()
    try:
        history = _history(archive, question, unwanted, retrieval_only=retrieval_only)
        if not retrieval_only:
            answer = _answer(archive, question, asked, history, unwanted)
        if answer and history:  # what it was understood as, only the archive knows
            passages = answer.passages
        else:
            wanted = standalone(asked, history)
            passages = tuple(archive.search(wanted, top=TOP, episode=question.episode))
    except OF_ONE_QUESTION as error:
        answer = None if retrieval_only else _no_answer(asked)
        return Outcome((), answer, (str(error),)), Timing(question.id, 0.0)
    if answer is None:
        return Outcome(passages), Timing(question.id, time.perf_counter() - began)
    problems = tuple(each for each in answer.warnings if each.startswith(FALLBACK))
    usage = answer.usage
    seconds = usage.retrieval_seconds, usage.model_seconds or None, usage.first_text_seconds
    spent = usage.prompt_tokens, usage.completion_tokens, usage.cost
    return Outcome(passages, answer, problems), Timing(question.id, *seconds, *spent)


def _history(
    archive: Archive, question: GoldQuestion, unwanted: threading.Event, *, retrieval_only: bool
) -> tuple[Exchange, ...]:
    """The conversation before a follow-up. Of the search alone the questions stand in it only."""
    history: tuple[Exchange, ...] = ()
    for asked in question.history:
        answer = _no_answer(asked)
        if not retrieval_only:
            answer = _answer(archive, question, asked, history, unwanted)
        history = (*history, Exchange(asked, answer))
    return history


def _answer(
    archive: Archive,
    question: GoldQuestion,
    asked: str,
    history: tuple[Exchange, ...],
    unwanted: threading.Event,
) -> Answer:
    only = {"episode": question.episode} if question.episode else None
    stream = cast(
        "Generator[str | Answer]", archive.ask_stream(asked, history=history, filters=only)
    )
    return ending_of(stream, Answer, unwanted)


def _no_answer(question: str) -> Answer:
    """What stands in the place of an answer that was not asked for: nothing, which scores 0."""
    return Answer(question, "", (), (), refused=False, mode="extractive")
