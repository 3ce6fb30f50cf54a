"""What in an answer is a sentence, and which sentences state something that needs a source.

By rules for English, short on purpose: a sentence wrongly taken for a claim is shown with a mark,
which a reader can overlook; a claim wrongly taken for small talk would go unmarked.
"""

from __future__ import annotations

import re

from askpod.answering.entities import names, stated_numbers
from askpod.answering.refusal import REFUSAL
from askpod.text import split_sentences

FEWEST_WORDS = 4  # fewer ("Yes.", "In short.") state nothing without a name or a number
UNENDED_WORDS = 8  # a line without a full stop that is shorter is a heading

_TAIL = 40  # characters before a possible end that decide whether it is one
_NOT_A_START = frozenset(",.;:!?…)]}»”’%")
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]*_`]*$")
_BULLET = re.compile(r"\A\s*(?:[-*•–+]|\d{1,3}[.)])(?=\s|$)")
_ONLY_BULLET = re.compile(r"\A\s*(?:[-*•–+]|\d{1,3}[.)]|#+)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?])[*_](?!\w)")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|(\*\*|__)[^*_]*\1[:.]?\s*$)")
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
    r"|(?:great question|good question|thanks|thank you|you['’]re welcome|i hope|let me|"
    r"feel free|please)\b[^.]*\.?$",
    re.IGNORECASE,
)


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


def plain_claim(sentence: str) -> str:
    """The words of a sentence without list marks, emphasis and spaces before its commas."""
    words = _EMPHASIS.sub("", _BULLET.sub("", sentence.lstrip("#> "), count=1))
    return re.sub(r"\s+([.,;:!?])", r"\1", " ".join(words.split()))


def is_denial(text: str) -> bool:
    """Whether a text says, in all of its sentences, that the evidence does not hold something."""
    sentences = [text[begin:end] for begin, end in split_sentences(text)]
    return bool(sentences) and all(_HEDGE.search(plain_claim(each)) for each in sentences)


def needs_source(sentence: str) -> bool:
    """Whether a sentence states something of the world, which must be cited.

    A list item does. Headings, questions, lead-ins, courtesies, fragments and what says that
    the evidence does not hold something do not.
    """
    if _HEADING.match(sentence):
        return False
    claim = plain_claim(sentence)
    if claim.endswith((":", "：")) or claim == REFUSAL or _HEDGE.search(claim):
        return False
    if claim.endswith(("?", "？")) and not _QUOTES_A_QUESTION.match(claim):
        return False
    if _COURTESY.match(claim):
        return False
    words = len(claim.split())
    if _BULLET.match(sentence):
        return words > 1
    if not _ENDED.search(claim):
        return words >= UNENDED_WORDS
    return words >= FEWEST_WORDS or bool(names(claim) or stated_numbers(claim))
