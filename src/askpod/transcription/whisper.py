"""Whisper on this machine, by faster-whisper (CTranslate2): on the GPU where there is one.

A model is a folder, with which nothing is ever downloaded, or a size, whose files are fetched once
and only where the user has named it in this very command.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from askpod.errors import TranscriberError
from askpod.transcription.engine import Heard, Segment, Word
from askpod.transcription.sound import INSTALL, Samples

SIZES = {
    "tiny": 75,
    "tiny.en": 75,
    "base": 145,
    "base.en": 145,
    "small": 484,
    "small.en": 484,
    "medium": 1_530,
    "medium.en": 1_530,
    "large-v3": 3_090,
    "turbo": 1_620,
}
"""The sizes of Whisper, and about how many megabytes are fetched for each."""

MODEL_FILE, TOKENIZER = "model.bin", "tokenizer.json"
_MOST_THREADS = 8  # more do not make it faster
_HUB = "huggingface.co"


class Whisper:
    """A Whisper model, loaded when the first window comes.

    Args:
        model: a size of `SIZES`, or a folder of CTranslate2 files.
        fetch: whether the files of a size may be downloaded.
        notify: told before something is.

    Raises TranscriberError: faster-whisper is not installed.
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

        try:
            return str(download_model(self._size, local_files_only=True))
        except Exception as error:  # of the hub's client, which has many
            if not self._fetch:
                raise TranscriberError(
                    f"the model {self._size} is not on this machine; `--model {self._size}` "
                    f"fetches it, about {SIZES[self._size]:,} MB from {_HUB}"
                ) from error
        self._notify(
            f"fetching the model {self._size}: about {SIZES[self._size]:,} MB from {_HUB}, once …"
        )
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
