"""Models side by side: how good their answers are, how soon they come, and for how much.

Every reply is asked for again, and each request is tried once: who tries again hides how often a
service fails. Quality is what `askpod eval run` finds, over the replies that came one at a time.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np

from askpod.answering.llm_client import LanguageModel, Reply
from askpod.archive import Archive
from askpod.errors import ContextTooLong, FilterError, ModelError, QuestionError
from askpod.evals.asking import ending_of, in_order
from askpod.evals.gold import GoldSet
from askpod.evals.intervals import OUTSIDE, RESAMPLES, SEED, Interval, intervals
from askpod.evals.records import figures_of
from askpod.evals.run import RunSettings, run_gold
from askpod.services.endpoints import service_of, sold_as
from askpod.settings import ModelSettings, Settings
from askpod.tokens import Message, Schema, TokenCounter, cost

LEVELS = (1, 4, 16)  # requests at a time
MOST_REQUESTS = 32  # at a level above the first

LIKELY_TOKENS = 200  # of an answer: about 120 words, as the prompt asks for, and their markers
WARM_UP = 1  # requests

Progress = Callable[[int, int], None]  # requests done, and how many there are


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request as `ask` makes it; those of the same messages are one."""

    messages: tuple[Message, ...]
    schema: Schema | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that is to be measured, and what it will be sent."""

    settings: Settings
    model: ModelSettings
    prompts: tuple[Prompt, ...]  # each once, in the gold set's order

    @classmethod
    def of(cls, gold: GoldSet, store: Path | None, settings: Settings) -> Candidate:
        """Makes the prompts of the model that the settings must name. Nothing is sent.

        A question that is refused without asking the model has none. They depend on the model:
        evidence is packed by its own count of tokens. Raises what `Archive.open` raises.
        """
        model, settings = settings.model, replace(settings, rewrite="off")  # one request a question
        assert model is not None
        listener = _Listener(model)
        with Archive.open(store, settings=settings, language_model=listener) as archive:
            for question in gold.questions:
                only = {"episode": question.episode} if question.episode else None
                with suppress(_Heard, QuestionError, FilterError):
                    archive.ask(question.question, filters=only)
        return cls(settings, model, tuple(dict.fromkeys(listener.heard)))


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
        self.heard.append(Prompt(tuple(messages), schema))
        raise _Heard


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and what came of it: either a whole reply or an error."""

    prompt: Prompt
    reply: Reply | None = None
    error: ModelError | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """Requests that were made `parallel` at a time."""

    parallel: int
    seconds: float  # of wall time, from the first one's start to the last one's end
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
    progress: Progress | None = None,
) -> Load:
    """Sends each prompt once, whether others fail or not.

    The model's own patience should be 0, so that it is one request indeed.
    """
    began = time.perf_counter()
    with closing(in_order(partial(_send, model), prompts, parallel, progress)) as replies:
        sent = tuple(replies)
    return Load(parallel, time.perf_counter() - began, sent)


def _send(model: LanguageModel, prompt: Prompt, unwanted: threading.Event) -> Sent:
    try:
        stream = model.stream(prompt.messages, prompt.schema)
        return Sent(prompt, reply=ending_of(stream, Reply, unwanted))
    except ModelError as error:
        return Sent(prompt, error=error)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one model. Costs are US dollars, None where the price is not known."""

    requests: int
    likely: float | None
    most: float | None  # if every answer is as long as it may be


def estimate(model: ModelSettings, prompts: Sequence[Prompt]) -> Estimate:
    """What it takes to measure a model with these prompts, if no request is made again."""
    counter, sold = TokenCounter(model.name), sold_as(model.name, model.base_url)
    tokens = {prompt: counter.count_messages(prompt.messages) for prompt in prompts}
    sent = [*prompts[:WARM_UP], *(each for level in LEVELS for each in prompts_at(level, prompts))]

    def costs(answer_tokens: int) -> float | None:
        each = [cost(sold, tokens[prompt], answer_tokens) for prompt in sent]
        return None if None in each else sum(filter(None, each))

    likely = min(LIKELY_TOKENS, model.answer_tokens)
    return Estimate(len(sent), costs(likely), costs(model.answer_tokens))


def announced(estimates: Mapping[str, Estimate]) -> str:
    """One line: "226 requests to 2 models; about $0.14, at most $0.31; price unknown: qwen3:8b"."""
    requests = sum(each.requests for each in estimates.values())
    likely = sum(each.likely or 0.0 for each in estimates.values())
    most = sum(each.most or 0.0 for each in estimates.values())
    models = f"{len(estimates)} models" if len(estimates) > 1 else next(iter(estimates))
    unknown = [name for name, each in estimates.items() if each.likely is None]
    parts = [f"{requests:,} requests to {models}, besides what has to be asked again"]
    if len(unknown) < len(estimates):
        parts.append(f"about {dollars(likely)}, at most {dollars(most)}")
    if unknown:
        parts.append(f"price unknown: {', '.join(unknown)}")
    return "; ".join(parts)


def dollars(amount: float) -> str:
    """US dollars, such as "$0.0123": to the cent from one dollar on."""
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.3g}" if amount >= 0.0001 or amount == 0 else f"${amount:.6f}"


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
        if known and known.reply:
            yield from (known.reply.text, known.reply)
            return
        error = known.error if known else None
        if error and (self._silent or isinstance(error, ContextTooLong) or not error.retryable):
            raise error
        with closing(super().stream(messages, schema)) as items:
            yield from items


def measure(
    gold: GoldSet, store: Path | None, candidate: Candidate, progress: Progress | None = None
) -> ModelFigures:
    """One model's figures. Requests that fail are counted and stop nothing.

    A model that gives no reply at all one at a time is not asked several at a time. Raises what
    stops all questions, such as a damaged archive.
    """
    loads = _loads(candidate, progress)
    model = _Remembering(candidate.model, loads[0])
    with Archive.open(store, settings=candidate.settings, language_model=model) as archive:
        quality = figures_of(run_gold(gold, archive, RunSettings(parallel=1)).records)
    return figures(candidate.model, len(gold.questions), loads, quality)


def _loads(candidate: Candidate, progress: Progress | None) -> list[Load]:
    # What takes long once, and is nobody's latency: the client's own code here, a connection,
    # and at some services the model itself, which is loaded when it is first asked.
    import_module("askpod.answering.llm_endpoint")
    total = estimate(candidate.model, candidate.prompts).requests
    model = LanguageModel(replace(candidate.model, patience=0.0))
    loads: list[Load] = []
    before = 0

    def finished(done: int, _: int) -> None:
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


HEADLINES = ("fact_f1", "citation_precision", "citation_recall", "refusal_recall", "malformed")


@dataclass(frozen=True, slots=True)
class Level:
    """What came of requests that were made `parallel` at a time. Seconds are of wall time."""

    parallel: int
    requests: int
    failed: int
    seconds: float
    completion_tokens: int  # of whole replies
    tokens_per_second: float  # of whole replies; failures' time included
    error_rate: float  # the share of the requests that gave no whole reply, from 0 to 1


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's figures. Cost is US dollars for a question that the model is asked.

    `latency` has first_text_p50, first_text_p95, whole_p50 and whole_p95: seconds from a request
    to the first text and to the end of the reply, one request at a time, of those that succeeded.
    """

    model: str
    service: str
    questions: int  # of the gold set
    asked: int  # of these, those that the model is asked; the rest is refused before
    quality: Mapping[str, Interval]
    latency: Mapping[str, Interval]  # empty where none succeeded
    cost: Interval | None  # None where the price is not known
    prompt_tokens: float  # means of the same questions
    completion_tokens: float
    levels: tuple[Level, ...]
    problems: tuple[str, ...] = ()  # what went wrong, each with how often


