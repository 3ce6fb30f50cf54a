"""When to say that the archive does not hold an answer.

Two signs are trusted, both set on the development questions (docs/answers.md): too little in the
archive is near the question, or the question names somebody or something that the archive never
mentions. What is on the subject and yet not said cannot be told apart without understanding.
"""

from __future__ import annotations

import re

from askpod.model import Filters
from askpod.retrieval.search import Found

REFUSAL = "I found nothing in these episodes that answers this."

# What a model must write, alone, when its evidence does not answer the question. In capitals and
# about the episodes as a whole, so that no answer says it by chance.
SENTINEL = "NOT IN THE EPISODES"

# What nearness must come to: over the curves in docs/answers.md, about the highest bar that costs
# no more than 3 % of the questions that can be answered. Where the listener names the episode or
# the guest there is less to be near by chance, and more reason to think that the answer is there.
WEAKEST = 0.43
WEAKEST_IN_NAMED = 0.25

# Of the cosine, what having all of the question's words in one chunk is worth.
WORDS = 0.2


def nearness(found: Found) -> float:
    """How near the archive comes to the question, by meaning and by words, from about 0 to 1."""
    return found.similarity + WORDS * found.coverage


def is_weak(found: Found, filters: Filters) -> bool:
    """Whether what was found is too little to answer from."""
    if not found.passages or found.unmentioned:
        return True
    named = filters.episode is not None or filters.guest is not None
    return nearness(found) < (WEAKEST_IN_NAMED if named else WEAKEST)


def reason(found: Found) -> tuple[str, ...]:
    """What a person should be told about a refusal, beside it."""
    if found.unmatched or not found.unmentioned:
        return found.unmatched
    return (f"these episodes never mention {' or '.join(found.unmentioned)}",)


def is_refusal(text: str) -> bool:
    """Whether a model's reply is SENTINEL and nothing else.

    Case, punctuation, markdown and numbers in brackets around it do not matter.
    """
    words = re.findall(r"[^\W_]+", re.sub(r"[\[【［][\d\s,;-]*[\]】］]", " ", text.casefold()))
    return words == SENTINEL.casefold().split()
