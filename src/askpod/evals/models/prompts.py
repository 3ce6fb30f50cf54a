"""What the questions of a gold set send to a model, found out without sending anything."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

from askpod.answering.llm_client import LanguageModel, Message, Reply
from askpod.archive import Archive
from askpod.errors import FilterError, QuestionError
from askpod.evals.gold import GoldSet
from askpod.settings import ModelSettings, Settings

Prompt = tuple[Message, ...]


def prompts_of(gold: GoldSet, store: Path | None, settings: Settings) -> tuple[Prompt, ...]:
    """The messages for a model, each once, in the gold set's order.

    A question that is refused without asking the model has none. They depend on the model, too:
    evidence is packed by its own count of tokens.

    Raises:
        ValueError: no model in these settings.
        AskpodError: what `Archive.open` raises.
    """
    listener = _Listener(model_of(settings))
    with Archive.open(store, settings=settings, language_model=listener) as archive:
        for question in gold.questions:
            only = {"episode": question.episode} if question.episode else None
            with suppress(_Heard, QuestionError, FilterError):
                archive.ask(question.question, filters=only)
    return tuple(dict.fromkeys(listener.heard))


def model_of(settings: Settings) -> ModelSettings:
    """The model of settings that must name one. Raises ValueError where they do not."""
    if settings.model is None:
        raise ValueError("no model in these settings")
    return settings.model


class _Heard(Exception):
    """The model has what it would be sent; no answer is needed."""


class _Listener(LanguageModel):
    """Takes down what it is asked, and answers nothing."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self.heard: list[Prompt] = []

    def stream(self, messages: Sequence[Message]) -> Generator[str | Reply, None, None]:
        self.heard.append(tuple(messages))
        raise _Heard
