"""Answers without a model: in the speakers' own sentences, each with its second.

What is quoted depends on the kind of question (question.py); which sentences, on their relevance
(relevance.py) and on quoting.py; whether they are called an answer or only the nearest that was
said, on refusal.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

import numpy as np

from askpod.answering.catalog_answer import answer_from_catalog
from askpod.answering.overview import answer_about_episodes
from askpod.answering.question import Question, understand, without_names
from askpod.answering.quoting import (
    PASSAGES,
    WORDS_IN_ALL,
    Quotations,
    Retrieved,
    choose,
    composed,
    widen,
)
from askpod.answering.refusal import basis_of, is_far, is_weak, promoted, reason, refused, silent
from askpod.answering.relevance import KeptVectors, held_words, judge
from askpod.answering.rewriting import FEW_CONTENTS
from askpod.answering.sentences import Judged, Run, Sentence, read
from askpod.embedding import Embedder
from askpod.model import Answer, Basis, Episode, Passage
from askpod.retrieval.names import replaced
from askpod.retrieval.retriever import Found
from askpod.text import content_words, matches_name

LIST_ITEMS = 8
ITEM_WORDS = 30  # of each item of a list
COMPARED_WORDS = 90  # of each side of a comparison
MEANING_WORDS = 80  # of what a term means, where something else is asked besides
TOLD = 0.5  # taken off the relevance of what the answer before has quoted


class ExtractiveAnswerer:
    """Writes answers in the words of the passages. Safe for several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._count = KeptVectors(embedder), embedder.count_tokens

    def answer(self, retrieved: Retrieved) -> Answer:
        """An answer from what was found, the nearest that was said, or a refusal."""
        found = retrieved.found
        question = understand(replaced(found.question, found.spellings), found.named)
        if known := answer_from_catalog(question, retrieved, self.quotations):
            return known
        unheard = question.people and all(_is_unheard(each, found) for each in question.people)
        if len(question.people) == 1 and (question.theirs or unheard):
            theirs = _said_by(question.people[0], retrieved)
            # Where the filters leave nothing of theirs, nobody else says what they say.
            if theirs.found.passages or question.theirs:
                retrieved, found = theirs, theirs.found
        if about := answer_about_episodes(question, retrieved, self.quotations):
            return about
        if question.parts:
            quoted = self._in_parts(question, retrieved)
        elif is_far(found, retrieved.filters) and not _only_hears(question, found):
            return refused(found)
        elif question.kind == "comparison" or (len(question.people) > 1 and unheard):
            quoted = self._compared(question, retrieved)
        else:
            quoted = self.quotations(question, found, retrieved)
        if not quoted.runs:
            return refused(found)
        answer = composed(found.question, quoted, silent(question.strangers))
        return replace(answer, warnings=reason(found)) if found.unmentioned else answer

    def from_catalog(self, retrieved: Retrieved) -> Answer | None:
        """The answer to a question about the archive and its episodes; None where it is another."""
        question = understand(retrieved.found.question, retrieved.found.named)
        return answer_from_catalog(question, retrieved, self.quotations)

    def quotations(self, question: Question, found: Found, retrieved: Retrieved) -> Quotations:
        """The quotations for one question from what was found for it."""
        ids = {passage.episode_id for passage in found.passages}
        episodes = {**retrieved.episodes}
        if not ids <= episodes.keys():
            episodes |= {e.id: e for e in retrieved.archive.listed(retrieved.filters)}
        judged = self._judged(question, found, retrieved, episodes)
        if question.kind == "list":
            runs = choose(judged, words=LIST_ITEMS * ITEM_WORDS, most=LIST_ITEMS)
            widened = widen(runs, judged, sum(run.words for run in runs))
        else:
            widened = widen(choose(judged), judged)
        near = not is_weak(found, retrieved.filters) or _only_hears(question, found)
        first = promoted(question, widened)
        # What was moved up answers where it is relevant, and says what is counted.
        better = bool(question.counted and first) and first[0].best >= widened[0].best
        basis = basis_of(question, first if better else widened, near=near)
        if question.kind == "list":
            first = _as_told(first)
        return Quotations(first, found.passages, episodes, basis)

    def _judged(
        self,
        question: Question,
        found: Found,
        retrieved: Retrieved,
        episodes: Mapping[str, Episode],
    ) -> Judged:
        passages = [each for each in found.passages if each.spans][:PASSAGES]
        turns, pooled = [], {}
        for passage in passages:
            id_, first, last = passage.episode_id, passage.spans[0].turn, passage.spans[-1].turn
            turns.append(retrieved.archive.turns(id_, max(0, first - 1), last))
            kept = retrieved.archive.sentence_vectors(id_, first, last)
            pooled.update({(id_, turn): vectors for turn, vectors in kept.items()})
        sentences = read(passages, turns, self._count)
        wanted = retrieved.filters.speaker
        if wanted is not None:
            sentences = [s for s in sentences if matches_name(wanted, s.span.speaker)]
        sentences = _of_people(question, sentences, episodes)
        judged = judge(question, sentences, passages, episodes, self._embedder, pooled)
        again = _told_again(question, sentences, retrieved.told)
        return judged.lowered(TOLD * np.array(again, dtype=float))

    def _in_parts(self, question: Question, retrieved: Retrieved) -> Quotations:
        """What a term means, where that is said, and then the rest, one search for each."""
        meaning, rest = (self._part(text, retrieved) for text in question.parts)
        if meaning.basis != "answered":
            return rest
        if not rest.runs:
            return replace(meaning, basis="nearest")
        first = _within(meaning.runs, MEANING_WORDS)
        others = [run for run in rest.runs if not _among(run, first)]
        return _joined([*first, *others], (meaning, rest))

    def _part(self, text: str, retrieved: Retrieved) -> Quotations:
        """The quotations for one of the questions in a question; none where little is near."""
        part = understand(text, retrieved.found.named)
        found = retrieved.archive.search(text, PASSAGES, retrieved.filters)
        if is_weak(found, retrieved.filters):
            return Quotations((), found.passages, {}, "none")
        if part.kind == "comparison":
            return self._compared(part, retrieved)
        return self.quotations(part, found, retrieved)

    def _compared(self, question: Question, retrieved: Retrieved) -> Quotations:
        """Both sides of a comparison, one search for each, their quotations in turn."""
        compared = question.compared or question.people
        sides = [self._side(question, own, retrieved) for own in compared]
        if not question.people:  # of two things somebody may say how they differ
            plain = replace(question, kind="plain")
            whole = self.quotations(plain, retrieved.found, retrieved)
            sides.insert(0, replace(whole, runs=_within(whole.runs, COMPARED_WORDS)))
        runs: list[Run] = []
        for run in chain.from_iterable(zip_longest(*(side.runs for side in sides))):
            if run is not None and not _among(run, runs):
                runs.append(run)
        return _joined(runs, sides, retrieved.found.passages)

    def _side(self, question: Question, own: str, retrieved: Retrieved) -> Quotations:
        filters, text, people = retrieved.filters, own, tuple[str, ...]()
        if own in question.people:
            people = (own,)
            if filters.speaker is None or matches_name(filters.speaker, own):
                filters = replace(filters, speaker=own)
            others = [each for each in question.people if each != own]
            text = without_names(question.text, others) or question.text
        found = retrieved.archive.search(text, PASSAGES, filters)
        asked = replace(question, kind="plain", text=text, people=people, theirs=False, compared=())
        quoted = self.quotations(asked, found, replace(retrieved, filters=filters))
        return replace(quoted, runs=_within(quoted.runs, COMPARED_WORDS))


