"""A language of tones, and an engine that hears it: each word is a tone of its own, then a pause.

    speak("the ferry crosses") -> three seconds of sound

Run as a command on a WAV file, it prints Whisper's JSON, as a transcriber of the user's own would:
`python tests/ears.py window.wav`. It hears only the words of WORDS.
"""

from __future__ import annotations

import io
import json
import sys
import wave
from pathlib import Path

import numpy as np

RATE = 16_000
SAID = (
    "the ferry crosses on a chain so it needs no rudder lock gates of oak last forty years glass "
    "eels climb weir at night when moon is down mill grinds welcome back today we talk about"
)
WORDS = SAID.split()
TONE, PAUSE = 0.6, 0.4  # seconds of a word and behind it
SENTENCE = 6  # words


def speak(text: str) -> np.ndarray:
    """A second for each word; "." is a second of silence, "~" one of noise."""
    return np.concatenate([_second(word) for word in text.split()])


def _second(word: str) -> np.ndarray:
    if word == "~":
        return np.random.default_rng(7).normal(0, 0.05, RATE).astype(np.float32)
    sound = np.zeros(RATE, np.float32)
    if word != ".":
        clock = np.arange(int(TONE * RATE)) / RATE
        sound[: len(clock)] = 0.5 * np.sin(2 * np.pi * _pitch(WORDS.index(word)) * clock)
    return sound


def _pitch(number: int) -> float:
    return 400.0 + 50.0 * number


def wav(samples: np.ndarray, rate: int = RATE, channels: int = 1) -> bytes:
    """As a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat((samples * 32767).astype("<i2"), channels).tobytes())
    return file.getvalue()


def hear(samples: np.ndarray) -> list[dict]:
    """The segments that are heard, with their words, in Whisper's names."""
    step = RATE // 50
    frames = samples[: len(samples) // step * step].reshape(-1, step)
    loud = np.sqrt((frames**2).mean(axis=1)) > 0.2
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]])))
    words = []
    for begin, end in edges.reshape(-1, 2):
        tone = samples[begin * step : end * step]
        pitch = np.abs(np.fft.rfft(tone)).argmax() * RATE / len(tone)
        number = round((pitch - 400) / 50)
        words.append({"word": f" {WORDS[number]}", "start": begin / 50, "end": end / 50})
    parts = [words[at : at + SENTENCE] for at in range(0, len(words), SENTENCE)]
    return [
        {
            "start": part[0]["start"],
            "end": part[-1]["end"],
            "text": "".join(word["word"] for word in part) + ".",
            "words": part,
        }
        for part in parts
    ]


if __name__ == "__main__":
    with wave.open(sys.argv[-1]) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2") / np.float32(32768)
    told = json.dumps({"language": "en", "segments": hear(heard)})
    if "--beside" in sys.argv:  # as whisper-cli does
        Path(f"{sys.argv[-1]}.json").write_text(told)
        print("whisper_print_timings: done")  # noqa: T201
    else:
        print(told)  # noqa: T201
