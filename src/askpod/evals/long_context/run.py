"""What is asked, a seeded sample of the questions over shared haystacks; and asks a model that."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, zip_longest

from askpod.answering.llm_client import LanguageModel, Reply
from askpod.answering.replies import Marker, markers_and_text
from askpod.errors import ContextTooLong, GoldError, ModelError, QuestionError
from askpod.evals.asking import ending_of, in_order
from askpod.evals.gold import GoldQuestion, GoldSet, Stretch
from askpod.evals.long_context import (
    ARMS,
    BASE,
    DEPTHS,
    Arm,
    Condition,
    Request,
    Step,
    batches,
    drawn,
    in_k,
)
from askpod.evals.long_context.prompt_maker import LongPrompt, PromptMaker, stretch_of
from askpod.services.endpoints import sold_as
from askpod.settings import ModelSettings
from askpod.tokens import cost

# Questions over one haystack, the most first. A multiple of the positions, so that each of them has
# been in all.
SHARED = (6, 3, 1)
SHARED_EVIDENCE = 0.7  # of the shortest length, that their evidence takes together at most

MOST_EVIDENCE = 2_000  # tokens of the turns from the first to the last with evidence


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of the eval asks."""

    groups: tuple[tuple[GoldQuestion, ...], ...]  # those that share their haystacks
    questions: tuple[GoldQuestion, ...]  # all of them, in the gold set's order
    lengths: tuple[int, ...]  # tokens, shortest first
    arms: tuple[Arm, ...]
    conditions: tuple[Condition, ...]  # those that are asked
    left_out: tuple[Condition, ...]  # those for which the archive has too little text

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that is asked, question by question."""
        return tuple(
            Request(question, condition)
            for question in self.questions
            for condition in (None, *self.conditions)
        )

    @property
    def steps(self) -> Iterator[Step]:
        """What is asked in which order: group by group, each with its haystacks.

        So a run that is stopped has whole questions.
        """
        for group in self.groups:
            yield from ((Request(question, None),) for question in group)
            for arm, length in dict.fromkeys((each.arm, each.length) for each in self.conditions):
                yield from batches(group, arm, length)

    def tokens(self, model: ModelSettings) -> int:
        """The most tokens that all prompts together have."""
        return len(self.questions) * sum(self._lengths(model))

    def _lengths(self, model: ModelSettings) -> list[int]:
        return [model.context_tokens, *(condition.length for condition in self.conditions)]

    def announced(self, model: ModelSettings) -> str:
        """How much it takes, in a line for people, before it starts."""
        lengths, number = self._lengths(model), len(self.questions)
        sold = sold_as(model.name, model.base_url)
        prices = [cost(sold, length, model.answer_tokens) for length in lengths]
        price = "" if None in prices else f", at most ${number * sum(filter(None, prices)):,.2f}"
        # The questions of a haystack stand behind it, but where the instruction's place is varied.
        new = number * model.context_tokens + sum(
            condition.length * (1 if condition.arm.instruction == "after" else len(step))
            for step in self.steps
            if (condition := step[0].condition)
        )
        return (
            f"{number} questions, {number * len(lengths):,} requests with at most "
            f"{self.tokens(model) / 1e6:,.1f} million prompt tokens{price} "
            f"({new / 1e6:,.1f} million for a service that reads the same beginning "
            "of prompts once); replies that are kept from before are not asked for again"
        )


def make_plan(
    gold: GoldSet,
    maker: PromptMaker,
    lengths: Sequence[int],
    questions: int,
    arms: Sequence[Arm] = ARMS,
    factors_at: int | None = None,
) -> Plan:
    """Samples the questions; conditions for which the archive has too little text are left out.

    Where it would have enough for haystacks of single questions, none are shared. A question can be
    used if it has its evidence in one episode, in turns that take MOST_EVIDENCE tokens at most and
    half of the shortest haystack. Those so short that six can share a haystack come first.
    `lengths` are tokens of whole prompts, shortest first; the arms are varied at all of them, or at
    the one that is `factors_at`. Raises GoldError: no question can be used.
    """
    most = min(MOST_EVIDENCE, lengths[0] // 2)
    usable = [each for each in gold.questions if 0 < maker.evidence_tokens(each) <= most]
    together = round(SHARED_EVIDENCE * lengths[0])
    short = [each for each in usable if maker.evidence_tokens(each) <= together // SHARED[0]]
    taken = sample(gold, usable, questions, first=short)
    conditions = [
        Condition(arm, length, position)
        for length in lengths
        for arm in (arms if factors_at in (None, length) else (BASE,))
        for position in DEPTHS
    ]

    def plan_of(groups: Iterable[tuple[GoldQuestion, ...]]) -> Plan:
        shared = tuple(groups)
        asked = tuple(each for each in conditions if _has_text(maker, shared, each))
        left_out = tuple(each for each in conditions if each not in asked)
        return Plan(shared, taken, tuple(lengths), tuple(arms), asked, left_out)

    shared = plan_of(grouped(taken, maker, together))
    if not shared.left_out:
        return shared
    alone = plan_of((question,) for question in taken)
    return alone if len(alone.left_out) < len(shared.left_out) else shared


def _has_text(
    maker: PromptMaker, groups: Iterable[Sequence[GoldQuestion]], condition: Condition
) -> bool:
    at = tuple(DEPTHS).index(condition.position)
    steps = (tuple(batches(group, condition.arm, condition.length))[at] for group in groups)
    return all(maker.has_text(step, condition) for step in steps)


def grouped(
    questions: Sequence[GoldQuestion], maker: PromptMaker, most: int
) -> Iterator[tuple[GoldQuestion, ...]]:
    """Those that share haystacks: six where that is possible, else three, else one.

    The evidence of a group is in different episodes and takes at most `most` tokens together; short
    evidence comes first.
    """
    left = sorted(questions, key=lambda each: (maker.evidence_tokens(each), each.id))
    for size in SHARED:
        groups: list[list[GoldQuestion]] = []
        for question in left:
            open_groups = (each for each in groups if _fits(each, size, question, maker, most))
            group = next(open_groups, None)
            groups.append([question]) if group is None else group.append(question)
        yield from (tuple(group) for group in groups if len(group) == size)
        left = [question for group in groups if len(group) < size for question in group]


def _fits(
    group: Sequence[GoldQuestion], size: int, question: GoldQuestion, maker: PromptMaker, most: int
) -> bool:
    episodes = {each.episode for one in group for each in one.stretches}
    tokens = sum(maker.evidence_tokens(each) for each in (*group, question))
    return (
        len(group) < size
        and tokens <= most
        and episodes.isdisjoint(each.episode for each in question.stretches)
    )


def why_left_out(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """A line for each length with conditions that are left out."""
    by_length = Counter(condition.length for condition in conditions)
    return tuple(
        f"{in_k(length)}: {number} conditions left out, the archive has too little text for them"
        for length, number in sorted(by_length.items())
    )


def sample(
    gold: GoldSet,
    eligible: Iterable[GoldQuestion],
    questions: int,
    first: Collection[GoldQuestion] = (),
) -> tuple[GoldQuestion, ...]:
    """A seeded sample, spread over the difficulties, in the gold set's order.

    Those of `first` are taken before any others of their difficulty. Which of these come first
    depends on their ids alone, so that a larger sample holds a smaller one and a new question
    displaces at most one other. Raises GoldError: no question can be used.
    """
    known = list(eligible)
    usable = [question for question in known if question.facts] or known
    if not usable:
        raise GoldError(
            f"{gold.path}: no question can be asked over a haystack: one is needed that has its "
            f"evidence in one episode of the archive, in turns of {MOST_EVIDENCE:,} tokens at most"
        )
    by_difficulty: dict[str, list[GoldQuestion]] = defaultdict(list)
    for question in sorted(usable, key=lambda each: (each not in first, drawn(each.id))):
        by_difficulty[question.difficulty or ""].append(question)
    ranks = zip_longest(*(by_difficulty[name] for name in sorted(by_difficulty)))
    taken = [question for question in chain(*ranks) if question is not None][:questions]
    places = {question.id: place for place, question in enumerate(gold.questions)}
    return tuple(sorted(taken, key=lambda question: places[question.id]))


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
    outcomes = []
    try:
        for request, prompt in zip(step, maker.prompts(step), strict=True):
            outcomes.append(_ask(model, request, prompt, unwanted, strict=strict))
            finished()
    except QuestionError as error:  # of one request alone: with retrieved evidence
        [(question, condition)] = step
        outcomes.append(Outcome(question.id, condition, problem=str(error)))
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
    asked = Outcome(request.question.id, request.condition, prompt.tokens)
    if not prompt.turns:
        return replace(asked, tokens=0, problem="nothing was retrieved")
    try:
        reply = ending_of(model.stream(prompt.messages), Reply, unwanted)
    except ModelError as error:
        if strict and not isinstance(error, ContextTooLong):
            raise
        return replace(asked, problem=str(error))
    turns = {turn.number: turn for turn in prompt.turns}
    numbers = cited_numbers(reply.text)
    return replace(
        asked,
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
