"""`long-context.json`: every figure, every reply and what was asked, the same when run again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from askpod.evals.intervals import Interval
from askpod.evals.longcontext.cells import Cell, Condition
from askpod.evals.longcontext.chance import SEED
from askpod.evals.longcontext.figures import Result, Row
from askpod.evals.longcontext.running import Outcome
from askpod.evals.longcontext.window import KEPT, Window, in_words

FILE = "long-context.json"
DIGITS = 6  # behind the point; further ones may differ between machines


def document(result: Result, setup: Mapping[str, Any]) -> dict[str, Any]:
    """All of a result but the replies. `setup` says what was run; it must be JSON."""
    return {
        "setup": {**setup, "seed": SEED, "kept": KEPT},
        "lengths": list(result.plan.lengths),
        "questions": [question.id for question in result.plan.questions],
        "headline": result.headline,
        "failed": result.failed,
        "notes": list(result.notes),
        "windows": [
            {**_condition(condition), "measure": measure, **_window(window)}
            for (condition, measure), window in result.windows.items()
        ],
        "rows": [_row(row) for row in result.rows],
        "left_out": [_cell(cell) for cell in result.plan.left_out],
    }


def write_document(folder: Path, result: Result, setup: Mapping[str, Any]) -> dict[str, Any]:
    """Writes `long-context.json`, replies included, and gives what `document` gives.

    Raises:
        OSError: it cannot be written.
    """
    whole = document(result, setup)
    replies = [
        {**_reply(outcome), "scores": _rounded(scores)}
        for outcome, scores in zip(result.outcomes, result.scores, strict=True)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    # In plain ASCII: a reply can hold halves of characters, which no file takes.
    text = json.dumps({**whole, "replies": replies}, indent=1)
    (folder / FILE).write_text(f"{text}\n", encoding="ascii")
    return whole


def _condition(condition: Condition | None) -> dict[str, Any]:
    """Without a condition: retrieved evidence."""
    if condition is None:
        return {"row": "retrieved", "condition": None}
    return {"row": condition.label, "condition": asdict(condition)}


def _cell(cell: Cell | None) -> dict[str, Any]:
    if cell is None:
        return {**_condition(None), "length": None, "position": None}
    return {**_condition(cell.condition), "length": cell.length, "position": cell.position}


def _row(row: Row) -> dict[str, Any]:
    return {
        **_condition(row.condition),
        "length": row.length,
        "position": row.position,
        "difficulty": row.difficulty,
        "figures": {name: _interval(interval) for name, interval in row.figures.items()},
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "value": round(interval.value, DIGITS),
        "low": round(interval.low, DIGITS),
        "high": round(interval.high, DIGITS),
        "questions": interval.questions,
        "clusters": interval.clusters,
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "length": window.length,
        "low": window.low,
        "high": window.high,
        "longest_asked": window.is_longest,
        "scores": _rounded(dict(zip(map(str, window.lengths), window.scores, strict=True))),
        "shares": _rounded({str(length): share for length, share in window.shares}),
        "words": in_words(window),
    }


def _reply(outcome: Outcome) -> dict[str, Any]:
    return {
        "question": outcome.question,
        **_cell(outcome.cell),
        "prompt_tokens": outcome.tokens,
        "counted_by_service": outcome.counted,
        "depth": None if outcome.depth is None else round(outcome.depth, DIGITS),
        "text": outcome.text,
        "finish": outcome.finish,
        "cited": [asdict(stretch) for stretch in outcome.cited],
        "unknown_numbers": list(outcome.unknown),
        "problem": outcome.problem,
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}
