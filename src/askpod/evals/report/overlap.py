"""What retrieved passages and gold evidence share: seconds, and the words themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from askpod.evals.report.text import visible
from askpod.evals.stretches import Stretch, shared, union

_WORD = re.compile(r"\w+")
RUN = 5  # words in a row that are the same: fewer are chance


def as_stretch(item: Mapping[str, Any]) -> Stretch:
    """The stretch of a record's retrieved passage or evidence."""
    return Stretch(str(item["episode"]), float(item["start"]), float(item["end"]))


def seconds_shared(item: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> float:
    """Seconds of a passage that are evidence."""
    return shared([as_stretch(item)], map(as_stretch, evidence))


def shares(
    item: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]
) -> list[tuple[float, float]]:
    """Which parts of a passage are evidence: (begin, length) in percent of it."""
    whole = as_stretch(item)
    if whole.seconds <= 0:
        return []
    parts = []
    for each in union(map(as_stretch, evidence)):
        if whole.overlap(each) > 0:
            begin = (max(each.start, whole.start) - whole.start) / whole.seconds
            parts.append(
                (round(100 * begin, 1), round(100 * whole.overlap(each) / whole.seconds, 1))
            )
    return parts


def marked(text: str, evidence: Sequence[str]) -> Markup:
    """A passage's text, its words that stand in the evidence as well between <mark> tags.

    Words count as the same in runs of RUN or more, whatever their case and punctuation, and
    the few words between two such runs as well: short turns.
    """
    runs = frozenset[tuple[str, ...]]().union(*map(_runs, evidence))
    words = [*_WORD.finditer(text)]
    lowered = [word[0].lower() for word in words]
    same = [False] * len(words)
    for at in range(len(words) - RUN + 1):
        if tuple(lowered[at : at + RUN]) in runs:
            same[at : at + RUN] = [True] * RUN
    return _tagged(text, words, _bridged(same))


def _bridged(same: Sequence[bool]) -> list[bool]:
    """The same flags, set as well in gaps of up to RUN words between two that are set."""
    bridged = list(same)
    places = [at for at, each in enumerate(same) if each]
    for before, after in pairwise(places):
        if after - before <= RUN + 1:
            bridged[before:after] = [True] * (after - before)
    return bridged


@lru_cache(maxsize=64)  # the evidence of a question is looked at for each of its passages
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(text)]
    return frozenset(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def _tagged(text: str, words: Sequence[re.Match[str]], same: Sequence[bool]) -> Markup:
    parts: list[Markup] = []
    done = at = 0
    while at < len(words):
        last = at
        while last + 1 < len(words) and same[last + 1] == same[at]:
            last += 1
        if same[at]:
            begin, end = words[at].start(), words[last].end()
            parts += [
                _plain(text[done:begin]),
                Markup("<mark>{}</mark>").format(visible(text[begin:end])),
            ]
            done = end
        at = last + 1
    return Markup("").join([*parts, _plain(text[done:])])


def _plain(text: str) -> Markup:
    return Markup("{}").format(visible(text))
