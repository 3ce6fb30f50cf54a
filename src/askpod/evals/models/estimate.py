"""How many requests a comparison of models makes, and about what they cost: said beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from askpod.evals.models.load import LEVELS, prompts_at
from askpod.evals.models.prompts import Prompt
from askpod.services.http import is_vendors
from askpod.settings import ModelSettings
from askpod.tokens import TokenCounter, cost

LIKELY_TOKENS = 200  # of an answer: about 120 words, as the prompt asks for, and their markers
WARM_UP = 1  # requests


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
        each = [cost(sold_as(model), tokens[prompt], answer_tokens) for prompt in sent]
        known = [value for value in each if value is not None]
        return sum(known) if known else None

    return Estimate(
        len(sent), costs(min(LIKELY_TOKENS, model.answer_tokens)), costs(model.answer_tokens)
    )


def sold_as(model: ModelSettings) -> str | None:
    """The name that its price is found under; None where the service sets its own."""
    return model.name if is_vendors(model.base_url) else None


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
