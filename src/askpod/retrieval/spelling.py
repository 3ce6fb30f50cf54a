"""Replaces misspelt words of a question by words of the archive: "Sukhodolskaja" is said nowhere.

Names are what is misspelt most, by listeners as by recognisers. A word is replaced only where the
archive lacks it, where the embedder does not know it whole either (so that it is no common word),
and where a speaker's name, or for a word with a capital anything said, is spelt almost alike.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from askpod.chunking import SPECIAL_TOKENS
from askpod.store.lexical import ALIKE, alike_stems, is_held, texts_with
from askpod.text import query_words

SHORTEST = 5  # letters: shorter words are alike by chance

_WORD = re.compile(r"[^\W\d_]+")


def respelled(
    connection: sqlite3.Connection,
    question: str,
    speakers: Sequence[str],
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> dict[str, str]:
    """What to read for words of the question that the archive lacks: asked -> spelt as it has it.

    Args:
        connection: The catalog, being read.
        question: As it was asked.
        speakers: Everybody who speaks.
        count_tokens: The embedder's count, special tokens included.
    """
    worth = set(query_words(question))
    lacking = [
        word
        for word in dict.fromkeys(_WORD.findall(question))
        if len(word) >= SHORTEST and word.casefold() in worth and not is_held(connection, word)
    ]
    names = [word for speaker in speakers for word in _WORD.findall(speaker)] if lacking else []
    known = {name.casefold() for name in names}
    spellings: dict[str, str] = {}
    for word in lacking:
        if word.casefold() in known or count_tokens([word])[0] <= SPECIAL_TOKENS + 1:
            continue
        # Of what is said, names alone: "roaster" is no misspelt "roster".
        said = (
            other
            for stem in (alike_stems(connection, word.casefold()) if word[0].isupper() else ())
            for text in texts_with(connection, stem)
            for other in _WORD.findall(text)
        )
        if best := _most_alike(word, [*names, *said]):
            spellings[word] = best
    return spellings


def replaced(question: str, spellings: dict[str, str]) -> str:
    """The question with those words as the archive spells them."""
    return _WORD.sub(lambda match: spellings.get(match[0], match[0]), question)


def _most_alike(word: str, others: Sequence[str]) -> str | None:
    folded = word.casefold()
    ratios = {
        other: SequenceMatcher(None, other.casefold(), folded).ratio()
        for other in dict.fromkeys(others)
        if other[0].casefold() == folded[0] and abs(len(other) - len(word)) <= len(word) // 3
    }
    best = max(ratios, key=lambda other: ratios[other], default=None)
    return best if best is not None and ratios[best] >= ALIKE else None
