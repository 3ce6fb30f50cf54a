"""What a kit answers with citations, for benchmarks/rag_peers.py, and where its model is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from askpod.evals.gold import Stretch


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model behind an endpoint that speaks Chat Completions."""

    model: str
    base_url: str
    key: str
    answer_tokens: int


@dataclass(frozen=True, slots=True)
class Written:
    """One answer."""

    text: str
    cited: tuple[Stretch, ...]
    refused: bool
    malformed: bool  # it neither refuses nor cites what it was shown
    prompt_tokens: int = 0  # of all requests
    answer_tokens: int = 0


class Answers(Protocol):
    """A kit that answers with citations."""

    name: str

    def ask(self, question: str, episode: str | None) -> Written:
        """The answer to a question about one episode, or about all."""
