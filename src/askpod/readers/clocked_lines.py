"""Lines of plain text: the clock of each, and the speaker's name that stands beside it.

    [00:12:36] text      (12:36)      00:12:36 text      00:12:36 - Name      @12:36 - Name
    Name (12:36): text   Name: [00:12:36] text   Name  12:36   **Name** [12:36](https://…): text
    Name                 12:36                   12 minutes 36 seconds
    (12:36) text         Name (text below)       text

Where names stand is decided over the whole file: the same ones, in the same place beside most
clocks. A clock in the middle of a line is speech, and so is one behind what cannot be a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from askpod.readers.clock_notations import (
    ALOUD_BEHIND,
    LEADING,
    MAX_HEAD,
    MAX_NAME,
    MOST,
    TIME,
    in_lines,
    in_one_notation,
)
from askpod.readers.columns import as_lines
from askpod.readers.json_document import seconds
from askpod.readers.speaker_labels import SYMBOLS, is_diariser, is_name, is_short
from askpod.readers.text import FaultLog
from askpod.readers.wall_clocks import since_first
from askpod.times import anchors

_MOST_WORDS = 8  # of a name
_NEARLY_ALL = 0.9  # of the clocks, from which on such a name may stand once

_TRAILING = re.compile(
    rf"(?P<bracket>[\[(<])?"
    rf"(?P<name>(?:\[[^\[\]:]{{1,30}}\] )?(?:{SYMBOLS}[^\W_]|[+№#])"
    rf"(?:[^:：\[\]{{}}<>]|\[[^:：\[\]{{}}<>]{{1,30}}\]){{0,59}}?(?<!\s))"
    rf"(?(bracket)[\])>])"
    rf"(?P<colon>\s?[:：])?(?:\s?[,|@·•–—-]|\sat(?=\s))?\s*(?:(?<!\d)|(?=[\[(])){TIME}"
    r"(?P<colon_after>\s?[:：])?(?P<rest>.*)",
    re.DOTALL,
)
_SEPARATOR = re.compile(r"\s*(?:[:|]|[-–—,·•→](?=\s))?\s*")
_ALOUD = re.compile(
    r"(?P<head>[^\d\n]*?)[\s,(]*"
    r"(?P<aloud>\d+ ?[^\W\d]+(?:[ ,]*(?:[^\W\d]+ )?\d+ ?[^\W\d]+){0,2})\)?"
)
_ENDS = ".?!,;…。？！、"


@dataclass(slots=True)
class Line:
    """One line, without Markdown's marks of bold type, of headings and of links to a second."""

    number: int  # from 1, in the file
    text: str  # what is said in it, if its name is one
    start: float | None = None  # seconds; None where it has no clock
    end: float | None = None
    name: str = ""  # of the speaker, where one stands beside the clock
    read_aloud: bool = False  # its clock stands there again, in words
    otherwise: Line | None = None  # what the line is if its name is none

    @property
    def is_led(self) -> bool:
        """Whether its clock stands before its name."""
        return self.otherwise is not None and self.otherwise.start is not None


def read_lines(lines: Sequence[str], log: FaultLog | None = None) -> list[Line]:
    """The lines of a text, with the names that are believed."""
    numbered = in_lines(as_lines(lines, log or FaultLog(Path())))
    texts = in_one_notation(since_first([text for _, text in numbered]))
    read = [_line(number, text) for (number, _), text in zip(numbered, texts, strict=True)]
    _drop_twice_told(read)
    _keep_spoken(read, texts)
    _drop_read_aloud(read)
    believed = _believed(read, led=False) | _believed(read, led=True)
    read = [
        line.otherwise if line.otherwise and (line.is_led, line.name) not in believed else line
        for line in read
    ]
    _take_names_around(read)
    _drop_pictures(read)
    return read


