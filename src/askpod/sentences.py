"""Cuts speech into sentences, as character ranges of the text: nothing is changed or lost.

Transcribed talk has odd punctuation, so the rule is small: a sentence ends at a full stop,
question or exclamation mark or ellipsis (with closing quotes), followed by white space and
something that can begin a sentence. Common abbreviations and initials do not end one.
"""

from __future__ import annotations

import re

# Each run of marks is tried once, from its start and whole (`++`): a hundred thousand dots in a
# row take no longer than a hundred thousand letters.
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s+[\"'“‘«(\[]*[^\W_a-z])|[。！？]+|(?<![!?])[!?]++(?=\s)"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"“])(?:[A-Za-z]|[Mm]rs?|[Mm]s|[Dd]r|[Pp]rof|[Ss]t|vs|etc|e\.g|i\.e|approx|no|Inc|Ltd)\.$"
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Character ranges (start, end) of the sentences of `text`, in order.

    Ranges are stripped of surrounding white space and never empty; only white space lies
    between them. A text without an end mark is one sentence.
    """
    ranges: list[tuple[int, int]] = []
    begin = 0
    for match in _END.finditer(text):
        if _is_abbreviation(text, begin, match.start(), match.end()):
            continue
        _append(ranges, text, begin, match.end())
        begin = match.end()
    _append(ranges, text, begin, len(text))
    return ranges


def _is_abbreviation(text: str, begin: int, mark: int, end: int) -> bool:
    if text[mark:end] != ".":
        return False
    # "I." is far more often the end of a sentence in speech than an initial.
    tail = text[max(begin, mark - 12) : end]
    return bool(_ABBREVIATION.search(tail)) and not tail.endswith((" I.", "etc.", " no."))


def _append(ranges: list[tuple[int, int]], text: str, begin: int, end: int) -> None:
    piece = text[begin:end]
    lead = len(piece) - len(piece.lstrip())
    tail = len(piece) - len(piece.rstrip())
    if lead < len(piece):
        ranges.append((begin + lead, end - tail))
