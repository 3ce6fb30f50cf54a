"""What transcribes: an engine hears a window of sound and says which words it heard, and when.

There are three: Whisper on this machine (whisper.py), a command of the user's own (command.py) and
an OpenAI-compatible endpoint (endpoint.py). Whatever JSON of Whisper's kin the latter two give is
read by the reader of such files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from askpod.errors import ReadError, RecordingError, TranscriberError
from askpod.readers.fault_log import FaultLog
from askpod.readers.json_document import Object, load_json, nested, recognise_json, seconds
from askpod.readers.whisper import segments_of
from askpod.transcription.sound import Samples


@dataclass(frozen=True, slots=True)
class Word:
    """A word, as it is written in its segment, and the second at which it begins."""

    text: str
    start: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or so. Seconds count from the beginning of the window, later of the recording."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str = ""  # "" where the engine tells nobody apart

    def later(self, seconds: float) -> Segment:
        """The segment, moved to where its window stands in the recording."""
        words = tuple(Word(word.text, round(word.start + seconds, 3)) for word in self.words)
        start, end = round(self.start + seconds, 3), round(self.end + seconds, 3)
        return replace(self, start=start, end=end, words=words)

    def to_json(self) -> dict[str, Any]:
        """As Whisper writes it."""
        words = [{"word": word.text, "start": word.start} for word in self.words]
        told = {"start": self.start, "end": self.end, "text": self.text}
        return {
            **told,
            **({"speaker": self.speaker} if self.speaker else {}),
            **({"words": words} if words else {}),
        }


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine heard in a window."""

    segments: tuple[Segment, ...]
    language: str = ""  # as the engine calls it; "" where it does not say


class Engine(Protocol):
    """Transcribes sound."""

    @property
    def name(self) -> str:
        """Engine and model: another name means that it may hear other words."""

    def transcribe(self, samples: Samples) -> Heard:
        """What is said in a window of sound (one channel, 16 kHz).

        Raises:
            RecordingError: it failed at this window.
            TranscriberError, ModelError: it cannot be used at all.
        """


class Proven:
    """An engine whose first failure ends the run, unless it has heard something before.

    Where its very first window fails, it is not the recording: no other one is to be fetched.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._works = False
        self.name = engine.name

    def transcribe(self, samples: Samples) -> Heard:
        """See Engine."""
        try:
            heard = self._engine.transcribe(samples)
        except RecordingError as error:
            if self._works:
                raise
            raise TranscriberError(str(error)) from None
        self._works = True
        return heard


def heard_in(text: str, engine: str, duration: float) -> Heard:
    """What the JSON of an engine says.

    Args:
        text: JSON of Whisper or its kin.
        engine: its name, for messages.
        duration: seconds of the window.

    Raises:
        RecordingError: it is no such JSON, or tells no seconds.
    """
    try:
        value = load_json(Path(engine), text)
    except ReadError as error:
        raise RecordingError(f"{engine} gave what is no JSON: {error.problem}") from None
    empty = isinstance(value, dict) and [] in (value.get("segments"), value.get("transcription"))
    if recognise_json(value) != "whisper" and not empty:
        raise RecordingError(
            f"{engine} gave no segments with their seconds; it must write Whisper's JSON "
            "(whisper-cli -oj, whisper --output_format json, verbose_json)"
        )
    segments = tuple(_segments(value, duration))
    language = value.get("language") if isinstance(value, dict) else None
    return Heard(segments, language if isinstance(language, str) else "")


def _segments(value: object, duration: float) -> Iterator[Segment]:
    rows = [row for _, row in segments_of(value, FaultLog(Path()))]
    loose = value.get("words") if isinstance(value, dict) and "segments" in value else None
    for row in rows:
        start, end = seconds(row.get("start")), seconds(row.get("end"))
        words = nested(row.get("words")) or _between(nested(loose), start, end)
        timed = tuple(_words(words, duration))
        text = row.get("text")
        said = text if isinstance(text, str) else "".join(word.text for word in timed)
        start = timed[0].start if start is None and timed else start
        if start is None or not said.strip():
            continue
        start = min(start, duration)
        end = min(max(start, duration if end is None else end), duration)
        speaker = row.get("speaker")
        yield Segment(start, end, said.strip(), timed, speaker if isinstance(speaker, str) else "")


def _words(words: list[Object], duration: float) -> Iterator[Word]:
    for word in words:
        second, text = seconds(word.get("start")), word.get("word")
        if second is not None and isinstance(text, str):
            yield Word(text, min(second, duration))


def _between(words: list[Object], start: float | None, end: float | None) -> list[Object]:
    """The words that begin within a segment: endpoints list them apart."""
    if start is None or end is None:
        return []
    return [word for word in words if start <= (seconds(word.get("start")) or 0.0) < end]
