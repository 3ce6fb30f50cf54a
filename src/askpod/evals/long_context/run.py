"""Asks a model what the plan says, several requests at a time, and notes what came of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count

from askpod.answering.llm_client import LanguageModel, Reply
from askpod.answering.replies import Marker, markers_and_text
from askpod.errors import ContextTooLong, ModelError, QuestionError
from askpod.evals.asking import ending_of, in_order
from askpod.evals.gold import Stretch
from askpod.evals.long_context import Batch, Condition, Request, Step
from askpod.evals.long_context.plan import Plan
from askpod.evals.long_context.prompt_maker import LongPrompt, PromptMaker, stretch_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model made of one question in one condition. The prompt itself is not kept."""

    question: str  # its id
    condition: Condition | None  # None: with retrieved evidence
    tokens: int = 0  # of the prompt, as counted here
    counted: int | None = None  # of the prompt, as the service says; None where it does not
    depth: float | None = None  # of the middle of the evidence in the haystack
    text: str = ""  # the reply
    finish: str = ""  # why it ended; "" where it failed
    cited: tuple[Stretch, ...] = ()  # the turns whose numbers it holds, each once
    unknown: tuple[int, ...] = ()  # numbers that the prompt does not hold
    problem: str = ""  # why there is no reply


def run_plan(
    plan: Plan,
    maker: PromptMaker,
    model: LanguageModel,
    parallel: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Outcome, ...]:
    """Every outcome, in the plan's order whatever `parallel` is. `progress`: done, of how many.

    A request that fails is noted, and the others go on. The first one is made alone: if not even
    that short one can be answered, thousands of others are spared.

    Raises:
        ModelError: the first request failed, for another reason than its length.
        StoreUnwritable: a reply cannot be kept.
    """
    steps, counting, done = list(plan.steps), threading.Lock(), count(1)

    def finished() -> None:
        with counting:
            if progress is not None:
                progress(next(done), len(plan.requests))

    ask = partial(_ask_all, maker, model, finished)
    outcomes = [*ask(steps[0], threading.Event(), strict=True)]
    with closing(in_order(ask, steps[1:], parallel)) as others:
        for several in others:
            outcomes += several
    found = {(outcome.question, outcome.condition): outcome for outcome in outcomes}
    return tuple(found[question.id, condition] for question, condition in plan.requests)


def _ask_all(
    maker: PromptMaker,
    model: LanguageModel,
    finished: Callable[[], None],
    step: Step,
    unwanted: threading.Event,
    *,
    strict: bool = False,
) -> list[Outcome]:
    """Asks one after the other, so that a service finds the haystack that it has just read."""
    requests = step.requests if isinstance(step, Batch) else (step,)
    try:
        prompts = maker.prompts(step)
    except QuestionError as error:
        for _ in requests:
            finished()
        return [Outcome(each.id, condition, problem=str(error)) for each, condition in requests]
    outcomes = []
    for request, prompt in zip(requests, prompts, strict=True):
        outcomes.append(_ask(model, request, prompt, unwanted, strict=strict))
        finished()
    return outcomes


def _ask(
    model: LanguageModel,
    request: Request,
    prompt: LongPrompt,
    unwanted: threading.Event,
    *,
    strict: bool,
) -> Outcome:
    if not prompt.turns:
        return Outcome(request.question.id, request.condition, problem="nothing was retrieved")
    try:
        reply = ending_of(model.stream(prompt.messages), Reply, unwanted)
        return _outcome(request, prompt, reply)
    except ModelError as error:
        if strict and not isinstance(error, ContextTooLong):
            raise
        return Outcome(request.question.id, request.condition, prompt.tokens, problem=str(error))


def _outcome(request: Request, prompt: LongPrompt, reply: Reply) -> Outcome:
    turns = {turn.number: turn for turn in prompt.turns}
    numbers = cited_numbers(reply.text)
    return Outcome(
        question=request.question.id,
        condition=request.condition,
        tokens=prompt.tokens,
        counted=reply.prompt_tokens,
        depth=prompt.depth,
        text=reply.text,
        finish=reply.finish,
        cited=tuple(stretch_of(turns[number]) for number in numbers if number in turns),
        unknown=tuple(number for number in numbers if number not in turns),
    )


def cited_numbers(reply: str) -> tuple[int, ...]:
    """The numbers that a reply cites, in any form that replies.py reads, each once."""
    parts = markers_and_text(reply)
    numbers = (number for part in parts if isinstance(part, Marker) for number in part.numbers)
    return tuple(dict.fromkeys(numbers))