def _only_hears(question: Question, found: Found) -> bool:
    """Whether a question asks for whatever a speaker says, to which nothing need be near."""
    return question.names_no_subject and bool(found.named)


def _told_again(
    question: Question, sentences: Sequence[Sentence], told: Sequence[str]
) -> list[bool]:
    """Which sentences were quoted before, and hold or answer no word that is new in a follow-up."""
    if not told:
        return [False] * len(sentences)
    asked, _, carried = without_names(question.text, question.people).partition(" (")
    own = content_words(asked)
    [known] = held_words(own, [carried])
    asked_before: dict[tuple[int, int], str] = defaultdict(str)
    for sentence in sentences:
        if sentence.asks:
            asked_before[sentence.passage, sentence.turn + 1] += f" {sentence.text}"
    added = [word for word in own if word not in known]
    held = held_words(
        added,
        [each.text + asked_before[each.passage, each.turn] for each in sentences],
    )
    return [
        not (new or (len(added) <= FEW_CONTENTS and question.holds_figure(sentence.text)))
        and any(sentence.text in quote for quote in told)
        for sentence, new in zip(sentences, held, strict=True)
    ]


def _joined(
    runs: Sequence[Run], sides: Sequence[Quotations], also: Sequence[Passage] = ()
) -> Quotations:
    """Quotations of several searches as those of one; all of them must answer."""
    every = [*(p for side in sides for p in side.passages), *also]
    passages = {(p.episode_id, p.start, p.text): p for p in every}
    episodes = {id_: each for side in sides for id_, each in side.episodes.items()}
    answered = all(side.basis == "answered" for side in sides)
    basis: Basis = "answered" if answered else "nearest"
    return Quotations(_within(runs, WORDS_IN_ALL), tuple(passages.values()), episodes, basis)


