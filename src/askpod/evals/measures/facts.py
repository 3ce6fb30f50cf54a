"""Fact recall, fact precision and their F1: whether an answer states the gold facts.

A statement, a sentence of an answer, is held against a fact:

    score = similarity + WORDS * shared + FIGURES (where the fact has figures)

similarity: the cosine of the two; shared: the share of the fact's words and figures that the
statement holds, counted against it where one says what the other denies. It states the fact from
BAR on, unless a figure of the fact is missing. Where no statement does, two neighbours may. How
the figures were set, and how often a reader agrees: docs/measures.md.

It compares; it does not reason. A fact turned round in its own words passes, and a paraphrase
that shares no word and little meaning with it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log10

import numpy as np
from numpy.typing import NDArray

from askpod.answering.citations import UNCITED_MARK, UNSUPPORTED_MARK
from askpod.answering.claims import (
    FEWEST_WORDS,
    UNENDED_WORDS,
    binding_numbers,
    needs_source,
    stated_numbers,
)
from askpod.answering.refusal import REFUSAL, is_refusal
from askpod.answering.replies import markers_and_text
from askpod.embedding import Embedder
from askpod.evals.measures import Score, harmonic_mean
from askpod.text import content_words, split_sentences, split_to_fit

# A paragraph of the extractive answer: who and when, or when alone, and what was said.
_QUOTATION = re.compile(
    r"(?:[^\n“]{1,200} \()?\d+(?::\d\d){1,2}\)?: “(?P<said>.*)”(?: \[\d+\])?", re.DOTALL
)
_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n(?!\s*[a-z])")  # in lower case it goes on with the line before
_LIST_MARK = re.compile(r"[\s>]*(?:[-*•–+]|\d{1,3}[.)])(?=\s)")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|(\*\*|__)[^*_]*\1[:.]?\s*$)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?])[*_](?!\w)")
_NO_STATEMENT = (":", "?", "：", "？")
_ENDED = (".", "!", "…", "。", "！")
_AROUND = ' \t\n"“”'

STEM = 5  # letters in which two words must agree, as for citations (answering/support.py)

_SIGNS = str.maketrans({"%": " percent ", "€": " euros ", "$": " dollars ", "°": " degrees "})
_RAISED = re.compile("[²³¹⁰⁴-⁹₀-₉]")  # powers and footnotes: digits to Python, and no figures
# "Nobody" and "without" are not here: they put a paraphrase ("nobody liked it" for "unpopular")
# more often than they deny the other's words.
_DENIAL = re.compile(r"\b(?:not|no|never|cannot)\b|n['’]t\b", re.IGNORECASE)
_NAMES = re.findall(r"\w+", "zero one two three four five six seven eight nine")
_DIGITS = {name: str(digit) for digit, name in enumerate(_NAMES)}
_DIGIT = rf"(?:{'|'.join(_DIGITS)}|\d)\b"
_DECIMAL = re.compile(
    rf"(?P<whole>\b\w+(?:[ -]\w+)?) point (?P<parts>{_DIGIT}(?: {_DIGIT})*)", re.IGNORECASE
)

WORDS = 0.5  # as for citations; 0.4 to 0.6 do as well
FIGURES = 0.15  # few sentences hold all figures of a fact by chance; 0.1 to 0.3 do as well
BAR = 0.65
BAR_TOGETHER = 0.7  # two statements share more words with any fact by chance
MOSTLY = 0.5  # of a statement's words: from there on a "not" in it is about the fact
OKAY = 0.5  # what an okay fact weighs beside a vital one
KEPT = 4000  # vectors that are remembered

Vector = NDArray[np.float32]


def statements(text: str) -> tuple[str, ...]:
    """The sentences of an answer that state something, as it was shown or as a model wrote it.

    They come without evidence numbers, marks, bullets, quotation marks around them and the
    speaker's name before a quotation. A fragment ("Yes.", "Velmic.") belongs to the sentence
    after it, or to the one before it where none follows.
    """
    if text.strip() == REFUSAL or is_refusal(text):
        return ()
    found: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        quotation = _QUOTATION.fullmatch(paragraph.strip())
        read = _read(quotation["said"]) if quotation else _written(paragraph)
        found += _without_fragments(read)
    return tuple(found)


def _written(paragraph: str) -> Iterator[tuple[str, bool]]:
    """A model's sentences, each with whether it is a fragment. An item of a list is none."""
    for line in _LINE.split(_unmarked(paragraph)):
        if _HEADING.match(line):
            continue
        listed = _LIST_MARK.match(line)
        plain = _EMPHASIS.sub("", line[listed.end() :] if listed else line)
        for sentence, is_fragment in _read(plain):
            yield sentence, is_fragment and not listed


