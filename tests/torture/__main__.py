"""`make torture`: stops askpod at random instants and shows that nothing is lost.

Each try starts `askpod index` or `askpod rebuild` on a store (none yet, one of a former state of
the folder, or one that has been stopped before) and strikes. After each hit the store is looked
at as it is (a search must meet whole episodes only), and a copy of it is indexed in the plain
way and compared with a store that was built undisturbed: sources, episodes, turns, chunks,
vectors, answers, files. Not collected by pytest. Exits with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import blows
import corpus
from blows import Blow, Run
from contents import Contents, contents, torn

from askpod import Archive
from askpod.errors import AskpodError

ALL = INDEX, TWO, REBUILD = "index", "index --workers 2", "rebuild"
MOST_TRIES = 6  # for each hit that is wanted


@dataclass(slots=True)
class Kind:
    """A way to be stopped, and what came of it."""

    name: str
    command: str
    blow: Blow
    tries: int = 0
    hits: int = 0
    recovered: int = 0
    least: int = 1_000  # episodes in the store when it was stopped
    most: int = 0


def kinds(*, mounts: bool, bound: bool) -> list[Kind]:
    """All ways that this user has leave for: mounting a disk, being held to permissions."""
    found = [
        *(Kind("SIGKILL", command, blows.signalled(signal.SIGKILL)) for command in ALL),
        *(Kind("SIGTERM", command, blows.signalled(signal.SIGTERM)) for command in ALL),
        *(Kind("SIGINT", command, blows.signalled(signal.SIGINT)) for command in ALL),
        Kind("worker killed", TWO, blows.worker_killed),
        *(Kind("file limit", command, blows.files_limited) for command in ALL),
        Kind("disk fails once", INDEX, blows.disk_fails_for_a_moment),
        Kind("disk fails once", REBUILD, blows.disk_fails_for_a_moment),
    ]
    if mounts:
        found += [Kind("disk full", command, blows.disk_full) for command in ALL]
    if bound:
        found += [
            Kind("read-only", INDEX, blows.never_writable),
            Kind("read-only", REBUILD, blows.never_writable),
            Kind("turns read-only", INDEX, blows.no_longer_writable),
        ]
    return found


class Torture:
    """The stores that are stopped, and what they are compared with."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._files = folder / "in"
        self._random = random.Random(seed)
        self._stopped: Path | None = None  # the last store that was hit
        corpus.lay_former(self._files)
        self.former = self._clean("former")
        corpus.lay_present(self._files)
        self.present = self._clean("present")
        self._seconds = {command: self._measured(command) for command in ALL}

    def try_once(self, kind: Kind, number: int) -> str | None:
        """One run; what was wrong afterwards, if anything."""
        store = self._folder / f"try{number}"
        self._begin(kind, store)
        run = Run(self._command(kind.command), store, self._random, self._seconds[kind.command])
        hit = kind.blow(run)
        kind.tries += 1
        if not hit:
            shutil.rmtree(store, ignore_errors=True)
            return None if run.code == 0 else f"exit code {run.code}: {run.error}"
        kind.hits += 1
        problem = self._judged(kind, store, run)
        kind.recovered += problem is None
        if problem is None:
            self._keep(store)
        return problem

    def _begin(self, kind: Kind, store: Path) -> None:
        """Lays what the run begins from."""
        starts = [self._folder / "former", self._folder / "former"]
        if kind.command != REBUILD:
            starts = [None, self._folder / "former", self._stopped]
        start = self._random.choice(starts)
        if start is not None and start.exists():
            shutil.copytree(start, store)

    def _judged(self, kind: Kind, store: Path, run: Run) -> str | None:
        if "Traceback" in run.error:
            return f"a traceback: {run.error}"
        copy = store.with_name(f"{store.name}-copy")
        try:
            if store.exists():
                shutil.copytree(store, copy)
            if problem := torn(copy, [self.former, self.present]):
                return f"between: {problem}"
            kind.least = min(kind.least, count := _episodes(copy))
            kind.most = max(kind.most, count)
            self._index(copy)
            differences = contents(copy).differences(self.present)
        except (AskpodError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        if differences:
            return f"differs from a clean build in {', '.join(differences)}"
        shutil.rmtree(copy)
        return None

    def _keep(self, store: Path) -> None:
        """A later run begins from what this one has left."""
        if self._stopped is not None:
            shutil.rmtree(self._stopped, ignore_errors=True)
        self._stopped = store

    def _clean(self, name: str) -> Contents:
        self._index(self._folder / name)
        return contents(self._folder / name)

    def _index(self, store: Path) -> None:
        with Archive.open(store, create=True) as archive:
            report = archive.index([self._files], prune=True)
        if report.failed:
            raise AskpodError(f"not indexed: {report.failed}")

    def _command(self, command: str) -> list[str]:
        if command == REBUILD:
            return [REBUILD]
        name, *options = command.split()
        return [name, str(self._files), "--prune", *options]

    def _measured(self, command: str) -> tuple[float, float]:
        """How long an undisturbed run takes to its first write, and to its end."""
        store = self._folder / "measured"
        shutil.rmtree(store, ignore_errors=True)
        if command == REBUILD:
            shutil.copytree(self._folder / "former", store)
        lock = store / "write.lock"
        before = lock.stat().st_mtime if lock.exists() else 0.0
        run = Run(self._command(command), store, self._random, (0, 0))
        began = time.monotonic()
        run.start()
        blows.until(lambda: run.ended() or (lock.exists() and lock.stat().st_mtime > before))
        first = time.monotonic() - began
        run.end()
        if run.code:
            raise SystemExit(f"undisturbed, `askpod {command}` fails: {run.error}")
        return first, time.monotonic() - began


def _episodes(store: Path) -> int:
    try:
        with Archive.open(store) as archive:
            return archive.counts()["episodes"]
    except AskpodError:
        return 0


def main() -> int:
    """Runs until there are as many hits as are wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="hits that are wanted in all")
    parser.add_argument("--seed", type=int, default=20240501)
    parser.add_argument("--folder", type=Path, default=Path("build/torture"))
    wanted = parser.parse_args()
    began = time.monotonic()
    folder = wanted.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for variable in [name for name in os.environ if name.startswith("ASKPOD_")]:
        if variable != "ASKPOD_CACHE":  # what the user has set is not what is shown here
            del os.environ[variable]
    torture = Torture(folder, wanted.seed)
    ways = kinds(mounts=blows.can_mount(folder), bound=blows.can_be_bound(folder))
    problems = list(strike(torture, ways, wanted.kills))
    say(table(ways))
    say(f"\n{sum(kind.hits for kind in ways)} hits in {time.monotonic() - began:.0f} s")
    return 1 if problems or sum(kind.hits for kind in ways) < wanted.kills else 0


def strike(torture: Torture, ways: list[Kind], wanted: int) -> Iterator[str]:
    """Tries the ways in turn until they have hit as often as is wanted; what went wrong."""
    for number, kind in enumerate(cycle(ways)):
        hits = sum(way.hits for way in ways)
        if hits >= wanted or number >= MOST_TRIES * wanted:
            return
        if problem := torture.try_once(kind, number):
            say(f"try {number}, {kind.name}, {kind.command}: {problem}")
            yield problem
        if number % 10 == 9:
            sys.stderr.write(f"{hits} of {wanted}\n")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(ways: list[Kind]) -> str:
    """A row for each way to be stopped."""
    rows = [("stopped by", "command", "tries", "hit", "episodes then", "recovered")]
    for kind in ways:
        span = f"{kind.least}–{kind.most}" if kind.hits else "–"
        rows.append(
            (kind.name, kind.command, str(kind.tries), str(kind.hits), span, str(kind.recovered))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
