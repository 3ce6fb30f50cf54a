"""Transcription: recordings become transcripts, which are then read like all others.

A recording is decoded in windows of some minutes, each window is given to an engine (Whisper on
this machine, a command of the user's own, an endpoint), and what the engine heard is written down
at once: a stop loses one window at most. The result is Whisper's JSON, kept in the store.
"""

from __future__ import annotations

from askpod.transcription.engine import Engine, Heard, Segment, Word
from askpod.transcription.plan import Transcription

__all__ = ["Engine", "Heard", "Segment", "Transcription", "Word"]
