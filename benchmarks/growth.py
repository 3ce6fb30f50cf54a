"""How an archive's figures change as it grows: make growth.

    python benchmarks/growth.py [--sizes 200,1000] [--server] [--episodes DIR] [--write docs]

One store grows from size to size, in a folder or (--server) held by a `chroma run` that is started
for it. Its episodes are varied from real ones (growth_corpus.py), with vectors that are moved a
little instead of embedded, and are written as `askpod index` writes them, one transaction for each.
At each size new processes (growth_probe.py) open the archive and search it, its files not in memory
before. The real episodes are embedded once and kept in the work folder. The store is removed at the
end (--keep: is left).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from askpod.indexing.indexer import EpisodeStore
from askpod.indexing.publisher import Publisher
from askpod.opening import connect
from askpod.settings import Settings
from askpod.store.catalog import Catalog
from askpod.store.rows import Embedded
from askpod.store_lock import write_lock
from growth_corpus import made_ahead
from growth_report import plot, tables

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
RESULTS = ROOT / "benchmarks" / "results" / "growth.json"
SIZES = "200,1000,5000"
BEGIN, END = "<!-- {} -->", "<!-- end of {} -->"  # in docs/scale.md: "folder", "server"
FREE = 1.0e6  # bytes that an episode takes at most, with the indexes being made beside the old ones
PROBE = Path(__file__).with_name("growth_probe.py")
PARTS = {"catalog": "catalog.db*", "chroma": "chroma/**/*"}


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size. Seconds and bytes unless a name says otherwise."""

    episodes: int
    chunks: int
    hours: float  # of talk
    write_ms_per_chunk: float  # of those written since the former size
    publish_seconds: (
        float  # of what was written since, in a folder; on a server there is nothing to do
    )
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
    parser.add_argument("--server", action="store_true", help="held by a Chroma server")
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
    store, kind = options.work / "store", "server" if options.server else "folder"
    shutil.rmtree(store, ignore_errors=True)
    try:
        with chroma_run(options.work) if options.server else nullcontext() as url:
            found = [asdict(size) for size in grow(store, base, sizes, options.gold, url)]
    finally:
        if not options.keep:
            shutil.rmtree(store, ignore_errors=True)
    print(tables(found, embedding))
    note(kind, {"embedding": embedding, "sizes": found})
    if options.write:
        page, picture = options.write / "scale.md", options.write / f"growth-{kind}.svg"
        begin, end = BEGIN.format(kind), END.format(kind)
        before, rest = page.read_text(encoding="utf-8").split(begin)
        figures = f"{begin}\n{tables(found, embedding)}{end}"
        page.write_text(before + figures + rest.split(end)[1], encoding="utf-8")
        picture.write_text(plot(found), encoding="utf-8")


@contextmanager
def chroma_run(work: Path) -> Iterator[str]:
    """A Chroma server with nothing in it; gives its address."""
    folder = work / "server"
    shutil.rmtree(folder, ignore_errors=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = "import sys; from chromadb.cli.cli import app; sys.argv[0] = 'chroma'; app()"
    where = ["--host", "127.0.0.1", "--port", str(port), "--path", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-c", run, "run", *where], stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def note(kind: str, found: dict[str, Any]) -> None:
    """Keeps the figures with what they were measured on."""
    machine = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    results = RESULTS.with_name(f"growth-{kind}.json")
    results.write_text(json.dumps({"machine": machine, **found}, indent=2), encoding="utf-8")
    print(f"Written to {results}")


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


def grow(store: Path, base: Path, sizes: list[int], gold: Path, url: str | None) -> list[Size]:
    """Writes episodes up to each size, and measures there."""
    found: list[Size] = []
    made = made_ahead(base, range(sizes[-1]))
    hours, before = 0.0, 0
    for begin, size in zip([0, *sizes], sizes, strict=False):
        with writing(store, url) as (episodes, publish):
            written = 0.0
            for each in islice(made, size - begin):
                started = time.perf_counter()
                episodes.put(each.episode, each.source, Embedded(each.chunks, each.vectors))
                written += time.perf_counter() - started
                hours += each.episode.end / 3600
            published = timed(publish)
        with closing(Catalog(store)) as catalog:
            chunks = catalog.counts()["chunks"]
        speed = 1000 * written / (chunks - before)
        found.append(measured(store, gold, url, [size, chunks, hours, speed, published]))
        print(json.dumps(asdict(found[-1])), flush=True)
        before = chunks
    return found


@contextmanager
def writing(store: Path, url: str | None) -> Iterator[tuple[EpisodeStore, Callable[[], object]]]:
    """What indexing writes to, and what publishes it."""
    settings = Settings(chroma_url=url)
    if url is None:
        Archive.open(store, settings=settings, create=True).close()
        with closing(Catalog(store, writable=True)) as catalog:
            publisher = Publisher(store, catalog)
            yield publisher, publisher.finish
        return
    shared = connect(store, settings, print, create=True)
    if shared is None:
        raise SystemExit("growth: no server")
    with closing(shared), write_lock(store), shared.writing() as episodes:
        yield episodes, lambda: None


def measured(store: Path, gold: Path, url: str | None, made: list[float]) -> Size:
    """The figures of a store as it stands, its collection published."""
    ask = [sys.executable, "-m", "askpod", "ask", "Who should own the data?", "--store", str(store)]
    episodes, chunks, *rest = made
    return Size(
        int(episodes),
        int(chunks),
        *rest,
        disk={
            part: sum(path.stat().st_size for path in store.glob(pattern) if path.is_file())
            for part, pattern in PARTS.items()
        },
        probe=dict(json.loads(child([sys.executable, str(PROBE), str(store), str(gold)], url))),
        cold_ask_seconds=timed(lambda: child(ask, url)),
    )


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def child(command: list[str], url: str | None) -> str:
    """What a command prints, run without any setting of the user's but the server.

    Raises:
        CalledProcessError: it failed; what it said of that has been printed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASKPOD_")}
    kept |= {"ASKPOD_CHROMA_URL": url} if url else {}
    done = subprocess.run(command, env=kept, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
