"""Indexing from nothing: `askpod index` beside the usual recipe, in one run on one machine.

    python benchmarks/index_speed.py [--episodes DIR] [--limit N] [--runs N]

Both run as a fresh process each time, in turn. askpod starts with an empty cache as well, so
that making its model ready, which happens once on a machine, is in its time.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import measure
from measure import ASKPOD, ASKPOD_STORE, RECIPE, RECIPE_STORE, Cost

CACHE = measure.WORK / "cache"


def askpod(episodes: Path) -> Cost:
    """One run of askpod. A file without a transcript makes it end with 1: that is accepted."""
    command = [ASKPOD, "index", str(episodes), "--store", str(ASKPOD_STORE)]
    return measure.run(command, accept=(0, 1), XDG_CACHE_HOME=str(CACHE), HOME=str(CACHE))


def from_nothing(episodes: Path) -> Cost:
    """askpod as on a new machine."""
    for folder in (ASKPOD_STORE, CACHE):
        shutil.rmtree(folder, ignore_errors=True)
    return askpod(episodes)


def recipe(episodes: Path) -> Cost:
    """The usual recipe into an empty store."""
    shutil.rmtree(RECIPE_STORE, ignore_errors=True)
    return measure.run([*RECIPE, str(episodes), str(RECIPE_STORE)])


def warm_up() -> None:
    """Brings both programs into the disk's cache, so that the first is not at a disadvantage."""
    measure.run([ASKPOD, "--help"])
    measure.run([*RECIPE, "--help"])


def median(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        wall=statistics.median(cost.wall for cost in costs),
        cpu=statistics.median(cost.cpu for cost in costs),
        peak_mb=statistics.median(cost.peak_mb for cost in costs),
    )


def compare(episodes: Path, runs: int) -> dict[str, Cost]:
    """The median cost of each of the three, which take turns."""
    steps: dict[str, Callable[[Path], Cost]] = {
        "askpod": from_nothing,
        "usual recipe": recipe,
        "askpod, nothing changed": askpod,
    }
    costs: dict[str, list[Cost]] = {name: [] for name in steps}
    for _ in range(runs):
        for name, step in steps.items():
            costs[name].append(step(episodes))
    return {name: median(found) for name, found in costs.items()}


def rows(costs: dict[str, Cost]) -> list[list[str]]:
    """The table's lines: each figure, and how many times askpod's time it is."""
    base = costs["askpod"].wall
    return [
        [
            name,
            f"{cost.wall:.1f}",
            f"{cost.cpu:.1f}",
            f"{cost.peak_mb:.0f}",
            f"{cost.wall / base:.2f}x",
        ]
        for name, cost in costs.items()
    ]


def some(episodes: Path, limit: int | None, folder: Path) -> int:
    """Copies the files to measure on, evenly spread over the folder; returns how many."""
    files = sorted(episodes.glob("*.md"))
    step = max(1, len(files) // limit) if limit else 1
    chosen = files[::step][:limit]
    for path in chosen:
        shutil.copy(path, folder)
    return len(chosen)


def main() -> None:
    """Reads the command line, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--episodes", type=Path, default=measure.EPISODES)
    parser.add_argument("--limit", type=int, help="measure on so many files only")
    parser.add_argument("--runs", type=int, default=1, help="take the median of so many")
    arguments = parser.parse_args()
    if not arguments.episodes.is_dir():
        print(f"index_speed: skipped, no episodes at {arguments.episodes}: name a folder")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = some(arguments.episodes, arguments.limit, Path(folder))
        measure.WORK.mkdir(parents=True, exist_ok=True)
        warm_up()
        costs = compare(Path(folder), arguments.runs)
    print(f"Indexing {files} files from nothing, median of {arguments.runs}")
    print(measure.table(["", "wall s", "cpu s", "peak MB", "time"], rows(costs)))
    figures = {name: asdict(cost) for name, cost in costs.items()}
    speedup = costs["usual recipe"].wall / costs["askpod"].wall
    written = {"files": files, "runs": arguments.runs, "costs": figures, "speedup": speedup}
    print(f"Written to {measure.write('index_speed', written)}")


if __name__ == "__main__":
    main()
