"""How good a model's answers are: an eval's run over replies that are there already."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from askpod.answering.llm_client import LanguageModel, Message, Reply
from askpod.archive import Archive
from askpod.errors import ContextTooLong
from askpod.evals.gold import GoldSet
from askpod.evals.intervals import Interval
from askpod.evals.models.load import Load
from askpod.evals.models.prompts import model_of
from askpod.evals.running import RunSettings, run_gold
from askpod.evals.setups import setup
from askpod.evals.summary import summarise
from askpod.settings import ModelSettings, Settings


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
        self._known = {each.prompt: each for each in load.sent}
        self._silent = load.failed == len(load.sent)  # to ask again would take long and be in vain

    def stream(self, messages: Sequence[Message]) -> Generator[str | Reply, None, None]:
        known = self._known.get(tuple(messages))
        if known is not None and known.reply is not None:
            yield from (known.reply.text, known.reply)
            return
        if known is not None and known.error is not None:
            lasting = isinstance(known.error, ContextTooLong) or not known.error.retryable
            if lasting or self._silent:
                raise known.error
        with closing(super().stream(messages)) as items:
            yield from items
