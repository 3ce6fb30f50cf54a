"""Answers without a model: picks the sentences that answer, word for word.

A sentence's relevance is how near its meaning is to the question, how many of the question's
words it holds ("forecasts" matches "forecasting", by the tokenizer of the archive's word index),
and how well its passage fits. A listener wants connected speech, so runs of sentences are quoted,
each from one turn: the runs whose relevance lies furthest above the ordinary (maximum-sum
segments), until WORDS are used up.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from askpod.answering.citations import cite
from askpod.answering.refusal import REFUSAL, is_weak, reason
from askpod.embedding import Embedder
from askpod.links import second_link
from askpod.model import Answer, Citation, Episode, Filters, Passage, Span, Turn, Usage
from askpod.retrieval.search import Found
from askpod.store.cells.words import quoted
from askpod.store.schema import TOKENIZER
from askpod.text import matches_name, split_sentences
from askpod.times import clock

WORDS = 120  # of speech in an answer, at most
PASSAGES = 6  # that are read for it
LONGEST_RUN = 5  # sentences
SHORTEST_RUN = 8  # words; less ("Yeah, exactly.") says nothing by itself
MOST_RUNS = 4

# Parts of a sentence's relevance beside its cosine to the question, chosen for the facts they
# bring into answers on the development questions (docs/answers.md).
SHARED_WORDS = 0.6
PASSAGE = 1.5  # of what its passage's score lacks to the best one's, taken off
QUESTION = 0.5  # taken off a question: it asks what the listener asks, and does not answer
HOST = 0.2  # taken off what others than the guests say: a host leads to the answers
ORDINARY = 1.7  # the sentences that are above the ordinary hold this many times WORDS
LEAST_WORTH = 0.15  # of the best run's worth, below which a run is left out

TurnsOf = Callable[[str, int, int], list[Turn]]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A question with what was found for it."""

    found: Found
    filters: Filters
    episodes: Mapping[str, Episode]
    turns: TurnsOf
    usage: Usage = field(default_factory=Usage)  # spent on making the question whole


