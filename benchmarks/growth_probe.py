"""Opens an archive in a new process and searches it; prints what that took as JSON: growth.py."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from askpod.store.catalog import Catalog, Ids
from askpod.store.dense import Neighbours, Scores, Vectors

TOP = 20  # passages
NEAREST = 50  # chunks whose being found is looked at
JUDGED = 4  # questions for which all vectors are compared


def main() -> None:
    store, gold = Path(sys.argv[1]), Path(sys.argv[2])
    rows = yaml.safe_load(gold.read_text(encoding="utf-8"))
    questions = [row["question"] for row in rows if row["evidence"]]
    evict(store)
    found = searched(store, questions)
    found["recall"] = recall(store, questions[:JUDGED])
    print(json.dumps(found))


def evict(store: Path) -> None:
    """Asks the system to forget the store's files, as after a restart. What it keeps, it keeps."""
    for path in store.rglob("*"):
        if path.is_file() and hasattr(os, "posix_fadvise"):
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def searched(store: Path, questions: list[str]) -> dict[str, float]:
    """Seconds to open, and of the first search; of each further one, asked once: p50, p95."""
    started = time.perf_counter()
    with Archive.open(store) as archive:
        opened = time.perf_counter()
        archive.search(questions[0], top=TOP)
        first = time.perf_counter()
        seconds = []
        for question in questions[1:]:
            began = time.perf_counter()
            archive.search(question, top=TOP)
            seconds.append(time.perf_counter() - began)
        p50, p95 = np.percentile(seconds, [50, 95])
        return {
            "open": opened - started,
            "first_search": first - opened,
            "questions": len(seconds),
            "p50": float(p50),
            "p95": float(p95),
            **memory(),
        }


def memory() -> dict[str, float]:
    """Bytes of this process: its own, and pages of files that it has mapped."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {
        "own_memory": 1024 * int(fields["RssAnon"].split()[0]),
        "mapped_memory": 1024 * int(fields["RssFile"].split()[0]),
    }


def recall(store: Path, questions: list[str]) -> float:
    """The share of the best chunks that a search's candidates hold, all vectors compared."""
    vectors = MiniLM().embed(questions)
    shares = []
    with Archive.open(store) as archive, closing(Catalog(store)) as catalog:
        lent = archive._retriever._dense  # what lends a search its neighbours
        ranges = catalog.chunk_ranges()
        scores = np.concatenate(
            [catalog.contextual_vectors(range(a, b + 1)) @ vectors.T for a, b, _ in ranges]
        )
        ids = np.concatenate([np.arange(a, b + 1) for a, b, _ in ranges])
        for vector, exact in zip(vectors, scores.T, strict=True):
            near, _ = lent.search(partial(_nearest, vector))
            best = ids[np.argsort(-exact)[:NEAREST]]
            shares.append(np.isin(best, near).mean())
    return float(np.mean(shares))


def _nearest(vector: Vectors, neighbours: Neighbours) -> tuple[Ids, Scores]:
    return neighbours.nearest(vector, 300, None)()


if __name__ == "__main__":
    main()
