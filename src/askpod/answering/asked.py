"""A question with what was found for it, and an answer given piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from askpod.model import Answer, Episode, Filters, Turn, Usage
from askpod.retrieval.search import Found

TurnsOf = Callable[[str, int, int], list[Turn]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was found for it."""

    found: Found
    filters: Filters
    episodes: Mapping[str, Episode]
    turns: TurnsOf
    usage: Usage = field(default_factory=Usage)  # spent on making the question whole


def in_pieces(answer: Answer) -> Iterator[str | Answer]:
    """An answer that is there at once, as a stream: paragraph by paragraph."""
    for number, paragraph in enumerate(answer.text.split("\n\n")):
        yield f"\n\n{paragraph}" if number else paragraph
    yield answer
