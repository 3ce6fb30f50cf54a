"""Where the time goes: indexing part by part, embedding beside bare onnxruntime, a cold `ask`.

    python benchmarks/index_profile.py [--episodes DIR] [--limit N | --all] [--store DIR]

Half of the episodes are embedded a second time straight after their first, in a bare loop that
does nothing but run the model: pairs, so that a machine whose speed drifts slows both alike. That
loop's time is taken off. The cold `ask` is of the archive at `--store`, by default the one that
index_speed.py left, else of the one just made.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cold_ask
import measure
from bare_loop import RUNNING, Pair, Spent, Watched, pair_embedding
from clock import Clock
from index_speed import some

QUESTION = "How do I become a data engineer?"
FINDING, READING, YAML, CHUNKING, COUNTING, EMBEDDING, CATALOG, IMPORT, PUBLISH, REST = (
    "finding and hashing files",
    "reading and mending",
    "YAML",
    "chunking",
    "counting tokens",
    "embedding",
    "catalog, words (FTS5) included",
    "importing and opening Chroma",
    "waiting for Chroma at the end",
    "the rest",
)
PARTS = (FINDING, YAML, READING, CHUNKING, COUNTING, EMBEDDING, CATALOG, IMPORT, PUBLISH, REST)
TOKENISING = "tokenising"


def watch(clock: Clock) -> Pair:
    """Wraps the functions whose time is wanted."""
    from askpod import readers, sources
    from askpod.embedding.minilm import MiniLM, WordPieces
    from askpod.indexing import indexer, publisher, workers
    from askpod.readers import datatalks
    from askpod.store.catalog import Catalog
    from askpod.store.vectors import VectorIndex

    clock.wrap(sources, "gather", FINDING)
    clock.wrap(indexer, "file_digest", FINDING)
    clock.wrap(indexer, "_size", FINDING)
    clock.wrap(readers, "read_bytes", FINDING)
    clock.wrap(readers, "_digest", FINDING)
    clock.wrap(workers, "read_episode", READING)
    clock.wrap(workers, "transcript_key", READING)
    clock.wrap(workers, "linked", READING)
    clock.wrap(datatalks, "read_front_matter", YAML)
    clock.wrap(workers, "chunk_episode", CHUNKING)
    clock.wrap(MiniLM, "count_tokens", COUNTING)
    clock.wrap(MiniLM, "embed", EMBEDDING)
    pair = pair_embedding(clock)
    clock.wrap_threads(WordPieces, "ids", TOKENISING)
    clock.wrap(Catalog, "put", CATALOG)
    clock.wrap(publisher.Publisher, "finish", PUBLISH)
    clock.wrap(VectorIndex, "_connected", IMPORT)
    return pair


def profile(episodes: Path, store: Path) -> tuple[Clock, Pair, int, int]:
    """Indexes a folder into a new store; returns what took how long, the chunks, the threads."""
    clock = Clock()
    pair = watch(clock)
    from askpod import Archive

    with Archive.open(store, create=True) as archive:
        embedder: Any = (
            archive.support_embedder
        )  # loaded before the clock runs, as all runs but the first
        embedder._session = Watched(embedder._session, clock)
        with clock.part(REST):
            report = archive.index([episodes])
    return clock, pair, report.chunks, embedder._threads


def of_indexing(clock: Clock, threads: int) -> tuple[dict[str, float], list[list[str]]]:
    """Embedding's share of the wall and CPU time, and the table's lines."""
    wall = sum(clock.seconds[part] for part in PARTS)
    cpu = sum(clock.cpu[part] for part in PARTS)
    rows = [
        [part, f"{one:.2f}", f"{one / wall:.1%}", f"{two:.2f}", f"{two / cpu:.1%}"]
        for part, one, two in ((part, clock.seconds[part], clock.cpu[part]) for part in PARTS)
    ]
    whole = clock.seconds[EMBEDDING] * threads
    for name in (RUNNING, TOKENISING):
        rows.append([f"  of embedding: {name}", "", f"{clock.threads[name] / whole:.1%}", "", ""])
    shares = {"wall": clock.seconds[EMBEDDING] / wall, "cpu": clock.cpu[EMBEDDING] / cpu}
    return shares, [*rows, ["all", f"{wall:.2f}", "", f"{cpu:.2f}", ""]]


def of_embedding(pair: Pair) -> tuple[dict[str, float], list[list[str]]]:
    """Ratios of the embedder's rate to the bare loop's, and the table's lines."""

    def rates(spent: Spent) -> tuple[float, float]:
        return spent.tokens / spent.wall, spent.tokens / spent.cpu

    ours, bare = rates(pair.indexing), rates(pair.bare)
    ratios = {"wall": ours[0] / bare[0], "cpu": ours[1] / bare[1]}
    rows = [
        ["while indexing", f"{ours[0]:,.0f}", f"{ours[1]:,.0f}"],
        ["bare onnxruntime", f"{bare[0]:,.0f}", f"{bare[1]:,.0f}"],
        ["ratio", f"{ratios['wall']:.3f}", f"{ratios['cpu']:.3f}"],
    ]
    return ratios, rows


