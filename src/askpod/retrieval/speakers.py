"""Which speakers a question names, in full or in part: "What did Barr Moses say about tests?"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from askpod.text import STOPWORDS

SHORTEST = 3  # letters of a part of a name that may stand for the whole

_WORD = re.compile(r"[^\W_]+")


def named_speakers(question: str, speakers: Iterable[str]) -> tuple[str, ...]:
    """Those of `speakers` whom the question names.

    Either the whole name stands in it, or the first or the last word of it, with a capital
    unless the question has none at all: "will" and "mark" are no people. Where the last word is
    a letter that tells people of one kind apart ("PhD C"), it counts as a capital by itself. A
    word of a whole name names nobody else: "Ben Taylor" is not Ben Wilson.
    """
    asked = _WORD.findall(re.sub(r"['’]s\b", "", question))
    folded = f" {' '.join(asked).casefold()} "
    alone = set(asked[1:]) | {word for word in asked[:1] if word.casefold() not in STOPWORDS}
    if not any(word[0].isupper() for word in asked[1:]):
        alone |= {word.title() for word in asked} | {word.upper() for word in asked}
    everyone = tuple(speakers)
    by_part = _by_part(everyone)
    may_be = sorted({place for word in folded.split() for place in by_part.get(word, ())})
    names = {place: _WORD.findall(everyone[place]) for place in may_be}
    in_full = {place for place, name in names.items() if _in_full(name, folded, asked)}
    taken = {part.casefold() for place in in_full for part in names[place]}
    alone = {word for word in alone if word.casefold() not in taken}
    return tuple(
        everyone[place]
        for place, name in names.items()
        if place in in_full or _in_part(name, folded, alone, taken)
    )


@lru_cache(maxsize=4)
def _by_part(speakers: tuple[str, ...]) -> dict[str, list[int]]:
    """Where those stand whose name begins or ends with a word; nobody else can be named by it."""
    by_part: dict[str, list[int]] = {}
    for place, speaker in enumerate(speakers):
        if name := _WORD.findall(speaker.casefold()):
            for part in {name[0], name[-1]}:
                by_part.setdefault(part, []).append(place)
    return by_part


def _in_full(name: list[str], folded: str, asked: list[str]) -> bool:
    if len(name) == 1 and name[0].casefold() in STOPWORDS:
        return name[0] in asked[1:]  # "A", as a diariser calls somebody, is no article
    return bool(name) and f" {' '.join(name).casefold()} " in folded


def _in_part(name: list[str], folded: str, alone: set[str], taken: set[str]) -> bool:
    if len(name) < 2:
        return False
    kind, letter = name[0].casefold(), name[-1]
    if len(letter) == 1:
        return letter in alone - {"A", "I"} or (kind not in taken and f" {kind} " in folded)
    return any(
        len(part) >= SHORTEST and part.casefold() not in STOPWORDS and part in alone
        for part in (name[0], name[-1])
    )