def _read(text: str) -> Iterator[tuple[str, bool]]:
    """The sentences that are neither question nor lead-in; a fragment has too few words."""
    for begin, end in split_sentences(text):
        sentence = " ".join(text[begin:end].split()).strip(_AROUND)
        if sentence and not sentence.endswith(_NO_STATEMENT):
            fewest = FEWEST_WORDS if sentence.endswith(_ENDED) else UNENDED_WORDS
            yield sentence, len(sentence.split()) < fewest


def _without_fragments(read: Iterable[tuple[str, bool]]) -> list[str]:
    joined: list[str] = []
    held = ""
    for sentence, is_fragment in read:
        held = f"{held} {sentence}".lstrip()
        if not is_fragment:
            joined.append(held)
            held = ""
    if held:
        joined.append(f"{joined.pop()} {held}" if joined else held)
    return joined


def _unmarked(text: str) -> str:
    plain = "".join(part for part in markers_and_text(text) if isinstance(part, str))
    for mark in (UNSUPPORTED_MARK, UNCITED_MARK):
        plain = plain.replace(mark, "")
    return re.sub(r"[ \t]+(?=[.,;:!?])", "", plain)


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it is compared."""

    holds: frozenset[str | float]  # the first letters of words that mean something, and figures
    figures: frozenset[float]  # all that it states
    needed: frozenset[float]  # those of them that another text must state to say the same
    denies: bool


@lru_cache(maxsize=4096)
def said(text: str) -> Said:
    """A text, ready to be compared."""
    plain = _DECIMAL.sub(_in_digits, _RAISED.sub(" ", text.translate(_SIGNS)))
    figures = stated_numbers(plain)
    # Behind "a hundred" and "a thousand" the words of a number count as rough; only these two,
    # and their like, are.
    exact = {number for number in figures if number > 100 and not log10(number).is_integer()}
    stems = frozenset(word[:STEM] for word in content_words(plain) if not _is_number(word))
    needed = binding_numbers(plain) | exact
    return Said(stems | figures, figures, needed, bool(_DENIAL.search(plain)))


@lru_cache(maxsize=4096)
def _is_number(word: str) -> bool:
    return word.isdigit() or (word.isalpha() and bool(stated_numbers(word)))


def _in_digits(found: re.Match[str]) -> str:
    """Like "sixteen point eight" as "16.8"; what is no number before "point" stays."""
    before, _, last = found["whole"].rpartition(" ")
    whole = stated_numbers(found["whole"])
    if len(whole) != 1 or not _is_number(last.rpartition("-")[2]):
        return found[0]
    kept = "" if _is_number(before) or not before else f"{before} "
    parts = "".join(_DIGITS.get(part.lower(), part) for part in found["parts"].split())
    return f"{kept}{next(iter(whole)):.0f}.{parts}"


@dataclass(frozen=True, slots=True)
class Match:
    """Where an answer states a fact."""

    fact: int  # its number in the list, from 0
    statement: int | None  # that states it, alone or with the next one; None where none does
    score: float  # of that statement or pair; the best that there was, where none states it
    second: int | None = None  # the next one, where the two state it only together


class FactMatcher:
    """Holds statements against facts. Safe for several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, Vector] = {}

    def states(self, statement: str, fact: str) -> bool:
        """Whether one statement by itself states the fact."""
        return self.score(statement, fact) >= BAR

    def score(self, statement: str, fact: str) -> float:
        """What is held against BAR, from -0.5 to 1.65; 0 where a figure of the fact is missing."""
        ours, gold = said(statement), said(fact)
        if not gold.needed <= ours.figures:
            return 0.0
        shared = len(gold.holds & ours.holds)
        part = shared / len(gold.holds) if gold.holds else 0.0
        if ours.denies != gold.denies and shared >= MOSTLY * len(ours.holds):
            part = -part
        near = float((self._vector(statement) @ self._vector(fact).T).max())
        return near + WORDS * part + (FIGURES if gold.needed else 0.0)

    def match(self, facts: Sequence[str], statements: Sequence[str]) -> tuple[Match, ...]:
        """For each fact the statement, or the two neighbours, that state it."""
        pairs = [f"{one} {two}" for one, two in pairwise(statements)]
        self._embed([*facts, *statements, *pairs])
        return tuple(
            self._match(number, fact, statements, pairs) for number, fact in enumerate(facts)
        )

    def _match(
        self, number: int, fact: str, statements: Sequence[str], pairs: Sequence[str]
    ) -> Match:
        alone = [self.score(statement, fact) for statement in statements]
        best = max(alone, default=0.0)
        if best >= BAR:
            return Match(number, alone.index(best), best)
        together = [self.score(pair, fact) for pair in pairs]
        of_two = max(together, default=0.0)
        if of_two < BAR_TOGETHER:
            return Match(number, None, best)
        first = together.index(of_two)
        return Match(number, first, of_two, first + 1)

    def _vector(self, text: str) -> Vector:
        return self._embed([text])[text]

    def _embed(self, texts: Iterable[str]) -> dict[str, Vector]:
        """All vectors that are known, with those of each text: several where it is too long."""
        # Another thread may begin a new memory; this one keeps the one that it has filled.
        known = self._vectors if len(self._vectors) < KEPT else {}
        self._vectors = known
        new = {text: self._fitting(text) for text in dict.fromkeys(texts) if text not in known}
        if new:
            vectors = self._embedder.embed([part for parts in new.values() for part in parts])
            ends = np.cumsum([len(parts) for parts in new.values()])
            known.update(zip(new, np.split(vectors, ends[:-1]), strict=True))
        return known

    def _fitting(self, text: str) -> list[str]:
        embedder = self._embedder
        parts = split_to_fit(text, 0, len(text), embedder.count_tokens, embedder.max_tokens)
        return [text[begin:end] for begin, end, _ in parts]


