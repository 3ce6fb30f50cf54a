"""How good a reply is: its facts and its citations, held against the gold set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from askpod.answering.refusal import is_refusal
from askpod.evals.gold import GoldQuestion
from askpod.evals.longcontext.running import Outcome
from askpod.evals.measures.facts import FactMatcher, fact_scores
from askpod.evals.stretches import Stretch, seconds, shared

# In the order in which they are shown. F1 leads: recall alone rewards a model that says everything
# (Gupta et al., EMNLP 2024, industry track).
FACTS = ("fact_f1", "fact_precision", "fact_recall")
CITATIONS = ("citation_f1", "citation_precision", "citation_recall")
FAULTS = ("malformed", "refused")
MEASURES = (*FACTS, *CITATIONS, *FAULTS)
LABELS: Mapping[str, str] = {
    "fact_f1": "facts F1",
    "fact_precision": "facts precision",
    "fact_recall": "facts recall",
    "citation_f1": "citations F1",
    "citation_precision": "citations precision",
    "citation_recall": "citations recall",
    "malformed": "malformed",
    "refused": "refused",
}


def score(outcome: Outcome, question: GoldQuestion, matcher: FactMatcher) -> dict[str, float]:
    """Every measure of one reply, from 0 to 1; those of facts only where the gold set has some.

    A reply that refuses, fails or is empty scores 0: the evidence was in the prompt.
    """
    refused = is_refusal(outcome.text)
    scores = {"malformed": float(malformed(outcome)), "refused": float(refused)}
    if question.facts:
        scores |= dict.fromkeys(FACTS, 0.0)
        if outcome.text.strip() and not refused:
            found, _ = fact_scores(matcher, question.facts, outcome.text)
            scores |= {name: found[name].value / (found[name].weight or 1.0) for name in FACTS}
    cited, unknown = (outcome.cited, len(outcome.unknown)) if not refused else ((), 0)
    return scores | citation_scores(cited, unknown, question.stretches)


def citation_scores(
    cited: Sequence[Stretch], unknown: int, evidence: Sequence[Stretch]
) -> dict[str, float]:
    """Precision, recall and F1 of the cited turns.

    Precision is the share of them that touch the evidence; `unknown` numbers, which the prompt
    does not hold, touch none. Recall is the share of the evidence's seconds that they hold.
    Without citations all are 0.
    """
    all_cited = len(cited) + unknown
    right = sum(stretch.touches(evidence) for stretch in cited)
    precision = right / all_cited if all_cited else 0.0
    recall = shared(cited, evidence) / seconds(evidence) if cited else 0.0
    both = precision + recall
    f1 = 2 * precision * recall / both if both else 0.0
    return {"citation_precision": precision, "citation_recall": recall, "citation_f1": f1}


def malformed(outcome: Outcome) -> bool:
    """Whether a reply failed, is empty or broken off, or neither refuses nor cites readably."""
    if outcome.problem or not outcome.text.strip() or outcome.finish != "stop":
        return True
    return not outcome.cited and not is_refusal(outcome.text)
