"""What the tests of transcription share: an engine that hears tones, and short windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import ears
from askpod.transcription import Heard, Segment, Word, sound


class Ears:
    """Hears what `ears.speak` says; `stop_at` windows from now it is stopped, as by Ctrl-C."""

    name = "ears"

    def __init__(self) -> None:
        self.windows = 0
        self.stop_at: int | None = None

    def transcribe(self, samples) -> Heard:
        if self.stop_at == 0:
            self.stop_at = None
            raise KeyboardInterrupt
        if self.stop_at:
            self.stop_at -= 1
        self.windows += 1
        return Heard(tuple(map(_segment, ears.hear(samples))), "en")


def _segment(told: dict) -> Segment:
    words = tuple(Word(word["word"], word["start"]) for word in told["words"])
    return Segment(told["start"], told["end"], told["text"].strip(), words)


@pytest.fixture
def engine() -> Ears:
    return Ears()


@pytest.fixture(autouse=True)
def _short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "WINDOW", 10.0)
    monkeypatch.setattr(sound, "REACH", 3.0)


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """A recording of a text, as a WAV file."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ears.wav(ears.speak(text)))
        return path

    return write
