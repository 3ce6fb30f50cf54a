"""Captions under lines of time: what SubRip and WebVTT share, and the reader of SubRip (.srt).

A caption is all that stands between its line of time and the next one, so that a blank line
inside it costs no speech. SubRip is read as it is found: numbers missing or wrong, hours left
out, tags in the text.

Automatic captions scroll: a caption begins with the last line of the one before it, and adds
one; or it shows the same line again with some more words. People repeat themselves too, so a
repeat is dropped only in a file that scrolls as a whole; behind a pause only where something is
added to more than a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from askpod.errors import Unrecognised
from askpod.readers.cues import Cue
from askpod.readers.text import MAX_CAPTIONS, MAX_LINES, MAX_TAGS, FaultLog, refuse_more, unescape

_CLOCK = r"-?\d++(?: ?[:.,] ?\d++){1,4}"  # translators put spaces there
_TIMING = re.compile(rf"\s*+({_CLOCK})\s*+(?:(?:-{{1,2}}|[–—])>|→)\s*+({_CLOCK})?(.*)", re.DOTALL)
_ARROW = re.compile("[-–—]>|→")  # word processors make a dash of two hyphens
# A line of time that nobody can read: an arrow and nothing that could be speech.
_UNREADABLE = re.compile(r"[\d\s:.,?-]*(?<=--)>[\d\s:.,?-]*")
_CUT_OFF = re.compile(r"\d\d:\d\d[\d:.,]*(?: -{0,2})?")  # the last line of what is not all there
_EXACT = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d)", re.ASCII)
_SETTING = re.compile(r"\s*(?:align|line|position|size|vertical|region|[XY]\d)\s*:", re.IGNORECASE)
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


@dataclass(slots=True)
class Piece:
    """A stretch of a caption with a second or a speaker of its own."""

    line: int
    start: float | None
    end: float | None = None
    speaker: str = ""
    texts: list[str] = field(default_factory=list)
    holds_words: bool = False  # something stands in it that is no space

    def add(self, text: str) -> None:
        """Lets a text go on it."""
        self.texts.append(text)
        self.holds_words = self.holds_words or not text.isspace()


def holds_captions(text: str) -> bool:
    """Whether there is a line of time in the text."""
    for arrow in _ARROW.finditer(text):
        at = arrow.start()
        lowest = max(0, at - 2 * _LONGEST_CLOCK)
        begin = max(text.rfind("\n", lowest, at), lowest - 1) + 1
        if _TIMING.match(text, begin, at + 2):
            return True
    return False


def split_captions(text: str, log: FaultLog) -> list[Caption]:
    """The captions of a file, in its order; the first holds what stands before the first time.

    Raises ReadError where there are more of them, or of lines and markup, than any recording has.
    """
    refuse_floods(log.path, text)
    captions = [Caption(1)]
    unreadable = []
    written = text.split("\n")
    if _CUT_OFF.fullmatch(written[-1]):
        written[-1] = "-->"
    for number, line in enumerate(written, 1):
        if (">" in line or "→" in line) and (caption := _timed(number, line)):
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
    fields = written.replace(" ", "").lstrip("-").replace(",", ".").split(":")
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


def refuse_floods(path: Path, text: str) -> None:
    """Raises ReadError where there are more captions, tags or lines than any recording has."""
    for mark, most, of in (
        ("->", MAX_CAPTIONS, "captions"),
        ("–>", MAX_CAPTIONS, "captions"),
        ("—>", MAX_CAPTIONS, "captions"),
        ("→", MAX_CAPTIONS, "captions"),
        ("<", MAX_TAGS, "tags"),
        ("&", MAX_TAGS, "character references"),
        ("\n", MAX_LINES, "lines"),
    ):
        refuse_more(path, text.count(mark), most, of)


def _timed(number: int, line: str) -> Caption | None:
    """The caption that a line of time opens, with the words that may stand in that line."""
    match = _TIMING.fullmatch(line)
    if match:
        start, end, rest = match.groups()
        caption = Caption(number, caption_second(start), caption_second(end) if end else None)
        if rest.strip() and not _SETTING.match(rest):  # a setting is `align:start` or `X1:40`
            caption.lines.append(rest)
        return caption
    return Caption(number) if _UNREADABLE.fullmatch(line) else None


_CHAPTER = 30.0  # seconds, half of the captions at least, in a list of chapters
_SLOWEST = 1.0  # characters a second; speech has fifteen
_GAP = 0.5  # seconds between two captions of one window, at most
_WINDOW = 8  # lines that are shown at once, at most
_LEAST = 2  # captions that add to what was shown, before a file is known to scroll
_SHARE = 1 / 3  # of the captions that do so in a file that scrolls


class _Repeat(NamedTuple):
    """What a caption shows again."""

    lines: int  # whole ones
    characters: int  # of the line after them


def refuse_other_tracks(path: Path, captions: Sequence[Caption]) -> None:
    """Raises Unrecognised for tracks of a player that hold no speech: pictures, chapters."""
    filled = [caption for caption in captions if any(line.strip() for line in caption.lines)]
    lasts = [
        caption.end - caption.start
        for caption in filled
        if caption.start is not None and caption.end is not None
    ]
    said = sum(len(line) for caption in filled for line in caption.lines)
    if filled and all("#xywh=" in "".join(caption.lines) for caption in filled):
        raise Unrecognised(path, "is a player's track of preview pictures, and no transcript")
    if len(lasts) > 1 and median(lasts) >= _CHAPTER and said < _SLOWEST * sum(lasts):
        raise Unrecognised(path, "is a list of chapters, and no transcript")


def unroll(
    captions: Sequence[Caption], shown: Callable[[str], str], log: FaultLog
) -> list[Caption]:
    """The captions with the lines that each adds to the screen, as written and as shown.

    `shown` takes the markup out of a line. Lines and captions that show nothing are left out.
    """
    filled = [caption for caption in captions if _fill(caption, shown)]
    repeats = [_Repeat(0, 0)] * len(filled)
    for place, (before, now) in enumerate(pairwise(filled), 1):
        first, pause = now.shown[0], 0.0
        if before.end is not None and now.start is not None:
            pause = now.start - before.end
        if first in before.shown or first.startswith(before.shown[-1]):
            repeat = _repeated(before.shown, now.shown)
            adds = repeat.characters or repeat.lines < len(now.shown)
            if pause <= _GAP or (adds and " " in first):  # people do say a word again
                repeats[place] = repeat
    if not _scrolls(repeats, filled):
        return filled
    dropped = [caption.line for caption, repeat in zip(filled, repeats, strict=True) if any(repeat)]
    log.add(
        dropped[0],
        "rolling-captions",
        f"{len(dropped):,} captions show again what the one before showed: taken once",
    )
    for caption, repeat in zip(filled, repeats, strict=True):
        del caption.lines[: repeat.lines], caption.shown[: repeat.lines]
        if repeat.characters:
            caption.shown[0] = caption.lines[0] = caption.shown[0][repeat.characters :]
    return [caption for caption in filled if caption.shown]


def _fill(caption: Caption, shown: Callable[[str], str]) -> bool:
    """Sets what a caption shows; whether it shows anything."""
    texts = [shown(line).strip() for line in caption.lines]
    caption.lines = [line for line, text in zip(caption.lines, texts, strict=True) if text]
    caption.shown = [text for text in texts if text]
    return bool(caption.shown)


def _repeated(before: Sequence[str], now: Sequence[str]) -> _Repeat:
    """How much of what is shown now was shown before.

    A window that moved on is believed before one that stands still: of "no / no" after
    "no / no", one is new.
    """
    most = min(len(before), len(now), _WINDOW)
    for count in [*range(min(most, len(now) - 1), 0, -1), most]:
        if now[:count] == before[-count:]:
            return _Repeat(count, 0)
    last = before[-1] + " "
    for count in range(most, 0, -1):
        if now[count - 1].startswith(last) and now[: count - 1] == before[-count:-1]:
            return _Repeat(count - 1, len(last))
    return _Repeat(0, 0)


def _scrolls(repeats: Sequence[_Repeat], captions: Sequence[Caption]) -> bool:
    """Whether enough captions show again what was shown, and add to it."""
    adding = other = 0
    for repeat, caption in zip(repeats, captions, strict=True):
        if repeat.characters or 0 < repeat.lines < len(caption.shown):
            adding += 1
        elif not repeat.lines:
            other += 1
    return adding >= _LEAST and adding >= _SHARE * (adding + other)


def unrolled(cues: list[Cue], log: FaultLog) -> list[Cue]:
    """Captions without markup, of which none names its speaker, with what each adds."""
    if any(cue.speaker for cue in cues):
        return cues
    captions = [Caption(cue.line, cue.start, cue.end, cue.text.split("\n")) for cue in cues]
    shown = unroll(captions, str, log)
    return [Cue(each.line, each.start, each.end, "\n".join(each.shown)) for each in shown]
