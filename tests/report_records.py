"""Small records of runs, for tests of their report."""

from __future__ import annotations

from dataclasses import replace

from askpod.evals.intervals import Interval
from askpod.evals.measures import MEASURES
from askpod.evals.records import Record, Score, Summary

SPEECH = "We count the bees by weighing the hive at night, when every one of them is at home."


def watch(start: float) -> str:
    return f"https://www.youtube.com/watch?v=xmpl0bees01&t={int(start)}s"


def heard(
    episode: str, start: float, end: float, text: str = SPEECH, url: str | None = None
) -> dict:
    return {
        "episode": episode,
        "title": episode.title(),
        "start": start,
        "end": end,
        "words": len(text.split()),
        "score": 0.5,
        "url": watch(start) if url is None else url,
        "text": text,
    }


def cited(
    start: float, quote: str = SPEECH, url: str | None = None, supported: bool = True
) -> dict:
    return {
        "number": 1,
        "episode_id": "bees",
        "title": "Bees",
        "speaker": "Cora",
        "start": start,
        "end": start + 10,
        "quote": quote,
        "url": watch(start) if url is None else url,
        "supported": supported,
    }


def answered(text: str, *citations: dict, refused: bool = False) -> dict:
    return {
        "question": "",
        "text": text,
        "citations": list(citations),
        "refused": refused,
        "mode": "llm",
        "model": "tiny",
        "usage": {},
        "warnings": [],
        "reply": text,
    }


def record(number: int = 1, **changes: object) -> Record:
    """A question about bees whose answer went well."""
    plain = Record(
        id=f"bees-{number:03}",
        question=f"How are the bees counted in year {number}?",
        cluster="bees",
        slices={
            "type": "single",
            "difficulty": "easy",
            "position": "first third",
            "episode": "bees",
        },
        scores={"recall@1000": Score(1.0), "fact_f1": Score(0.8), "cited_hit": Score(2.0, 4.0)},
        gold={
            "answer": "By the weight of the hive.",
            "facts": ["The hive is weighed", "It is done at night"],
            "evidence": [heard("bees", 100, 120)],
        },
        retrieved=(heard("ants", 0, 20, "Ants walk in line."), heard("bees", 110, 150)),
        answer=answered("The hive is weighed at night [1].", cited(104)),
        details={
            "facts": [
                {"fact": "The hive is weighed", "statement": "The hive is weighed", "score": 0.9},
                {"fact": "It is done at night", "statement": None, "score": 0.2},
            ],
            "sentences": [{"text": "Bees sing.", "numbers": [1], "supported": False}],
            "unknown_numbers": [],
        },
    )
    return replace(plain, **changes)


def summary(questions: int = 1, **setup: object) -> Summary:
    """Figures of every measure, in every slice."""
    figures = {
        measure.name: Interval(0.5, 0.375, 0.625, questions, 9)
        if not measure.unit
        else Interval(12.0, 8.0, 17.0, questions, 9)
        for measure in MEASURES
    }
    return Summary(
        gold="apiary",
        setup={"askpod": "0.1.0", "mode": "extractive", "chunks": 1200, **setup},
        questions=questions,
        figures={
            "all": {"all": figures},
            "type": {"single": figures, "cross": figures},
            "difficulty": {"hard": figures, "easy": figures},
            "episode": {"bees": figures},
        },
    )
