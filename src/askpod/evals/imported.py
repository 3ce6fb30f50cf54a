"""Scores another system's run, read from trec_eval's format, as if our own search had made it.

Its stretches are counted with the words that the archive's transcripts hold for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from askpod.errors import GoldError
from askpod.evals.gold import Evidence, GoldQuestion, GoldSet
from askpod.evals.recording import Outcome, record
from askpod.evals.running import Run
from askpod.evals.sources import Sources
from askpod.evals.stretches import Stretch
from askpod.model import Passage, Turn

Stretches = Mapping[str, Sequence[Stretch]]  # by the question's id

_WORD = re.compile(r"\S+")


def judged_by(gold: GoldSet, path: Path, qrels: Stretches, sources: Sources) -> GoldSet:
    """The questions of a gold set that `path` judges, with its judgements as their evidence.

    Answers and facts are left out: they go with the gold set's own evidence.

    Raises:
        GoldError: no question is judged, or a judgement names what cannot be evidence.
    """
    judged = []
    for question in gold.questions:
        if relevant := qrels.get(question.id):
            _check_episodes(path, question, relevant, sources)
            judged.append(_judged(path, question, relevant))
    if not judged:
        raise GoldError(f"{path}: judges none of the questions of {gold.path}; compare the ids")
    return replace(gold, questions=tuple(judged))


def unknown_questions(gold: GoldSet, run: Stretches) -> list[str]:
    """Ids of a run that the gold set does not have, in the run's order."""
    known = {question.id for question in gold.questions}
    return [id_ for id_ in run if id_ not in known]


def imported_run(gold: GoldSet, path: Path, run: Stretches, sources: Sources) -> Run:
    """The run of the file `path`, scored on a gold set. Questions it has no line for score 0.

    Raises:
        GoldError: it has none of the gold set's questions, or names unknown episodes.
    """
    if len(unknown_questions(gold, run)) == len(run):
        raise GoldError(f"{path}: has none of the questions of {gold.path}; compare the ids")
    records = []
    for question in gold.questions:
        ranked = run.get(question.id, ())
        _check_episodes(path, question, ranked, sources)
        passages = tuple(
            _passage(stretch, len(ranked) - place, sources) for place, stretch in enumerate(ranked)
        )
        records.append(record(question, Outcome(passages), sources, None))
    return Run(tuple(records), ())  # how long the other system took, nobody has said


def _check_episodes(
    path: Path, question: GoldQuestion, stretches: Sequence[Stretch], sources: Sources
) -> None:
    known = sources.durations(())
    for each in stretches:
        if each.episode not in known:
            raise GoldError(
                f"{path}: question {question.id}: the archive has no episode {each.episode}; "
                "`askpod episodes` lists those it has"
            )


def _judged(path: Path, question: GoldQuestion, relevant: Sequence[Stretch]) -> GoldQuestion:
    try:
        return GoldQuestion(
            id=question.id,
            question=question.question,
            type=question.type if question.answerable else "question",
            difficulty=question.difficulty,
            evidence=tuple(
                Evidence(episode=each.episode, start=each.start, end=each.end) for each in relevant
            ),
            episode=question.episode,
        )
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise GoldError(f"{path}: question {question.id}: {reason}") from error


def _passage(stretch: Stretch, score: float, sources: Sources) -> Passage:
    said = list(_said(sources.turns(stretch.episode), stretch))
    return Passage(
        episode_id=stretch.episode,
        title=sources.title(stretch.episode),
        start=stretch.start,
        end=stretch.end,
        speakers=tuple(dict.fromkeys(turn.speaker for turn, _ in said if turn.speaker)),
        section=said[0][0].section if said else "",
        text="\n".join(text for _, text in said),
        score=score,
        url=sources.url(stretch),
    )


def _said(turns: Sequence[Turn], stretch: Stretch) -> Iterator[tuple[Turn, str]]:
    """The words of each turn that are said in a stretch, verbatim.

    A word is where its middle lies, by its share of the turn's characters, as everywhere in this
    project: a stretch of our own is counted with the words that our own passage has.
    """
    for turn in turns:
        if turn.end < stretch.start or turn.start > stretch.end:
            continue
        pace = (turn.end - turn.start) / max(1, len(turn.text))  # seconds per character
        words = [
            word
            for word in _WORD.finditer(turn.text)
            if stretch.start <= turn.start + pace * (word.start() + word.end()) / 2 < stretch.end
        ]
        if words:
            yield turn, turn.text[words[0].start() : words[-1].end()]
