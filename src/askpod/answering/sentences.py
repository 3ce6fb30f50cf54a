"""The sentences of the passages: what each is, and whether it may be quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from askpod.late_chunking import sentences_of
from askpod.model import Passage, Span, Turn
from askpod.text import TokenCounts, asks

FEWEST = 4  # words; less says little by itself

# What begins like this speaks of something that was said before.
_LEANS = re.compile(
    r"[\"'“‘(]*(?:and|but|so|or|because|then|also|too|it|its|they|them|their|this|that|these|those|he|"
    r"she|his|her|there|such|which|yes|yeah|yep|no|nope|exactly|right|sure)\b",
    re.IGNORECASE,
)

# "Can you tell us …", "Let's start with your background.": a host's, though with a full stop.
_PROMPTS = re.compile(
    r"(?:(?:so|and|okay|well|yeah|but|maybe|now|then|before [^.?!]{1,90}),? )*"
    r"(?:(?:please )?tell (?:us|me|everyone)\b|let['’]s (?:start|begin|talk|go|move|get)\b"
    r"|(?:can|could|would) you (?:please |maybe |briefly )?"
    r"(?:tell|explain|share|give|walk|talk|describe)\b"
    r"|I(?:['’]m| am| was) (?:just )?(?:wondering|curious)\b)",
    re.IGNORECASE,
)

# "So the question, as I understand it, is whether …"
_TELLS_A_QUESTION = re.compile(
    r"(?:(?:so|and|okay|well|yeah|then),? )*"
    r"(?:the|your|my|another|one)(?: (?:next|first|last|other))? question(?:,[^,.:]{1,40}?,?)? is"
    r"[:,]? [\"'“‘]?(?:why|how|what|when|where|who|which|whether|if|do(?:es)?|did|is|are|can)\b"
    r"(?!.*(?:, and (?:the|it|we|they|i|that)\b|: ))",
    re.IGNORECASE,
)

# "Next: Callum in Malpas asks how much a ticket is.", "Here's a question from Jo, who asks if …":
# what listeners ask is read out.
_READS_A_QUESTION = re.compile(
    r"(?:.*\b(?:question|e-?mail|message|letter)\b[^.?!]* from\b.*\b(?:s?he|they|who)"
    r" (?:asks?|wonders?|wants? to know) (?:us )?(?:why|how|what|when|where|who|which|whether|if)\b"
    r"|(?:(?:\w+:|and|so|okay|well|now|then|next),? )*"
    r"(?!(?:no|every|some|any)[a-z]+ |(?:s?he|it|who|one|this|that|people) )"
    r"(?-i:[A-Z])[\w'’-]+(?: (?:(?:in|from|of) )?(?-i:[A-Z])[\w'’-]+)*"
    r" (?:(?:also )?(?:asks|wonders|wants to know)|is (?:asking|wondering)|would like to know)"
    r"(?: us| me| you)?[:,]? [\"'“‘]?(?:why|how|what|when|where|who|which|whether|if)\b)"
    r"(?!.*(?:, (?:and|but|so) (?:the|it|we|they|i|that)\b|: ))",
    re.IGNORECASE,
)

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Sentence:
    """A sentence of a turn that a passage holds a part of. What is told of its text is kept."""

    passage: int  # rank, from 0
    episode: str
    turn: int  # position in its episode
    span: Span  # the turn, or what of it is read
    number: int  # which sentence of its turn, from 0
    begin: int  # characters of the span's text
    end: int
    inside: bool  # it is in the passage itself

    @property
    def place(self) -> tuple[str, int, int]:
        """Where in the archive it stands, whichever passage holds it."""
        return self.episode, self.turn, self.begin

    @cached_property
    def text(self) -> str:
        """What is said, as it stands in the turn."""
        return self.span.text[self.begin : self.end]

    @cached_property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())

    @cached_property
    def asks(self) -> bool:
        """Whether it is a question, or tells one."""
        told = _TELLS_A_QUESTION.match(self.text) or _READS_A_QUESTION.match(self.text)
        return asks(self.text) or bool(told)

    @cached_property
    def tells(self) -> bool:
        """Whether it may be quoted: it neither asks nor, with a full stop, bids somebody speak."""
        return not (self.asks or _PROMPTS.match(self.text))

    @cached_property
    def leans(self) -> bool:
        """Whether it cannot be understood without what was said before it."""
        return bool(_LEANS.match(self.text))


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive sentences of one turn."""

    sentences: tuple[Sentence, ...]
    worth: float  # how far their relevance, summed, lies above the ordinary
    relevance: tuple[float, ...]  # of each of the sentences
    asked: str = ""  # the question that it answers, where it leans on that
    after: str = ""  # what another says or asks right before it, where it begins its turn

    @property
    def best(self) -> float:
        """The greatest relevance of a sentence."""
        return max(self.relevance)

    @property
    def words(self) -> int:
        """How many words its sentences have."""
        return sum(sentence.words for sentence in self.sentences)

    @property
    def text(self) -> str:
        """Its sentences, joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Judged:
    """Sentences with their relevance to a question, in the order of passages and of speech."""

    sentences: tuple[Sentence, ...]
    relevance: Scores
    to_clauses: tuple[Scores, ...] = ()  # to each of the questions that are put in one

    def lowered(self, by: Scores) -> Judged:
        """The same with so much taken off each sentence's relevance."""
        to_clauses = tuple(each - by for each in self.to_clauses)
        return Judged(self.sentences, self.relevance - by, to_clauses)


def read(
    passages: Sequence[Passage], turns: Sequence[Sequence[Turn]], count: TokenCounts
) -> list[Sentence]:
    """The sentences of all turns that passages touch, with those of the turn before.

    Args:
        passages: best first.
        turns: for each passage the turns from one before its first to its last.
        count: counts an embedder's tokens; a sentence without end is taken in parts.
    """
    found = []
    for rank, (passage, said) in enumerate(zip(passages, turns, strict=True)):
        parts = {span.turn: span for span in passage.spans}
        for place, turn in enumerate(said, start=passage.spans[-1].turn - len(said) + 1):
            span = Span(place, 0, turn.speaker, turn.text, turn.start, turn.end, turn.marks)
            part = parts.get(place)
            begin, end = (part.offset, part.offset + len(part.text)) if part else (0, 0)
            found += [
                Sentence(rank, passage.episode_id, place, span, n, a, b, a < end and b > begin)
                for n, (a, b) in enumerate(sentences_of(turn.text, count))
            ]
    return found
