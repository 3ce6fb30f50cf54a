"""The figures that trec_eval finds for a run and its judgements."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

# Our name of a measure -> trec_eval's.
NAMES = {
    "hit@1": "success_1",
    "hit@5": "success_5",
    "mrr": "recip_rank",
    "ndcg@10": "ndcg_cut_10",
}


def of_trec(run: Iterable[str], qrels: Iterable[str]) -> dict[str, dict[str, float]]:
    """Our measures of each question with a result, from the lines of the two files."""
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="it has no wheel for this machine")
    evaluator = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(qrels), NAMES.values())
    found = evaluator.evaluate(pytrec_eval.parse_run(run))
    return {
        question: {ours: values[theirs] for ours, theirs in NAMES.items()}
        for question, values in found.items()
    }
