"""The names in a claim, and which of them a text does not hold.

A name is a run of words with a capital. A single one that begins a sentence is none: every
sentence begins so. Spellings that are alike count as one: transcripts misspell names.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from askpod.text import STOPWORDS

ALIKE = 0.8  # difflib's ratio, from which on two spellings are one name

_RUN = re.compile(r"[^\W\d_a-z][\w&]*(?:['’][A-Z]\w*)?(?:[ -][^\W\d_a-z][\w&]*(?:['’][A-Z]\w*)?)*")
_BEGINS = re.compile(r"(?:^|[.:!?]\s|[\"“‘(])$")
_NOT_NAMES = STOPWORDS | {"i", "ai", "ok", "mr", "mrs", "ms", "dr"}


def names(claim: str) -> list[tuple[str, ...]]:
    """The names, each as its words in lower case."""
    found = []
    for run in _RUN.finditer(claim):
        words = run[0].split()
        begins = bool(_BEGINS.search(claim[max(0, run.start() - 2) : run.start()]))
        if begins and len(words) == 1 and words[0][1:].islower():
            continue
        if not words[0][0].isupper():  # a letter of a script without capitals
            continue
        # "At Tier": what only begins the sentence is no part of the name.
        kept = tuple(word.lower() for word in words if word.lower() not in _NOT_NAMES)
        if kept:
            found.append(kept)
    return found


def missing_names(claim: str, text: str) -> int:
    """How many names of the claim have not one of their words in the text."""
    wanted = names(claim)
    if not wanted:
        return 0
    squeezed = re.sub(r"\W", "", text.lower())  # "ADP List" is "ADPList"
    said = {word.lower() for word in re.findall(r"\w+", text)}
    return sum(not any(_held(word, squeezed, said) for word in name) for name in wanted)


def _held(word: str, squeezed: str, said: set[str]) -> bool:
    letters = re.sub(r"\W", "", word)
    if len(letters) < 4:
        return letters in said
    alike = [each for each in said if each[0] == letters[0]]
    return letters in squeezed or bool(get_close_matches(letters, alike, 1, ALIKE))
