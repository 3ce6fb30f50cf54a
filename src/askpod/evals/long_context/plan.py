"""What is asked: a seeded sample of the questions, and the prompt of each in every condition.

Gold sets hold more questions than a long-context eval can pay for, hence the sample. A prompt is
exactly as long as its condition says, or holds retrieved evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import NamedTuple

from askpod.answering.asker import EVIDENCE_FOR_MODEL
from askpod.answering.prompts import Placement, Prompts
from askpod.archive import Archive
from askpod.errors import GoldError
from askpod.evals.gold import GoldQuestion, GoldSet, Stretch
from askpod.evals.long_context.conditions import ARMS, DEPTHS, Arm, Condition, drawn, grid, in_k
from askpod.evals.long_context.haystack import (
    Haystack,
    Needle,
    Others,
    Transcripts,
    build,
    render_one,
    render_turns,
)
from askpod.model import EvidenceTurn, Turn
from askpod.retrieval.evidence import pack
from askpod.services.endpoints import sold_as
from askpod.settings import ModelSettings
from askpod.tokens import Message, TokenCounter, cost

TOLERANCE = 0.02  # of a length, by which a prompt may be shorter
# Of a length, that is left for the answer where it needs no more: some services take a prompt of
# 128,000 tokens only together with its answer.
FOR_ANSWER = 0.01

MOST_EVIDENCE = 2_000  # tokens of the turns from the first to the last with evidence


@dataclass(frozen=True, slots=True)
class LongPrompt:
    """What is sent for one question, and what is needed to judge the reply."""

    messages: tuple[Message, ...]
    turns: tuple[EvidenceTurn, ...]  # with the numbers that the prompt has for them
    tokens: int  # of the whole prompt, by the model's own encoding
    depth: float | None = None  # where in the haystack the middle of the evidence stands


def stretch_of(turn: EvidenceTurn) -> Stretch:
    """The seconds of a turn."""
    return Stretch(turn.episode_id, turn.span.start, turn.span.end)


class PromptMaker:
    """Makes prompts when they are asked for: a long one is half a megabyte. Safe for threads."""

    def __init__(self, archive: Archive, prompts: Prompts, model: ModelSettings) -> None:
        self._archive = archive
        self._prompts = prompts
        self._model = model
        self._counter = TokenCounter(model.name)
        self._transcripts = Transcripts(archive, self._counter.count)
        self._others = Others(archive, self._transcripts)
        self._frames: dict[tuple[str, Placement], int] = {}

    @property
    def encoding(self) -> str:
        """The name of the encoding that counts tokens."""
        return self._counter.encoding

    def needle(self, question: GoldQuestion) -> Needle | None:
        """Where a question's evidence stands; None without any, or in more than one episode."""
        found = {each.episode for each in question.stretches}
        if len(found) != 1 or not found <= self._transcripts.episodes.keys():
            return None
        transcript = self._transcripts.of(found.pop(), "plain")
        places = [
            place
            for place, turn in enumerate(transcript.turns)
            if stretch_of(turn).touches(question.stretches)
        ]
        return Needle(transcript, places[0], places[-1]) if places else None

    def evidence_tokens(self, question: GoldQuestion) -> int:
        """Tokens of the turns from the first to the last with evidence; 0 without a needle."""
        needle = self.needle(question)
        return needle.tokens if needle else 0

    def has_text(self, question: GoldQuestion, condition: Condition) -> bool:
        """Whether the archive holds enough speech for its length."""
        frame = self._frame(question, condition.arm.instruction)
        haystack = self._haystack(question, condition, self._most(condition) - frame)
        return frame + haystack.tokens >= (1 - TOLERANCE) * condition.length

    def haystack(self, question: GoldQuestion, condition: Condition) -> LongPrompt:
        """The prompt of a condition: never longer than its length, at most TOLERANCE shorter."""
        arm = condition.arm
        most = self._most(condition)
        room = most - self._frame(question, arm.instruction)
        while True:
            haystack = self._haystack(question, condition, room)
            turns = haystack.numbered()
            messages = self._prompts.long_context(
                self._asked(question),
                render_turns(turns, arm.formatting),
                arm.instruction,
            )
            tokens = self._counter.count_messages(messages)
            if tokens <= most:
                return LongPrompt(tuple(messages), turns, tokens, haystack.depth)
            # Turns from 1,000 on take a token more than was counted, for their longer number;
            # and parts need not add up to the whole, whatever vocabulary counts.
            room -= tokens - most

    def retrieved(self, question: GoldQuestion) -> LongPrompt:
        """The usual prompt: what a search brings up, packed into the context of the settings."""
        model = self._model
        frame = self._counter.count_messages(self._prompts.answer(question.question, []))
        limit = min(model.context_tokens, model.effective_window)
        found = self._archive.search(
            question.question, top=EVIDENCE_FOR_MODEL, episode=question.episode
        )
        budget = limit - frame - model.answer_tokens
        turns = pack(found, self._turns, self._counter.count, budget)
        messages = self._prompts.answer(question.question, turns)
        return LongPrompt(tuple(messages), turns, self._counter.count_messages(messages))

    def _most(self, condition: Condition) -> int:
        """The tokens that its whole prompt may have."""
        answer = self._model.answer_tokens
        return (
            condition.length - answer
            if answer <= FOR_ANSWER * condition.length
            else condition.length
        )

    def _haystack(self, question: GoldQuestion, condition: Condition, room: int) -> Haystack:
        formatting = condition.arm.formatting
        plain = self.needle(question)
        if plain is None:
            raise ValueError(f"{question.id} has no evidence that a haystack can hold")
        own = self._transcripts.of(plain.transcript.episode, formatting)
        order = self._others.of(question, plain, condition.arm.negatives)
        return build(
            Needle(own, plain.first, plain.last),
            (self._transcripts.of(each, formatting) for each in order),
            room,
            DEPTHS[condition.position],
            lambda turn: self._transcripts.count(f"{render_one(turn, formatting)}\n"),
        )

    def _frame(self, question: GoldQuestion, instruction: Placement) -> int:
        """The tokens of a prompt without any haystack."""
        key = question.id, instruction
        if key not in self._frames:
            messages = self._prompts.long_context(self._asked(question), "", instruction)
            self._frames[key] = self._counter.count_messages(messages)
        return self._frames[key]

    def _asked(self, question: GoldQuestion) -> str:
        """The question; of one that is asked of a single episode, with the episode's title."""
        if question.episode is None:
            return question.question
        title = self._transcripts.episodes[question.episode].title
        return f"{question.question} (This is asked of the episode “{title}”.)"

    def _turns(self, episode: str, first: int, last: int) -> list[Turn]:
        return self._archive.turns(episode)[first : last + 1]


