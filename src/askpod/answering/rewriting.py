"""Other words to search for where a question finds little, written by a model.

A question is not worded as what was said in answer to it. Where a search is weak a model writes two
or three sentences of a possible answer, and one for each part of a comparison or list; all are
searched for. A reply that is none of that changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from askpod.answering.refusal import is_refusal
from askpod.answering.replies import is_copied
from askpod.model import Passage
from askpod.retrieval.passages import without_duplicates
from askpod.retrieval.retriever import Found
from askpod.text import words
from askpod.tokens import Message

MOST_QUERIES = 3
MOST_LINES = 6  # a reply with more is something else
LONGEST_REPLY = 1_000  # characters, likewise
LONGEST_QUERY = 200
FEWEST_WORDS = 2

_BULLET = re.compile(r"^\s*(?:[-*•–]|\(?\d{1,2}[.):])\s+")
_DECLINES = re.compile(
    r"\b(i|we)\s+(can\s?not|can['’]t|am unable|do not know|don['’]t know)\b|\bas an ai\b"
    r"|^\s*(i['’]m |i am )?(sorry|unable)\b",
    re.IGNORECASE,
)


def queries_in(reply: str, question: str, prompt: Sequence[Message]) -> tuple[str, ...]:
    """What a model's reply says to search for; empty where it is no list of queries.

    Args:
        reply: what the model wrote.
        question: as it was searched for.
        prompt: what the model was sent.
    """
    lines = [line for line in reply.splitlines() if line.strip()]
    if len(reply) > LONGEST_REPLY or len(lines) > MOST_LINES:
        return ()
    if _DECLINES.search(reply) or is_refusal(reply) or is_copied(reply, prompt, ()):
        return ()
    told = {tuple(words(line)) for _, text in prompt for line in text.splitlines()}
    queries: dict[tuple[str, ...], str] = {}
    for line in lines:
        query = " ".join(_BULLET.sub("", line).split()).strip("\"'“”*` ")
        said = tuple(words(query))
        fine = len(said) >= FEWEST_WORDS and len(query) <= LONGEST_QUERY and query.isprintable()
        if fine and not query.endswith(":") and said not in told | {tuple(words(question))}:
            queries.setdefault(said, query)
    return tuple(islice(queries.values(), MOST_QUERIES))


def merged(found: Found, others: Sequence[Found], top: int) -> Found:
    """A search together with those for other words: the `top` passages with the best scores.

    It is as near as the nearest of them. All else is that of the question itself.
    """
    if not others:
        return found
    every = (found, *others)
    passages = sorted((p for each in every for p in each.passages), key=lambda p: -p.score)
    return replace(
        found,
        passages=tuple(islice(without_duplicates(_apart(passages)), top)),
        similarity=max(each.similarity for each in every),
        coverage=max(each.coverage for each in every),
    )


def _apart(passages: Sequence[Passage]) -> Iterator[Passage]:
    """The passages in order, less those that overlap an earlier one."""
    kept: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for passage in passages:
        parts = [
            ((passage.episode_id, span.turn), (span.offset, span.offset + len(span.text)))
            for span in passage.spans
        ]
        if any(
            begin < end_of_other and begin_of_other < end
            for turn, (begin, end) in parts
            for begin_of_other, end_of_other in kept.get(turn, ())
        ):
            continue
        for turn, part in parts:
            kept.setdefault(turn, []).append(part)
        yield passage
