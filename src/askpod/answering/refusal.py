"""When to say that the archive does not hold an answer: answered, the nearest, or refused.

A question is refused where too little is near it, or where it names somebody or something that the
archive never mentions. What is quoted is only the nearest that was said where a small archive comes
so near, where its best sentence is not relevant enough, or where a figure or a name is asked for
and the first two quotations have none of its kind. How the bars were set: docs/answers.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from askpod.answering.figures import OF_ONESELF, figure_asked_for, gives_name, without_how_much
from askpod.answering.relevance import held_words
from askpod.model import Answer, Basis, Filters
from askpod.retrieval.retriever import Found
from askpod.text import STOPWORDS, query_words, words

if TYPE_CHECKING:
    from askpod.answering.question import Question
    from askpod.answering.sentences import Run, Sentence

REFUSAL = "I found nothing in these episodes that answers this."
# What heads quotations: without a model, where it found no answer, after it said so in its own
# words, and where nothing that it wrote is supported.
NEAREST_AFTER = "The nearest that was said:"
NEAREST = f"I did not find this stated. {NEAREST_AFTER}"
NEAREST_WITHOUT_MODEL = f"The model found no answer. {NEAREST_AFTER}"
UNSUPPORTED = "No source was found for what the model wrote."
SAID_AFTER = f"{UNSUPPORTED} What was said:"
NEAREST_AFTER_UNSUPPORTED = f"{UNSUPPORTED} {NEAREST_AFTER}"
# Heads the answer that is made in the place of one which broke off.
IN_ITS_PLACE = "(The model failed here. What follows stands in its place, with its own numbers.)"

# What a model must write, alone, when its evidence does not answer the question. In capitals and
# about the episodes as a whole, so that no answer says it by chance.
SENTINEL = "NOT IN THE EPISODES"

# What nearness must come to: over the curves in docs/answers.md, about the highest bar that costs
# no more than 3 % of the questions that can be answered. Where the listener names the episode or
# the guest there is less to be near by chance, and more reason to think that the answer is there.
WEAKEST = 0.45
WEAKEST_IN_NAMED = 0.25

# The nearest of few chunks is less near by chance. Below WEAKEST by so much for each tenth of MANY
# chunks a question is still refused; between both the nearest is quoted, as that and no answer.
MANY = 10_000
LESS_IN_FEWER = 0.03

# The share of a question's words that one chunk holds, from which on it is about what it asks:
# "What is robinia?". Over the same questions it lets none of those about other things through.
ALL_WORDS = 0.99

# How far above those a search is still so weak that a model is asked for other words.
DOUBTFUL = 0.07

# The relevance (relevance.py) from which on the best sentence of the first quotation answers: the
# highest bar that costs no more than 10 % of the questions that can be answered, of three kinds of
# talk on average.
ANSWERS = 0.42

# Of the cosine, what having all of the question's words in one chunk is worth.
WORDS = 0.2

FEWEST_WORDS = 3  # of a question whose language can be told

STRANGE = 0.5  # coverage, below which the words of a question may be of another language


def nearness(found: Found) -> float:
    """How near the archive comes to the question, by meaning and by words, from about 0 to 1."""
    return found.similarity + WORDS * found.coverage


def is_weak(found: Found, filters: Filters) -> bool:
    """Whether what was found is too little to be called an answer."""
    few = is_far(found, filters) or nearness(found) < _bar(found, filters)
    return few or _means_a_stranger(found)


def is_far(found: Found, filters: Filters) -> bool:
    """Whether what was found is too little to be quoted at all."""
    if not found.passages:
        return True
    if _means_a_stranger(found):
        # Where it was need not be said, if all the rest is near.
        return not _are_places(found) or nearness(found) < _bar(found, filters)
    fewer = LESS_IN_FEWER * max(0.0, math.log10(MANY / max(1, found.among)))
    return nearness(found) < min(_bar(found, filters), WEAKEST - fewer)


def is_doubtful(found: Found, filters: Filters) -> bool:
    """Whether other words for the question may find more than it has found itself.

    They cannot where the filters leave nothing, or a name is meant that the archive never mentions.
    """
    if found.unmatched or _means_a_stranger(found):
        return False
    return not found.passages or nearness(found) < _bar(found, filters) + DOUBTFUL


def _bar(found: Found, filters: Filters) -> float:
    named = filters.episode is not None or filters.guest is not None or found.named
    return WEAKEST_IN_NAMED if named or found.coverage >= ALL_WORDS else WEAKEST


def refused(found: Found) -> Answer:
    """The answer that says that there is none, and why where that is known."""
    return Answer(
        found.question,
        REFUSAL,
        citations=(),
        passages=found.passages,
        refused=True,
        mode="extractive",
        warnings=reason(found),
    )


def basis_of(question: Question, runs: Sequence[Run], *, near: bool) -> Basis:
    """Whether quotations, the best one first, answer a question or only come nearest to it.

    Args:
        question: what is asked.
        runs: what is quoted.
        near: whether the archive comes near enough to the question for an answer.
    """
    if not runs:
        return "none"
    # Asked for an episode, or to hear somebody, where there is none such.
    not_there = question.names_an_episode or question.strangers
    beside = runs[0].best < ANSWERS and not question.names_no_subject
    unheard = question.teller and not _says(runs, question.teller)
    weak = not near or not_there or beside or unheard or lacks_figure(question, runs)
    return "nearest" if weak else "answered"


def lacks_figure(question: Question, runs: Sequence[Run]) -> bool:
    """Whether a figure or a name is asked for and the first two quotations do not state it."""
    return question.figure is not None and not any(_stating(question, runs)[:2])


def promoted(question: Question, runs: list[Run]) -> list[Run]:
    """The quotations, with the first one that states the figure that is asked for in front."""
    stating = [] if question.clauses else _stating(question, runs)
    if True not in stating:
        return runs
    first = stating.index(True)
    return [runs[first], *runs[:first], *runs[first + 1 :]]


def _stating(question: Question, runs: Sequence[Run]) -> list[bool]:
    """Which of the quotations state the figure that is asked for."""
    if question.figure is None:
        return []
    known = " ".join({sentence.span.speaker for run in runs for sentence in run.sentences})
    return [_states(question, run, known) for run in runs]


def _states(question: Question, run: Run, known: str) -> bool:
    """Whether a quotation has, to the point, the figure that is asked for, or a name not known."""
    same = figure_asked_for(run.after) == question.figure  # somebody asks for the same before it
    if not _is_about(question, run, asked_before=same):
        return False
    bar = ANSWERS if question.figure != "phone" else -1.0  # digits are near to no words
    asked = query_words(without_how_much(question.without_people))
    said = [sentence.text for sentence in run.sentences]
    held = held_words(asked, [f"{run.after if same else ''} {text}" for text in said])
    beside = [" ".join(said[max(0, place - 1) : place + 2]) for place in range(len(said))]
    counted = held_words(question.counted, beside)
    anywhere = same or question.figure != "number" or not question.counted
    return any(
        question.holds_figure(sentence.text, known)
        and max(relevance, len(words) / len(asked)) >= bar
        and (anywhere or things)
        and (not question.measures_people or _is_of(question.people, sentence))
        and (question.figure != "name" or gives_name(question.counted, sentence.text, run.after))
        for sentence, relevance, words, things in zip(
            run.sentences, run.relevance, held, counted, strict=True
        )
    )


def _is_about(question: Question, run: Run, *, asked_before: bool) -> bool:
    """Whether a quotation, or the question before it, is of those and of what is asked about."""
    people = query_words(" ".join(question.people))
    says = any(sentence.span.speaker in question.people for sentence in run.sentences)
    wanted = [[] if says else people]
    if not asked_before:
        wanted += [question.counted, question.measured]
    return all(not words or _says([run], words) for words in wanted)


def _says(runs: Sequence[Run], words: Sequence[str]) -> bool:
    """Whether one of two quotations, or the question before it, has one of the words."""
    return any(held_words(words, [f"{run.after} {run.text}" for run in runs[:2]]))


def _is_of(people: Sequence[str], sentence: Sentence) -> bool:
    themselves = sentence.span.speaker in people and OF_ONESELF.search(sentence.text)
    return bool(themselves) or any(held_words(query_words(" ".join(people)), [sentence.text]))


def reason(found: Found) -> tuple[str, ...]:
    """What a person should be told about a refusal, beside it."""
    if found.unmatched:
        return found.unmatched
    if _may_be_foreign(found):
        return (
            "few of these words are said in the episodes; if they are in another language than the "
            "talk, ask in the talk's",
        )
    names = " or ".join(found.unmentioned)
    return (f"these episodes never mention {names}",) if names else ()


def _means_a_stranger(found: Found) -> bool:
    """Whether a question has a name that the archive never mentions, in the talk's language."""
    return bool(found.unmentioned) and not _may_be_foreign(found)