class Request(NamedTuple):
    """One question in one condition; without one it is asked with retrieved evidence."""

    question: GoldQuestion
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of the eval asks."""

    questions: tuple[GoldQuestion, ...]
    lengths: tuple[int, ...]  # tokens, shortest first
    arms: tuple[Arm, ...]
    conditions: tuple[Condition, ...]  # those that are asked
    left_out: tuple[Condition, ...]  # those for which the archive has too little text

    @property
    def requests(self) -> tuple[Request, ...]:
        """Question by question, so that a run that is stopped has whole questions."""
        return tuple(
            Request(question, condition)
            for question in self.questions
            for condition in (None, *self.conditions)
        )

    def tokens(self, model: ModelSettings) -> int:
        """The most tokens that all prompts together have."""
        return len(self.questions) * sum(self._lengths(model))

    def _lengths(self, model: ModelSettings) -> list[int]:
        """The tokens of each prompt of a question, at most."""
        return [model.context_tokens, *(condition.length for condition in self.conditions)]

    def announced(self, model: ModelSettings) -> str:
        """How much it takes, in a line for people, before it starts."""
        lengths, number = self._lengths(model), len(self.questions)
        sold = sold_as(model.name, model.base_url)
        prices = [cost(sold, length, model.answer_tokens) for length in lengths]
        known = [price for price in prices if price is not None]
        price = f", at most ${number * sum(known):,.2f}" if len(known) == len(lengths) else ""
        return (
            f"{number} questions, {number * len(lengths):,} requests with at most "
            f"{self.tokens(model) / 1_000_000:,.1f} million prompt tokens{price}; "
            "replies that are kept from before are not asked for again"
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

    A question can be used if it has its evidence in one episode, in turns that take
    MOST_EVIDENCE tokens at most and half of the shortest haystack.

    Args:
        gold: The questions.
        maker: Makes their prompts.
        lengths: Tokens of the whole prompts, shortest first.
        questions: How many are sampled, at most.
        arms: The factors that are varied.
        factors_at: The one of `lengths` at which they are; None: at all of them.

    Raises:
        GoldError: no question can be used.
    """
    most = min(MOST_EVIDENCE, lengths[0] // 2)
    usable = [each for each in gold.questions if 0 < maker.evidence_tokens(each) <= most]
    taken = sample(gold, usable, questions)
    conditions = tuple(grid(lengths, arms, factors_at))
    asked = tuple(
        condition
        for condition in conditions
        if all(maker.has_text(each, condition) for each in taken)
    )
    left_out = tuple(condition for condition in conditions if condition not in asked)
    return Plan(taken, tuple(lengths), tuple(arms), asked, left_out)


def why_left_out(conditions: Sequence[Condition]) -> tuple[str, ...]:
    """A line for each length with conditions that are left out."""
    by_length: dict[int, int] = defaultdict(int)
    for condition in conditions:
        by_length[condition.length] += 1
    return tuple(
        f"{in_k(length)}: {number} conditions left out, the archive has too little text for them"
        for length, number in sorted(by_length.items())
    )


def sample(
    gold: GoldSet, eligible: Iterable[GoldQuestion], questions: int
) -> tuple[GoldQuestion, ...]:
    """A seeded sample, spread over the difficulties, in the gold set's order.

    Which questions come first depends on their ids alone, so that a larger sample holds a smaller
    one and a new question displaces at most one other.

    Raises:
        GoldError: no question can be used.
    """
    usable = list(eligible)
    if any(question.facts for question in usable):
        usable = [question for question in usable if question.facts]
    if not usable:
        raise GoldError(
            f"{gold.path}: no question can be asked over a haystack: one is needed that has its "
            f"evidence in one episode of the archive, in turns of {MOST_EVIDENCE:,} tokens at most"
        )
    by_difficulty: dict[str, list[GoldQuestion]] = defaultdict(list)
    for question in sorted(usable, key=lambda each: drawn(each.id)):
        by_difficulty[question.difficulty or ""].append(question)
    ranks = zip_longest(*(by_difficulty[name] for name in sorted(by_difficulty)))
    taken = [question for question in chain(*ranks) if question is not None][:questions]
    places = {question.id: place for place, question in enumerate(gold.questions)}
    return tuple(sorted(taken, key=lambda question: places[question.id]))