def fact_scores(
    matcher: FactMatcher, facts: Sequence[str], text: str, okay: Sequence[str] = ()
) -> tuple[dict[str, Score], tuple[Match, ...]]:
    """fact_recall, fact_precision and fact_f1 of an answer, and what was found where.

    fact_recall: the share of the facts that the answer states. fact_precision: the share of its
    statements that state a fact, or a part of it together with a neighbour; courtesies and remarks
    on what the episodes do not hold are not counted. fact_f1: their harmonic mean. An answer that
    states nothing, such as a refusal, has 0 in all three.

    With `okay` facts, which an answer may state and need not, also nugget_recall: the share of
    all facts that it states, an okay one weighing half of a vital one. To state one is precise.
    Facts as in the nuggets of question answering (Voorhees, TREC 2003), without a judge; vital
    and okay, and the weight of a half, as in AutoNuggetizer (Pradeep et al., SIGIR 2025).
    """
    read = statements(text)
    every = [*facts, *okay]
    matches = matcher.match(every, read)
    found = [match.statement is not None for match in matches]
    stated, stated_okay = sum(found[: len(facts)]), sum(found[len(facts) :])
    used = {number for match in matches for number in (match.statement, match.second)}
    right = {
        number
        for number, statement in enumerate(read)
        if number in used or any(matcher.states(statement, fact) for fact in every)
    }
    counted = [n for n, statement in enumerate(read) if n in right or needs_source(statement)]
    recall = stated / len(facts) if facts else 0.0
    precision = len(right) / len(counted) if counted else 0.0
    scores = {
        "fact_recall": Score(recall),
        "fact_precision": Score(precision),
        "fact_f1": Score(harmonic_mean(recall, precision)),
    }
    if okay:
        nuggets = (stated + OKAY * stated_okay) / (len(facts) + OKAY * len(okay))
        scores["nugget_recall"] = Score(nuggets)
    return scores, matches
