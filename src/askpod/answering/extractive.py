"""Answers without a model: picks the sentences that answer, word for word.

A sentence's relevance is how near its meaning is to the question, how many of the question's
words it holds, and how well its passage was found. A listener wants connected speech, so whole
runs of sentences are chosen, each from one turn: the runs whose relevance lies furthest above
the ordinary (a maximum-sum segment), until WORDS are used up.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from askpod.answering.refusal import REFUSAL, is_weak
from askpod.answering.words import stem_set, stems
from askpod.embedding import Embedder
from askpod.links import second_link
from askpod.model import Answer, Citation, Episode, Passage, Span
from askpod.retrieval.search import Found
from askpod.sentences import split_sentences
from askpod.store.filters import Filters, matches_name
from askpod.times import clock

WORDS = 120  # of an answer, at most
LONGEST_RUN = 4  # sentences
MOST_RUNS = 4
SHORTEST = 4  # words: a shorter sentence ("Yeah, exactly.") says nothing by itself
PASSAGES_READ = 8
WORDS_WEIGHT = 0.5
NEIGHBOUR_WEIGHT = 0.2
RANK_PENALTY = 0.02
PAR = 0.8


@dataclass(frozen=True, slots=True)
class _Sentence:
    passage: int  # rank, from 0
    span: Span
    begin: int  # characters of the span's text
    end: int
    words: int
    relevance: float = 0.0

    @property
    def text(self) -> str:
        return self.span.text[self.begin : self.end]


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive sentences of one span."""

    sentences: tuple[_Sentence, ...]
    worth: float

    @property
    def passage(self) -> int:
        return self.sentences[0].passage

    @property
    def words(self) -> int:
        return sum(sentence.words for sentence in self.sentences)

    @property
    def quote(self) -> str:
        first, last = self.sentences[0], self.sentences[-1]
        return first.span.text[first.begin : last.end]


class ExtractiveAnswerer:
    """Writes answers in the words of the passages. Safe for several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def answer(self, found: Found, episodes: Mapping[str, Episode], filters: Filters) -> Answer:
        """An answer of at most about WORDS words from what was found, or a refusal."""
        sentences = self._relevant(found, _sentences(found.passages[:PASSAGES_READ], filters))
        runs = _choose(sentences)
        if is_weak(found, max((s.relevance for s in sentences), default=0.0)) or not runs:
            return Answer(found.question, REFUSAL, (), found.passages, True, "extractive")
        citations = tuple(
            _citation(number, run, found.passages[run.passage], episodes)
            for number, run in enumerate(runs, start=1)
        )
        text = "\n\n".join(_statement(citation) for citation in citations)
        return Answer(found.question, text, citations, found.passages, False, "extractive")

    def _relevant(self, found: Found, sentences: list[_Sentence]) -> list[_Sentence]:
        """The sentences with their relevance to the question."""
        if not sentences:
            return []
        near = self._embedder.embed([sentence.text for sentence in sentences]) @ found.vector
        shared = _shared_words(found.words, [sentence.text for sentence in sentences])
        own = [
            float(similarity) + WORDS_WEIGHT * share
            for similarity, share in zip(near, shared, strict=True)
        ]
        return [
            replace(sentence, relevance=_with_context(own, sentences, i))
            for i, sentence in enumerate(sentences)
        ]


def _sentences(passages: Sequence[Passage], filters: Filters) -> list[_Sentence]:
    """The sentences that may be quoted, in the order in which they stand in each passage."""
    return [
        _Sentence(rank, span, begin, end, len(span.text[begin:end].split()))
        for rank, passage in enumerate(passages)
        for span in passage.spans
        if filters.speaker is None or matches_name(filters.speaker, span.speaker)
        for begin, end in split_sentences(span.text)
    ]


def _shared_words(question: Sequence[str], texts: Sequence[str]) -> list[float]:
    """For each text the share of the question's words it holds, from 0 to 1.

    A word weighs the more the fewer of the texts hold it (inverse document frequency).
    """
    wanted = stem_set(question)
    held = [wanted.intersection(stems(text)) for text in texts]
    counts = Counter(word for words in held for word in words)
    weights = {word: math.log(1 + len(texts) / (1 + counts[word])) for word in wanted}
    total = sum(weights.values()) or 1.0
    return [sum(weights[word] for word in words) / total for words in held]


def _with_context(own: Sequence[float], sentences: Sequence[_Sentence], i: int) -> float:
    """A sentence is judged with its neighbours: "It took a week." answers by what precedes it."""
    score = own[i]
    for j in (i - 1, i + 1):
        if 0 <= j < len(own) and sentences[j].passage == sentences[i].passage:
            score += NEIGHBOUR_WEIGHT * own[j]
    return score - RANK_PENALTY * sentences[i].passage


def _choose(sentences: list[_Sentence]) -> list[_Run]:
    """The best runs that WORDS allow, in the order of their passages and of speech."""
    if not sentences:
        return []
    par = float(np.quantile([s.relevance for s in sentences], PAR))
    runs: list[_Run] = []
    left, taken = WORDS, set[int]()
    for run in _candidates(sentences, par):
        positions = {id(sentence) for sentence in run.sentences}
        if run.words > left or positions & taken:
            continue
        runs.append(run)
        taken |= positions
        left -= run.words
        if len(runs) == MOST_RUNS:
            break
    return sorted(
        runs, key=lambda run: (run.passage, run.sentences[0].span.turn, run.sentences[0].begin)
    )


def _candidates(sentences: list[_Sentence], par: float) -> list[_Run]:
    """All runs worth quoting, best first."""
    runs = []
    for first in range(len(sentences)):
        for last in range(first, min(first + LONGEST_RUN, len(sentences))):
            members = sentences[first : last + 1]
            if members[-1].span is not members[0].span:
                break
            worth = sum(sentence.relevance - par for sentence in members)
            if worth > 0 and sum(s.words for s in members) >= SHORTEST:
                runs.append(_Run(tuple(members), worth))
    return sorted(runs, key=lambda run: -run.worth)


def _citation(
    number: int, run: _Run, passage: Passage, episodes: Mapping[str, Episode]
) -> Citation:
    span = run.sentences[0].span
    start, end = span.start, span.end
    per_character = (end - start) / max(1, len(span.text))
    begin_second = start + run.sentences[0].begin * per_character
    end_second = start + run.sentences[-1].end * per_character
    episode = episodes[passage.episode_id]
    return Citation(
        number=number,
        episode_id=episode.id,
        title=episode.title,
        speaker=span.speaker,
        start=begin_second,
        end=end_second,
        quote=run.quote,
        url=second_link(episode.youtube, episode.links, begin_second),
        supported=True,
    )


def _statement(citation: Citation) -> str:
    """One quotation, with who says it and when."""
    who = (
        f"{citation.speaker} ({clock(citation.start)})"
        if citation.speaker
        else clock(citation.start)
    )
    return f"{who}: “{citation.quote}” [{citation.number}]"
