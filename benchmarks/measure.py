"""What the benchmarks share: what a command costs, the table, the file of results."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
EPISODES = ROOT.parent / "shared" / "episodes"
GOLD = ROOT.parent / "shared" / "gold" / "dtc-dev.yaml"
RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / "build" / "bench"
ASKPOD_STORE = WORK / "askpod"
RECIPE_STORE = WORK / "recipe"
ASKPOD = str(Path(sys.executable).with_name("askpod"))
RECIPE = [sys.executable, str(ROOT / "benchmarks" / "recipe_langchain.py")]

POLL_SECONDS = 0.05
PACKAGES = ("chromadb", "onnxruntime", "torch", "sentence-transformers", "langchain-chroma")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took. `peak_mb` is the resident memory of all its processes together."""

    wall: float
    cpu: float
    peak_mb: float


def run(command: Sequence[str], *, accept: Sequence[int] = (0,), **variables: str) -> Cost:
    """Runs a command to its end, with `variables` added to the environment.

    Raises:
        SystemExit: its exit code is not in `accept`; the last of what it printed is shown.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=without_model() | variables
        )
        peak = _peak_until_end(process)
        wall = time.perf_counter() - started
        if process.returncode not in accept:
            output.seek(0)
            said = output.read().decode("utf-8", "replace")[-2000:]
            raise SystemExit(f"{' '.join(command)}\nended with {process.returncode}:\n{said}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, peak / 1e6)


def without_model() -> dict[str, str]:
    """This environment with nothing in it that chooses a model or lets anything be fetched."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ASKPOD_") and not name.endswith("_API_KEY")
    }
    return kept | {"HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}


def _peak_until_end(process: subprocess.Popen[bytes]) -> int:
    """Waits for the process, and returns the most bytes seen in use by it and its children."""
    peak = 0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _resident(watched))
        time.sleep(POLL_SECONDS)
    return peak


def _resident(process: psutil.Process) -> int:
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines with the first column on the left and the others on the right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write(name: str, results: Mapping[str, Any]) -> Path:
    """Writes the results beside what they were measured on; returns the file."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    machine = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "packages": {package: _version(package) for package in PACKAGES},
    }
    target = RESULTS / f"{name}.json"
    target.write_text(json.dumps({"machine": machine} | dict(results), indent=2) + "\n")
    return target


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # index_profile.py needs no torch
        return None
