"""Finds the full names of guests, whom the files know by ids such as `lavanyagupta`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})
_POSSESSIVE = re.compile(r"['’]s$")
_URL_WORDS = re.compile(r"[^\W_]+")
_EDGES = " \t.,;:!?()[]{}\"“”‘’'«»—–-"
_MAX_NAME_WORDS = 5
_MAX_TEXT_WORDS = 10_000  # of prose and of links; names stand near the beginning


class Names:
    """The names that an episode's metadata spells out.

    A name is one to five consecutive words that make the guest's id when they are joined
    without accents, case and punctuation. Prose is believed before links, which spell
    "José" as "Jos" and "Bowne-Anderson" in pieces; there at least two words are wanted.
    """

    def __init__(self, prose: Iterable[str], urls: Iterable[str]) -> None:
        self._prose = _words([_bare(word) for word in text.split()] for text in prose)
        self._urls = _words(_URL_WORDS.findall(unquote(url)) for url in urls)

    def full(self, guest: str) -> str:
        """The guest's name as the metadata spells it; the id itself where it does not."""
        if any(character.isspace() for character in guest) or not guest.islower():
            return guest
        keys = [key for key in (_fold(guest), _fold(guest.strip("0123456789"))) if key]
        for key in keys:
            if name := _find(key, self._prose, 1):
                return name
        for key in keys:
            if name := _find(key, self._urls, 2):
                return name if name != name.lower() else name.title()
        return guest


def _words(texts: Iterable[list[str]]) -> list[tuple[str, str]]:
    """Words as they stand and as they count; an empty pair ends each text."""
    words: list[tuple[str, str]] = []
    for text in texts:
        words.extend((word, _fold(word)) for word in text[: _MAX_TEXT_WORDS - len(words)])
        words.append(("", ""))
        if len(words) >= _MAX_TEXT_WORDS:
            break
    return words


def _find(key: str, words: list[tuple[str, str]], least: int) -> str:
    """The words that make the key, "" where none do; a single one must have a capital."""
    for first, (_, start) in enumerate(words):
        if not start or not key.startswith(start):
            continue
        joined = ""
        for count, (_, folded) in enumerate(words[first : first + _MAX_NAME_WORDS], 1):
            joined += folded
            if not folded or not key.startswith(joined):
                break
            if joined == key and count >= least:
                name = " ".join(word for word, _ in words[first : first + count])
                if count > 1 or name != name.lower():
                    return name
    return ""


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", word.strip(_EDGES)).strip(_EDGES)


def _fold(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text.lower()  # nearly every word
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(character for character in plain if character.isalnum())
