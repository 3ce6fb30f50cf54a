"""Mends the labels that name the speakers.

A label is never changed on a guess: a stutter goes only where the name without it is a
label of the same file too, so that Anna, Barr and Aaisha stay who they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from askpod.readers.log import FaultLog, excerpt
from askpod.readers.rows import Row
from askpod.times import parse_clock

_CLOCK_IN_LABEL = re.compile(
    r"(?P<before>.*?)[\s:,;-]*(?<!\d)(?P<clock>\d{1,3}:\d{2}(?::\d{2})?)(?!\d)[\s:,;-]*(?P<after>.*)"
)
_MAX_LABEL = 40  # characters; a longer one may be a paragraph
_MAX_NAME = 120  # characters; a longer one is left as it is


def is_paragraph(label: str) -> bool:
    """Whether a label is speech that slipped into the wrong field.

    Speech runs on in small letters and ends like a sentence, or runs long; a name, even
    "The Acting Chair (Mr. Bruce Stanton)", is mostly capitals and ends without a stop.
    """
    words = [word for word in label.split() if word[0].isalpha()]
    if len(words) < 3 and len(label) <= _MAX_LABEL:
        return False
    small = sum(not word[0].isupper() for word in words)
    if 2 * small < len(words):
        return False
    return len(label) > _MAX_LABEL or label[-1] in ".!?…。！？"


def mend_labels(rows: Iterable[Row], guests: Iterable[str], log: FaultLog) -> None:
    """Mend the label of every row that has one; paragraphs in `who` are left alone."""
    spoken = [row for row in rows if 0 < len(row.who) <= _MAX_NAME and not is_paragraph(row.who)]
    for row in spoken:
        _take_clock_out(row, log)
    _rename(spoken, _punctuation(_counted(spoken)), log)
    _rename(spoken, _stutters(_counted(spoken), guests), log)


def _counted(rows: Iterable[Row]) -> Counter[str]:
    return Counter(row.who for row in rows)


def _take_clock_out(row: Row, log: FaultLog) -> None:
    match = _CLOCK_IN_LABEL.fullmatch(row.who)
    if match is None:
        return
    second = parse_clock(match["clock"])
    name = (match["after"] or match["before"]).strip(" :,;-")
    if second is None:
        return
    # A clock before the name is a row header of its own; one after it only adds.
    if match["after"] or row.second is None:
        row.second = second
    log.add(row.line, "label", f"{excerpt(row.who)} read as “{name}” at {match['clock']}")
    row.who = name


def _rename(rows: Iterable[Row], names: dict[str, str], log: FaultLog) -> None:
    counts = _counted(rows)
    reported: set[str] = set()
    for row in rows:
        if row.who not in names:
            continue
        if row.who not in reported:
            reported.add(row.who)
            log.add(
                row.line,
                "label",
                f"{excerpt(row.who)} read as “{names[row.who]}” in {counts[row.who]} row(s)",
            )
        row.who = names[row.who]


def _punctuation(counts: Counter[str]) -> dict[str, str]:
    """Labels that lose a colon at the end, a full stop, or the first of two names."""
    names = {}
    for label in counts:
        name = label.rstrip(" :;,")
        if name.endswith(".") and name[:-1].rstrip() in counts:
            name = name[:-1].rstrip()
        first, colon, second = name.rpartition(":")
        if colon and first.strip() in counts and second.strip() in counts:
            name = second.strip()
        if name and name != label:
            names[label] = name
    return names


def _stutters(counts: Counter[str], guests: Iterable[str]) -> dict[str, str]:
    known = [guest.casefold() for guest in guests]
    names = {}
    for label in counts:
        if any(_is_name_of(label, guest) for guest in known):
            continue
        for cut in range(1, len(label) // 2 + 1):
            name, again = label[:-cut], label[-cut:]
            if name.endswith(again) and _is_known(name, label, counts, known):
                names[label] = name
                break
    return names


def _is_name_of(label: str, guest: str) -> bool:
    """Whether a guest's name or id ("barrmoses") holds the label as a name."""
    own = label.casefold()
    return own in guest.split() or (" " not in guest and guest.startswith(own))


def _is_known(name: str, label: str, counts: Counter[str], guests: Iterable[str]) -> bool:
    if counts[name] > counts[label]:
        return True
    return len(name) > 2 and any(name.casefold() in guest.split() for guest in guests)
