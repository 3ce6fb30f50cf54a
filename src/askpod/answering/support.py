"""Whether a cited turn supports a claim: its words, its numbers and names, and its meaning.

A claim's score against a turn is

    similarity + WORDS * shared - NAME * missing

similarity: the cosine of the claim and the nearest one or two sentences of the turn; shared: the
share of the claim's content words that the turn holds; missing: the names in the claim that it does
not hold. It is supported from BAR on, unless it states a number that the nearest sentences do not,
or denies something where they deny nothing. It compares and does not reason. How often it is wrong:
docs/citations.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.answering.candidates import (
    added_words,
    adds_little,
    holds_repeated,
    on_its_subject,
    stems,
    those_told_of,
)
from askpod.answering.claims import (
    binding_numbers,
    denies_alone,
    measures_otherwise,
    missing_names,
    stated_numbers,
)
from askpod.answering.relevance import KeptVectors
from askpod.embedding import Embedder
from askpod.model import EvidenceTurn
from askpod.text import asks, split_sentences, split_to_fit
from askpod.times import clock

WORDS = 0.5
NAME = 0.3
BAR = 0.6
BAR_TOGETHER = 0.7  # several turns share more words with any claim by chance
# For a turn that the model did not cite: the best of many reaches BAR by chance.
BAR_UNCITED = 0.7
BAR_ADDED = 0.95  # for what a claim adds to its question, or the claim as it is
SHARED_UNCITED = 0.5  # of the claim's content words, that it must hold besides
SHARED_ADDED = 0.55  # of what it says besides the question, where all of it is not held
# Of those words, that the nearest one or two sentences must hold: a long turn holds many by chance.
SHARED_NEAREST = 0.25
GAIN = 0.08  # what a turn must add to the score of several to be a part of the support
MOST_TOGETHER = 6  # turns judged together; who cites more cites nothing in particular

LIKELY_SOURCES = 8  # turns that are looked at for a claim that cites none
LIKELY_CITED = 8  # first turns of the evidence, which is in the order of its worth
EMBEDDED = 2  # sentences of a turn that are embedded: those that share most words with the claim
SHARED_NEARLY = 0.5  # of what the first of these shares, that the second must share, too
MOST_NAMES = 2  # missing ones that are counted
KEPT = 4000  # verdicts and turns that are remembered, each

# "I have …" is about its speaker alone, unlike "I think companies …"; "Fellows are …" is not.
_FIRST_PERSON = re.compile(
    r"(?:\W*(?:and|but|so|because|well|yes|yeah|actually|then)\b)*\W*"
    r"I\b(?! (?:think|believe|guess|mean|know|feel|find|would say)\b)",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"(?!(?:I|we|you|they)\b)(?:(?!\b(?:is|was|has)\b)[^.,;:])*?\b(?:are|were|have)\b",
    re.IGNORECASE,
)

_AGREES = re.compile(r"(?:yes|no)\b(?! one\b)", re.IGNORECASE)

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Support:
    """How a turn bears on a claim."""

    ok: bool
    begin: int  # characters of the turn's text: the sentence or two that support the claim best,
    end: int  # or that come nearest


@dataclass(frozen=True, slots=True)
class _Sentence:
    begin: int
    end: int
    text: str
    stems: frozenset[str]


class SupportChecker:
    """Checks claims against turns. Safe for several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept = KeptVectors(embedder)
        self._verdicts: dict[tuple[str, EvidenceTurn], Support] = {}
        self._turns: dict[str, list[_Sentence]] = {}

    def check(self, claim: str, turn: EvidenceTurn) -> Support:
        """One claim, a sentence without its markers, against one cited turn."""
        known = self._verdicts.get((claim, turn))
        if known is None:
            score, begin, end = self._judge(claim, (turn,))
            stated = self._where_stated(claim, turn, begin, end)
            if denies_alone(claim, turn.span.text[begin:end]):
                stated = None
            known = Support(score >= BAR and stated is not None, *(stated or (begin, end)))
            _remember(self._verdicts, (claim, turn), known)
        return known

    def _where_stated(
        self, claim: str, turn: EvidenceTurn, begin: int, end: int
    ) -> tuple[int, int] | None:
        """The nearest words, or with those beside them, that state the claim's numbers."""
        text = turn.span.text
        # The speaker and the title are known, but are no words of the turn's.
        binding = binding_numbers(_without_place(claim, (turn,)))
        binding -= stated_numbers(f"{turn.span.speaker} {turn.title}")
        near = stated_numbers(text[begin:end])
        if binding <= near:
            return begin, end
        if binding.isdisjoint(near):
            return None
        before = [each.begin for each in self._sentences(text) if each.end <= begin]
        after = [each.end for each in self._sentences(text) if each.begin >= end]
        first, last = (before or [begin])[-1], (after or [end])[0]
        for wider in ((begin, last), (first, end), (first, last)):
            if binding <= stated_numbers(text[slice(*wider)]):
                return wider
        return None

    def prepare(self, turns: Sequence[EvidenceTurn], answered: Event) -> None:
        """Embeds what is likely to be checked, while the model has not answered yet.

        From then on the checks embed what they need, and another core's work is in their way.
        """
        for turn in turns[:LIKELY_CITED]:
            for sentence in self._sentences(turn.span.text):
                if answered.is_set():
                    return
                self._vector(sentence.text)

    def check_each(
        self, claim: str, turns: Sequence[EvidenceTurn], others: Sequence[EvidenceTurn] = ()
    ) -> list[Support]:
        """Each of several turns cited for one claim.

        A turn is right by itself, or as a part: all together support the claim, and noticeably
        less without this one (compare the citation precision of ALCE, Gao et al., EMNLP 2023,
        section 3). `others` were cited for the claim, too, but are not asked about.
        """
        alone = [self.check(claim, turn) for turn in turns]
        joined = list(dict.fromkeys((*others, *turns)))
        if all(support.ok for support in alone) or not 1 < len(joined) <= MOST_TOGETHER:
            return alone
        together = self.score(claim, joined)
        if together < BAR_TOGETHER:
            return alone

        def adds(turn: EvidenceTurn) -> bool:
            return together - self.score(claim, [one for one in joined if one != turn]) >= GAIN

        return [
            replace(support, ok=support.ok or adds(turn))
            for support, turn in zip(alone, turns, strict=True)
        ]

    def check_together(self, claim: str, turns: Sequence[EvidenceTurn]) -> bool:
        """Whether turns support a claim of which each may hold a part only."""
        return self.score(claim, turns) >= (BAR if len(turns) == 1 else BAR_TOGETHER)

    def attribute(
        self, claim: str, turns: Sequence[EvidenceTurn], question: str = ""
    ) -> tuple[EvidenceTurn, Support] | None:
        """The turn that supports a claim best, found without the model's help; None: none does.

        Only the LIKELY_SOURCES turns that share most of the claim's words are judged: a word counts
        the more, the fewer turns hold it. What a claim repeats of the question need not be said in
        the same place, only beside it. A yes or no that adds little has no source.

        Args:
            claim: a sentence without its markers.
            turns: all of the evidence, in the order of its worth; of equal ones the first wins.
            question: what the claim answers.
        """
        little = adds_little(claim, question)
        if little and _AGREES.match(claim):
            return None
        theirs = those_told_of(claim, question, turns)
        found = self._source(claim, claim, theirs, SHARED_UNCITED, question)
        if found is None and (added := added_words(claim, question)):
            beside = [turn for turn in on_its_subject(claim, question, turns) if turn in theirs]
            found = self._source(added, claim, beside, SHARED_ADDED, question)
            if found and not binding_numbers(claim):
                score = max(self.score(said, found[:1]) for said in (added, claim))
                found = found if score >= BAR_ADDED else None
        if found is None or (little and not holds_repeated(claim, question, found[0])):
            return None
        turn, near = found
        return None if measures_otherwise(claim, turn.span.text[near.begin : near.end]) else found

    def _source(
        self, said: str, claim: str, turns: Sequence[EvidenceTurn], shared: float, question: str
    ) -> tuple[EvidenceTurn, Support] | None:
        """The turn that supports best what is `said` in a claim, and does not contradict it."""
        wanted = stems(said)
        told = [[s.stems for s in self._sentences(t.span.text) if not asks(s.text)] for t in turns]
        held = [wanted.intersection(frozenset[str]().union(*each)) for each in told]
        holding = Counter(stem for each in held for stem in each)
        worth = [sum(1 / holding[stem] for stem in each) for each in held]
        likely = sorted(range(len(turns)), key=lambda at: (-worth[at], at))[:LIKELY_SOURCES]
        enough = shared * len(wanted)
        judged = [
            (self._judge(said, (turns[at],)), at)
            for at in sorted(likely)
            if worth[at] > 0 and len(held[at]) >= enough
        ]
        for (score, begin, end), at in sorted(judged, key=lambda each: -each[0][0]):
            if score < BAR_UNCITED:
                break
            nearest = turns[at].span.text[begin:end]
            near = len(wanted & stems(nearest))
            of_others = _PLURAL.match(claim) and _FIRST_PERSON.match(nearest)
            if of_others or near < SHARED_NEAREST * len(wanted):
                continue
            if denies_alone(claim, f"{nearest} {question}"):
                continue
            if stated := self._where_stated(claim, turns[at], begin, end):
                return turns[at], Support(ok=True, begin=stated[0], end=stated[1])
        return None

    def score(self, claim: str, turns: Sequence[EvidenceTurn]) -> float:
        """What is held against the bar; 0 at most where a number of the claim is missing."""
        return self._judge(claim, turns)[0]

    def _judge(self, claim: str, turns: Sequence[EvidenceTurn]) -> tuple[float, int, int]:
        """The score, and the characters of the first turn that come nearest."""
        claim = _without_place(claim, turns)
        sentences = [self._sentences(turn.span.text) for turn in turns]
        known = " ".join(f"{turn.span.speaker} {turn.title}" for turn in turns)
        said = " ".join([known, *(turn.span.text for turn in turns)])
        held = frozenset[str]().union(*(each.stems for turn in sentences for each in turn))
        # It need not say the words of its title and its speaker: all of it is theirs.
        wanted = stems(claim) - (stems(known) - held) or stems(claim)
        nearest, picked = zip(*(_sharing_most(turn, wanted) for turn in sentences), strict=True)
        binding = binding_numbers(claim)
        if binding and not binding <= stated_numbers(said):
            return 0.0, picked[0][0].begin, picked[0][0].end  # however alike they may be
        fixed = -NAME * min(MOST_NAMES, missing_names(claim, said))
        if wanted:
            fixed += WORDS * len(wanted & held) / len(wanted)
        similarity, begin, end = self._nearest(claim, nearest)
        if similarity + fixed < BAR_UNCITED and nearest != picked:
            similarity, begin, end = self._nearest(claim, picked)
        return similarity + fixed, begin, end

    def _nearest(self, claim: str, turns: Sequence[Sequence[_Sentence]]) -> tuple[float, int, int]:
        """The greatest similarity in any turn, and the nearest characters of the first one."""
        start, end = self._fitting(claim, 0, len(claim))[0]
        vector = self._vector(claim[start:end])
        best = [self._nearest_window(vector, sentences) for sentences in turns]
        return max(similarity for similarity, _, _ in best), *best[0][1:]

    def _nearest_window(
        self, claim: Vector, sentences: Sequence[_Sentence]
    ) -> tuple[float, int, int]:
        """The nearest sentence, or pair of neighbours: (similarity, begin, end)."""
        vectors = [self._vector(each.text) for each in sentences]
        pairs = list(zip(vectors, sentences, strict=True))
        found = [(float(vector @ claim), each.begin, each.end) for vector, each in pairs]
        for (one, first), (other, second) in pairwise(pairs):
            if second.begin - first.end <= 1:
                # The mean of both stands for the pair's own vector, and costs nothing.
                near = float((one + other) @ claim) / (float(np.linalg.norm(one + other)) or 1.0)
                found.append((near, first.begin, second.end))
        return max(found, key=lambda each: each[0])

    def _vector(self, text: str) -> Vector:
        # One text in a call: for the few short ones of a citation, starting an embedder's
        # threads takes longer than they save.
        vector: Vector = self._kept.embed([text])[0]
        return vector

    def _sentences(self, text: str) -> list[_Sentence]:
        known = self._turns.get(text)
        if known is None:
            known = [
                _Sentence(begin, end, text[begin:end], stems(text[begin:end]))
                for sentence in split_sentences(text) or [(0, len(text))]
                for begin, end in self._fitting(text, *sentence)
            ]
            _remember(self._turns, text, known)
        return known

    def _fitting(self, text: str, begin: int, end: int) -> list[tuple[int, int]]:
        """The range in parts that the embedder reads to their end."""
        embedder = self._embedder
        parts = split_to_fit(text, begin, end, embedder.count_tokens, embedder.max_tokens)
        return [(start, stop) for start, stop, _ in parts]


def _without_place(claim: str, turns: Sequence[EvidenceTurn]) -> str:
    """The claim without where it was said: a turn's second and number, which prompts show."""
    for turn in turns:
        second = rf"(?:\bat )?(?<![\d:])0?{re.escape(clock(turn.span.start))}(?!:?\d)"
        claim = re.sub(rf"(?i)\(?{second}\)?|\bturns? {turn.number}\b", " ", claim)
    return claim


def _sharing_most(
    sentences: Sequence[_Sentence], wanted: frozenset[str]
) -> tuple[list[_Sentence], list[_Sentence]]:
    """The sentences to embed first, and all that are worth it; each in the order of speech."""
    said = [each for each in sentences if not asks(each.text)] or sentences
    shared = sorted(said, key=lambda each: (-len(each.stems & wanted), each.begin))[:EMBEDDED]
    enough = SHARED_NEARLY * len(shared[0].stems & wanted)
    picked = sorted(shared, key=lambda each: each.begin)
    return [each for each in picked if len(each.stems & wanted) >= enough], picked


def _remember(memory: dict[Any, Any], key: object, value: object) -> None:
    if len(memory) >= KEPT:
        memory.clear()
    memory[key] = value
