"""Finds the full names of guests, whom the files know by ids such as `lavanyagupta`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})
_POSSESSIVE = re.compile(r"['’]s$")
_URL_WORDS = re.compile(r"[^\W_]+")
_EDGES = " \t.,;:!?()[]{}\"“”‘’'«»—–-"
_MAX_WORDS = 5


def full_name(guest: str, prose: Iterable[str], urls: Iterable[str]) -> str:
    """The guest's name as the metadata spells it; the id itself where it does not.

    A name is one to five consecutive words that make the id when they are joined without
    accents, case and punctuation. Prose is believed before links, which spell "José" as
    "Jos" and "Bowne-Anderson" in pieces; there at least two words are wanted.
    """
    if any(character.isspace() for character in guest) or not guest.islower():
        return guest
    wanted = [folded for folded in (_fold(guest), _fold(guest.strip("0123456789"))) if folded]
    for key in wanted:
        for text in prose:
            found = _find(key, [_bare(word) for word in text.split()], 1)
            if found:
                return found
    for key in wanted:
        for url in urls:
            found = _find(key, _URL_WORDS.findall(unquote(url)), 2)
            if found:
                return found if found != found.lower() else found.title()
    return guest


def _find(key: str, words: Sequence[str], least: int) -> str:
    """The words that make the key; "" where none do, or only uncapitalised single ones."""
    folded = [_fold(word) for word in words]
    for first, start in enumerate(folded):
        if not start or not key.startswith(start):
            continue
        joined = ""
        for count, word in enumerate(folded[first : first + _MAX_WORDS], 1):
            joined += word
            if joined == key and count >= least and word:
                name = " ".join(words[first : first + count])
                if count > 1 or name != name.lower():
                    return name
    return ""


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word.strip(_EDGES)).strip(_EDGES)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(character for character in plain if character.isalnum())
