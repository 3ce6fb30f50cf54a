"""Transcription: recordings become transcripts, which are then read like all others.

Transcribed are the recordings that are named, and where asked for, all others, too; never what has
a transcript. Transcripts of recordings on this machine are kept in the store,
`sources/recordings/NAME-…/NAME.json`, with what stands beside the recording as its metadata; those
of a feed in the feed's folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from askpod.errors import Failure, ReadError, RecordingError, TranscriberError
from askpod.files import PRIVATE, folder_name, read_bounded, write_atomically
from askpod.parsing import parse_json
from askpod.readers import read_episode
from askpod.readers.discover import ENDINGS, name_of_recording
from askpod.readers.metadata import MAX_BYTES, beside
from askpod.readers.text import MAX_JSON_BYTES
from askpod.transcription.engine import (
    PREFIX,
    SIZES,
    Command,
    Endpoint,
    Engine,
    Heard,
    Proven,
    Segment,
    Whisper,
    Word,
    is_model,
)
from askpod.transcription.transcribe import Notify, recording_of, stamp_of, transcribe

__all__ = ["Engine", "Heard", "Segment", "Transcription", "Word"]

VARIABLE = "ASKPOD_TRANSCRIBER"
FOLDER = "recordings"  # among the sources in the store


@dataclass(slots=True)
class Transcription:
    """What is transcribed in a run, and by which engine."""

    model: str | None = None  # as `--model` has it: a size, a folder, `openai:NAME`; else VARIABLE
    everything: bool = False  # also recordings in folders, and of episodes without transcripts
    notify: Notify = field(default=lambda _: None)  # told how far it is
    made: Engine | None = None  # the engine: made when the first recording needs it

    @property
    def engine(self) -> Engine:
        """Raises TranscriberError where none is named, or it is not installed."""
        if self.made is None:
            self.made = Proven(engine_named(self.model, self.notify))
        return self.made

    def transcripts(
        self, recordings: Sequence[Path], sources: Path
    ) -> tuple[list[Path], list[Failure]]:
        """The transcripts of recordings on this machine, made where there is none yet.

        One that fails takes no other with it. `sources` is the store's folder of sources, whose
        lock the caller holds. Raises TranscriberError, ModelError: no engine can be used.
        """
        found: list[Path] = []
        failed: list[Failure] = []
        for recording in recordings:
            try:
                found.append(self._transcript(recording, sources / FOLDER))
            except (RecordingError, ReadError) as error:
                failed.append(Failure(str(recording), str(error)))
        return found, failed

    def _transcript(self, recording: Path, folder: Path) -> Path:
        there = transcript_beside(recording)
        kept = folder / folder_name(recording.stem, str(recording.resolve()))
        transcript = kept / f"{recording.stem}.json"
        if there:
            self.notify(f"{recording}: has a transcript, {there.name}; that is read")
            transcript.unlink(missing_ok=True)
            return there
        if not _is_of(transcript, recording):
            transcribe(recording, transcript, self.engine, self.notify)
        if metadata := beside(recording.with_suffix(".json")):
            _copy(metadata, transcript.with_suffix(".yaml"))
        return transcript


def engine_named(model: str | None, notify: Notify) -> Engine:
    """The engine that the command line or the environment names.

    Raises TranscriberError: neither does, or there is no such engine.
    """
    name = model or os.environ.get(VARIABLE, "").strip()
    if not name:
        raise TranscriberError(
            "to transcribe a recording, name a model of Whisper: --model small (or "
            f"{', '.join(size for size in SIZES if size != 'small')}, a folder, openai:NAME), or "
            f"a command of yours in {VARIABLE} (docs/audio.md)"
        )
    if name.startswith(PREFIX):
        from askpod.settings import Settings

        endpoint = Endpoint(name.removeprefix(PREFIX), Settings.load().base_url)
        notify(f"the sound of recordings goes to {endpoint.address}")
        return endpoint
    if is_model(name):
        return Whisper(name, fetch=model is not None, notify=notify)
    if model:
        raise TranscriberError(
            f"--model {model}: is neither a size of Whisper ({', '.join(SIZES)}), nor a folder "
            "with a model.bin of CTranslate2, nor openai:NAME"
        )
    return Command(name)


def transcript_beside(recording: Path) -> Path | None:
    """The transcript beside `talk.mp3`, such as `talk.vtt`, `talk.en.vtt` or `talk.mp3.json`."""
    names = {recording.stem, recording.name}
    for path in sorted(recording.parent.iterdir(), key=lambda each: (len(each.name), each)):
        named = {path.stem, name_of_recording(path.stem)} & names
        with suppress(ReadError):
            if named and path.suffix.lower() in ENDINGS and path.is_file() and read_episode(path):
                return path
    return None


def _is_of(transcript: Path, recording: Path) -> bool:
    """Whether a transcript is there, and of the recording as it is now."""
    try:
        told = parse_json(read_bounded(transcript, MAX_JSON_BYTES))["recording"]
        if all(told[name] == value for name, value in stamp_of(recording).items()):
            return True
        return bool(told["sha256"] == recording_of(recording)["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _copy(metadata: Path, kept: Path) -> None:
    """Keeps a recording's metadata beside its transcript. Raises ReadError."""
    try:
        data = read_bounded(metadata, MAX_BYTES)
        if not kept.is_file() or read_bounded(kept, MAX_BYTES) != data:
            write_atomically(kept, data, mode=PRIVATE)
    except OSError as error:
        raise ReadError(metadata, f"cannot be read: {error.strerror}") from None
