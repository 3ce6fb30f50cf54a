"""Time to an answer: searching and asking an open archive, and the command line from a cold start.

    python benchmarks/search_latency.py [--gold FILE] [--passes N] [--questions N]

Uses the two stores that index_speed.py leaves. No model is called: answers are extractive.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

import measure
from measure import ASKPOD, ASKPOD_STORE, RECIPE_STORE

TOP = 20
PAUSE = 0.02  # seconds between two calls: torch's threads spin for a while after each of its own

Timings = dict[str, dict[str, float]]  # milliseconds


def questions(gold: Path, limit: int | None) -> list[str]:
    """The questions of a gold set, in its order."""
    loaded = yaml.load(gold.read_text(encoding="utf-8"), yaml.CSafeLoader)
    items = loaded["questions"] if isinstance(loaded, dict) else loaded
    return [item["question"] for item in items][:limit]


def timed(calls: dict[str, Callable[[str], object]], asked: list[str], passes: int) -> Timings:
    """Milliseconds of each call over all passes but one before them, which is not counted.

    The calls take turns at each question, so that a machine whose speed drifts slows all alike.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(passes + 1):
        for question in asked:
            for name, call in calls.items():
                time.sleep(PAUSE)
                started = time.perf_counter()
                call(question)
                if number:
                    spent[name].append((time.perf_counter() - started) * 1000)
    return {name: percentiles(each) for name, each in spent.items()}


def percentiles(spent: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(spent, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "calls": len(spent)}


def process(command: list[str], runs: int) -> dict[str, float]:
    """Milliseconds of a fresh process, from its start to its end; one run is not counted."""
    spent = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        spent.append((time.perf_counter() - started) * 1000)
    return percentiles(spent[1:])


def warm(asked: list[str], passes: int) -> Timings:
    """Both kits in one process, warm."""
    import recipe_langchain
    from askpod import Archive

    store = recipe_langchain.opened(RECIPE_STORE)
    with Archive.open(ASKPOD_STORE) as archive:
        calls: dict[str, Callable[[str], object]] = {
            f"askpod search, top {TOP}": lambda question: archive.search(question, top=TOP),
            "askpod ask": archive.ask,
            f"usual recipe search, top {TOP}": lambda question: store.similarity_search(
                question, k=TOP
            ),
        }
        return timed(calls, asked, passes)


def cold(question: str) -> Timings:
    """askpod as a new process."""
    ask = [ASKPOD, "ask", question, "--store", str(ASKPOD_STORE)]
    return {
        "askpod ask, new process": process(ask, 5),
        "askpod --help, new process": process([ASKPOD, "--help"], 10),
    }


def main() -> None:
    """Reads the command line, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gold", type=Path, default=measure.GOLD)
    parser.add_argument("--passes", type=int, default=3, help="passes over the questions")
    parser.add_argument("--questions", type=int, help="only so many of them")
    arguments = parser.parse_args()
    if not arguments.gold.is_file():
        print(f"search_latency: skipped, no gold set at {arguments.gold}: name one with --gold")
        return
    if not (ASKPOD_STORE.is_dir() and RECIPE_STORE.is_dir()):
        print("search_latency: skipped, no stores: run benchmarks/index_speed.py first")
        return
    environment = measure.without_model()
    os.environ.clear()
    os.environ.update(environment)
    asked = questions(arguments.gold, arguments.questions)
    results = cold(asked[0]) | warm(asked, arguments.passes)
    rows = [
        [name, f"{found['p50']:.1f}", f"{found['p95']:.1f}", str(found["calls"])]
        for name, found in results.items()
    ]
    print(f"{len(asked)} questions, milliseconds")
    print(measure.table(["", "p50", "p95", "calls"], rows))
    written = {"questions": len(asked), "passes": arguments.passes, "ms": results}
    print(f"Written to {measure.write('search_latency', written)}")


if __name__ == "__main__":
    main()