def figures(
    model: ModelSettings, questions: int, loads: Sequence[Load], quality: Mapping[str, Interval]
) -> ModelFigures:
    """From what was measured; the first of `loads` is the one request at a time.

    Where the service does not count tokens, they are counted here with the model's encoding.
    """
    counter = TokenCounter(model.name)
    first = [(each.prompt, each.reply) for each in loads[0].sent if each.reply is not None]
    spent = [_tokens(counter, prompt, reply) for prompt, reply in first]
    costs = [cost(sold_as(model.name, model.base_url), *each) for each in spent]
    known = [each for each in costs if each is not None]
    seconds: dict[str, list[float | None]] = {
        "first_text": [reply.first_text_seconds for _, reply in first],
        "whole": [reply.seconds for _, reply in first],
    }
    return ModelFigures(
        model=model.name,
        service=service_of(model.name, model.base_url),
        questions=questions,
        asked=len(loads[0].sent),
        quality={name: quality[name] for name in HEADLINES if name in quality},
        latency={
            f"{name}_p{percent}": percentile_interval(there, percent)
            for name, each in seconds.items()
            for percent in (50, 95)
            if (there := [second for second in each if second is not None])
        },
        cost=_mean(known) if known else None,
        prompt_tokens=float(np.mean([into for into, _ in spent])) if spent else 0.0,
        completion_tokens=float(np.mean([out for _, out in spent])) if spent else 0.0,
        levels=tuple(_level(load, counter) for load in loads),
        problems=tuple(
            f"{times} of {len(load.sent)} requests, {load.parallel} at a time: {said}"
            for load in loads
            for said, times in Counter(
                str(each.error) for each in load.sent if each.error
            ).most_common()
        ),
    )


def _mean(values: Sequence[float]) -> Interval:
    names = [f"{place:09}" for place in range(len(values))]
    return intervals([[each] for each in values], [[1.0]] * len(values), names, shares=False)[0]


def percentile_interval(values: Sequence[float], percent: float) -> Interval:
    """A percentile of at least one value, interpolated between neighbours.

    Its interval is that of the percentile bootstrap (Efron and Tibshirani 1993, chapter 13).
    """
    known = np.asarray(values, dtype=float)
    number = len(known)
    draws = np.random.default_rng(SEED).integers(number, size=(RESAMPLES, number))
    drawn = np.percentile(known[draws], percent, axis=1)
    low, high = np.quantile(drawn, (OUTSIDE / 2, 1 - OUTSIDE / 2))
    return Interval(float(np.percentile(known, percent)), float(low), float(high), number, number)


def _tokens(counter: TokenCounter, prompt: Prompt, reply: Reply) -> tuple[int, int]:
    """Tokens in and out: by the service where it says so, else counted here."""
    into, out = reply.prompt_tokens, reply.completion_tokens
    return (
        counter.count_messages(prompt.messages) if into is None else into,
        counter.count(reply.text) if out is None else out,
    )


def _level(load: Load, counter: TokenCounter) -> Level:
    out = sum(_tokens(counter, each.prompt, each.reply)[1] for each in load.sent if each.reply)
    requests = len(load.sent)
    return Level(
        parallel=load.parallel,
        requests=requests,
        failed=load.failed,
        seconds=load.seconds,
        completion_tokens=out,
        tokens_per_second=out / load.seconds if load.seconds > 0 else 0.0,
        error_rate=load.failed / requests if requests else 0.0,
    )
