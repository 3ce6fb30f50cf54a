"""What SubRip and WebVTT share: captions under lines of time, and the markup in their text.

A caption is all that stands between its line of time and the next one, so that a blank line
inside it costs no speech. Numbers, names of cues and comments are taken out by the readers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.cleaning import unescape
from askpod.readers.limits import MAX_CAPTIONS, MAX_LINES, MAX_TAGS
from askpod.readers.log import FaultLog

_CLOCK = r"-?\d++(?:[:.,]\d++){1,4}"
_TIMING = re.compile(rf"\s*+({_CLOCK})\s*+(?:-{{1,2}}|[–—])>\s*+({_CLOCK})?(.*)", re.DOTALL)
# A line of time that nobody can read: an arrow and nothing that could be speech.
_UNREADABLE = re.compile(r"[\d\s:.,?-]*(?<=--)>[\d\s:.,?-]*")
_EXACT = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d)", re.ASCII)
_LONGEST_CLOCK = 32  # characters

# Only what is known as markup goes: `<laughs>` and `a < b` are speech.
_TAGS = "i|b|u|s|em|strong|font|span|c|v|lang|ruby|rt|p|div"
_MARKUP = re.compile(rf"</?(?:{_TAGS})(?:[ \t.][^<>]*+)?/?>|\{{\\[^{{}}]*+\}}", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*+/?>", re.IGNORECASE)


@dataclass(slots=True)
class Caption:
    """A line of time and what stands below it, up to the next line of time."""

    line: int  # of its time, from 1; of what stands before the first one: 1
    start: float | None = None  # seconds; None where they cannot be read
    end: float | None = None
    lines: list[str] = field(default_factory=list)  # with markup
    shown: list[str] = field(default_factory=list)  # without it; set once it is known


def holds_captions(text: str) -> bool:
    """Whether there is a line of time in the text."""
    at = text.find("->")
    while at >= 0:
        lowest = max(0, at - 2 * _LONGEST_CLOCK)
        begin = max(text.rfind("\n", lowest, at), text.rfind("\r", lowest, at), lowest - 1) + 1
        if _TIMING.match(text, begin, at + 2):
            return True
        at = text.find("->", at + 2)
    return False


def split_captions(path: Path, text: str, log: FaultLog) -> list[Caption]:
    """The captions of a file, in its order; the first holds what stands before the first time.

    Raises ReadError where there are more of them, or of lines and markup, than any recording has.
    """
    _refuse_floods(path, text)
    captions = [Caption(1)]
    unreadable = []
    for number, line in enumerate(_lines(text), 1):
        if ">" in line and (caption := _timed(number, line)):
            if caption.start is None:
                unreadable.append(number)
            captions.append(caption)
        else:
            captions[-1].lines.append(line)
    if unreadable:
        many = f"{len(unreadable):,} captions" if len(unreadable) > 1 else "one caption"
        log.add(unreadable[0], "cue-without-time", f"the time of {many} cannot be read: worked out")
    return captions


def caption_second(written: str) -> float | None:
    """Seconds from "00:12:34,500", "12:34.5" or "00:12:34:500"; None where it is no clock.

    May be below zero or absurd: what can be a second of a recording is judged elsewhere.
    """
    if match := _EXACT.fullmatch(written):
        hours, minutes, whole, thousandths = map(int, match.groups())
        return (((hours * 60 + minutes) * 60 + whole) * 1000 + thousandths) / 1000
    if len(written) > _LONGEST_CLOCK:
        return None
    fields = written.lstrip("-").replace(",", ".").split(":")
    if len(fields) == 4:  # the last are thousandths, or frames, of which nobody knows how many
        last = fields.pop()
        fields[-1] += f".{last}" if len(last) == 3 else ""
    try:
        seconds = 0.0
        for written_field in fields:
            seconds = seconds * 60 + float(written_field)
    except ValueError:
        return None
    return -seconds if written.startswith("-") else seconds


def without_markup(text: str) -> str:
    """The text as it is shown. What only looks like markup stays: `<laughs>`, `a < b`."""
    if "<" in text or "{" in text:
        text = _MARKUP.sub("", _BREAK.sub("\n", text))
    return unescape(text) if "&" in text else text


def _refuse_floods(path: Path, text: str) -> None:
    for mark, most, of in (
        ("->", MAX_CAPTIONS, "captions"),
        ("<", MAX_TAGS, "tags"),
        ("&", MAX_TAGS, "character references"),
        ("\n", MAX_LINES, "lines"),
        ("\r", MAX_LINES, "lines"),
    ):
        if text.count(mark) > most:
            raise ReadError(path, f"holds more than {most:,} {of}; split it or leave it out")


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _timed(number: int, line: str) -> Caption | None:
    """The caption that a line of time opens, with the words that may stand in that line."""
    match = _TIMING.fullmatch(line)
    if match:
        start, end, rest = match.groups()
        caption = Caption(number, caption_second(start), caption_second(end) if end else None)
        if ":" not in rest and rest.strip():  # a setting is `align:start` or `X1:40`
            caption.lines.append(rest)
        return caption
    return Caption(number) if _UNREADABLE.fullmatch(line) else None
