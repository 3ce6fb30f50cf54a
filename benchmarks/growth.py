"""How an archive's figures change as it grows: make growth.

    python benchmarks/growth.py [--sizes 200,1000] [--episodes DIR] [--write docs]

One store grows from size to size. Its episodes are varied from real ones (growth_corpus.py), with
vectors that are moved a little instead of embedded, and are written as `askpod index` writes them:
through `Catalog.put`, one transaction for each. At each size the indexes are made, and new
processes (growth_probe.py) open the archive and search it, its files not in memory before. The real
episodes are embedded once and kept in the work folder. Half an hour and 17 GB for 20,000 episodes;
the store is removed at the end (--keep: is left).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from askpod.store.catalog import Catalog
from askpod.store.collection import publish
from askpod.store.schema import Stamp
from growth_corpus import made_ahead
from growth_report import plot, tables

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
RESULTS = ROOT / "benchmarks" / "results" / "growth.json"
SIZES = "200,1000,5000,20000"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"  # in docs/scale.md
FREE = 1.0e6  # bytes that an episode takes at most, with the indexes being made beside the old ones
PROBE = Path(__file__).with_name("growth_probe.py")
PARTS = {"catalog": "catalog.db*", "cells": "cells/*", "chroma": "chroma/**/*"}


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size. Seconds and bytes unless a name says otherwise."""

    episodes: int
    chunks: int
    hours: float  # of talk
    write_ms_per_chunk: float  # of those written since the former size
    cells_seconds: float
    chroma_seconds: float
    disk: dict[str, int]
    probe: dict[str, float]
    cold_ask_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default=SIZES, help="episodes, such as 200,1000")
    parser.add_argument("--episodes", type=Path, default=SHARED / "episodes")
    parser.add_argument("--gold", type=Path, default=SHARED / "gold" / "dtc-dev.yaml")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "growth")
    parser.add_argument("--write", type=Path, help="put the figures into scale.md there")
    parser.add_argument("--keep", action="store_true", help="leave the store in the work folder")
    options = parser.parse_args()
    sizes = sorted({int(size) for size in options.sizes.split(",")})
    if absent := [str(path) for path in (options.episodes, options.gold) if not path.exists()]:
        print(f"growth: skipped, there is no {', '.join(absent)}")
        return
    options.work.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(options.work).free < FREE * sizes[-1]:
        print(f"growth: skipped, less than {FREE * sizes[-1] / 1e9:.0f} GB free in {options.work}")
        return
    base = options.work / "base"
    embedding = embed_once(base, options.episodes)
    store = options.work / "store"
    shutil.rmtree(store, ignore_errors=True)
    try:
        found = [asdict(size) for size in grow(store, base, sizes, options.gold)]
    finally:
        if not options.keep:
            shutil.rmtree(store, ignore_errors=True)
    print(tables(found, embedding))
    note({"embedding": embedding, "sizes": found})
    if options.write:
        page, picture = options.write / "scale.md", options.write / "growth.svg"
        before, rest = page.read_text(encoding="utf-8").split(BEGIN)
        figures = f"{BEGIN}\n{tables(found, embedding)}{END}"
        page.write_text(before + figures + rest.split(END)[1], encoding="utf-8")
        picture.write_text(plot(found), encoding="utf-8")


def note(found: dict[str, Any]) -> None:
    """Keeps the figures with what they were measured on."""
    machine = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, **found}, indent=2), encoding="utf-8")
    print(f"Written to {RESULTS}")


def embed_once(base: Path, episodes: Path) -> dict[str, float]:
    """Indexes the real episodes, unless that was done before; returns what it took."""
    noted = base.with_suffix(".json")
    if noted.is_file():
        return dict(json.loads(noted.read_text(encoding="utf-8")))
    shutil.rmtree(base, ignore_errors=True)
    started = time.perf_counter()
    with Archive.open(base, create=True) as archive:
        report = archive.index([episodes])
    seconds = time.perf_counter() - started
    with closing(Catalog(base)) as catalog:
        ids = [number for number in range(1, report.chunks + 1, 10)]
        texts = [stored.chunk.embedded_text for stored in catalog.chunks(ids).values()]
    tokens = sum(MiniLM().count_tokens(texts)) / len(texts)
    found = {
        "episodes": len(report.added),
        "chunks": report.chunks,
        "seconds": seconds,
        "tokens_per_chunk": tokens,
    }
    noted.write_text(json.dumps(found), encoding="utf-8")
    return found


def grow(store: Path, base: Path, sizes: list[int], gold: Path) -> list[Size]:
    """Writes episodes up to each size, and measures there."""
    store.mkdir(parents=True)
    with closing(Catalog(base)) as real:
        meta = real.meta()
    stamp = Stamp(meta["embedder"], int(meta["dimension"]), meta["chunking"])
    found: list[Size] = []
    with closing(Catalog(store, writable=True)) as catalog:
        catalog.found(stamp)
        made = made_ahead(base, range(sizes[-1]))
        written = hours = 0.0
        before = 0
        for number, each in enumerate(made, start=1):
            started = time.perf_counter()
            catalog.put(each.episode, each.source, each.chunks, each.vectors)
            written += time.perf_counter() - started
            hours += each.episode.end / 3600
            if number in sizes:
                chunks = catalog.chunk_count()
                speed = 1000 * written / (chunks - before)
                found.append(measured(store, catalog, gold, number, hours, speed))
                print(json.dumps(asdict(found[-1])), flush=True)
                written, before = 0.0, chunks
    return found


def measured(
    store: Path, catalog: Catalog, gold: Path, episodes: int, hours: float, speed: float
) -> Size:
    """The figures of a store as it stands, its indexes made."""
    cells, chroma = 0.0, timed(lambda: publish(store, catalog))
    ask = [sys.executable, "-m", "askpod", "ask", "Who should own the data?", "--store", str(store)]
    return Size(
        episodes=episodes,
        chunks=catalog.chunk_count(),
        hours=hours,
        write_ms_per_chunk=speed,
        cells_seconds=cells,
        chroma_seconds=chroma,
        disk={
            part: sum(path.stat().st_size for path in store.glob(pattern) if path.is_file())
            for part, pattern in PARTS.items()
        },
        probe=probe(store, gold),
        cold_ask_seconds=timed(lambda: child(ask)),
    )


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def probe(store: Path, gold: Path) -> dict[str, float]:
    """What a new process meets that opens the archive and searches it."""
    return dict(json.loads(child([sys.executable, str(PROBE), str(store), str(gold)])))


def child(command: list[str]) -> str:
    """What a command prints, run without any setting of the user's.

    Raises:
        CalledProcessError: it failed; what it said of that has been printed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASKPOD_")}
    done = subprocess.run(command, env=kept, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
