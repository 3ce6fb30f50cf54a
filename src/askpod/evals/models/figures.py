"""What is said of a model: quality, seconds, tokens per second, errors, cost.

Percentiles and costs have 95 % intervals by a bootstrap over the questions. Throughput is one
figure measured over all requests of a level, and has none: its requests wait for one another, so
that drawing them again would not tell how it varies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from askpod.answering.llm_client import Reply
from askpod.evals.intervals import OUTSIDE, RESAMPLES, SEED, Interval, intervals
from askpod.evals.models.requests import Load, Prompt
from askpod.services.providers import service_of, sold_as
from askpod.settings import ModelSettings
from askpod.tokens import TokenCounter, cost

HEADLINES = ("fact_f1", "citation_precision", "citation_recall", "refusal_recall", "malformed")
DIGITS = 6  # that models.json keeps


@dataclass(frozen=True, slots=True)
class Level:
    """What came of requests that were made `parallel` at a time. Seconds are of wall time."""

    parallel: int
    requests: int
    failed: int
    seconds: float
    completion_tokens: int  # of whole replies

    @property
    def tokens_per_second(self) -> float:
        """Completion tokens of whole replies per second of wall time, failures' time included."""
        return self.completion_tokens / self.seconds if self.seconds > 0 else 0.0

    @property
    def error_rate(self) -> float:
        """The share of the requests that gave no whole reply, from 0 to 1."""
        return self.failed / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's figures.

    `latency` has first_text_p50, first_text_p95, whole_p50 and whole_p95: seconds from a request
    to the first text and to the end of the reply, one request at a time, of those that succeeded.
    It is empty where none did. Cost is US dollars for a question that the model is asked, None
    where the price is not known; tokens are means of the same questions.
    """

    model: str
    service: str
    questions: int  # of the gold set
    asked: int  # of these, those that the model is asked; the rest is refused before
    quality: Mapping[str, Interval]
    latency: Mapping[str, Interval]
    cost: Interval | None
    prompt_tokens: float
    completion_tokens: float
    levels: tuple[Level, ...]
    problems: tuple[str, ...] = ()  # what went wrong, each with how often

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON, rounded to DIGITS, with the rates that follow from it."""
        whole = asdict(self)
        for level, each in zip(whole["levels"], self.levels, strict=True):
            level |= {"tokens_per_second": each.tokens_per_second, "error_rate": each.error_rate}
        return cast("dict[str, Any]", _rounded(whole))


def figures(
    model: ModelSettings, questions: int, loads: Sequence[Load], quality: Mapping[str, Interval]
) -> ModelFigures:
    """From what was measured; the first of `loads` is the one request at a time.

    Where the service does not count tokens, they are counted here with the model's encoding.
    """
    tokens = _Tokens(model)
    first = [(each.prompt, each.reply) for each in loads[0].sent if each.reply is not None]
    spent = [tokens.of(prompt, reply) for prompt, reply in first]
    costs = [cost(sold_as(model.name, model.base_url), *each) for each in spent]
    known = [each for each in costs if each is not None]
    return ModelFigures(
        model=model.name,
        service=service_of(model.name, model.base_url),
        questions=questions,
        asked=len(loads[0].sent),
        quality={name: quality[name] for name in HEADLINES if name in quality},
        latency=_latency([reply for _, reply in first]),
        cost=mean_interval(known) if known else None,
        prompt_tokens=float(np.mean([into for into, _ in spent])) if spent else 0.0,
        completion_tokens=float(np.mean([out for _, out in spent])) if spent else 0.0,
        levels=tuple(_level(load, tokens) for load in loads),
        problems=tuple(_problems(loads)),
    )


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean of at least one value, each of another question."""
    each = [[value] for value in values]
    ones = [[1.0]] * len(each)
    names = [f"{place:09}" for place in range(len(each))]
    return intervals(each, ones, names, shares=False)[0]


def percentile_interval(values: Sequence[float], percent: float) -> Interval:
    """A percentile of at least one value, interpolated between neighbours.

    Its interval is that of the percentile bootstrap (Efron and Tibshirani 1993, chapter 13). Of
    few values a high percentile is hardly more than the largest, and its interval too narrow.
    """
    known = np.asarray(values, dtype=float)
    number = len(known)
    draws = np.random.default_rng(SEED).integers(number, size=(RESAMPLES, number))
    drawn = np.percentile(known[draws], percent, axis=1)
    low, high = np.quantile(drawn, (OUTSIDE / 2, 1 - OUTSIDE / 2))
    return Interval(float(np.percentile(known, percent)), float(low), float(high), number, number)


class _Tokens:
    """Counts what a reply took: by the service where it says so, else here."""

    def __init__(self, model: ModelSettings) -> None:
        self._counter = TokenCounter(model.name)

    def of(self, prompt: Prompt, reply: Reply) -> tuple[int, int]:
        """Tokens in and out."""
        into, out = reply.prompt_tokens, reply.completion_tokens
        return (
            self._counter.count_messages(prompt) if into is None else into,
            self._counter.count(reply.text) if out is None else out,
        )


def _latency(replies: Sequence[Reply]) -> dict[str, Interval]:
    first = [each.first_text_seconds for each in replies if each.first_text_seconds is not None]
    whole = [each.seconds for each in replies]
    return {
        f"{name}_p{percent}": percentile_interval(seconds, percent)
        for name, seconds in (("first_text", first), ("whole", whole))
        for percent in (50, 95)
        if seconds
    }


def _level(load: Load, tokens: _Tokens) -> Level:
    out = [tokens.of(each.prompt, each.reply)[1] for each in load.sent if each.reply is not None]
    return Level(load.parallel, len(load.sent), load.failed, load.seconds, sum(out))


def _problems(loads: Sequence[Load]) -> list[str]:
    """Like "3 of 48 requests, 1 at a time: the model's service at … failed on its side (500)"."""
    listed = []
    for load in loads:
        errors = Counter(str(each.error) for each in load.sent if each.error is not None)
        listed += [
            f"{times} of {len(load.sent)} requests, {load.parallel} at a time: {said}"
            for said, times in errors.most_common()
        ]
    return listed


def _rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can carry
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
