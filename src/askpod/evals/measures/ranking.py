"""How high the passages with evidence stand, as trec_eval counts it."""

from __future__ import annotations

from collections.abc import Sequence

import pytrec_eval

from askpod.evals.records import Score
from askpod.evals.stretches import Stretch
from askpod.evals.trec import judgements, ranks

# Our name of a measure -> trec_eval's.
OF_TREC = {
    "hit@1": "success_1",
    "hit@5": "success_5",
    "mrr": "recip_rank",
    "ndcg@10": "ndcg_cut_10",
}


def ranking(passages: Sequence[Stretch], evidence: Sequence[Stretch]) -> dict[str, Score]:
    """Hit rates, reciprocal rank and nDCG of passages, best first. Computed by pytrec_eval.

        hit@K    1 if one of the first K passages touches evidence, else 0
        mrr      1 / rank of the first passage that touches evidence; 0 if none does
        ndcg@10  sum of 1 / log2(rank + 1) over those of the first ten that touch evidence, over
                 the same sum with all that is relevant at the top

    Relevant are the passages that touch evidence, and each stretch of evidence that none of them
    touches: a document that was never brought up, which the best possible ranking would have.
    Of passages with the same seconds the first counts. Nothing retrieved: all are 0.
    Source: trec_eval; nDCG of Järvelin and Kekäläinen, ACM TOIS 20(4), 2002.
    """
    relevant, run = judgements(passages, evidence), ranks(passages)
    if not run or not any(relevant.values()):
        return dict.fromkeys(OF_TREC, Score(0.0))
    # One question at a time takes some ten microseconds, most of them for this object.
    evaluator = pytrec_eval.RelevanceEvaluator({"q": relevant}, OF_TREC.values())
    values = evaluator.evaluate({"q": run})["q"]
    return {name: Score(float(values[theirs])) for name, theirs in OF_TREC.items()}
