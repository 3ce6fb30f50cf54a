"""Reads one mutated file, and measures what that took. Memory is limited meanwhile."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers import read_episode
from askpod.sources.feed import read_feed
from fuzz.extremes import EXTREMES
from fuzz.mutations import mutate
from fuzz.starts import Start, word_document
from fuzz.verdict import faults_of_error, faults_of_feed, faults_of_reading

# Of processor time for one file, where known work takes KNOWN_SECONDS: neither a busy machine
# nor a slow one is the reader's fault.
MAX_SECONDS = 2.0
KNOWN_SECONDS = 0.35
MAX_MEMORY = 500 * 1024 * 1024  # bytes above what the process held before

_NAMES = (
    b"talk", b"talk.en", b"2024-05-01-a-talk", b"A Talk [dQw4w9WgXcQ]", b"S02E05 A talk", b"..talk",
    b"-rf", b"con", b"caf\xc3\xa9", b"caf\xe9", b"\xe2\x80\xae\xe2\x80\x8btalk", b"a" * 200,
    b"9" * 200, b"20249999 talk", b"a\nb", b"\x1b[2J", b"[[[[[", b" ", b"%00..%2f",
    b"talk [a b] (1)",
)  # fmt: skip


Read = Callable[[Path], tuple[bool, list[str]]]  # whether it was taken, and what is wrong


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the reading of one file ended."""

    index: int
    format: str
    name: str
    episode: bool = False  # else a refusal, or a finding
    seconds: float = 0.0  # of processor time
    memory: int = 0  # bytes above the start
    findings: tuple[str, ...] = ()


def write_case(folder: Path, seed: int, index: int, sound: list[Start]) -> tuple[str, Path]:
    """Write the file of a seed and an index with what lies beside it; gives its format and path.

    The first indexes are the extreme files, which are the same for every seed.
    """
    if index < len(EXTREMES):
        extreme, build = EXTREMES[index]
        path = folder / extreme
        data = build().encode()
        path.write_bytes(word_document(data) if path.suffix == ".docx" else data)
        return f"largest {path.suffix[1:]}", path
    rng = random.Random(f"{seed}:{index}")
    start = sound[index % len(sound)]
    data = mutate(rng, start.data, [other.data for other in sound])
    data = word_document(data) if start.format == "docx body" else data
    name = Path(start.name)
    stem = os.fsdecode(rng.choice(_NAMES)) if rng.random() < 0.1 else name.stem
    path = folder / f"{stem}{name.suffix}"
    path.write_bytes(data)
    for beside, whole in start.beside:
        path = folder / f"{stem}{Path(beside).suffix}"
        path.write_bytes(whole)
    return start.format, path


def examine(index: int, kind: str, path: Path) -> Outcome:
    """Read a file, and say how it ended and what it took. Nothing it raises gets through."""
    return measured(index, kind, path, _read)


def measured(index: int, kind: str, path: Path, read: Read) -> Outcome:
    """What `read` makes of a file, and what that took."""
    before = _reset_peak()
    began = time.process_time()
    episode, findings = _guarded(read, path)
    seconds = time.process_time() - began
    memory = max(0, _peak() - before)
    if seconds > MAX_SECONDS:  # once more: the first may have paid for something else
        began = time.process_time()
        _guarded(read, path)
        seconds = min(seconds, time.process_time() - began)
        if seconds > MAX_SECONDS * (slower := _slowness()):
            findings.append(f"took {seconds:.1f} s, on a machine slower by {slower:.1f}")
    if memory > MAX_MEMORY:
        findings.append(f"took {memory / 1e6:.0f} MB")
    return Outcome(index, kind, path.name, episode, seconds, memory, tuple(findings))


def _slowness() -> float:
    """How many times longer this machine takes at the moment for known work; at least 1."""

    def known_work() -> float:
        began = time.process_time()
        words = re.finditer(r"(\w+)\W", "The tide gate shuts. " * 25_000)
        rows = [{"text": word[1].casefold(), "at": [n]} for n, word in enumerate(words)]
        json.loads(json.dumps(rows)).sort(key=lambda row: (row["text"], row["at"]))
        return time.process_time() - began

    return max(1.0, min(known_work() for _ in range(3)) / KNOWN_SECONDS)


def _guarded(read: Read, path: Path) -> tuple[bool, list[str]]:
    limits = _limit_memory()
    try:
        return read(path)
    except MemoryError:
        return False, [f"wanted more than {MAX_MEMORY / 1e6:.0f} MB"]
    except Exception as error:  # whatever it is, it is what we look for
        return False, [f"raised {type(error).__name__}: {error!s:.300}{_where(error)}"]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def _read(path: Path) -> tuple[bool, list[str]]:
    try:
        if path.suffix == ".xml" and b"<timedtext" not in path.read_bytes():
            feed = read_feed(path.read_bytes())
            return feed is not None, faults_of_feed(feed)
        return True, faults_of_reading(read_episode(path, untimed=True))
    except ReadError as error:
        return False, faults_of_error(error)


def _where(error: BaseException) -> str:
    """The last place in askpod that an error came through."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "askpod" in code.co_filename:
            place = f" (in {Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name})"
        trace = trace.tb_next
    return place


def _limit_memory() -> tuple[int, int]:
    """Refuse more memory than a read may take, where the system tells how much there is.

    Gives the limits as they were.
    """
    limits = resource.getrlimit(resource.RLIMIT_AS)
    size = _status("VmSize")
    if size:
        resource.setrlimit(resource.RLIMIT_AS, (size + MAX_MEMORY, limits[1]))
    return limits


def _reset_peak() -> int:
    """Begin to measure; gives the bytes held now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _peak()
    return _status("VmRSS")


def _peak() -> int:
    """The most bytes held, since the last reset where that is possible, else ever."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or largest * (1 if sys.platform == "darwin" else 1024)


def _status(name: str) -> int:
    """Bytes of memory by name, from the kernel's own table; 0 where there is none."""
    try:
        table = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    line = next((line for line in table.splitlines() if line.startswith(f"{name}:")), "")
    return int(line.split()[1]) * 1024 if line else 0
