"""The prompts of the eval: a haystack of exactly the length wanted, or retrieved evidence."""

from __future__ import annotations

from dataclasses import dataclass

from askpod.archive import EVIDENCE_FOR_MODEL, Archive
from askpod.evals.gold import GoldQuestion
from askpod.evals.longcontext.cells import DEPTHS, Cell
from askpod.evals.longcontext.haystack import Haystack, Needle, build
from askpod.evals.longcontext.negatives import Others
from askpod.evals.longcontext.transcripts import Transcripts, render_one, render_turns
from askpod.evals.stretches import Stretch
from askpod.model import EvidenceTurn, Turn
from askpod.prompts import Message, Placement, Prompts
from askpod.retrieval.pack import pack
from askpod.settings import ModelSettings
from askpod.tokens import TokenCounter

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

    def has_text(self, question: GoldQuestion, cell: Cell) -> bool:
        """Whether the archive holds enough speech for the cell's length."""
        frame = self._frame(question, cell.condition.instruction)
        haystack = self._haystack(question, cell, self._most(cell) - frame)
        return frame + haystack.tokens >= (1 - TOLERANCE) * cell.length

    def haystack(self, question: GoldQuestion, cell: Cell) -> LongPrompt:
        """The prompt of a cell: never longer than its length, at most TOLERANCE shorter."""
        condition = cell.condition
        most = self._most(cell)
        room = most - self._frame(question, condition.instruction)
        while True:
            haystack = self._haystack(question, cell, room)
            turns = haystack.numbered()
            messages = self._prompts.long_context(
                self._asked(question),
                render_turns(turns, condition.formatting),
                condition.instruction,
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

    def _most(self, cell: Cell) -> int:
        """The tokens that a cell's whole prompt may have."""
        answer = self._model.answer_tokens
        return cell.length - answer if answer <= FOR_ANSWER * cell.length else cell.length

    def _haystack(self, question: GoldQuestion, cell: Cell, room: int) -> Haystack:
        formatting = cell.condition.formatting
        plain = self.needle(question)
        if plain is None:
            raise ValueError(f"{question.id} has no evidence that a haystack can hold")
        own = self._transcripts.of(plain.transcript.episode, formatting)
        order = self._others.of(question, plain, cell.condition.negatives)
        return build(
            Needle(own, plain.first, plain.last),
            (self._transcripts.of(each, formatting) for each in order),
            room,
            DEPTHS[cell.position],
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
