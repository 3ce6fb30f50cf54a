"""The requests that a gold set makes to a model: the prompts, their cost, how they are sent.

Each is tried once: who tries again hides how often a service fails, and what it takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from askpod.answering.llm_client import LanguageModel, Message, Reply, Schema
from askpod.archive import Archive
from askpod.errors import FilterError, ModelError, QuestionError
from askpod.evals.asking import in_order
from askpod.evals.gold import GoldSet
from askpod.services.providers import sold_as
from askpod.settings import ModelSettings, Settings
from askpod.tokens import TokenCounter, cost

Prompt = tuple[Message, ...]

LEVELS = (1, 4, 16)  # requests at a time
MOST_REQUESTS = 32  # at a level above the first

LIKELY_TOKENS = 200  # of an answer: about 120 words, as the prompt asks for, and their markers
WARM_UP = 1  # requests


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

    def stream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[str | Reply, None, None]:
        del schema  # the prompt is the same with one
        self.heard.append(tuple(messages))
        raise _Heard


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and what came of it: either a whole reply or an error."""

    prompt: Prompt
    reply: Reply | None = None
    error: ModelError | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """Requests that were made `parallel` at a time.

    `seconds` of wall time lie between the first one's start and the last one's end.
    """

    parallel: int
    seconds: float
    sent: tuple[Sent, ...]

    @property
    def failed(self) -> int:
        """Requests without a whole reply: refused (429 and others), timed out, broken off."""
        return sum(each.reply is None for each in self.sent)


def prompts_at(level: int, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Those that are sent at a level: all, one at a time; else MOST_REQUESTS of them.

    These are taken at even distances, as neighbours in a gold set tend to be alike.
    """
    if level == 1 or len(prompts) <= MOST_REQUESTS:
        return tuple(prompts)
    return tuple(prompts[i * len(prompts) // MOST_REQUESTS] for i in range(MOST_REQUESTS))


def send(
    model: LanguageModel,
    prompts: Sequence[Prompt],
    parallel: int,
    finished: Callable[[int], None] | None = None,
) -> Load:
    """Sends each prompt once. `finished` is told how many are done.

    A request that fails does not stop the others. The model's own patience should be 0, so that
    it is one request indeed.
    """
    began = time.perf_counter()
    with closing(in_order(partial(_send, model), prompts, parallel, finished)) as replies:
        sent = tuple(replies)
    return Load(parallel, time.perf_counter() - began, sent)


class _Stopped(Exception):
    """Nobody waits for the reply any more."""


def _send(model: LanguageModel, prompt: Prompt, unwanted: threading.Event) -> Sent:
    try:
        with closing(model.stream(prompt)) as items:  # closing it ends the request
            for item in items:
                if isinstance(item, Reply):
                    return Sent(prompt, reply=item)
                if unwanted.is_set():
                    break
    except ModelError as error:
        return Sent(prompt, error=error)
    raise _Stopped


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one model. Costs are US dollars, None where the price is not known."""

    requests: int
    likely: float | None
    most: float | None  # if every answer is as long as it may be

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.requests + other.requests,
            (self.likely or 0.0) + (other.likely or 0.0),
            (self.most or 0.0) + (other.most or 0.0),
        )


def estimate(model: ModelSettings, prompts: Sequence[Prompt]) -> Estimate:
    """What it takes to measure a model with these prompts, if no request is made again."""
    counter = TokenCounter(model.name)
    tokens = {prompt: counter.count_messages(prompt) for prompt in prompts}
    sent = [*prompts[:WARM_UP], *(each for level in LEVELS for each in prompts_at(level, prompts))]

    def costs(answer_tokens: int) -> float | None:
        sold = sold_as(model.name, model.base_url)
        each = [cost(sold, tokens[prompt], answer_tokens) for prompt in sent]
        known = [value for value in each if value is not None]
        return sum(known) if known else None

    return Estimate(
        len(sent), costs(min(LIKELY_TOKENS, model.answer_tokens)), costs(model.answer_tokens)
    )


def announced(estimates: Mapping[str, Estimate]) -> str:
    """One line: "226 requests to 2 models; about $0.14, at most $0.31; price unknown: qwen3:8b"."""
    total = sum(estimates.values(), Estimate(0, None, None))
    models = f"{len(estimates)} models" if len(estimates) > 1 else next(iter(estimates))
    unknown = [name for name, each in estimates.items() if each.likely is None]
    parts = [f"{total.requests:,} requests to {models}, besides what has to be asked again"]
    if len(unknown) < len(estimates):
        parts.append(f"about {dollars(total.likely)}, at most {dollars(total.most)}")
    if unknown:
        named = ", ".join(unknown) if len(unknown) < len(estimates) else ""
        parts.append(f"price unknown: {named}" if named else "price unknown")
    return "; ".join(parts)


def dollars(amount: float | None) -> str:
    """US dollars, such as "$0.0123": to the cent from one dollar on; None is "price unknown"."""
    if amount is None:
        return "price unknown"
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.3g}" if amount >= 0.0001 or amount == 0 else f"${amount:.6f}"
