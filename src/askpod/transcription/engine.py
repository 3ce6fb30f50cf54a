"""What transcribes: an engine hears a window of sound and says which words it heard, and when.

A command is named in the environment alone: a file in the working folder must not say what is run.
To an endpoint sound is sent only where the user has named its model (`openai:whisper-1`), and to
OPENAI_BASE_URL alone. What either gives is read by the reader of Whisper's JSON.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from askpod.errors import ModelError, ReadError, RecordingError, TranscriberError
from askpod.files import read_bounded
from askpod.readers.json_document import Object, load_json, nested, seconds
from askpod.readers.json_transcripts import recognise_json, segments_of
from askpod.readers.text import MAX_JSON_BYTES, FaultLog
from askpod.services.endpoints import excerpt, key_for, where
from askpod.services.retry import RequestFailure, Retries
from askpod.transcription.sound import INSTALL, RATE, Samples, as_wav

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
        told: dict[str, Any] = {"start": self.start, "end": self.end, "text": self.text}
        told |= {"speaker": self.speaker} if self.speaker else {}
        return told | ({"words": words} if words else {})


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

        Raises RecordingError at this window; TranscriberError, ModelError where it is of no use.
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
    """What the JSON of an engine says of a window of `duration` seconds.

    Raises RecordingError: it is no JSON of Whisper or its kin, or tells no seconds.
    """
    try:
        value = load_json(Path(engine), text)
    except ReadError as error:
        raise RecordingError(f"{engine} gave what is no JSON: {error.problem}") from None
    told = value if isinstance(value, dict) else {}
    empty = [] in (told.get("segments"), told.get("transcription"))
    if recognise_json(value) != "whisper" and not empty:
        raise RecordingError(
            f"{engine} gave no segments with their seconds; it must write Whisper's JSON "
            "(whisper-cli -oj, whisper --output_format json, verbose_json)"
        )
    language = told.get("language")
    loose = nested(told.get("words")) if "segments" in told else []
    segments = tuple(_segments(value, loose, duration))
    return Heard(segments, language if isinstance(language, str) else "")


def _segments(value: object, loose: list[Object], duration: float) -> Iterator[Segment]:
    """The segments; `loose` are words that stand apart from them, as endpoints list them."""
    for _, row in segments_of(value, FaultLog(Path())):
        start, end = seconds(row.get("start")), seconds(row.get("end"))
        words = nested(row.get("words"))
        if not words and start is not None and end is not None:
            words = [each for each in loose if start <= (seconds(each.get("start")) or 0.0) < end]
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


_SIZES = {"tiny": 75, "base": 145, "small": 484, "medium": 1_530}  # megabytes that are fetched
_ENGLISH = {f"{size}.en": megabytes for size, megabytes in _SIZES.items()}
SIZES = {**_SIZES, **_ENGLISH, "large-v3": 3_090, "turbo": 1_620}

MODEL_FILE, TOKENIZER = "model.bin", "tokenizer.json"
_MOST_THREADS = 8  # more do not make it faster
_HUB = "huggingface.co"


class Whisper:
    """A Whisper model on this machine, loaded when the first window comes.

    It is a folder of CTranslate2 files, with which nothing is ever downloaded, or a size of
    `SIZES`, whose files are fetched once, if `fetch` allows it; `notify` is told before. Raises
    TranscriberError: faster-whisper is not installed.
    """

    def __init__(self, model: str, *, fetch: bool, notify: Callable[[str], None]) -> None:
        if find_spec("faster_whisper") is None or find_spec("av") is None:
            raise TranscriberError(
                f"to transcribe with Whisper, faster-whisper is needed: {INSTALL}. Without it, "
                "ASKPOD_TRANSCRIBER can name a command of yours, or openai:NAME an endpoint's model"
            )
        self._size = model
        self._fetch = fetch
        self._notify = notify
        self.name = f"faster-whisper {Path(model).name}"

    def transcribe(self, samples: Samples) -> Heard:
        """See Engine."""
        import ctranslate2

        # Where a beam fails, it samples: seeded, so that a window always gives the same words.
        ctranslate2.set_random_seed(0)
        found, about = self._model.transcribe(
            samples,
            word_timestamps=True,
            vad_filter=True,  # what is no speech is not guessed at
            condition_on_previous_text=False,  # a loop ends with its half minute
        )
        segments = tuple(
            Segment(
                round(each.start, 3),
                round(each.end, 3),
                each.text.strip(),
                tuple(Word(word.word, round(word.start, 3)) for word in each.words or ()),
            )
            for each in found
        )
        return Heard(segments, about.language if segments else "")

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401 - faster-whisper's own, which is not always here
        from faster_whisper import WhisperModel

        try:
            return WhisperModel(
                self._folder(),
                device="auto",
                compute_type="int8",
                cpu_threads=min(_MOST_THREADS, os.cpu_count() or 1),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise TranscriberError(f"{self._size}: cannot be loaded as a model: {error}") from None

    def _folder(self) -> str:
        """Where the model's files are, after they have been fetched where need be."""
        if self._size not in SIZES:
            if not (Path(self._size) / TOKENIZER).is_file():  # else it would be downloaded
                raise TranscriberError(
                    f"{self._size}: holds no {TOKENIZER}; take it from the model"
                )
            return self._size
        from faster_whisper.utils import download_model

        about = f"about {SIZES[self._size]:,} MB from {_HUB}"
        try:
            return str(download_model(self._size, local_files_only=True))
        except Exception as error:  # of the hub's client, which has many
            if not self._fetch:
                raise TranscriberError(
                    f"the model {self._size} is not on this machine; `--model {self._size}` "
                    f"fetches it, {about}"
                ) from error
        self._notify(f"fetching the model {self._size}: {about}, once …")
        try:
            return str(download_model(self._size))
        except Exception as error:
            raise TranscriberError(
                f"the model {self._size} cannot be fetched from {_HUB} ({type(error).__name__}); "
                "try again later, or name a folder that holds it"
            ) from error


def is_model(name: str) -> bool:
    """Whether it is a size, or a folder with a model in it."""
    return name in SIZES or (Path(name) / MODEL_FILE).is_file()
