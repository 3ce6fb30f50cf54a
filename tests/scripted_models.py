"""Models that follow a script, sound or with one planted fault, to be served by FakeOpenAI.

    server.answer_with(Sound(gold, archive))

They read what a model would be sent and nothing else, but for one thing: they know the gold
set, and so which of the evidence turns hold the answer. What they write is the same whenever the
same is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from askpod import Archive
from askpod.answering.refusal import SENTINEL
from askpod.chunking import cut_span
from askpod.evals.gold import GoldQuestion, GoldSet, Stretch
from askpod.model import Span, Turn
from askpod.retrieval.evidence import plain
from askpod.text import query_words, split_sentences
from fake_openai import Request

MOST_QUOTED = 3  # turns in an answer
FEWEST_WORDS = 6  # of a sentence worth quoting

# An episode's title stands at the first of its turns only.
_TURN = re.compile(r"^\[(\d+)\] [^—\n]*(?: — (.*))?\n> (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A numbered turn of a prompt."""

    number: int
    text: str
    right: bool  # it overlaps the gold evidence
    sentence: str  # one of it that says something, inside the evidence where it can be


class Sound:
    """Quotes the turns that overlap the gold evidence, cites their numbers, refuses without any."""

    def __init__(self, gold: GoldSet, archive: Archive) -> None:
        self._gold = gold
        self._places = _places(archive)

    def __call__(self, request: Request) -> str:
        place, question = self._asked(request.prompt)
        shown = self._read(request.prompt, question)
        # Asked for other words to search for, it has none.
        return self.reply(place, question, shown) if shown else SENTINEL

    def reply(self, place: int, question: GoldQuestion, shown: list[Shown]) -> str:
        """What it writes about the question at a place of the gold set, from the turns shown."""
        del place, question
        right = [turn for turn in shown if turn.right]
        return quoted(right[:MOST_QUOTED]) or SENTINEL

    def _asked(self, prompt: str) -> tuple[int, GoldQuestion]:
        found = (
            (place, question)
            for place, question in enumerate(self._gold.questions)
            if plain(question.question) in prompt
        )
        return max(found, key=lambda each: len(each[1].question))

    def _read(self, prompt: str, question: GoldQuestion) -> list[Shown]:
        shown: list[Shown] = []
        episode = ""
        for number, title, text in _TURN.findall(prompt):
            episode = title or episode
            shown.append(self._shown(int(number), episode, text, question.stretches))
        return shown

    def _shown(self, number: int, title: str, text: str, evidence: Sequence[Stretch]) -> Shown:
        # A long title is cut in a prompt, and a long turn in the evidence.
        said = next(v for k, v in self._places.items() if k.startswith(title.removesuffix("…")))
        episode, turn = next(each for each in said if text in each[1].text)
        offset = turn.text.index(text)
        sentences = [
            (_stretch(episode, cut_span(turn, 0, offset + begin, offset + end)), text[begin:end])
            for begin, end in split_sentences(text)
            if len(text[begin:end].split()) >= FEWEST_WORDS
        ]
        inside = [each for where, each in sentences if where.touches(evidence)]
        right = Stretch(episode, turn.start, turn.end).touches(evidence)
        return Shown(number, text, right, [*inside, *(each for _, each in sentences), text][0])


class InventsNumbers(Sound):
    """In every fifth answer it cites numbers that no turn has."""

    def reply(self, place: int, question: GoldQuestion, shown: list[Shown]) -> str:
        sound = super().reply(place, question, shown)
        return re.sub(r"\[(\d+)\]", r"[9\g<1>0]", sound) if place % 5 == 0 else sound


class CitesWrongTurns(Sound):
    """In every fifth answer it cites turns that are there and say something else."""

    def reply(self, place: int, question: GoldQuestion, shown: list[Shown]) -> str:
        sound = super().reply(place, question, shown)
        if place % 5:
            return sound
        strangest = min(shown, key=lambda turn: (turn.right, _likeness(turn.text, sound)))
        return re.sub(r"\[\d+\]", f"[{strangest.number}]", sound)


class NeverRefuses(Sound):
    """Quotes the first turns where none holds the answer."""

    def reply(self, place: int, question: GoldQuestion, shown: list[Shown]) -> str:
        sound = super().reply(place, question, shown)
        return quoted(shown[:MOST_QUOTED]) if sound == SENTINEL else sound


class Prose(NeverRefuses):
    """Always answers, without citations."""

    def reply(self, place: int, question: GoldQuestion, shown: list[Shown]) -> str:
        return re.sub(r" \[\d+\]", "", super().reply(place, question, shown))


def quoted(turns: list[Shown]) -> str:
    """A sentence of each turn with its number before the full stop."""
    return " ".join(f"{turn.sentence.rstrip('.!?…')} [{turn.number}]." for turn in turns)


def _likeness(text: str, other: str) -> int:
    return len(set(query_words(text)) & set(query_words(other)))


def _stretch(episode: str, span: Span) -> Stretch:
    return Stretch(episode, span.start, span.end)


def _places(archive: Archive) -> dict[str, list[tuple[str, Turn]]]:
    """The turns of each title with the episode's id, their text as prompts show it."""
    return {
        episode.title: [
            (episode.id, replace(turn, text=plain(turn.text))) for turn in archive.turns(episode.id)
        ]
        for episode in archive.episodes()
    }


def numbered(request: Request, words: str) -> str:
    """The number under which a request's evidence holds some words."""
    before = request.prompt[: request.prompt.index(words)]
    return re.findall(r"^\[(\d+)\]", before, re.MULTILINE)[-1]


def fourteen_months(request: Request) -> str:
    """The answer to how long the trial of the examples ran."""
    return (
        f"The trial ran for fourteen months at six sites [{numbered(request, 'Fourteen months')}]."
    )
