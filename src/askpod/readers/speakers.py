"""Finds who speaks where captions only write it in front of the words.

`>> MARA LIND:`, `[Mara]:`, `SPEAKER_00:` and `Speaker 2:` are labels wherever they open a line.
A plain `Mara:` may as well be speech ("Note: …"), so it is believed only in a file that is
labelled: where two such labels stand twice, one stands three times, or two thirds of the
captions begin with one. There a label that stands only once must have several words, or two
thirds of the captions a label. What never names a person ("Note", "Question") is speech.

A label holds until the next one. `>>` without a name, and two lines with a dash each, mean
another speaker who is not named: nobody is credited with those words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from askpod.readers.cues import Cue
from askpod.readers.limits import MAX_CUES

_NAME = r"[^\W_][^\n:：\[\](){}<>]{0,39}+"
_LABEL = re.compile(
    rf"\s*+(?P<dash>[-–—]\s*+)?(?P<open>[\[(]\s*+)?(?P<name>{_NAME})(?P<close>[\])]\s*+)?"
    r"(?:：|:(?=\s|$))\s*+"
)
_CHANGE = re.compile(r"(?<!\S)>{2,3}(?:\s++|(?=\w)|$)")
_DASH = re.compile(r"\s*+[-–—]\s*+(?=\S)")
_WORD = re.compile(r"[\w.'’&-]+")
_DIARISER = re.compile(r"(?:speaker|spk|person|voice|participant)[ _-]?\d+|s\d+", re.IGNORECASE)
_MOST_WORDS = 4
_PARTICLE = re.compile(
    "van|de|der|den|von|zu|da|di|del|della|dos|das|do|la|le|du|el|al|bin|ibn|ben|e|y|af|av"
)
_NOBODY = re.compile(
    "notes?|questions?|answer|example|warning|tip|step|chapter|part|section|music|sound|subtitles"
    "|translation|captions|title|update|quote|fact|remember|problem|solution|reason|result|summary"
    "|spoiler|lesson|rule|point|ps|re|date|time|links?|sources?|conclusion|definition|hint|caution"
    "|disclaimer|plus|also|so|and|but|or|then|here|yes|no|pros?|cons?|first|second|third|finally"
    "|option|case|myth|today|important",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Line:
    """One line of a cue, or what follows a `>>` in it."""

    text: str
    label: str = ""  # what may name its speaker
    rest: str = ""  # the text without the label
    sure: bool = False  # the label cannot be speech
    changes: bool = False  # another speaker begins


def name_speakers(cues: Sequence[Cue]) -> list[Cue]:
    """The cues with the speakers that their texts name, which are taken out of the texts.

    A cue in which several people speak is cut. Where any cue has a speaker of its own, nothing
    is looked for; nor where there are more lines than anybody speaks.
    """
    lines_or_changes = sum(cue.text.count("\n") + cue.text.count(">>") for cue in cues)
    if any(cue.speaker for cue in cues) or lines_or_changes > MAX_CUES:
        return list(cues)
    split = [_lines(cue.text) for cue in cues]
    believed = _believed(split)
    changes = any(line.changes for lines in split for line in lines)
    if not believed and not changes:
        return list(cues)
    speaker = ""
    named: list[Cue] = []
    for cue, lines in zip(cues, split, strict=True):
        parts = list(_parts(lines, believed, speaker))
        speaker = parts[-1].speaker
        named.extend(_cut(cue, parts))
    return named


def _lines(text: str) -> list[_Line]:
    if ":" not in text and "：" not in text and ">>" not in text and "-" not in text:
        return [_Line(text)]  # nearly every caption
    dashes = sum(bool(_DASH.match(line)) for line in text.split("\n"))
    lines: list[_Line] = []
    for written in text.split("\n"):
        begin = 0
        marked = False
        for match in _CHANGE.finditer(written):
            if marked or written[begin : match.start()].strip():
                lines.append(_line(written[begin : match.start()], marked, dashes))
            begin, marked = match.end(), True
        lines.append(_line(written[begin:], marked, dashes))
    return lines


def _line(text: str, marked: bool, dashes: int) -> _Line:
    dialogue = dashes > 1 and bool(_DASH.match(text))
    match = _LABEL.match(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return _Line(text, changes=marked or dialogue)
    name = " ".join(match["name"].split())
    if not is_name(name):
        return _Line(text, changes=marked or dialogue)
    sure = marked or bool(match["open"]) or bool(_DIARISER.fullmatch(name))
    return _Line(text, name, text[match.end() :], sure, marked or dialogue)


def is_name(text: str) -> bool:
    """Whether a label is written as a name: few words, all of which begin with a capital."""
    words = text.split()
    return (
        len(words) <= _MOST_WORDS
        and text[0].isalpha()
        and not _NOBODY.fullmatch(text)
        and all(_WORD.fullmatch(word) for word in words)
        and not any(word[0].islower() and not _PARTICLE.fullmatch(word) for word in words)
    )


def _believed(split: Sequence[Sequence[_Line]]) -> set[str]:
    """The labels that name speakers."""
    sure = {line.label for lines in split for line in lines if line.sure}
    counts = Counter(line.label for lines in split for line in lines if line.label)
    often = {label for label, count in counts.items() if count > 1}
    heads = sum(bool(lines[0].label) for lines in split)
    mostly = heads > 1 and 3 * heads >= 2 * len(split)
    labelled = mostly or len(often) > 1 or any(counts[label] > 2 for label in often)
    if not labelled:
        return sure
    return sure | {label for label in counts if mostly or label in often or " " in label}


@dataclass(slots=True)
class _Part:
    """Consecutive lines of a cue that one person says."""

    speaker: str
    texts: list[str]
    opens: bool


def _parts(lines: Sequence[_Line], believed: set[str], speaker: str) -> Iterator[_Part]:
    part = _Part(speaker, [], False)
    for line in lines:
        named = line.label in believed
        if named or line.changes:
            if part.texts:
                yield part
            part = _Part(line.label if named else "", [], True)
        part.texts.append(line.rest if named else line.text)
    yield part


def _cut(cue: Cue, parts: Sequence[_Part]) -> Iterator[Cue]:
    """One cue for each part. Only the first start and the last end are known."""
    for place, part in enumerate(parts):
        yield Cue(
            cue.line,
            cue.start if place == 0 else None,
            cue.end if place == len(parts) - 1 else None,
            "\n".join(part.texts),
            part.speaker,
            part.opens,
        )
