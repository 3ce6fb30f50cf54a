"""Transcribes one recording, window by window, and goes on after a stop where it was.

The same recording and engine give the same transcript, however often the work was stopped. Speech
recognisers invent words where nothing is said, and may fall into a loop: lines in silence, marks of
music and the repeats of a loop are left out, and told as faults of the transcript.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from askpod.errors import RecordingError
from askpod.files import INCOMING, PRIVATE, append_line, read_bounded, write_atomically
from askpod.parsing import parse_json
from askpod.times import clock
from askpod.transcription.engine import Engine, Heard, Segment, Word
from askpod.transcription.sound import RATE, WINDOW, Sound, Window, loudness

MOST_JOURNAL = 200_000_000  # bytes
EVERY = 10.0  # seconds between two notes of how far it is

Notify = Callable[[str], None]


def transcribe(recording: Path, transcript: Path, engine: Engine, notify: Notify) -> None:
    """Transcribes a recording to Whisper's JSON, from where a former run of it was stopped.

    `notify` is told how far it is, how fast, and how long it will take.

    Raises:
        RecordingError: it cannot be decoded, or the engine failed at it.
        TranscriberError, ModelError: the engine cannot be used at all.
        OSError: the transcript cannot be written.
    """
    sound = Sound(recording)
    told = recording_of(recording)
    journal = _Journal.load(
        transcript.parent / INCOMING / f"{transcript.stem}.jsonl",
        {"engine": engine.name, "recording": told["sha256"], "window": WINDOW},
    )
    reached = _progress(transcript.stem, sound.duration, journal.end / RATE, notify)
    for window in sound.windows(journal.end):
        journal.add(window, engine.transcribe(window.samples))
        reached(window.end / RATE)
    duration = round(journal.end / RATE, 3)
    segments, unheard = without_inventions(journal.segments, journal.loudness, duration)
    if sound.broken_at is not None:
        unheard.append(Unheard("damaged", sound.broken_at, max(sound.duration or 0.0, duration)))
    if not segments:
        notify(f"{transcript.stem}: no speech was heard in it ({clock(duration)})")
    told_of = {
        "language": journal.language,
        "duration": duration,
        "engine": engine.name,
        "recording": told,
        "faults": [asdict(each) for each in unheard],
    }
    write_atomically(transcript, _document(told_of, segments), mode=PRIVATE)
    journal.path.unlink(missing_ok=True)
    with suppress(OSError):
        journal.path.parent.rmdir()


def recording_of(path: Path) -> dict[str, Any]:
    """What tells a recording from another, or a newer one at its path. Raises RecordingError."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from None
    return {"sha256": digest, **stamp_of(path)}


def stamp_of(path: Path) -> dict[str, int]:
    """Size and time of a file: where both are the same, it need not be read."""
    status = path.stat()
    return {"bytes": status.st_size, "modified": status.st_mtime_ns}


def _document(told: dict[str, Any], segments: list[Segment]) -> bytes:
    head = json.dumps(told, ensure_ascii=False)[1:-1]
    rows = ",\n".join(json.dumps(each.to_json(), ensure_ascii=False) for each in segments)
    return f'{{{head}, "segments": [\n{rows}\n]}}\n'.encode("utf-8", "replace")