def _keep_spoken(lines: list[Line], texts: Sequence[str]) -> None:
    """Makes text again of clocks that are said: not laid out as most are, or out of order.

    Such as "See you at 12:15", where a blank line stands above names. What stands beside several
    clocks is a name.
    """
    timed = [at for at, line in enumerate(lines) if line.start is not None]
    layouts = [_layout(lines, texts, at) for at in timed]
    usual, count = Counter(layouts).most_common(1)[0] if timed else ((), 0)
    if 2 * count <= len(timed):
        return
    names = Counter(lines[at].name for at in timed)
    first = layouts.index(usual)  # above stand chapters
    fitting = {timed[place] for place in anchors([lines[at].start for at in timed])}
    for at, layout in list(zip(timed, layouts, strict=True))[first:]:
        is_named = at == 0 or (bool(lines[at].name) and names[lines[at].name] > 1)
        usual_or_named = layout == usual or is_named
        if not usual_or_named and (at not in fitting or count >= _NEARLY_ALL * len(timed)):
            lines[at] = Line(lines[at].number, texts[at])


def _layout(lines: Sequence[Line], texts: Sequence[str], at: int) -> tuple[bool, ...]:
    """Whether the clock opens the line, is in brackets, has words behind it, a blank line above."""
    line = lines[at]
    led = LEADING.match(texts[at])
    clock = led or _TRAILING.match(texts[at][:MAX_HEAD])
    words = (line.text or line.name) if led else line.text and line.name  # a label has a colon
    apart = not (led or line.text or texts[at - 1])
    return bool(led), bool(clock and clock["open"]), bool(words), apart


def _drop_read_aloud(lines: Sequence[Line]) -> None:
    """Takes out what reads the clock beside it ("12 seconds" below 0:12), where most have that."""
    clocks = [at for at, line in enumerate(lines) if line.start is not None and not line.text]
    heads, read = dict[int, str](), 0
    for at in clocks:
        found = False
        for beside in (at - 1, at + 1):
            if 0 <= beside < len(lines) and lines[beside].start is None:
                match = _ALOUD.fullmatch(lines[beside].text[:MAX_HEAD])
                if match and _reads(match["aloud"], lines[at].start or 0.0):
                    heads[beside] = match["head"].strip(" ,")
                    found = lines[at].read_aloud = True
        read += found
    if len(heads) > 1 and 2 * read >= len(clocks):
        for at, head in heads.items():
            lines[at].text, lines[at].name, lines[at].otherwise = head, "", None


def _reads(aloud: str, second: float) -> bool:
    """Whether the numbers in a text are those of a clock, with or without its zeros."""
    minutes, seconds_ = divmod(int(second), 60)
    hours, minutes_ = divmod(minutes, 60)
    parts = [hours, minutes_, seconds_]
    numbers = [int(number) for number in re.findall(r"\d{1,9}", aloud)]
    return numbers in (parts, parts[1:], parts[2:], [part for part in parts if part])


def _believed(lines: Sequence[Line], *, led: bool) -> set[tuple[bool, str]]:
    """The names that are believed before a clock, or, where it has led the line, behind it.

    They stand twice, or are among the many that half of the clocks have; those that do not look
    like names need more of either. Behind a clock chapters have titles: below a name there is
    speech, and one name at least stands twice.
    """
    written = [line for line in lines if line.text or line.start is not None]
    counts = Counter(
        line.name
        for line, below in pairwise([*written, Line(0, "")])
        if line.name and line.is_led == led and (not led or below.start is None)
    )
    share = counts.total() / max(1, sum(line.start is not None for line in lines))
    if led and max(counts.values(), default=0) < 2:
        return set()
    return {(led, name) for name, count in counts.items() if _is_believed(name, count, share)}


def _is_believed(name: str, count: int, share: float) -> bool:
    if _looks_like_name(name):
        return count > 1 or share >= 0.5
    return share >= MOST and (count > 1 or share >= _NEARLY_ALL)


def _take_names_around(lines: Sequence[Line]) -> None:
    """Names on lines of their own, above or below the line with the clock."""
    written = [line for line in lines if line.text or line.start is not None]
    clocks = sum(line.start is not None for line in written)
    above = [
        (line, name)
        for name, line in pairwise(written)
        if line.start is not None and not line.name and _may_stand_alone(name)
    ]
    below = [
        (line, name)
        for line, name, said in zip(written, written[1:], written[2:], strict=False)
        if line.start is not None and not (line.name or line.text)
        if _may_stand_alone(name) and said.start is None
    ]
    for around in (above, below):
        counts = Counter(_unbracketed(name.text) for _, name in around)
        often = sum(count for count in counts.values() if count > 1)
        if 2 * often < max(1, clocks) or len(around) < MOST * clocks:
            continue
        for line, named in around:
            name = _unbracketed(named.text)
            nearly_all = len(around) >= _NEARLY_ALL * clocks
            if nearly_all or counts[name] > 1 or is_diariser(name):
                line.name, named.text = name, ""