def _are_places(found: Found) -> bool:
    """Whether all names that nobody mentions say where something was: "… in Austria"."""
    return all(
        re.search(rf"\b(?:in|at|near|around|across)(?: the)? {re.escape(name)}\b", found.question)
        or re.search(rf"\bon the {re.escape(name)} (?:coast|sea|shore)", found.question)
        for name in found.unmentioned
    )


def _may_be_foreign(found: Found) -> bool:
    """Whether a question may be in another language: no word is English, and few are the talk's."""
    asked = words(found.question)
    strange = len(asked) >= FEWEST_WORDS and STOPWORDS.isdisjoint(asked)
    return strange and found.coverage < STRANGE


def silent(strangers: Sequence[str]) -> str:
    """What to say of people who are asked about as if they spoke; "" of nobody."""
    if not strangers:
        return ""
    do = "does" if len(strangers) == 1 else "do"
    return f"{' and '.join(strangers)} {do} not speak in these episodes."


def in_its_place(text: str) -> str:
    """What is shown below an answer that broke off, where nothing can be taken back.

    The numbers in the one above were those of other sources.
    """
    return f"\n\n{IN_ITS_PLACE}\n\n{text}"


def is_refusal(text: str) -> bool:
    """Whether a model's reply is SENTINEL and nothing else.

    Case, punctuation, markdown and numbers in brackets around it do not matter.
    """
    said = re.findall(r"[^\W_]+", re.sub(r"[\[【［][\d\s,;-]*[\]】］]", " ", text.casefold()))
    return said == SENTINEL.casefold().split()