@dataclass(slots=True)
class _Journal:
    """What has been heard so far, on the disk window by window."""

    path: Path
    head: dict[str, Any]
    end: int = 0  # the sample up to which it goes
    segments: list[Segment] = field(default_factory=list)
    loudness: list[float] = field(default_factory=list)
    language: str = ""
    _mended: bytes = b""  # what the file must hold before a line is added to it

    @classmethod
    def load(cls, path: Path, head: dict[str, Any]) -> _Journal:
        """The journal of a former run; empty where that was of something else."""
        journal = cls(path, head)
        try:
            lines = read_bounded(path, MOST_JOURNAL).split(b"\n")
        except OSError:
            lines = []
        good = journal._take_all(lines)
        if good != len(lines) - 1 or not good:  # behind the last line there is nothing
            kept = lines[:good] or [json.dumps(head).encode()]
            journal._mended = b"".join(line + b"\n" for line in kept)
        return journal

    def add(self, window: Window, heard: Heard) -> None:
        """Writes down what was heard in a window."""
        begin = window.begin / RATE
        line = {
            "begin": window.begin,
            "end": window.end,
            "language": heard.language,
            "loudness": [round(each, 5) for each in loudness(window)],
            "segments": [each.later(begin).to_json() for each in heard.segments],
        }
        if self._mended:
            write_atomically(self.path, self._mended, mode=PRIVATE)
            self._mended = b""
        append_line(self.path, json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
        self._take(line)

    def _take_all(self, lines: list[bytes]) -> int:
        """Takes the lines of a former run, as far as they are good; how many those are."""
        for number, line in enumerate(lines):
            try:
                told = parse_json(line)
                if number:
                    self._take(told)
                elif told != self.head:
                    return 0
            except (ValueError, TypeError, KeyError):
                return number
        return len(lines)

    def _take(self, line: dict[str, Any]) -> None:
        if line["begin"] != self.end:
            raise ValueError("a window is missing")
        segments = [_segment(each) for each in line["segments"]]
        loudness = [float(each) for each in line["loudness"]]
        end, language = int(line["end"]), str(line["language"])
        self.end, self.language = end, self.language or language
        self.segments += segments
        second = int(line["begin"] / RATE)
        if loudness and second < len(self.loudness):  # two windows share it
            self.loudness[second] = max(self.loudness[second], loudness.pop(0))
        self.loudness += loudness


def _segment(told: dict[str, Any]) -> Segment:
    words = tuple(Word(str(each["word"]), float(each["start"])) for each in told.get("words", ()))
    start, end = float(told["start"]), float(told["end"])
    return Segment(start, end, str(told["text"]), words, str(told.get("speaker", "")))


def _progress(
    name: str, duration: float | None, begin: float, notify: Notify
) -> Callable[[float], None]:
    """To be called with the second of the recording up to which all is done."""
    began = told = time.monotonic()
    length = clock(duration) if duration else "of a length that it does not state"
    goes_on = f", goes on at {clock(begin)}" if begin else ""
    notify(f"transcribing {name} ({length}){goes_on} …")

    def reached(second: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < EVERY:
            return
        told = now
        speed = (second - begin) / (now - began)
        whole = left = ""
        if duration and duration > second and speed > 0:
            whole = f" of {clock(duration)}"
            left = f", about {clock((duration - second) / speed)} left"
        notify(f"{name}: {clock(second)}{whole}, {speed:.1f} times as fast as it plays{left}")

    return reached


SILENT = 0.002  # of full scale, the root mean square of a second below which nobody speaks
LONG = 15.0  # seconds without speech that are told
SHARE = 0.8  # of a stretch's seconds are silent: then it is silence, else music or noise
TIMES = 4  # a line stands in a row: a loop
TIMES_SHORT = 8  # the same, where the line has fewer words than
SHORT = 3
MOST_CHARACTERS = 5_000  # of a segment in which a phrase is looked for
_MUSIC = re.compile(
    r"[\s♪♫🎵]*|[\[(*♪]\s*(?:[\w ]*\bmusic\b[\w ]*|applause|silence)\s*[\])*♪]", re.I
)
_PHRASE = re.compile(r"(\b\S.{2,200}?)(?:[\s,.]+\1){5,}(?!\w)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Unheard:
    """A stretch of a recording and what is the matter with it."""

    kind: str  # silence, music, loop
    start: float  # seconds
    end: float


def without_inventions(
    segments: Sequence[Segment], loudness: Sequence[float], duration: float
) -> tuple[list[Segment], list[Unheard]]:
    """The segments of a recording that are speech, and the stretches that are not.

    `loudness` is the root mean square of each of its `duration` seconds.
    """
    silent = np.asarray(loudness) < SILENT
    spoken = [each for each in segments if not _invented(each, silent)]
    kept: list[Segment] = []
    loops: list[Unheard] = []
    for _, run in groupby(spoken, key=lambda each: _words(each.text)):
        _take(list(run), kept, loops)
    found = [*loops, *_gaps(spoken, silent, duration)]
    return kept, sorted(found, key=lambda each: each.start)


def _invented(segment: Segment, silent: np.ndarray) -> bool:
    begin, end = int(segment.start), max(int(segment.start) + 1, int(segment.end))
    part = silent[begin:end]
    return bool(_MUSIC.fullmatch(segment.text)) or bool(len(part) and part.all())


def _take(run: list[Segment], kept: list[Segment], loops: list[Unheard]) -> None:
    """Keeps a run of segments that say the same; of a loop the first."""
    short = len(_words(run[0].text).split()) < SHORT
    if len(run) >= (TIMES_SHORT if short else TIMES):
        loops.append(Unheard("loop", run[0].start, run[-1].end))
        run = run[:1]
    for each in run:
        once = _PHRASE.sub(r"\1", each.text[:MOST_CHARACTERS]) + each.text[MOST_CHARACTERS:]
        if once != each.text:
            loops.append(Unheard("loop", each.start, each.end))
            each = replace(each, text=once, words=())
        kept.append(each)


def _gaps(segments: Sequence[Segment], silent: np.ndarray, duration: float) -> Iterator[Unheard]:
    edges = [(0.0, 0.0), *((each.start, each.end) for each in segments), (duration, duration)]
    latest = 0.0
    for (_, end), (start, _) in pairwise(edges):
        latest = max(latest, end)
        if start - latest >= LONG:
            part = silent[int(latest) : max(int(latest) + 1, int(start))]
            share = float(np.mean(part)) if len(part) else 1.0
            yield Unheard("silence" if share >= SHARE else "music", latest, start)


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
