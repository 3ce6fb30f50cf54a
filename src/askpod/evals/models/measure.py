"""Measures one model: its replies one at a time, several at a time, and how good they are.

Quality is what `askpod eval run` would find, over the replies that came one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from askpod.answering.llm_client import LanguageModel, Message, Reply, Schema
from askpod.archive import Archive
from askpod.errors import ContextTooLong
from askpod.evals.gold import GoldSet
from askpod.evals.intervals import Interval
from askpod.evals.models import (
    LEVELS,
    WARM_UP,
    Estimate,
    Load,
    ModelFigures,
    Prompt,
    estimate,
    figures,
    model_of,
    prompts_at,
    prompts_of,
    send,
)
from askpod.evals.records import summarise
from askpod.evals.report.models import models_report
from askpod.evals.run import RunSettings, make_folder, run_gold, setup
from askpod.files import writable
from askpod.settings import ModelSettings, Settings

FIGURES = "models.json"
REPORT = "models.html"
UNWRITTEN = "cannot be written", "name another with --out"

Progress = Callable[[int, int], None]  # requests done, and how many there are


def quality(
    gold: GoldSet, store: Path | None, settings: Settings, load: Load
) -> Mapping[str, Interval]:
    """The figures that `askpod eval run` gives, by the measures' names.

    A request of `load` that failed in passing is made again, with the patience of the settings,
    as `ask` would: a busy service shows in its error rate, not in how good its answers are.
    """
    model = _Remembering(model_of(settings), load)
    with Archive.open(store, settings=settings, language_model=model) as archive:
        run = run_gold(gold, archive, RunSettings(parallel=1))
        about = setup(archive, settings, retrieval_only=False)
    return summarise(run.records, gold.name, about).figures["all"]["all"]


class _Remembering(LanguageModel):
    """A model that has answered most of what it will be asked."""

    def __init__(self, settings: ModelSettings, load: Load) -> None:
        super().__init__(settings)
        self._known = {each.prompt.messages: each for each in load.sent}
        self._silent = load.failed == len(load.sent)  # to ask again would take long and be in vain

    def stream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[str | Reply, None, None]:
        known = self._known.get(tuple(messages))
        if known is not None and known.reply is not None:
            yield from (known.reply.text, known.reply)
            return
        if known is not None and known.error is not None:
            lasting = isinstance(known.error, ContextTooLong) or not known.error.retryable
            if lasting or self._silent:
                raise known.error
        with closing(super().stream(messages, schema)) as items:
            yield from items


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that is to be measured, and what it will be sent."""

    settings: Settings
    prompts: tuple[Prompt, ...]

    @classmethod
    def of(cls, gold: GoldSet, store: Path | None, settings: Settings) -> Candidate:
        """Makes the prompts. Nothing is sent. Raises what `prompts_of` raises.

        No model is asked for words to search for, so that a question is one request: its answer's.
        """
        settings = replace(settings, rewrite="off")
        return cls(settings, prompts_of(gold, store, settings))

    @property
    def model(self) -> ModelSettings:
        """The model that is measured."""
        return model_of(self.settings)

    @property
    def estimate(self) -> Estimate:
        """How many requests `measure` makes, and their cost."""
        return estimate(self.model, self.prompts)


def measure(
    gold: GoldSet, store: Path | None, candidate: Candidate, progress: Progress | None = None
) -> ModelFigures:
    """One model's figures. Requests that fail are counted and stop nothing.

    A model that gives no reply at all one at a time is not asked several at a time.

    Raises:
        AskpodError: what stops all questions, such as a damaged archive.
    """
    loads = _loads(candidate, progress)
    scores = quality(gold, store, candidate.settings, loads[0])
    return figures(candidate.model, len(gold.questions), loads, scores)


def write_models(folder: Path, gold: str, measured: Sequence[ModelFigures]) -> None:
    """Writes `models.json` and `models.html` of at least one model.

    Raises:
        StoreUnwritable: they cannot be written.
    """
    whole = {"gold": gold, "models": [each.to_dict() for each in measured]}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    make_folder(folder, UNWRITTEN)
    with writable(folder, *UNWRITTEN):
        (folder / FIGURES).write_text(f"{text}\n", encoding="utf-8")
        (folder / REPORT).write_text(models_report(gold, measured), encoding="utf-8")


def _loads(candidate: Candidate, progress: Progress | None) -> list[Load]:
    # What takes long once, and is nobody's latency: the client's own code here, a connection,
    # and at some services the model itself, which is loaded when it is first asked.
    import_module("askpod.answering.llm_endpoint")
    total = candidate.estimate.requests
    model = LanguageModel(replace(candidate.model, patience=0.0))
    loads: list[Load] = []
    before = 0

    def finished(done: int) -> None:
        if progress is not None:
            progress(before + done, total)

    with closing(model):
        send(model, candidate.prompts[:WARM_UP], 1)
        before = WARM_UP
        for level in LEVELS:
            loads.append(send(model, prompts_at(level, candidate.prompts), level, finished))
            before += len(loads[-1].sent)
            if loads[0].failed == len(loads[0].sent):
                break
    return loads
