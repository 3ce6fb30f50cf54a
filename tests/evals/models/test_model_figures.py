"""The figures of models: percentiles, throughput, cost, and what is said of it beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from askpod.answering.llm_client import Reply
from askpod.evals.intervals import Interval
from askpod.evals.models import (
    Load,
    Prompt,
    Sent,
    announced,
    dollars,
    estimate,
    figures,
    percentile_interval,
    prompts_at,
)
from askpod.settings import ModelSettings
from askpod.tokens import cost


def prompts(number: int) -> list[Prompt]:
    return [Prompt((("user", f"Question {each}"),)) for each in range(number)]


def replied(text: str, seconds: float, tokens: tuple[int, int] | None = None) -> Reply:
    into, out = tokens or (None, None)
    return Reply(text, "stop", into, out, seconds, seconds / 2)


def test_percentiles_are_interpolated_and_their_intervals_the_same_twice():
    values = list(range(1, 101))
    found = percentile_interval(values, 50)
    assert found.value == 50.5
    assert 40 < found.low < found.value < found.high < 61
    assert percentile_interval(values, 50) == found
    assert percentile_interval([3.0], 95) == Interval(3.0, 3.0, 3.0, 1, 1)


def test_the_interval_of_a_median_holds_the_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        drawn = percentile_interval(chance.exponential(size=60).tolist(), 50)
        held += drawn.low <= np.log(2) <= drawn.high
    assert 0.88 <= held / 200 <= 1


def test_throughput_is_the_tokens_of_whole_replies_by_the_wall_time():
    sent = tuple(Sent(each, reply=replied("a", 1.0, (10, 50))) for each in prompts(4))
    loads = [Load(1, 4.0, sent), Load(4, 1.0, sent)]
    found = figures(ModelSettings("m", base_url="http://localhost/v1"), 4, loads, {})
    assert [level.tokens_per_second for level in found.levels] == [50, 200]


def test_a_level_takes_32_questions_from_the_whole_set():
    many = prompts(70)
    assert prompts_at(1, many) == tuple(many)
    taken = prompts_at(4, many)
    assert len(set(taken)) == 32
    assert taken[0] == many[0]
    assert taken[-1] in many[-3:]
    assert prompts_at(16, prompts(5)) == tuple(prompts(5))


def test_the_cost_of_a_question_is_the_vendors_and_unknown_elsewhere():
    model = ModelSettings("gpt-4o-mini")
    tokens = [(1000, 100), (3000, 300)]
    sent = tuple(
        Sent(prompt, reply=replied("a", 1.0, each))
        for prompt, each in zip(prompts(2), tokens, strict=True)
    )
    found = figures(model, 2, [Load(1, 2.0, sent)], {}).cost
    assert found is not None
    assert found.value == cost("gpt-4o-mini", 2000, 200)
    assert found.low == cost("gpt-4o-mini", 1000, 100)
    elsewhere = replace(model, base_url="http://localhost:8080/v1")
    assert figures(elsewhere, 2, [Load(1, 2.0, sent)], {}).cost is None


def test_what_it_will_take_is_said_beforehand():
    paid = estimate(ModelSettings("gpt-4o-mini"), prompts(48))
    assert paid.requests == 1 + 48 + 32 + 32
    assert paid.likely is not None
    assert paid.most is not None
    assert 0 < paid.likely < paid.most
    free = estimate(ModelSettings("qwen3:8b", base_url="http://localhost:11434/v1"), prompts(48))
    assert announced({"gpt-4o-mini": paid, "qwen3:8b": free}) == (
        "226 requests to 2 models, besides what has to be asked again; "
        f"about {dollars(paid.likely)}, at most {dollars(paid.most)}; price unknown: qwen3:8b"
    )
    assert announced({"qwen3:8b": free}).endswith("asked again; price unknown: qwen3:8b")
