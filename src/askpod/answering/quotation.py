"""A citation from the words of a turn: its second, its quote and its link are made here alone."""

from __future__ import annotations

from collections.abc import Callable

from askpod.chunking import cut_span
from askpod.model import Citation, Span, Turn

Link = Callable[[str, float], str]  # (episode id, second) -> URL


def cite(
    number: int,
    episode: tuple[str, str],
    span: Span,
    words: tuple[int, int],
    link: Link,
    *,
    supported: bool,
) -> Citation:
    """The citation of some words of a span.

    `episode` is its id and title; `words` are the first and the end character of what is quoted,
    counted in the span's text. The seconds are those words' own.
    """
    id_, title = episode
    said = Turn(span.speaker, span.text, span.start, span.end, marks=span.marks)
    quoted = cut_span(said, span.turn, *words)
    return Citation(
        number=number,
        episode_id=id_,
        title=title,
        speaker=span.speaker,
        start=quoted.start,
        end=quoted.end,
        quote=quoted.text,
        url=link(id_, quoted.start),
        supported=supported,
    )