def _drop_twice_told(lines: Sequence[Line]) -> None:
    """Takes the clock out of a line that has nothing else, where the next one has it and a name."""
    for line, below in pairwise(lines):
        if below.name and line.start == below.start and not (line.text or line.name):
            line.start = None


def _drop_pictures(lines: Sequence[Line]) -> None:
    """Takes out the initials in a speaker's picture above the name, or the name again."""
    found: list[Line] = []
    below = Line(0, "")
    for line in reversed(lines):
        if line.start is None and below.name and _is_of_name(line.text, below.name):
            found.append(line)
        elif line.text or line.start is not None:
            below = line
    if len(found) > 1:
        for line in found:
            line.text = ""


def _is_of_name(text: str, name: str) -> bool:
    """Whether a text is a name, or the initials that stand in a picture of whom it names."""
    firsts = Counter(word[0].upper() for word in re.findall(r"[^\W_]+", name))
    few = min(2, firsts.total()) <= len(text) <= _MOST_WORDS
    return text == name or (few and text.isupper() and Counter(text) <= firsts)


def _unbracketed(text: str) -> str:
    """A name without the brackets around it and the colon behind it."""
    bare = text.rstrip(" :：")
    inner = bare[1:-1].strip()
    enclosed = bare[:1] + bare[-1:] in ("[]", "()", "<>") and not set(inner) & set("[]()<>")
    return inner if enclosed else bare


def _may_stand_alone(line: Line) -> bool:
    return line.start is None and _may_be_name(_unbracketed(line.text))


def _line(number: int, text: str) -> Line:
    if ":" not in text[:MAX_HEAD]:
        return Line(number, text)
    glued = ALOUD_BEHIND.match(text)
    second = seconds(glued["clock"]) if glued else None
    if glued and second is not None and _reads(glued["aloud"], second):
        return Line(number, text[glued.end() :].strip(), second, read_aloud=True)
    return _led(number, text) or _trailed(number, text) or Line(number, text)


def _led(number: int, text: str) -> Line | None:
    """A line that begins with a clock."""
    match = LEADING.match(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    rest = match["rest"]
    if rest and not match["open"] and not rest[0].isspace() and rest[0] not in ":|":
        return None
    separator = _SEPARATOR.match(rest)
    said = rest[separator.end() if separator else 0 :]
    start, end = seconds(match["start"]), seconds(match["end"])
    line, name = Line(number, said, start, end), _unbracketed(said)
    return Line(number, "", start, end, name, otherwise=line) if _may_be_name(name) else line


def _trailed(number: int, text: str) -> Line | None:
    """A line that begins with a name and a clock."""
    match = _TRAILING.match(text[:MAX_HEAD])
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    name, said = " ".join(match["name"].split()), text[match.start("rest") :].strip()
    start, end = seconds(match["start"]), seconds(match["end"])
    if match["open"] and (match["colon"] or match["colon_after"]):
        return Line(number, f"{name}: {said}", start, end)  # a label, with its clock inside
    if not _may_be_name(name.removesuffix(".")) or (said and not match["open"]):
        return None
    return Line(number, said, start, end, name, otherwise=Line(number, text))


def _may_be_name(text: str) -> bool:
    if not 0 < len(text) < MAX_NAME or len(text.split()) > _MOST_WORDS:
        return False
    if text[-1] in ".)" and text[:-1].isdecimal():
        return False  # the number of a line in a list
    return text[-1] not in _ENDS or is_diariser(text) or is_short(text)


def _looks_like_name(text: str) -> bool:
    """As captions' labels, and also "speaker 1"; not "Yes.", which is said again and again."""
    ends = text[-1] in _ENDS and not is_short(text)
    return (is_name(text[0].upper() + text[1:]) and not ends) or is_diariser(text)
