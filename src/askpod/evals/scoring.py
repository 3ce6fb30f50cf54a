"""Scores one question: joins the measures, and makes the Record that shows how they came about.

Where an answer should be and none is, its measures are 0 and count. Where there is nothing to
measure (facts of a question that has none, citations of a right refusal) there is no score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from askpod.answering.llm_answer import FALLBACK
from askpod.answering.refusal import is_refusal
from askpod.answering.support import SupportChecker
from askpod.embedding import Embedder
from askpod.evals.gold import GoldQuestion, Sources, Stretch
from askpod.evals.measures import BUDGETS, Heard, Score, at_budgets, citations, ranking
from askpod.evals.measures.facts import FactMatcher, Match, fact_scores, statements
from askpod.evals.records import THIRDS, TURN, TURNS, Record
from askpod.model import Answer, Basis, Citation, EvidenceTurn, Passage, Span

Scores = dict[str, Score]
Details = dict[str, Any]

OF_FACTS = ("fact_recall", "fact_precision", "fact_f1")
OF_CITATIONS = ("citation_recall", "citation_precision", "cited_inside", "cited_hit")

LEAST_PASSAGES = 10  # as many as nDCG at 10 looks at, however long they are
OF_ONE_MACHINE = ("retrieval_seconds", "model_seconds", "first_text_seconds")


@dataclass(frozen=True, slots=True)
class Scorers:
    """What sentences are judged with: always the built-in embedder, so that figures compare."""

    facts: FactMatcher
    supports: Callable[[str, Sequence[EvidenceTurn]], bool]

    @classmethod
    def of(cls, embedder: Embedder) -> Scorers:
        """The scorers that compare by the vectors of an embedder."""
        return cls(FactMatcher(embedder), SupportChecker(embedder).check_together)


def score_question(
    question: GoldQuestion,
    passages: Sequence[Passage],
    answer: Answer | None,
    scorers: Scorers | None,
) -> tuple[Scores, Details]:
    """The scores that apply to a question, and what they were counted from.

    `passages` are ranked, best first. `answer` is None where none was asked for.
    """
    scores: Scores = {}
    if question.answerable:
        ranked = _places(passages)
        heard = [
            Heard(stretch, len(passage.text.split()))
            for stretch, passage in zip(ranked, passages, strict=True)
        ]
        scores = {**at_budgets(heard, question.stretches), **ranking(ranked, question.stretches)}
    if answer is None or scorers is None:
        return scores, {}
    of_answer, details = _score_answer(question, answer, scorers)
    return {**scores, **of_answer}, details


def failed(answer: Answer) -> bool:
    """Whether a model was to answer and could not; quotations may stand in its place."""
    return any(warning.startswith(FALLBACK) for warning in answer.warnings)


def _score_answer(
    question: GoldQuestion, answer: Answer, scorers: Scorers
) -> tuple[Scores, Details]:
    # What stands in a failed model's place was not written by it, and earns it nothing.
    broken = failed(answer) or not answer.text
    basis: Basis = "none" if broken else answer.basis
    refused = answer.basis != "answered" and not broken
    scores = citations.refusals(answerable=question.answerable, refused=refused)
    scores |= citations.malformed(answer) | citations.basis_scores(basis)
    if question.answerable:
        cited = [] if broken else _places(answer.citations)
        shown = [
            Stretch(turn.episode_id, turn.span.start, turn.span.end) for turn in answer.evidence
        ]
        offered = shown or _places(answer.passages)
        scores |= citations.offered_and_cited(offered, cited, question.stretches)
    # What follows a model's refusal is quoted by askpod, and is no part of what the model wrote.
    if basis == "none" or (answer.reply is not None and is_refusal(answer.reply)):
        # A failure is no right refusal, of whatever question.
        right = citations.crag(basis, None, answerable=question.answerable or broken)
        return {**scores, **_nothing(question, answer), **right}, {}
    details: Details = {}
    recall = None
    if question.facts:
        facts = (*question.facts, *question.okay)
        of_facts, matches = fact_scores(scorers.facts, question.facts, answer.text, question.okay)
        scores |= of_facts
        recall = of_facts["fact_recall"].value
        details["facts"] = [*_stated(facts, statements(answer.text), matches)]
    scores |= citations.crag(basis, recall, answerable=question.answerable)
    written, turns = written_sentences(answer)
    scores |= citations.alce(written, turns, scorers.supports)
    if answer.reply is not None:
        scores |= citations.support(written, turns, scorers.supports)
    details["sentences"] = [
        {
            "text": each.text,
            "numbers": list(each.numbers),
            "supported": citations.alce([each], turns, scorers.supports)["citation_recall"].value
            == 1,
        }
        for each in written
    ]
    numbers = dict.fromkeys(number for sentence in written for number in sentence.numbers)
    details["unknown_numbers"] = [number for number in numbers if number not in turns]
    if question.answerable:
        scores |= citations.against_gold(_places(answer.citations), question.stretches)
    return scores, details


def _places(items: Sequence[Citation | Passage]) -> list[Stretch]:
    return [Stretch.stated(each.episode_id, each.start, each.end) for each in items]


def _stated(
    facts: Sequence[str], stated: Sequence[str], matches: Sequence[Match]
) -> Iterator[dict[str, Any]]:
    for match in matches:
        where = (stated[each] for each in (match.statement, match.second) if each is not None)
        statement = " ".join(where) or None
        yield {"fact": facts[match.fact], "statement": statement, "score": round(match.score, 4)}


def _nothing(question: GoldQuestion, answer: Answer) -> Scores:
    """The scores of an answer that is not there; none where none should be."""
    if not question.answerable:
        return {}
    names = (*OF_FACTS, *OF_CITATIONS) if question.facts else OF_CITATIONS
    if question.okay:
        names = (*names, "nugget_recall")
    if answer.mode == "llm" or failed(answer):
        names = (*names, "support")
    return {name: Score(0.0) for name in names}


def written_sentences(
    answer: Answer,
) -> tuple[tuple[citations.Sentence, ...], dict[int, EvidenceTurn]]:
    """The sentences of an answer with the numbers they cite, and the turns these stand for.

    Of a model's answer: as it wrote them, before our checks took anything out. Of an answer in
    quotations each is a sentence, and its own turn.
    """
    if answer.reply is not None:
        return citations.sentences(answer.reply), {turn.number: turn for turn in answer.evidence}
    turns = {}
    for each in answer.citations:
        span = Span(0, 0, each.speaker, each.quote, each.start or 0.0, each.end or 0.0)
        turns[each.number] = EvidenceTurn(each.number, each.episode_id, each.title, span, each.url)
    return tuple(citations.Sentence(each.quote, (each.number,)) for each in answer.citations), turns


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking a question."""

    passages: tuple[Passage, ...]  # best first
    answer: Answer | None = None  # None where none was asked for
    problems: tuple[str, ...] = ()


