"""Sound: decodes a recording to one channel at 16 kHz, in windows that are cut where it is quiet.

PyAV decodes, but for plain WAV files; memory is that of one window. Refused: files that do not
begin like sound or video, since FFmpeg would open playlists and what they name.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.errors import RecordingError, TranscriberError
from askpod.readers.text import RECORDING_HEAD, is_recording

RATE = 16_000  # samples a second, as all models of speech want them
WINDOW = 300.0  # seconds of a window
REACH = 30.0  # seconds at its end within which it is cut
PAUSE = 0.3  # seconds: the quietest stretch of this length is cut in its middle
GAP = 0.5  # seconds that are missing in a damaged recording, from which on they are silence
LONGEST_GAP = 86_400.0  # seconds; a longer one is a wrong clock
PIECE = 60  # seconds of a WAV file that are read at once

INSTALL = 'pip install "askpod[audio]" (in a checkout: .venv/bin/pip install faster-whisper)'
_FORMATS = "mp3,mov,ogg,flac,wav,w64,aiff,matroska,aac,caf,asf,avi,flv,mpeg,amr,wv"

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """Some minutes of a recording, from sample `begin` on."""

    begin: int
    samples: Samples

    @property
    def end(self) -> int:
        """The sample behind the last one."""
        return self.begin + len(self.samples)


@cache
def _pyav() -> Any:  # noqa: ANN401 - a module, which the extra brings
    """PyAV; None where it is not installed."""
    try:
        return import_module("av")
    except ImportError:
        return None


class Sound:
    """A recording that can be decoded.

    Raises:
        RecordingError: it is no recording, or is damaged from its beginning on.
        TranscriberError: what decodes it is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.duration: float | None = None  # seconds, where the file states them
        self.broken_at: float | None = None  # the second from which on it cannot be decoded
        self._head = self._read_head()
        self._pieces: Callable[[], Iterator[Samples]]
        if _pyav() is not None:
            with self._container() as container:
                self.duration = container.duration / 1e6 if container.duration else None
            self._pieces = self._decoded
        elif self._head.startswith(b"RIFF") and self._head[8:12] == b"WAVE":
            with self._wav() as file:
                self.duration = file.getnframes() / file.getframerate()
            self._pieces = self._wav_pieces
        else:
            raise self._not_decoded_here()

    def windows(self, begin: int = 0) -> Iterator[Window]:
        """Its windows from a sample on, where a window ended before.

        What comes before is decoded and dropped: a seek is not exact in every format. Raises
        RecordingError: none of it can be decoded.
        """
        size = int(WINDOW * RATE)
        held: list[Samples] = []
        count = 0
        for piece in _from(begin, self._pieces()):
            held.append(piece)
            count += len(piece)
            while count >= size:
                joined = np.concatenate(held)
                cut = _quietest(joined[:size])
                yield Window(begin, joined[:cut])
                begin, held, count = begin + cut, [joined[cut:]], len(joined) - cut
        if count:
            yield Window(begin, np.concatenate(held))
        elif not begin:
            raise self._undecodable("holds no sound")

    def _read_head(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                head = file.read(RECORDING_HEAD)
        except OSError as error:
            raise RecordingError(f"{self._path}: cannot be read: {error.strerror}") from None
        if not head:
            raise RecordingError(f"{self._path}: is empty; fetch it again or leave it out")
        if not is_recording(head):
            raise self._undecodable("does not begin like a recording")
        return head

    @contextmanager
    def _container(self) -> Iterator[Any]:
        av = _pyav()
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        try:
            with av.open(str(self._path), metadata_errors="replace", options=options) as container:
                if not container.streams.audio:
                    raise self._undecodable("holds no sound")
                yield container
        except av.FFmpegError as error:
            raise self._undecodable(f"cannot be decoded ({error.strerror})") from None

    def _decoded(self) -> Iterator[Samples]:
        av = _pyav()
        with self._container() as container:
            origin = max(0.0, (container.start_time or 0) / 1e6)
            resampler: Any = None
            kind, have = None, 0
            for frame in self._frames(container):
                if (frame.format.name, frame.layout.name, frame.sample_rate) != kind:
                    kind = (frame.format.name, frame.layout.name, frame.sample_rate)
                    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
                missing = (frame.time or 0.0) - origin - have / RATE
                parts = _silence(missing) if GAP < missing < LONGEST_GAP else []
                frame.pts = None  # the resampler would fill gaps of its own
                for part in (*parts, *(_plain(each) for each in resampler.resample(frame))):
                    have += len(part)
                    yield part
            if resampler is not None:
                yield from (_plain(each) for each in resampler.resample(None))

    def _frames(self, container: Any) -> Iterator[Any]:  # noqa: ANN401 - PyAV is not always here
        """The frames that can be decoded; a damaged packet is passed over."""
        av, second = _pyav(), 0.0
        try:
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue
                for frame in frames:
                    second = frame.time or second
                    yield frame
        except av.FFmpegError:
            self.broken_at = second

    def _wav_pieces(self) -> Iterator[Samples]:
        from scipy.signal import resample_poly  # type: ignore[import-untyped]

        with self._wav() as file:
            rate, channels = file.getframerate(), file.getnchannels()
            shared = math.gcd(rate, RATE)
            while data := file.readframes(PIECE * rate):
                whole = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2")
                mono = whole.reshape(-1, channels).mean(axis=1, dtype=np.float32) / 32768
                if rate != RATE:
                    mono = resample_poly(mono, RATE // shared, rate // shared)
                yield mono.astype(np.float32)

    @contextmanager
    def _wav(self) -> Iterator[wave.Wave_read]:
        try:
            with wave.open(str(self._path)) as file:
                if file.getsampwidth() != 2 or not file.getframerate():
                    raise self._not_decoded_here()
                yield file
        except (wave.Error, EOFError) as error:
            raise self._undecodable(f"cannot be decoded ({error})") from None

    def _not_decoded_here(self) -> TranscriberError:
        return TranscriberError(f"{self._path}: to decode it, PyAV is needed: {INSTALL}")

    def _undecodable(self, what: str) -> RecordingError:
        return RecordingError(f"{self._path}: {what}; fetch it again or leave it out")


def as_wav(samples: Samples) -> bytes:
    """Sound as a WAV file of 16 bits."""
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def loudness(window: Window) -> list[float]:
    """The root mean square of each second of the recording in a window; full scale is 1."""
    first = -window.begin % RATE or RATE
    parts = np.split(window.samples, range(first, len(window.samples), RATE))
    return [float(np.sqrt(np.mean(np.square(part, dtype=np.float64)))) for part in parts]


def _quietest(samples: Samples) -> int:
    """Where to cut a window: in the middle of the quietest stretch near its end."""
    begin = len(samples) - int(REACH * RATE)
    step = RATE // 50
    energy = np.square(samples[begin:]).reshape(-1, step).sum(axis=1)
    width = int(PAUSE * 50)
    stretches = np.convolve(energy, np.ones(width, np.float32), "valid")
    return begin + (int(stretches.argmin()) + width // 2) * step


def _from(begin: int, pieces: Iterable[Samples]) -> Iterator[Samples]:
    for piece in pieces:
        if begin < len(piece):
            yield piece[begin:]
        begin = max(0, begin - len(piece))


def _silence(seconds: float) -> Iterator[Samples]:
    whole, rest = divmod(int(seconds * RATE), PIECE * RATE)
    yield from (np.zeros(PIECE * RATE, np.float32) for _ in range(whole))
    yield np.zeros(rest, np.float32)


def _plain(frame: Any) -> Samples:  # noqa: ANN401 - PyAV's
    samples: Samples = frame.to_ndarray().reshape(-1)
    return samples