def _is_unheard(person: str, found: Found) -> bool:
    """Whether somebody, surely meant ("Will" may be a word), speaks in none of the passages."""
    called = set(re.findall(r"[^\W_]+", found.question)[1:])
    meant = person.casefold() in found.question.casefold() or bool(called & set(person.split()))
    return meant and not any(person in each.speakers for each in found.passages[:PASSAGES])


def _said_by(person: str, retrieved: Retrieved) -> Retrieved:
    """What was found, of what somebody says alone: others may say more on the subject."""
    if retrieved.filters.speaker is not None:
        return retrieved
    filters = replace(retrieved.filters, speaker=person)
    found = retrieved.archive.search(retrieved.found.question, PASSAGES, filters)
    return replace(retrieved, found=found, filters=filters)


def _of_people(
    question: Question, sentences: list[Sentence], episodes: Mapping[str, Episode]
) -> list[Sentence]:
    """What may be quoted where people are asked about: nothing that another guest says."""
    people = set(question.people)
    if not people.intersection(sentence.span.speaker for sentence in sentences):
        return sentences
    theirs = {sentence.episode for sentence in sentences if sentence.span.speaker in people}

    def may_be_quoted(sentence: Sentence) -> bool:
        speaker, guests = sentence.span.speaker, episodes[sentence.episode].guests
        only_theirs = question.theirs or speaker in guests or not people.isdisjoint(guests)
        return speaker in people or sentence.asks or not only_theirs

    return [each for each in sentences if each.episode in theirs and may_be_quoted(each)]


def _as_told(runs: Sequence[Run]) -> list[Run]:
    """The items of a list: the best one's episode first, each episode's in the order of speech."""
    episodes = list(dict.fromkeys(run.sentences[0].episode for run in runs))

    def place(run: Run) -> tuple[int, int, int]:
        episode, turn, begin = run.sentences[0].place
        return episodes.index(episode), turn, begin

    return sorted(runs, key=place)


def _among(run: Run, runs: Iterable[Run]) -> bool:
    quoted = {sentence.place for each in runs for sentence in each.sentences}
    return any(sentence.place in quoted for sentence in run.sentences)


def _within(runs: Sequence[Run], words: int) -> list[Run]:
    """The first runs that so many words hold, at least one."""
    kept: list[Run] = []
    for run in runs:
        words -= run.words
        if kept and words < 0:
            break
        kept.append(run)
    return kept
