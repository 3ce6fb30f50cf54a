"""What of a text can be compared word by word: its content words, its figures, and denial.

Words are their first letters, figures are numbers however they are written: "10.2 %" and "ten
point two percent" are the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import log10

from askpod.answering.numbers import binding_numbers, stated_numbers
from askpod.text import content_words

STEM = 5  # letters in which two words must agree, as for citations (answering/support.py)

_SIGNS = str.maketrans({"%": " percent ", "€": " euros ", "$": " dollars ", "°": " degrees "})
_RAISED = re.compile("[²³¹⁰⁴-⁹₀-₉]")  # powers and footnotes: digits to Python, and no figures
# "Nobody" and "without" are not here: they put a paraphrase ("nobody liked it" for "unpopular")
# more often than they deny the other's words.
_DENIAL = re.compile(r"\b(?:not|no|never|cannot)\b|n['’]t\b", re.IGNORECASE)
_NAMES = re.findall(r"\w+", "zero one two three four five six seven eight nine")
_DIGITS = {name: str(digit) for digit, name in enumerate(_NAMES)}
_DIGIT = rf"(?:{'|'.join(_DIGITS)}|\d)\b"
_DECIMAL = re.compile(
    rf"(?P<whole>\b\w+(?:[ -]\w+)?) point (?P<parts>{_DIGIT}(?: {_DIGIT})*)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it is compared."""

    words: frozenset[str]  # the first letters of those that mean something; no numbers
    figures: frozenset[float]  # all that it states
    needed: frozenset[float]  # those of them that another text must state to say the same
    denies: bool

    @property
    def size(self) -> int:
        return len(self.words) + len(self.figures)

    def shared(self, other: Said) -> int:
        """How many words and figures both hold."""
        return len(self.words & other.words) + len(self.figures & other.figures)


@lru_cache(maxsize=4096)
def said(text: str) -> Said:
    """A text, ready to be compared."""
    plain = _DECIMAL.sub(_in_digits, _RAISED.sub(" ", text.translate(_SIGNS)))
    figures = stated_numbers(plain)
    # Behind "a hundred" and "a thousand" the words of a number count as rough; only these two,
    # and their like, are.
    exact = {number for number in figures if number > 100 and not log10(number).is_integer()}
    return Said(_stems(plain), figures, binding_numbers(plain) | exact, bool(_DENIAL.search(plain)))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in content_words(text) if not _is_number(word))


@lru_cache(maxsize=4096)
def _is_number(word: str) -> bool:
    return word.isdigit() or (word.isalpha() and bool(stated_numbers(word)))


def _in_digits(found: re.Match[str]) -> str:
    """ "sixteen point eight" as "16.8"; what is no number before "point" stays."""
    before, _, last = found["whole"].rpartition(" ")
    whole = stated_numbers(found["whole"])
    if len(whole) != 1 or not _is_number(last.rpartition("-")[2]):
        return found[0]
    kept = "" if _is_number(before) or not before else f"{before} "
    parts = "".join(_DIGITS.get(part.lower(), part) for part in found["parts"].split())
    return f"{kept}{next(iter(whole)):.0f}.{parts}"