def record(
    question: GoldQuestion, outcome: Outcome, sources: Sources, scorers: Scorers | None
) -> Record:
    """The Record of a question. `scorers` are needed where there is an answer."""
    passages = within_budget(outcome.passages)
    scores, details = score_question(question, passages, outcome.answer, scorers)
    return Record(
        id=question.id,
        question=question.question,
        cluster=question.home or question.id,
        slices=_slices(question, sources),
        scores=scores,
        gold=_gold(question, sources),
        retrieved=tuple(_retrieved(passage) for passage in passages),
        answer=None if outcome.answer is None else _answer(outcome.answer),
        problems=outcome.problems,
        details=details,
        history=question.history,
    )


def within_budget(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The first passages, as many as fill the largest budget of words."""
    words = 0
    for number, passage in enumerate(passages):
        if words >= BUDGETS[-1] and number >= LEAST_PASSAGES:
            return tuple(passages[:number])
        words += len(passage.text.split())
    return tuple(passages)


def _slices(question: GoldQuestion, sources: Sources) -> dict[str, str]:
    slices = {"type": question.type}
    if question.difficulty is not None:
        slices["difficulty"] = question.difficulty
    if question.answerable:
        # Where in its first episode the middle of the evidence is, from 0 up to but without 1.
        home = question.evidence[0].episode
        there = [stretch for stretch in question.stretches if stretch.episode == home]
        weighted = sum(each.seconds * (each.start + each.end) / 2 for each in there)
        middle = weighted / sum(each.seconds for each in there)
        place = min(middle / (sources.length(home) or middle), 0.999)
        slices["position"] = THIRDS[int(3 * place)]
    slices[TURN] = TURNS[1] if question.history else TURNS[0]
    return {**slices, "episode": question.home or "none"}


def _gold(question: GoldQuestion, sources: Sources) -> dict[str, Any]:
    return {
        "answer": question.answer,
        "facts": list(question.facts or ()),
        "okay": list(question.okay),
        "episode": question.episode,  # of which alone it was asked
        "evidence": [
            {
                "episode": episode,
                "title": sources.title(episode),
                "start": stretch.start,
                "end": stretch.end,
                "url": sources.url(stretch),
                "text": sources.speech(stretch),
            }
            for episode in dict.fromkeys(each.episode for each in question.evidence)
            for stretch in question.stretches
            if stretch.episode == episode
        ],
    }


def _retrieved(passage: Passage) -> dict[str, Any]:
    return {
        "episode": passage.episode_id,
        "title": passage.title,
        "start": passage.start,
        "end": passage.end,
        "words": len(passage.text.split()),
        "score": round(passage.score, 6),
        "url": passage.url,
        "text": passage.text,
    }


def _answer(answer: Answer) -> Mapping[str, Any]:
    """All of it but the passages, which stand beside it, and what differs from run to run."""
    whole = replace(answer, passages=(), evidence=()).to_dict()
    for name in OF_ONE_MACHINE:
        del whole["usage"][name]
    return {name: whole[name] for name in whole if name not in ("passages", "evidence")}
