"""Names and numbers of a text, so that a claim can be compared with what its source says.

A name is a run of words with a capital. A single one that begins a sentence is none: every
sentence begins so. Spellings that are alike count as one: transcripts misspell names.

Numbers are read in digits and in English words: "128k", "128,000" and "a hundred and twenty eight
thousand" are one number; so are "7.5" and "seven and a half". Units and percent signs are left
aside. Knows cardinal numbers only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from askpod.text import STOPWORDS, folded

ALIKE = 0.8  # difflib's ratio, from which on two spellings are one name

_NAME = re.compile(r"[^\W\d_a-z][\w&]*(?:['’][A-Z]\w*)?(?:[ -][^\W\d_a-z][\w&]*(?:['’][A-Z]\w*)?)*")
_BEGINS = re.compile(r"(?:^|[.:!?]\s|[\"“‘(])$")
_NOT_NAMES = STOPWORDS | {"i", "ai", "ok", "mr", "mrs", "ms", "dr"}

_ONES = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
_SMALL = {word: float(value) for value, word in enumerate(_ONES)}
_LARGE = {word: 10.0 * value for value, word in enumerate(_TENS, start=2)}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_LETTERS = {"k": 1e3, "m": 1e6, "mln": 1e6, "bn": 1e9, "b": 1e9}  # only right behind the digits
_BEGINNING = _SMALL.keys() | _LARGE.keys() | _SCALES.keys()
_TOKEN = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[^\W\d_]+")

# "Three reasons", "two ways": a writer counts what a speaker listed without ever saying a number.
_COUNTED = frozenset(
    re.findall(
        r"\w+",
        "reasons things ways points steps parts kinds types examples factors aspects tips ideas "
        "benefits challenges problems approaches options groups stages main key different",
    )
)

_COUPLE = re.compile(r"\ba couple\b", re.IGNORECASE)
_MEASURES = frozenset(
    re.findall(
        r"\w+",
        "second minute hour day night week month year decade percent percentage dollar euro pound "
        "cent kilometre kilometer mile metre meter kilo",
    )
)


def names(claim: str) -> list[tuple[str, ...]]:
    """The names, each as its words, without case and accents."""
    found = []
    for run in _NAME.finditer(claim):
        words = run[0].split()
        begins = bool(_BEGINS.search(claim[max(0, run.start() - 2) : run.start()]))
        if begins and len(words) == 1 and words[0][1:].islower():
            continue
        if not words[0][0].isupper():  # a letter of a script without capitals
            continue
        # "At Tier": what only begins the sentence is no part of the name.
        kept = tuple(folded(word) for word in words if word.lower() not in _NOT_NAMES)
        if kept:
            found.append(kept)
    return found


def missing_names(claim: str, text: str) -> int:
    """How many names of the claim have not one of their words in the text."""
    wanted = names(claim)
    if not wanted:
        return 0
    text = folded(text)  # "Marco de Sá" is "Marco De Sa"
    squeezed = re.sub(r"\W", "", text)  # "ADP List" is "ADPList"
    said = set(re.findall(r"\w+", text))
    return sum(not any(_held(word, squeezed, said) for word in name) for name in wanted)


def _held(word: str, squeezed: str, said: set[str]) -> bool:
    letters = re.sub(r"\W", "", word)
    if len(letters) < 4:
        return letters in said
    alike = [each for each in said if each[0] == letters[0]]
    return letters in squeezed or bool(get_close_matches(letters, alike, 1, ALIKE))


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    in_digits: bool
    followed_by: str
    rough: bool  # "a hundred", "by the thousand": nobody counted


def stated_numbers(text: str) -> frozenset[float]:
    """All numbers of a text, for looking up those of a claim.

    Digits inside other words count, too: transcripts write "GPT4" and "gpt 4".
    """
    couple = {2.0} if _COUPLE.search(text) else set()
    return frozenset(number.value for number in _numbers(text)) | couple


def binding_numbers(claim: str) -> frozenset[float]:
    """The numbers of a claim that its source must state.

    Those in digits, and those in words from three on, unless they count what the claim lists
    or are a bare "hundred" or "thousand"; "two" where it measures something, and "two and a half".
    """
    return frozenset(
        number.value
        for number in _numbers(claim)
        if (number.in_digits and number.value)
        or (number.value >= 3 and not number.rough and number.followed_by not in _COUNTED)
        or (number.value == 2 and number.followed_by.removesuffix("s") in _MEASURES)
        or number.value % 1
    )


def _numbers(text: str) -> list[_Number]:
    found: list[_Number] = []
    current = _Reading()
    for token in _TOKEN.finditer(text):
        word = token[0].lower()
        if current.empty and not (word in _BEGINNING or word[0].isdecimal()):
            continue
        if not current.takes(word, token.start()):
            found.extend(current.number(followed_by=word))
            current = _Reading()
            current.takes(word, token.start())
        current.end = token.end()
    return [*found, *current.number(followed_by="")]


class _Reading:
    """One number while its words come in."""

    def __init__(self) -> None:
        self._value: float | None = None
        self._room = 0.0  # a word below this value can still be added ("twenty" + "five")
        self._in_digits = False
        self._rough = False
        self._joining: list[str] = []  # "and", "and a": part of the number only if it goes on
        self.end = 0

    @property
    def empty(self) -> bool:
        """Whether no word has been taken in."""
        return self._value is None

    def takes(self, word: str, start: int) -> bool:
        """Takes the word in, where it carries this number on."""
        if word[0].isdecimal():
            return self._begin(float(word.replace(",", "")), 0.0, in_digits=True)
        if word in _SMALL or word in _LARGE:
            return self._add(_SMALL.get(word, _LARGE.get(word, 0.0)))
        if word in _SCALES or (word in _LETTERS and start == self.end and self._in_digits):
            return self._scale(_SCALES.get(word, _LETTERS.get(word, 1.0)))
        return self._join(word)

    def number(self, followed_by: str) -> Iterable[_Number]:
        """The number, if there was one."""
        if self._value is None:
            return ()
        follower = self._joining[0] if self._joining else followed_by
        return (_Number(self._value, self._in_digits, follower, self._rough),)

    def _begin(self, value: float, room: float, *, in_digits: bool) -> bool:
        if self._value is not None:
            return False
        self._value, self._room, self._in_digits = value, room, in_digits
        return True

    def _add(self, value: float) -> bool:
        room = 10.0 if value >= 20 else 0.0
        if self._value is None:
            return self._begin(value, room, in_digits=False)
        if not 0 < value < self._room or (self._joining and self._joining != ["and"]):
            return False
        self._value += value
        self._room = room
        self._joining.clear()
        return True

    def _scale(self, scale: float) -> bool:
        if self._joining:
            return False
        self._rough = self._rough or self._value is None
        self._value = scale if self._value is None else self._value * scale
        self._room = scale
        return True

    def _join(self, word: str) -> bool:
        if self._value is None:
            return False
        if word == "half" and self._joining == ["and", "a"]:
            self._value += 0.5
            self._joining.clear()
            return True
        self._joining.append(word)
        return self._joining in (["and"], ["and", "a"])
