"""The prompts of the long-context eval, exactly as long as their conditions say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from askpod.answering.asker import EVIDENCE_FOR_MODEL
from askpod.answering.prompts import Placement, Prompts
from askpod.archive import Archive
from askpod.evals.gold import GoldQuestion, Stretch
from askpod.evals.long_context import DEPTHS, Arm, Condition, Formatting, Step
from askpod.evals.long_context.haystack import (
    Haystack,
    Needle,
    Transcripts,
    build,
    join,
    render_one,
    render_turns,
)
from askpod.model import EvidenceTurn
from askpod.retrieval.evidence import pack
from askpod.settings import ModelSettings
from askpod.tokens import Message, TokenCounter

TOLERANCE = 0.02  # of a length, by which a prompt may be shorter
# Of a length, that is left for the answer where it needs no more: some services take a prompt of
# 128,000 tokens only together with its answer.
FOR_ANSWER = 0.01


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
        self._frames: dict[tuple[str, Placement], int] = {}

    def needle(self, question: GoldQuestion, formatting: Formatting = "plain") -> Needle | None:
        """Where a question's evidence stands; None without any, or in more than one episode."""
        found = {each.episode for each in question.stretches}
        if len(found) != 1 or not found <= self._transcripts.episodes.keys():
            return None
        transcript = self._transcripts.of(found.pop(), formatting)
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

    def has_text(self, step: Step, condition: Condition) -> bool:
        """Whether the archive holds enough speech for the haystack of a condition's length."""
        frame = max(self._frame(each.question, condition.arm.instruction) for each in step)
        haystack = self._haystack(step, condition.arm, self._most(condition.length) - frame)
        return frame + haystack.tokens >= (1 - TOLERANCE) * condition.length

    def prompts(self, step: Step) -> tuple[LongPrompt, ...]:
        """The prompt of each of its requests, in their order.

        None is longer than its condition's length; of those over one haystack that with the longest
        question is at most TOLERANCE shorter. Raises QuestionError: one cannot be searched for.
        """
        question, condition = step[0]
        if condition is None:
            return (self._retrieved(question),)
        arm, most = condition.arm, self._most(condition.length)
        room = most - max(self._frame(each.question, arm.instruction) for each in step)
        while True:
            haystack = self._haystack(step, arm, room)
            turns = tuple(replace(each, number=n) for n, each in enumerate(haystack.turns, start=1))
            text = render_turns(turns, arm.formatting)
            prompts = [
                self._prompts.long_context(self._asked(each.question), text, arm.instruction)
                for each in step
            ]
            tokens = [self._counter.count_messages(messages) for messages in prompts]
            if max(tokens) <= most:
                return tuple(
                    LongPrompt(tuple(messages), turns, size, depth)
                    for messages, size, depth in zip(prompts, tokens, haystack.depths, strict=True)
                )
            # Turns from 1,000 on take a token more than was counted, for their longer number;
            # and parts need not add up to the whole, whatever vocabulary counts.
            room -= max(tokens) - most

    def _retrieved(self, question: GoldQuestion) -> LongPrompt:
        """The usual prompt: what a search brings up, packed into the context of the settings."""
        asked, model = question.question, self._model
        frame = self._counter.count_messages(self._prompts.answer(asked, []))
        budget = model.context_tokens - frame - model.answer_tokens
        found = self._archive.search(asked, top=EVIDENCE_FOR_MODEL, episode=question.episode)
        turns = pack(found, self._archive.turns, self._counter.count, budget)
        messages = self._prompts.answer(asked, turns)
        return LongPrompt(tuple(messages), turns, self._counter.count_messages(messages))

    def _most(self, length: int) -> int:
        """The tokens that a whole prompt of this length may have."""
        answer = self._model.answer_tokens
        return length - answer if answer <= FOR_ANSWER * length else length

    def _haystack(self, step: Step, arm: Arm, room: int) -> Haystack:
        """What the archive has for `room` tokens, in equal shares around the evidence of each."""
        formatting = arm.formatting
        questions = [question for question, _ in step]
        found = ((each.id, self.needle(each, formatting)) for each in questions)
        needles = {id_: needle for id_, needle in found if needle}
        taken = {needle.transcript.episode for needle in needles.values()}
        cores = sum(needle.core for needle in needles.values())
        [condition, *others] = [each.condition for each in step]
        depth = DEPTHS[condition.position] if condition and not others else None
        parts: dict[str, Haystack] = {}
        # By the shortest episode, so that a question's share is the same in whichever order they
        # stand; what one cannot use is the others'.
        for question in sorted(questions, key=lambda each: needles[each.id].transcript.size):
            needle = needles[question.id]
            order = self._transcripts.others(question, needle, arm.negatives, needles.values())
            parts[question.id] = build(
                needle,
                (self._transcripts.of(each, formatting) for each in order if each not in taken),
                needle.core + (room - cores) // (len(needles) - len(parts)),
                depth,
                lambda turn: self._transcripts.count(f"{render_one(turn, formatting)}\n"),
            )
            room, cores = room - parts[question.id].tokens, cores - needle.core
            taken.update(turn.episode_id for turn in parts[question.id].turns)
        return join([parts[each.id] for each in questions])

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
