"""Where a sentence ends and what it claims: whether it needs a source, its names and numbers.

By rules for English, short on purpose: a sentence wrongly taken for a claim is shown with a mark,
which a reader can overlook; a claim wrongly taken for small talk would go unmarked. A name is a run
of words with a capital; a single one that begins a sentence is none. Numbers are cardinal ones and
years, in digits and in words: "128k" and "a hundred and twenty eight thousand" are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

from askpod.answering.refusal import REFUSAL
from askpod.text import STOPWORDS, folded, split_sentences, word_set

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
_MOST = 1e30  # "million million million …", as a model that is stuck writes, is many numbers
_SUFFIXES = {"k": 1e3, "m": 1e6, "mln": 1e6, "bn": 1e9, "b": 1e9}  # only right behind the digits
_BEGINS_NUMBER = _SMALL.keys() | _LARGE.keys() | _SCALES.keys()
# Between thousands stands a comma, an apostrophe, or a space that does not break.
_THOUSANDS = "[,'’\u00a0\u2009\u202f]"
_TOKEN = re.compile(rf"(?:\d{{1,3}}(?:{_THOUSANDS}\d{{3}})+(?!\d)|\d+)(?:\.\d+)?|[^\W\d_]+")

# "Three reasons", "two ways": a writer counts what a speaker listed without ever saying a number.
_COUNTED = word_set(
    "reasons things ways points steps parts kinds types examples factors aspects tips ideas "
    "benefits challenges problems approaches options groups stages main key different"
)

_AT_A_TIME = re.compile(r"\bat one point\b", re.IGNORECASE)  # no number, whatever follows
_COUPLE = re.compile(r"\ba couple\b", re.IGNORECASE)
_MEASURES = word_set(
    "second minute hour day night week month year decade percent percentage dollar euro pound "
    "cent kilometre kilometer mile metre meter kilo"
)


def names(claim: str) -> list[tuple[str, ...]]:
    """The names, each as its words, without case and accents."""
    found = []
    for run in _NAME.finditer(claim):
        words = run[0].split()
        begins = _BEGINS.search(claim[max(0, run.start() - 2) : run.start()])
        is_none = begins and len(words) == 1 and words[0][1:].islower()
        if not is_none and words[0][0].isupper():  # scripts without capitals have letters, too
            # "At Tier": what only begins the sentence is no part of the name.
            found.append(tuple(folded(each) for each in words if each.lower() not in _NOT_NAMES))
    return [name for name in found if name]


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


_NEGATION = re.compile(r"\b(?:not|nor?|nothing|never|nobody|none|neither|cannot)\b|n['’]t\b", re.I)
# What a speaker may say instead: "they avoid it" is "they do not do it" to a writer.
_AS_GOOD_AS_NEGATION = re.compile(
    r"\b(?:nowhere|without|hardly|rarely|barely|seldom|few|fewer|little|less|only|too|unless|instead|"
    r"rather|against|avoid\w*|lack\w*|fail\w*|refus\w*|stop\w*|miss\w*|den(?:y|ie[sd])|wrong|hard|"
    r"difficult|impossible|un(?!der|til|ion|it|iver)\w{4,})\b",
    re.I,
)
_UNIT = re.compile(r"\b(second|minute|hour|day|night|week|month|year|decade)s?\b", re.I)


def denies_alone(claim: str, text: str) -> bool:
    """Whether a claim says "not", and the text nothing that comes to the same."""
    denied = _NEGATION.search(claim) and not _NEGATION.search(text)
    return bool(denied) and not _AS_GOOD_AS_NEGATION.search(text)


def measures_otherwise(claim: str, text: str) -> bool:
    """Whether a claim and a text tell of times in units of which they share none."""
    ours, theirs = ({unit.lower() for unit in _UNIT.findall(each)} for each in (claim, text))
    return bool(ours and theirs) and ours.isdisjoint(theirs)


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
    numbers = _numbers(text)
    couple = {2.0} if _COUPLE.search(text) else set()
    return frozenset(number.value for number in numbers) | couple | {*_years(numbers)}


def _years(numbers: Iterable[_Number]) -> Iterator[float]:
    """What "nineteen ninety-four" and "nineteen oh four" may be, beside two numbers."""
    for one, two in pairwise(numbers):
        if one.in_digits or two.in_digits or not 13 <= one.value <= 20:
            continue
        oh = one.followed_by in ("o", "oh") and two.value < 10
        if oh or (one.followed_by in _BEGINS_NUMBER and 10 <= two.value < 100):
            yield 100 * one.value + two.value


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
    current = _NumberReading()
    for token in _TOKEN.finditer(_AT_A_TIME.sub(" ", text)):
        word = token[0].lower()
        if current.empty and not (word in _BEGINS_NUMBER or word[0].isdecimal()):
            continue
        if not current.takes(word, token.start()):
            found.extend(current.number(followed_by=word))
            current = _NumberReading()
            current.takes(word, token.start())
        current.end = token.end()
    return [*found, *current.number(followed_by="")]


class _NumberReading:
    """One number while its words come in, a sum of parts: "two thousand", "five hundred"."""

    def __init__(self) -> None:
        self._ended = 0.0  # the parts before this one
        self._part: float | None = None
        self._scaled = 1.0  # by the last "thousand" or more; parts behind it are below that
        self._room = 0.0  # a word below this value can still be added ("twenty" + "five")
        self._decimals = ""  # the digits behind "point"
        self._in_digits = False
        self._rough = False
        self._joining: list[str] = []  # "and", "and a", "point": part of it only if it goes on
        self.end = 0

    @property
    def empty(self) -> bool:
        return self._part is None

    def takes(self, word: str, start: int) -> bool:
        """Takes the word in, where it carries this number on."""
        if word[0].isdecimal():
            return self._begin(float(re.sub(_THOUSANDS, "", word)), 0.0, in_digits=True)
        if word in _SMALL or word in _LARGE:
            value = _SMALL.get(word, _LARGE.get(word, 0.0))
            return self._add_decimal(value, start) or self._add(value)
        if word in _SCALES or (word in _SUFFIXES and start == self.end and self._in_digits):
            return self._scale(_SCALES.get(word, _SUFFIXES.get(word, 1.0)))
        return self._join(word)

    def number(self, followed_by: str) -> Iterable[_Number]:
        if self._part is None:
            return ()
        follower = self._joining[0] if self._joining else followed_by
        return (_Number(self._ended + self._part, self._in_digits, follower, self._rough),)

    def _begin(self, value: float, room: float, *, in_digits: bool) -> bool:
        if self._part is not None:
            return False
        self._part, self._room, self._in_digits = value, room, in_digits
        return True

    def _add(self, value: float) -> bool:
        room = 10.0 if value >= 20 else 0.0
        if self._part is None:
            return self._begin(value, room, in_digits=False)
        if not 0 < value < self._room or self._joining not in ([], ["and"]):
            return False
        if self._part >= self._scaled > 1:
            self._ended, self._part = self._ended + self._part, 0.0
        self._part += value
        self._room, self._rough = room, False
        self._joining.clear()
        return True

    def _add_decimal(self, digit: float, start: int) -> bool:
        """The digits of "three point one four", each right behind the one before."""
        further = self._decimals and not self._joining and start == self.end + 1
        if self._part is None or digit > 9 or not (further or self._joining == ["point"]):
            return False
        self._decimals += f"{digit:.0f}"
        self._part = float(f"{self._part // 1:.0f}.{self._decimals}")
        self._room = 0.0
        self._joining.clear()
        return True

    def _scale(self, scale: float) -> bool:
        if self._joining or (self._part is not None and self._part * scale > _MOST):
            return False
        if self._part is not None and self._part < self._scaled <= scale:
            return False  # "two thousand five million"
        self._rough = self._rough or self._part is None
        self._part = scale if self._part is None else self._part * scale
        self._room, self._decimals = scale, ""
        self._scaled = scale if scale > 100 else self._scaled
        return True

    def _join(self, word: str) -> bool:
        if self._part is None:
            return False
        if word == "half" and self._joining == ["and", "a"]:
            self._part += 0.5 * (self._scaled if self._part >= self._scaled else 1.0)
            self._joining.clear()
            return True
        self._joining.append(word)
        pointed = self._joining == ["point"] and not (self._in_digits or self._decimals)
        return pointed or self._joining in (["and"], ["and", "a"])


FEWEST_WORDS = 4  # fewer ("Yes.", "In short.") state nothing without a name or a number
UNENDED_WORDS = 8  # a line without a full stop that is shorter is a heading

_TAIL = 40  # characters before a possible end that decide whether it is one
_NOT_A_START = frozenset(",.;:!?…)]}»”’%")
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]*_`]*$")
_BULLET = re.compile(r"\A\s*(?:[-*•–+]|\d{1,3}[.)])(?=\s|$)")
_ONLY_BULLET = re.compile(r"\A\s*(?:[-*•–+]|\d{1,3}[.)]|#+)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?])[*_](?!\w)")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|(\*\*|__)[^*_]*(?<![.!])\1:?\s*$)")  # no bold sentence
_SOURCES = (
    r"(?:evidence|episodes?|transcripts?|passages?|excerpts?|archive"
    r"|(?:the|these|those|given|provided) (?:sources?|context|turns?))"
)
_HEDGE = re.compile(
    rf"\b{_SOURCES}\b.*(?:\b(?:not|no|nothing|never|nobody|neither|cannot|lacks?)\b|n['’]t\b)"
    rf"|\b(?:no|not|nothing|none|nobody|neither|cannot|without)\b.*\b{_SOURCES}\b"
    r"|\b(?:is|are|was) (?:not clear|unclear|not (?:stated|said|mentioned|specified|known))\b"
    r"|\b(?:no|not (?:any|enough)) (?:mention|information|answer|details?)\b"
    r"|^(?:unfortunately|sorry)?,?\s*(?:i|we)(?:['’]m| am| are)? "
    r"(?:sorry|unable|cannot|can['’]t|(?:could|did|do)(?: not|n['’]t)|not)\b",
    re.IGNORECASE,
)
_QUOTES_A_QUESTION = re.compile(r"\w[^\"“”]*[\"“][^\"“”]*[?？]$")  # and is cut before its end
_COURTESY = re.compile(
    r"(?:hi|hello|hey|sure|certainly|of course|in summary|to sum up|here(?:['’]s| is| are)|"
    r"below (?:is|are)|based on)\b[^.]*$"
    r"|(?:great question|good question|thanks(?! to\b)|thank you|you['’]re welcome|i hope|let me|"
    r"feel free|please(?! note\b))\b[^.]*\.?$",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r"[,;]\s+(?:but|however|yet|though|although|still)\b", re.IGNORECASE)


def ends_before(sentence: str, gap: str, following: str) -> bool:
    """Whether a sentence is over, given the white space and the character that come after it.

    A new line ends one, too, unless it goes on in lower case.
    """
    if not sentence.strip() or _ONLY_BULLET.fullmatch(sentence) or following in _NOT_A_START:
        return False
    if gap.count("\n") > 1 or ("\n" in gap and not following.islower()):
        return True
    if not _ENDED.search(sentence[-_TAIL:]):
        return False
    # Emphasis marks and what is not a letter hide where a sentence ends and begins.
    tail = sentence[-_TAIL:].rstrip("*_`") + gap
    start = following if following.isalnum() else "A"
    return split_sentences(tail + start)[-1][0] == len(tail)


def may_begin(following: str) -> bool:
    """Whether a sentence may begin with a character: it carries no other one on."""
    return following not in _NOT_A_START and not following.islower()


def plain_claim(sentence: str) -> str:
    """The words of a sentence without list marks, emphasis and spaces before its commas."""
    words = _EMPHASIS.sub("", _BULLET.sub("", sentence.lstrip("#> "), count=1))
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(words.split()))


def is_denial(text: str) -> bool:
    """Whether a text says, in all of its sentences, that the evidence does not hold something."""
    sentences = [text[begin:end] for begin, end in split_sentences(text)]
    return bool(sentences) and all(_denies(plain_claim(each)) for each in sentences)


def _denies(claim: str) -> bool:
    """Whether a sentence says that, and does not go on to state something: "…, but it rained"."""
    hedge, *rest = _CONTRAST.split(claim, maxsplit=1)
    if rest and _HEDGE.search(hedge) and len(rest[0].split()) >= FEWEST_WORDS:
        return bool(_NEGATION.search(rest[0]))
    return bool(_HEDGE.search(claim))


def needs_source(sentence: str) -> bool:
    """Whether a sentence states something of the world, which must be cited.

    A list item does. Headings, questions, lead-ins, courtesies, fragments and what says that
    the evidence does not hold something do not.
    """
    if _HEADING.match(sentence):
        return False
    claim = plain_claim(sentence)
    if claim.endswith((":", "：")) or claim == REFUSAL or _denies(claim):
        return False
    asks = claim.endswith(("?", "？")) and not _QUOTES_A_QUESTION.match(claim)
    if asks or _COURTESY.match(claim):
        return False
    words = len(claim.split())
    if _BULLET.match(sentence):
        return words > 1
    if not _ENDED.search(claim):
        return words >= UNENDED_WORDS
    return words >= FEWEST_WORDS or bool(names(claim) or stated_numbers(claim))