def of_asking(store: Path) -> tuple[dict[str, Any], list[list[str]], list[list[str]]]:
    """A cold `ask`: its figures, its parts and its heaviest imports as tables' lines."""
    environment = measure.without_model()
    parts = cold_ask.measured(store, QUESTION, environment, runs=7)
    total = sum(parts.values())
    packages = cold_ask.heaviest_imports(store, QUESTION, environment)
    lines = [[name, f"{spent:.0f}", f"{spent / total:.0%}"] for name, spent in parts.items()]
    return (
        {"parts_ms": parts, "imports_ms": dict(packages)},
        [*lines, ["all", f"{total:.0f}", ""]],
        [[name, f"{spent:.0f}"] for name, spent in packages],
    )


def main() -> None:
    """Reads the command line, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--episodes", type=Path, default=measure.EPISODES)
    parser.add_argument("--limit", type=int, default=40, help="so many of the files")
    parser.add_argument("--all", action="store_true", help="all of the files")
    parser.add_argument("--store", type=Path, help="the archive to ask")
    arguments = parser.parse_args()
    if not arguments.episodes.is_dir():
        print(f"index_profile: skipped, no episodes at {arguments.episodes}: name a folder")
        return
    kept = arguments.store or (measure.ASKPOD_STORE if measure.ASKPOD_STORE.is_dir() else None)
    environment = measure.without_model()
    os.environ.clear()
    os.environ.update(environment)
    with tempfile.TemporaryDirectory() as folder:
        copies, store = Path(folder, "episodes"), Path(folder, "store")
        copies.mkdir()
        files = some(arguments.episodes, None if arguments.all else arguments.limit, copies)
        clock, pair, chunks, threads = profile(copies, store)
        if not pair.bare.tokens:
            raise SystemExit("index_profile: too few transcripts; at least four are needed")
        shares, rows = of_indexing(clock, threads)
        print(f"Indexing {files} files, {chunks:,} chunks, with the model ready")
        print(measure.table(["", "wall s", "share", "CPU s", "share"], rows))
        ratios, rows = of_embedding(pair)
        print(f"\nEmbedding the same texts, {pair.bare.tokens:,} tokens, {threads} threads")
        print(measure.table(["tokens per second", "of wall", "of CPU"], rows))
        asked, parts, packages = of_asking(kept or store)
    print("\nA cold ask, median of 7 processes")
    print(measure.table(["", "ms", "share"], parts))
    print("\nIts heaviest imports, by -X importtime, which slows them")
    print(measure.table(["", "ms"], packages))
    results = {
        "files": files,
        "chunks": chunks,
        "seconds": {part: clock.seconds[part] for part in PARTS},
        "cpu_seconds": {part: clock.cpu[part] for part in PARTS},
        "embedding_share": shares,
        "embedding": asdict(pair) | {"threads": threads, "ratio_to_bare": ratios},
        "cold_ask": asked,
    }
    print(f"Written to {measure.write('index_profile', results)}")


if __name__ == "__main__":
    main()
