"""The ways in which a run is stopped. Each starts `askpod` on a store and strikes once."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# The superuser may write whatever the permissions say; not so without this capability.
BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
PUBLISHING = 0.25  # the share of blows that wait until the vector index is being made
STEP = 0.002  # seconds between two looks


@dataclass(slots=True)
class Run:
    """One run of askpod: what it is to do, and how it ended."""

    arguments: list[str]
    store: Path
    random: random.Random
    seconds: tuple[float, float]  # from its start to the first write, and to its end, as a rule
    code: int = 0
    error: str = ""
    before: list[str] = field(default_factory=list)  # what the command line begins with
    limit: Callable[[], None] | None = None  # called in the new process
    process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        askpod = [sys.executable, "-m", "askpod", *self.arguments, "--store", str(self.store)]
        self.process = subprocess.Popen(
            [*self.before, *askpod],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=self._prepare,
        )
        return self.process

    def _prepare(self) -> None:
        """In the new process. A shell starts background jobs with Ctrl-C ignored."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.limit:
            self.limit()

    def until_the_instant(self) -> bool:
        """Waits for the instant of the blow; whether the run still goes on."""
        first, whole = self.seconds
        if self.random.random() < PUBLISHING:
            length = 0.2 * whole
            until(lambda: any(self.store.glob("chroma.next.*")) or self.ended())
            pause = self.random.uniform(0, length)
        else:
            pause = self.random.uniform(0.9 * first, whole)
        began = time.monotonic()
        until(lambda: time.monotonic() - began > pause or self.ended())
        return not self.ended()

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def end(self) -> None:
        """Waits for its end."""
        if self.process is None:
            raise AssertionError
        _, self.error = self.process.communicate(timeout=120)
        self.code = self.process.returncode


Blow = Callable[[Run], bool]
"""Lets a run be hit; returns whether it was."""


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(STEP)


def signalled(number: signal.Signals) -> Blow:
    """The run is sent a signal at a random instant."""
    codes = {signal.SIGINT: {130, -signal.SIGINT}}.get(number, {-number})

    def strike(run: Run) -> bool:
        process = run.start()
        if run.until_the_instant():
            process.send_signal(number)
        run.end()
        return run.code in codes

    return strike


def worker_killed(run: Run) -> bool:
    """One of its workers is killed, as by a system that is out of memory."""
    process = run.start()
    if run.until_the_instant() and (workers := _children(process.pid)):
        os.kill(run.random.choice(workers), signal.SIGKILL)
    run.end()
    return run.code == 1


def disk_full(run: Run) -> bool:
    """It works on a file system of its own that has a little room, and then none."""
    place, room = run.store, run.random.randrange(0, 3000)
    held = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) // 1024
    with _small_disk(place.with_name("disk"), kilobytes=held + 64 + room) as disk:
        run.store = disk / "store"
        if place.exists():
            shutil.copytree(place, run.store)
        run.start()
        run.end()
        shutil.rmtree(place, ignore_errors=True)
        if run.store.exists():
            shutil.copytree(run.store, place)
        run.store = place
    return run.code != 0


def files_limited(run: Run) -> bool:
    """No file may grow over a random size."""
    size = (run.random.randrange(4096, 1_500_000), resource.RLIM_INFINITY)
    run.limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, size)
    run.start()
    run.end()
    return run.code != 0


def disk_fails_for_a_moment(run: Run) -> bool:
    """For some milliseconds nothing can be written."""
    process = run.start()
    if run.until_the_instant():
        moment = time.monotonic() + run.random.uniform(0.001, 0.1)
        try:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            until(lambda: time.monotonic() > moment or run.ended())
            free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, free)
        except ProcessLookupError:
            pass  # it has ended
    run.end()
    return run.code != 0


def never_writable(run: Run) -> bool:
    """The store, or its vector index, may not be written by the user who runs it."""
    run.store.mkdir(exist_ok=True)
    parts = [path for path in (run.store, run.store / "chroma") if path.is_dir()]
    run.before = bound()
    with _closed(run.random.choice(parts)):
        run.start()
        run.end()
    return run.code != 0


def no_longer_writable(run: Run) -> bool:
    """The store's folder loses its permission at a random instant."""
    run.store.mkdir(exist_ok=True)
    run.before = bound()
    run.start()
    if run.until_the_instant():
        with _closed(run.store):
            run.end()
    else:
        run.end()
    return run.code != 0


def bound() -> list[str]:
    """The beginning of a command line that permissions hold for."""
    return BOUND if os.geteuid() == 0 else []


@contextmanager
def _closed(folder: Path) -> Iterator[None]:
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


@contextmanager
def _small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    size = f"size={kilobytes}k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def can_mount(folder: Path) -> bool:
    """Whether this user may mount a small file system."""
    try:
        with _small_disk(folder / "disk", 64):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def can_be_bound(folder: Path) -> bool:
    """Whether a run of this user can be held to a folder's permissions."""
    with _closed(folder):
        try:
            tried = subprocess.run([*bound(), "test", "-w", folder], check=False)
        except OSError:  # no setpriv
            return False
    return tried.returncode == 1


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has ended
            continue
        if int(parent) == pid:
            found.append(int(stat.parent.name))
    return found
