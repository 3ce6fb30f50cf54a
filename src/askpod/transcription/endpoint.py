"""An OpenAI-compatible endpoint that transcribes: OpenAI, a gateway, a server on this machine.

Sound leaves the machine only where the user has named such a model (`openai:whisper-1`), and goes
to OPENAI_BASE_URL alone. The reply must tell seconds; models that give text only are refused.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from askpod.errors import ModelError
from askpod.readers.limits import MAX_JSON_BYTES
from askpod.services.http import key_for, where
from askpod.services.retry import RequestFailure, Retries
from askpod.transcription.engine import Heard, heard_in
from askpod.transcription.sound import RATE, Samples, as_wav

if TYPE_CHECKING:
    from openai import OpenAI

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

    @property
    def address(self) -> str:
        """Where the sound goes, fit to be shown."""
        return where(self._url)

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
