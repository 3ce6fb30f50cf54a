"""Readers of long prompts that follow a script, each with one limit, to be served by FakeOpenAI.

    server.answer_with(Reader(gold, archive))

They read nothing but the prompt they are sent. They know which turns of the archive are evidence
for which question, and quote those that they see, word for word, with the numbers that the
prompt has for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from askpod import Archive
from askpod.answering.refusal import SENTINEL
from askpod.evals.gold import GoldQuestion, GoldSet, Stretch
from askpod.model import Turn
from askpod.retrieval.evidence import plain
from askpod.tokens import TokenCounter
from fake_openai import Request

SHORTEST = 20  # characters of a turn's part that is worth quoting
_TURN = re.compile(r"^(?:\*\*)?\[(\d+)\] .*\n> (.*)$", re.MULTILINE)
_DATA = re.compile(r"^=== evidence \d{12} (?:begins|ends) ===$", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """A numbered turn of a prompt."""

    number: int
    text: str
    at: float  # where in the evidence it begins, as a share of its characters


class Reader:
    """Reads all of the prompt, wherever the instruction stands."""

    def __init__(self, gold: GoldSet, archive: Archive) -> None:
        said = {episode.id: archive.turns(episode.id) for episode in archive.episodes()}
        self._evidence = {
            question: [plain(text) for text in _evidence(question, said)]
            for question in gold.questions
        }

    def __call__(self, request: Request) -> str:
        before, data, after = _DATA.split(self.read(request.messages[-1]["content"]))
        question = self._asked(before, after)
        if question is None:
            return "There are some transcripts here, but I was not asked anything about them."
        turns = [
            Seen(int(found[1]), found[2], found.start() / len(data))
            for found in _TURN.finditer(data)
        ]
        return self.answer([turn for turn in turns if self._holds(question, turn)])

    def read(self, prompt: str) -> str:
        """What of the prompt it takes in."""
        return prompt

    def obeyed(self, before: str, after: str) -> str:
        """What of the text around the evidence it takes for its instruction."""
        return before + after

    def answer(self, right: list[Seen]) -> str:
        """What it writes of the turns that hold the answer."""
        return " ".join(f"{turn.text} [{turn.number}]" for turn in right) or SENTINEL

    def _asked(self, before: str, after: str) -> GoldQuestion | None:
        told = self.obeyed(before, after)
        asked = [each for each in self._evidence if plain(each.question) in told]
        return max(asked, key=lambda each: len(each.question), default=None)

    def _holds(self, question: GoldQuestion, turn: Seen) -> bool:
        return len(turn.text) >= SHORTEST and any(
            turn.text in text for text in self._evidence[question]
        )


class ReadsTheFirst(Reader):
    """Takes in the first tokens of a prompt, and its instruction; what is between is not there."""

    def __init__(self, gold: GoldSet, archive: Archive, tokens: int) -> None:
        super().__init__(gold, archive)
        self._tokens = tokens
        self._count = TokenCounter("gpt-4o").count

    def read(self, prompt: str) -> str:
        ends = [found.start() for found in _DATA.finditer(prompt)][-1]
        left, kept = self._tokens, []
        for line in prompt[:ends].splitlines():
            left -= self._count(f"{line}\n")
            if left >= 0:
                kept.append(line)
        return "\n".join([*kept, prompt[ends:]])


class SkipsTheMiddle(Reader):
    """Overlooks what begins in the middle third of the evidence."""

    def _holds(self, question: GoldQuestion, turn: Seen) -> bool:
        return not 1 / 3 < turn.at < 2 / 3 and super()._holds(question, turn)


class Prose(Reader):
    """Writes without citations."""

    def answer(self, right: list[Seen]) -> str:
        return " ".join(turn.text for turn in right) or SENTINEL


class ObeysWhatComesFirst(Reader):
    """Takes an instruction behind the evidence for a part of the evidence."""

    def obeyed(self, before: str, after: str) -> str:
        del after
        return before


def _evidence(question: GoldQuestion, said: Mapping[str, Sequence[Turn]]) -> list[str]:
    """The turns that share a second with the gold evidence."""
    return [
        turn.text
        for episode in sorted({each.episode for each in question.evidence})
        for turn in said[episode]
        if Stretch(episode, turn.start, turn.end).touches(question.stretches)
    ]
