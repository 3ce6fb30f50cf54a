"""Whether the right questions are refused, and whether a model's replies can be used at all."""

from __future__ import annotations

from askpod.answering.llm_answer import FALLBACK
from askpod.answering.markers import Marker, MarkerReader
from askpod.answering.refusal import is_refusal
from askpod.evals.records import Score
from askpod.model import Answer

CUT = "may be cut"  # in the warnings of a reply that the service ended before its time


def refusals(answerable: bool, refused: bool) -> dict[str, Score]:
    """One question's part in the precision and recall of refusals.

        refusal_precision  of the refusals, the share whose question has no answer in the archive
        refusal_recall     of the questions without an answer, the share that is refused

    A question that is not refused has no part in the first, one with an answer none in the
    second. Source: precision and recall of a class, here "unanswerable".
    """
    scores: dict[str, Score] = {}
    if refused:
        scores["refusal_precision"] = Score(float(not answerable))
    if not answerable:
        scores["refusal_recall"] = Score(float(refused))
    return scores


def malformed(answer: Answer) -> dict[str, Score]:
    """1 if a model's reply is of no use, else 0.

    That is one which is empty, failed or broke off, or which neither refuses in the words it was
    told nor cites any turn it was shown. Where no model was asked there is no score.
    """
    if any(warning.startswith(FALLBACK) for warning in answer.warnings):
        return {"malformed": Score(1.0)}
    if answer.mode != "llm":
        return {}
    reply = answer.reply or ""
    cut = any(warning.endswith(CUT) for warning in answer.warnings)
    usable = not cut and (is_refusal(reply) or _cites_what_was_shown(reply, answer))
    return {"malformed": Score(float(not usable))}


def _cites_what_was_shown(reply: str, answer: Answer) -> bool:
    shown = {turn.number for turn in answer.evidence}
    markers = (part for part in MarkerReader().feed(reply) if isinstance(part, Marker))
    return any(not shown.isdisjoint(marker.numbers) for marker in markers)
