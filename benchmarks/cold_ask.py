"""What the time of a cold `askpod ask` is made of: a process that says where its own time went.

`measured` starts such processes; each is this file, run with a time, a store and a question.
"""

from __future__ import annotations

import builtins
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from clock import Clock

START, IMPORTS, OPEN, EMBEDDER, CHROMA, SEARCH, ANSWER, CLI, END = (
    "starting Python",
    "imports",
    "opening the archive",
    "loading the embedder",
    "waiting for Chroma",
    "search",
    "answer",
    "command line and printing",
    "ending",
)
PARTS = (START, IMPORTS, OPEN, EMBEDDER, CHROMA, SEARCH, ANSWER, CLI, END)


def measured(
    store: Path, question: str, environment: Mapping[str, str], runs: int
) -> dict[str, float]:
    """Median milliseconds of each part over so many processes; one more is not counted."""
    found = [_once(store, question, environment) for _ in range(runs + 1)][1:]
    return {part: statistics.median(one.get(part, 0.0) for one in found) * 1000 for part in PARTS}


def heaviest_imports(
    store: Path, question: str, environment: Mapping[str, str], count: int = 8
) -> list[tuple[str, float]]:
    """Packages and the milliseconds that their own modules take, by `python -X importtime`."""
    command = [sys.executable, "-X", "importtime", "-m", "askpod", "ask", question]
    done = subprocess.run(
        [*command, "--store", str(store)],
        capture_output=True,
        env=environment,
        text=True,
        check=True,
    )
    return own_times(done.stderr.splitlines())[:count]


def own_times(lines: Sequence[str]) -> list[tuple[str, float]]:
    """What `-X importtime` prints, summed by package, in milliseconds, the heaviest first."""
    totals: defaultdict[str, float] = defaultdict(float)
    for line in lines:
        own, _, module = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            package = module.partition("|")[2].strip().partition(".")[0]
            known = sys.stdlib_module_names
            totals["the standard library" if package in known else package] += int(own) / 1000
    return sorted(totals.items(), key=lambda item: -item[1])


def _once(store: Path, question: str, environment: Mapping[str, str]) -> dict[str, float]:
    began = time.time()
    done = subprocess.run(
        [sys.executable, __file__, str(began), str(store), question],
        capture_output=True,
        env=environment,
        text=True,
        check=True,
    )
    ended = time.time()
    said = json.loads(done.stdout)
    parts: dict[str, float] = said["parts"]
    return parts | {END: ended - said["ended"]}


def _ask(started: float, store: str, question: str) -> None:
    """Asks, and prints what took how long since `started`."""
    clock = Clock()
    clock.seconds[START] = time.time() - started
    _time_imports(clock)
    with clock.part(CLI), redirect_stdout(StringIO()):
        import askpod.archive
        from askpod.answering.extractive import ExtractiveAnswerer
        from askpod.cli import app
        from askpod.embedding.minilm import MiniLM
        from askpod.retrieval.retriever import Retriever
        from askpod.store.dense import DenseIndex

        clock.wrap(askpod.archive.Archive, "open", OPEN)
        clock.wrap(MiniLM, "__init__", EMBEDDER)
        clock.wrap(DenseIndex, "_acquire", CHROMA)
        clock.wrap(Retriever, "find", SEARCH)
        clock.wrap(ExtractiveAnswerer, "answer", ANSWER)
        app(["ask", question, "--store", store], standalone_mode=False)
    print(json.dumps({"parts": clock.seconds, "ended": time.time()}))


def _time_imports(clock: Clock) -> None:
    """Counts as imports the outermost `import` of everything that is not there yet."""
    original = builtins.__import__
    inside = False

    def importing(name: str, *args: Any, **options: Any) -> Any:
        nonlocal inside
        if inside:
            return original(name, *args, **options)
        inside = True
        try:
            with clock.part(IMPORTS):
                return original(name, *args, **options)
        finally:
            inside = False

    builtins.__import__ = importing


if __name__ == "__main__":
    _ask(float(sys.argv[1]), sys.argv[2], sys.argv[3])
