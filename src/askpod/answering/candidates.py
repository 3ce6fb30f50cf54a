"""Which turns may be the source of a claim that cites none, by names and words alone.

Somebody's thoughts are in that person's words, and a claim that repeats the question is where its
subject is spoken of. Which of the turns supports the claim: support.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from askpod.answering.claims import binding_numbers, missing_names, names, stated_numbers
from askpod.model import EvidenceTurn
from askpod.text import content_words, folded, word_set

# Words that a claim must add to the question's to be looked for by them alone; with a number, which
# must be in the turn, fewer.
FEWEST_ADDED = 4
FEWEST_WITH_NUMBER = 2
FEWEST_REPEATED = 2  # of the question's, that such a claim's turn and those beside it must hold
# Of those, the share that the turn itself must hold where a claim adds fewer:
# "The present was a matchbox" has no source in a matchbox that was no present.
SHARED_REPEATED = 0.5
BESIDE = 2  # turns before and after
STEM = 5  # letters in which two words must agree; for this as good as a stemmer

# How an answer introduces what somebody said: no part of what was said.
_ATTRIBUTION = word_set(
    "according explain explains explained note notes noted mention mentions mentioned describe "
    "describes described argue argues argued add adds added believe believes believed think "
    "thinks thought state states stated suggest suggests suggested recommend recommends "
    "recommended advises advised shows indicates evidence speaker guest host podcast episode "
    "interview"
)


def those_told_of(claim: str, question: str, turns: Sequence[EvidenceTurn]) -> list[EvidenceTurn]:
    """The turns that may hold what a claim tells of somebody: "Ann thinks …" is not Ben's.

    They are by whoever the claim begins with, or speak of them; "she" is whom the question names.
    Whoever else is named in the question and begins the claim is spoken of there or beside it.
    """
    claim = folded(claim)
    speakers = {folded(turn.span.speaker) for turn in turns} - {""}
    parts = {word for speaker in speakers for word in speaker.split()}
    first, *_ = re.findall(r"\w+", claim) or [""]
    of_question = first in ("he", "she")
    words = re.findall(r"\w+", folded(question)) if of_question else [first]
    office = next((each for each in speakers if claim.startswith(f"the {each} ")), "")
    if name := office or next((word for word in words if word in parts), ""):
        return [t for t in turns if name in folded(f"{t.span.speaker} {t.span.text}")]
    if not of_question and any(first in each for each in names(question)):
        return [turn for turn in turns if first in folded(_around(turn, turns))]
    return list(turns)


def _around(turn: EvidenceTurn, turns: Sequence[EvidenceTurn]) -> str:
    """A turn's speaker, its title, its text and that of the turns of the evidence beside it."""
    near = range(turn.span.turn - BESIDE, turn.span.turn + BESIDE + 1)
    texts = (
        each.span.text
        for each in turns
        if each.episode_id == turn.episode_id and each.span.turn in near
    )
    return " ".join((turn.span.speaker, turn.title, *texts))


def holds_repeated(claim: str, question: str, turn: EvidenceTurn) -> bool:
    """Whether a turn speaks of what a claim repeats of the question, in any form of the words."""
    repeated = stems(claim) & stems(question)
    said = stems(f"{turn.span.speaker} {turn.title} {turn.span.text}")
    said |= {word[:-1] for word in said}
    held = sum(word in said or word[:-1] in said for word in repeated)
    return held >= SHARED_REPEATED * len(repeated)


def adds_little(claim: str, question: str) -> bool:
    """Whether a claim says too little besides the words of its question to be found by that."""
    with_number = binding_numbers(claim) - stated_numbers(question)
    fewest = FEWEST_WITH_NUMBER if with_number else FEWEST_ADDED
    return len(stems(claim) - stems(question)) < fewest


def added_words(claim: str, question: str) -> str:
    """What a claim says besides the words of the question; "" where that is all or too little."""
    asked = stems(question)
    if asked.isdisjoint(stems(claim)) or adds_little(claim, question):
        return ""
    return " ".join(word for word in claim.split() if not stems(word) or stems(word) - asked)


def on_its_subject(claim: str, question: str, turns: Sequence[EvidenceTurn]) -> list[EvidenceTurn]:
    """The turns that, with those beside them, speak of what a claim repeats of the question."""
    repeated = stems(claim) & stems(question)
    enough = min(FEWEST_REPEATED, len(repeated))
    found = []
    for turn in turns:
        said = _around(turn, turns)
        if len(repeated & stems(said)) >= enough and not missing_names(claim, said):
            found.append(turn)
    return found


def stems(text: str) -> frozenset[str]:
    """The first letters of each word that means something."""
    words = content_words(folded(text))
    return frozenset(word[:STEM] for word in words if word not in _ATTRIBUTION)
