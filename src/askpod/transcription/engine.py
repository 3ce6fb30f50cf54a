"""What transcribes: an engine hears a window of sound and says which words it heard, and when.

There are three: Whisper on this machine (whisper.py), a command of the user's own, and an
OpenAI-compatible endpoint. Whatever JSON of Whisper's kin the latter two give is read by the
reader of such files.

A command is named in the environment alone: a file in the working folder must not say what is run.
It is given a WAV file in a folder of its own; what it writes there as .json counts, else what it
prints. To an endpoint sound is sent only where the user has named its model (`openai:whisper-1`),
and to OPENAI_BASE_URL alone.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from askpod.errors import ModelError, ReadError, RecordingError, TranscriberError
from askpod.files import read_bounded
from askpod.readers.caption_json import segments_of
from askpod.readers.json_document import Object, load_json, nested, recognise_json, seconds
from askpod.readers.text import MAX_JSON_BYTES, FaultLog
from askpod.services.endpoints import excerpt, key_for, where
from askpod.services.retry import RequestFailure, Retries
from askpod.transcription.sound import RATE, Samples, as_wav

if TYPE_CHECKING:
    from openai import OpenAI


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

    Raises RecordingError: it is no such JSON, or tells no seconds.
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


PLACE = "{}"  # in the command, where the file's path goes; else it comes last
LONGEST_RUN = 3_600.0  # seconds for a window of five minutes
_SAID = 100_000  # bytes of complaints that are looked at


class Command:
    """A command that transcribes. Raises TranscriberError: there is no such command."""

    def __init__(self, line: str) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise TranscriberError(f"ASKPOD_TRANSCRIBER is no command: {error}") from None
        program = self._words[0] if self._words else ""
        if shutil.which(program) is None:
            raise TranscriberError(
                f"ASKPOD_TRANSCRIBER names {program or 'nothing'}, which is neither a command "
                "here, nor a size of Whisper, nor a folder of a model, nor openai:NAME"
            )
        # Other arguments are another engine; themselves they may hold a key.
        digest = hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()
        self.name = f"command {Path(program).name} {digest[:8]}"

    def transcribe(self, samples: Samples) -> Heard:
        """See Engine."""
        with tempfile.TemporaryDirectory(prefix="askpod-") as name:
            folder = Path(name)
            sound, out, said = (folder / each for each in ("window.wav", "out", "said"))
            sound.write_bytes(as_wav(samples))
            words = [word.replace(PLACE, str(sound)) for word in self._words]
            code = _run(words if words != self._words else [*words, str(sound)], out, said)
            if code:
                raise RecordingError(f"{self.name} failed ({code}): {_last_line(said)}")
            written = sorted(folder.glob("*.json"))
            return heard_in(_read(written[0] if written else out), self.name, len(samples) / RATE)


def _run(words: list[str], out: Path, said: Path) -> int:
    """Runs a command to its end, or ends it, with whatever it has started."""
    with out.open("wb") as to_out, said.open("wb") as to_said:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
            words, stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_said, start_new_session=True
        )
        try:
            return process.wait(LONGEST_RUN)
        except subprocess.TimeoutExpired:
            raise RecordingError(f"{words[0]} has not finished in {LONGEST_RUN:,.0f} s") from None
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _read(path: Path) -> str:
    try:
        return read_bounded(path, MAX_JSON_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise RecordingError(f"what the command wrote cannot be read: {error.strerror}") from None


def _last_line(said: Path) -> str:
    with said.open("rb") as file:
        file.seek(max(0, said.stat().st_size - _SAID))
        lines = file.read().decode("utf-8", "replace").split("\n")
    return next((excerpt(line) for line in reversed(lines) if line.strip()), "it says nothing")


PREFIX = "openai:"
TIMEOUT = 600.0  # seconds without a byte: a window may take a small server so long
PATIENCE = 120.0  # seconds that the retries of one request may take
TRIES = 6


class Endpoint:
    """A model of speech behind an HTTP endpoint. `openai` is imported when it is asked."""

    def __init__(self, model: str, base_url: str | None) -> None:
        self._model = model
        self._url = base_url
        self.name = f"{PREFIX}{model}"
        self.address = where(base_url)  # fit to be shown

    def transcribe(self, samples: Samples) -> Heard:
        """See Engine."""
        sound = as_wav(samples)
        reply = Retries(PATIENCE, TRIES).repeat(lambda: self._request(sound), self._failure)
        return heard_in(reply, self.name, len(samples) / RATE)

    def _request(self, sound: bytes) -> str:
        reply = self._client.audio.transcriptions.with_raw_response.create(
            model=self._model,
            file=("window.wav", sound),
            response_format="verbose_json",
            timestamp_granularities=["segment", "word"],
        )
        return reply.text

    def _failure(self, problem: Exception) -> RequestFailure:
        from askpod.services.errors import ErrorMessages, RequestInfo

        asked = RequestInfo(
            model=self._model,
            address=self.address,
            key=self._key,
            interface="audio transcriptions",
            setting="ASKPOD_TRANSCRIBER",
            timeout=TIMEOUT,
        )
        unusable = ModelError(f"{self.address} gave what is no transcript for {self._model}")
        return ErrorMessages(asked).of(problem) or RequestFailure(unusable)

    @cached_property
    def _client(self) -> OpenAI:
        from askpod.services.openai_http import guarded_openai

        return guarded_openai(self._key, self._url, MAX_JSON_BYTES, TIMEOUT)

    @cached_property
    def _key(self) -> str:
        return key_for(self._url)
