"""What the questions of a run took: seconds, tokens, cost. Kept apart from the scores.

Seconds are those of one machine with `parallel` questions at a time, and differ from run to run;
a reply that was kept has those of the request that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from askpod.evals.records import TIMINGS
from askpod.model import Usage


@dataclass(frozen=True, slots=True)
class Timing:
    """One question's. Seconds of the model are None where none was asked or it failed."""

    id: str
    retrieval: float
    model: float | None = None
    first_text: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None  # US dollars; None where the price is not known

    @classmethod
    def of(cls, id_: str, usage: Usage) -> Timing:
        """From what an answer notes of itself."""
        return cls(
            id_,
            usage.retrieval_seconds,
            usage.model_seconds or None,
            usage.first_text_seconds,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cost,
        )


def figures(timings: Sequence[Timing]) -> dict[str, Any]:
    """Median and 95th percentile of the seconds, sums of tokens and cost (None: not all known)."""
    asked = [timing for timing in timings if timing.model is not None]
    costs = [timing.cost for timing in asked if timing.cost is not None]
    return {
        "retrieval_seconds": percentiles(timing.retrieval for timing in timings),
        "model_seconds": percentiles(timing.model for timing in asked),
        "first_text_seconds": percentiles(timing.first_text for timing in asked),
        "prompt_tokens": sum(timing.prompt_tokens for timing in timings),
        "completion_tokens": sum(timing.completion_tokens for timing in timings),
        "cost": sum(costs) if costs and len(costs) == len(asked) else None,
    }


def percentiles(seconds: Iterable[float | None]) -> dict[str, float] | None:
    """p50 and p95 of those that are known, interpolated; None where none is."""
    known = [each for each in seconds if each is not None]
    if not known:
        return None
    p50, p95 = np.percentile(known, (50, 95))
    return {"p50": round(float(p50), 6), "p95": round(float(p95), 6)}


def write_timings(folder: Path, timings: Sequence[Timing]) -> None:
    """Writes `timings.json`: the figures, and each question's own."""
    whole = {**figures(timings), "questions": [asdict(timing) for timing in timings]}
    (folder / TIMINGS).write_text(f"{json.dumps(whole, indent=1)}\n", encoding="utf-8")