def in_pieces(answer: Answer) -> Iterator[str | Answer]:
    """An answer that is there at once, as a stream: paragraph by paragraph."""
    for number, paragraph in enumerate(answer.text.split("\n\n")):
        yield f"\n\n{paragraph}" if number else paragraph
    yield answer


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int  # rank, from 0
    span: Span
    begin: int  # characters of the span's text
    end: int
    by_host: bool
    relevance: float = 0.0

    @property
    def text(self) -> str:
        return self.span.text[self.begin : self.end]

    @property
    def words(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive sentences of one span."""

    sentences: tuple[_Sentence, ...]
    worth: float

    @property
    def words(self) -> int:
        return sum(sentence.words for sentence in self.sentences)

    @property
    def place(self) -> tuple[int, int, int]:
        first = self.sentences[0]
        return first.passage, first.span.turn, first.begin


class ExtractiveAnswerer:
    """Writes answers in the words of the passages. Safe for several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def answer(self, found: Found, episodes: Mapping[str, Episode], filters: Filters) -> Answer:
        """An answer of at most WORDS words of speech from what was found, or a refusal."""
        sentences = self._judged(found, _sentences(found.passages[:PASSAGES], episodes, filters))
        runs = [] if is_weak(found, filters) else _choose(sentences)
        if not runs:
            return Answer(
                question=found.question,
                text=REFUSAL,
                citations=(),
                passages=found.passages,
                refused=True,
                mode="extractive",
                warnings=reason(found),
            )
        citations = tuple(
            _citation(number, run, episodes[found.passages[run.place[0]].episode_id])
            for number, run in enumerate(runs, start=1)
        )
        text = "\n\n".join(_statement(citation) for citation in citations)
        return Answer(found.question, text, citations, found.passages, False, "extractive")

    def _judged(self, found: Found, sentences: list[_Sentence]) -> list[_Sentence]:
        """The sentences with their relevance to the question."""
        if not sentences:
            return []
        texts = [sentence.text for sentence in sentences]
        # Not `found.vector`: the archive may have been made by another embedder.
        vectors = self._embedder.embed([found.question, *texts])
        near = vectors[1:] @ vectors[0]
        held = shares(found.words, texts)
        best = found.passages[0].score
        return [
            replace(
                sentence,
                relevance=float(cosine)
                + SHARED_WORDS * share
                - PASSAGE * (best - found.passages[sentence.passage].score)
                - (QUESTION if _asks(sentence.text) else 0.0)
                - (HOST if sentence.by_host else 0.0),
            )
            for sentence, cosine, share in zip(sentences, near, held, strict=True)
        ]


def _sentences(
    passages: Sequence[Passage], episodes: Mapping[str, Episode], filters: Filters
) -> list[_Sentence]:
    """The sentences that may be quoted, in the order in which they stand in each passage."""
    return [
        _Sentence(rank, span, begin, end, _is_host(span.speaker, episodes[passage.episode_id]))
        for rank, passage in enumerate(passages)
        for span in passage.spans
        if filters.speaker is None or matches_name(filters.speaker, span.speaker)
        for begin, end in split_sentences(span.text)
    ]


def _is_host(speaker: str, episode: Episode) -> bool:
    return bool(speaker and episode.guests) and speaker not in episode.guests


def _asks(text: str) -> bool:
    return text.rstrip("\"'”’»)] ").endswith("?")


def _choose(sentences: list[_Sentence]) -> list[_Run]:
    """The best runs that WORDS allow, in the order of their passages and of speech."""
    ordinary = _ordinary(sentences)
    runs: list[_Run] = []
    left = WORDS
    for run in sorted(_runs(sentences, ordinary), key=lambda run: -run.worth):
        if (runs and run.worth < LEAST_WORTH * runs[0].worth) or len(runs) == MOST_RUNS:
            break
        if run.words <= left and not any(set(run.sentences) & set(r.sentences) for r in runs):
            runs.append(run)
            left -= run.words
    return sorted(runs, key=lambda run: run.place)


def _ordinary(sentences: list[_Sentence]) -> float:
    """The relevance above which the sentences hold ORDINARY times WORDS."""
    held = 0
    for sentence in sorted(sentences, key=lambda each: -each.relevance):
        held += sentence.words
        if held >= ORDINARY * WORDS:
            return sentence.relevance
    # Of so few none is ordinary: the only sentence of an archive may be the answer.
    return min((sentence.relevance for sentence in sentences), default=0.0) - 1e-6


def _runs(sentences: list[_Sentence], ordinary: float) -> Iterator[_Run]:
    """All runs worth quoting."""
    for first in range(len(sentences)):
        for last in range(first, min(first + LONGEST_RUN, len(sentences))):
            members = tuple(sentences[first : last + 1])
            if members[-1].span is not members[0].span:
                break
            run = _Run(members, sum(member.relevance - ordinary for member in members))
            if run.worth > 0 and run.words >= SHORTEST_RUN:
                yield run


def _citation(number: int, run: _Run, episode: Episode) -> Citation:
    first, last = run.sentences[0], run.sentences[-1]

    def link(_: str, second: float) -> str:
        return second_link(episode.youtube, episode.links, second)

    # Supported: the quotation is the claim.
    return cite(
        number,
        (episode.id, episode.title),
        first.span,
        (first.begin, last.end),
        link,
        supported=True,
    )


def _statement(citation: Citation) -> str:
    """One quotation, with who says it and when."""
    when = clock(citation.start)
    who = f"{citation.speaker} ({when})" if citation.speaker else when
    return f"{who}: “{citation.quote}” [{citation.number}]"


def held_words(words: Sequence[str], texts: Sequence[str]) -> list[frozenset[str]]:
    """For each text those of `words` that it holds."""
    held: list[set[str]] = [set() for _ in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            f"CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = '{TOKENIZER}')"
        )
        connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts))
        for word in words:
            query = "SELECT rowid FROM texts WHERE texts MATCH ?"
            for (number,) in connection.execute(query, [quoted(word)]):
                held[number].add(word)
    return [frozenset(each) for each in held]


def shares(words: Sequence[str], texts: Sequence[str]) -> list[float]:
    """For each text the share of `words` it holds, from 0 to 1.

    A word weighs the more the fewer of the texts hold it (inverse document frequency).
    """
    held = held_words(words, texts)
    counts = Counter(word for each in held for word in each)
    weights = {word: math.log(1 + len(texts) / (1 + counts[word])) for word in words}
    total = sum(weights.values()) or 1.0
    return [sum(weights[word] for word in each) / total for each in held]
