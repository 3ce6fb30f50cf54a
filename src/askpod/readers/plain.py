"""Reads plain text whose lines carry clocks, as transcript editors and recognisers export it.

    [00:12:36] text      (12:36)      00:12:36 text      00:12:36 - Name      (text below)
    Name (12:36): text   Name: [00:12:36] text           Name  12:36          (text below)

What stands below a line with a clock is said from there on; a blank line begins a paragraph.
What stands above the first clock is the title and the description. The order of the lines is
the order of speech: a clock that does not fit into it is not used. A clock in the middle of a
line is speech, and so is one behind what cannot be a name. Refused: lists of chapters,
timetables and logs, which have clocks but no speech.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.cues import Cue, Draft
from askpod.readers.json_document import seconds
from askpod.readers.log import FaultLog
from askpod.readers.speakers import is_name, name_speakers
from askpod.readers.text import clean
from askpod.readers.turns import turns_of
from askpod.times import anchors

_MAX_HEAD = 160  # characters in which a line's clock stands

_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:[0-5]\d(?:[.,]\d{1,3})?(?![\d:])"
_TIME = (
    rf"(?P<open>[\[(] ?)?(?P<start>{_CLOCK})"
    rf"(?: ?(?:-{{0,2}}>|-|–|—|to) ?(?P<end>{_CLOCK}))?(?P<close> ?[\])])?"
)
_LEADING = re.compile(rf"{_TIME}(?P<rest>.*)", re.DOTALL | re.ASCII)
_TRAILING = re.compile(
    rf"\[?(?P<name>[^\W_][^:：\[\](){{}}<>]{{0,59}}?)\]?(?P<colon>\s?[:：,–—-])?\s*{_TIME}"
    r"(?P<colon_after>\s?[:：])?(?P<rest>.*)",
    re.DOTALL,
)
_SEPARATOR = re.compile(r"\s*(?:[:|]|[-–—](?=\s))?\s*")


@dataclass(slots=True)
class Line:
    """One line, without the marks of Markdown's bold type."""

    number: int  # from 1, in the file
    text: str  # what is said in it, if its name is one
    start: float | None = None  # seconds; None where it has no clock
    end: float | None = None
    name: str = ""  # of the speaker, where one stands before the clock or alone behind it
    sure: bool = False  # it is written so that it can be nothing but a name
    otherwise: Line | None = None  # what the line is if its name is none

    @property
    def is_led(self) -> bool:
        """Whether its clock stands before its name."""
        return self.otherwise is not None and self.otherwise.start is not None


def read_lines(lines: Iterable[str]) -> list[Line]:
    """The lines of a text, with the names that are believed."""
    read = [_line(number, text) for number, text in enumerate(lines, 1)]
    believed = _names_before(read) | _names_behind(read)
    return [
        line.otherwise if line.otherwise and (line.is_led, line.name) not in believed else line
        for line in read
    ]


def _names_before(lines: Sequence[Line]) -> set[tuple[bool, str]]:
    """The names that are believed before a clock.

    They are written so that they can be no speech, stand twice, or are among the many that half
    of the lines with a clock have.
    """
    named = [line for line in lines if line.name and not line.is_led]
    counts = Counter(line.name for line in named)
    mostly = len(named) > 1 and 2 * len(named) >= _timed(lines)
    return {(False, line.name) for line in named if mostly or line.sure or counts[line.name] > 1}


def _names_behind(lines: Sequence[Line]) -> set[tuple[bool, str]]:
    """The names that are believed behind a clock: chapters have titles there.

    Below a speaker's name there is speech, and one name at least stands twice.
    """
    written = [line for line in lines if line.text or line.start is not None]
    counts = Counter(
        line.name for line, below in pairwise(written) if line.is_led and below.start is None
    )
    often = {(True, name) for name, count in counts.items() if count > 1}
    mostly = 2 * counts.total() >= _timed(lines)
    return {(True, name) for name in counts} if often and mostly else often


def _timed(lines: Iterable[Line]) -> int:
    return sum(line.start is not None for line in lines)


def _line(number: int, written: str) -> Line:
    text = written.replace("**", "").strip()
    if ":" not in text[:_MAX_HEAD]:
        return Line(number, text)
    return _led(number, text) or _trailed(number, text) or Line(number, text)


def _led(number: int, text: str) -> Line | None:
    """A line that begins with a clock."""
    match = _LEADING.match(text)
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    rest = match["rest"]
    if rest and not match["open"] and not rest[0].isspace() and rest[0] not in ":|":
        return None
    said = rest[_end_of_separator(rest) :]
    start, end = seconds(match["start"]), seconds(match["end"])
    line = Line(number, said, start, end)
    return Line(number, "", start, end, said, otherwise=line) if _may_be_name(said) else line


def _end_of_separator(rest: str) -> int:
    match = _SEPARATOR.match(rest)
    return match.end() if match else 0


def _trailed(number: int, text: str) -> Line | None:
    """A line that begins with a name and a clock."""
    match = _TRAILING.match(text[:_MAX_HEAD])
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    name = " ".join(match["name"].split())
    said = text[match.start("rest") :].strip()
    if not _may_be_name(name) or (said and not match["open"]):
        return None
    bracketed = bool(match["open"])
    sure = bracketed and bool(match["colon"] or match["colon_after"] or not said)
    return Line(
        number,
        said,
        seconds(match["start"]),
        seconds(match["end"]),
        name,
        sure,
        otherwise=Line(number, text),
    )


def _may_be_name(text: str) -> bool:
    """As captions' labels, and also "speaker 1"."""
    return 0 < len(text) < 60 and is_name(text[0].upper() + text[1:])


MAX_LINES = 60_000
_SAMPLE_LINES = 4_000  # by which a file is recognised
_SAMPLE = 400_000  # characters, likewise
_MAX_TITLE = 200  # characters
_MAX_LABEL = 60  # characters
_LEAST_SAID = 5  # words of a line above the first clock, colon included, that make it speech
_MAX_DESCRIPTION = 5_000  # characters
_MOST_LINES = 30  # to each clock, in a file of this format
_SLOWEST = 3.0  # characters a second; chapters and timetables have far fewer
_ENDS = frozenset(".?!…。？！")
_CLOSING = "\"'”’»)]"
_LEVEL = re.compile(r"\W{0,3}(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL|TRACE)\b")
_FOOTER = re.compile(r"\n[ \t]*Transcribed by https?://otter\.ai/?\s*\Z")
_NO_TITLES = frozenset({"transcript", "full transcript", "transcription"})


@dataclass(slots=True)
class _Block:
    """A line with a clock and what stands below it, or a paragraph without a clock."""

    line: int
    start: float | None = None
    end: float | None = None
    speaker: str = ""
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def looks_like_plain(text: str) -> bool:
    """Whether a text is of lines with clocks, and is speech."""
    if text.lstrip()[:1] in ("<", "{"):
        return False
    lines = read_lines(
        text[:_SAMPLE].replace("\r", "\n").split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]
    )
    timed = [line for line in lines if line.start is not None]
    written = sum(bool(line.text) for line in lines)
    if len(timed) < 2 or written > _MOST_LINES * len(timed):
        return False
    in_order = len(anchors([line.start for line in timed]))
    logged = sum(bool(_LEVEL.match(line.text)) for line in timed)
    return 3 * in_order >= 2 * len(timed) and 3 * logged < len(timed) and _is_speech(timed, lines)


def read_plain(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of a transcript, with its title where one stands above them.

    Raises ReadError where it has more lines than any transcript.
    """
    written = text.replace("\r\n", "\n").replace("\r", "\n")
    if written.count("\n") >= MAX_LINES:
        raise ReadError(path, f"has more than {MAX_LINES:,} lines; split it or leave it out")
    lines = read_lines(_without_footer(written, log).split("\n"))
    begin = _beginning(lines)
    cues = name_speakers(_cues(list(_blocks(lines[begin:])), log), log)
    title, description = _header(line.text for line in lines[:begin])
    return Draft(turns_of(cues, log), title=title, description=description)


def _without_footer(text: str, log: FaultLog) -> str:
    """The text without the line that Otter puts below a transcript."""
    at = text.rfind("\n", 0, len(text.rstrip()))
    if at < 0 or not _FOOTER.match(text, at):
        return text
    log.add(text.count("\n", 0, at) + 2, "footer", "the exporting tool's own line is left out")
    return text[:at]


def _beginning(lines: Sequence[Line]) -> int:
    """The place of the first line of speech: one with a clock, or by somebody who speaks later."""
    first = next((at for at, line in enumerate(lines) if line.start is not None), 0)
    later = {line.name or _label(line.text) for line in lines[first:]} - {""}
    return next((at for at in range(first) if _is_said(lines[at].text, later)), first)


def _is_said(text: str, speakers: Collection[str]) -> bool:
    label = _label(text)
    return label in speakers and len(text[len(label) :].split()) >= _LEAST_SAID


def _label(text: str) -> str:
    """What may be a speaker's name before a colon; "" where there is none."""
    head, colon, _ = text[:_MAX_LABEL].partition(":")
    return head if colon and head and is_name(head) else ""


def _is_speech(timed: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a text with clocks says who speaks, has sentences, or has as much to it as speech."""
    blocks = [block for block in _blocks(lines) if block.start is not None and block.texts]
    named = sum(bool(line.name) for line in timed)
    labelled = [Cue(block.line, block.start, None, block.text) for block in blocks]
    named += sum(bool(cue.speaker) for cue in name_speakers(labelled, FaultLog(Path())))
    ended = sum(block.text.rstrip(_CLOSING)[-1:] in _ENDS for block in blocks)
    if 2 * named >= len(timed) or (blocks and 2 * ended >= len(blocks)):
        return True
    starts = [line.start for line in timed if line.start is not None]
    said = sum(len(block.text) for block in blocks[:-1])
    return said >= _SLOWEST * (max(starts) - min(starts)) > 0


def _blocks(lines: Sequence[Line]) -> Iterator[_Block]:
    """The lines in blocks; who is named speaks until another one is."""
    block: _Block | None = None
    speaker = ""
    ended = False  # by a blank line
    for line in lines:
        if line.start is not None or (ended and line.text and block and block.texts):
            if block:
                yield block
            speaker = line.name or speaker
            block = _Block(line.number, line.start, line.end, speaker)
        elif block is None:
            block = _Block(line.number)
        ended = not line.text and line.start is None
        if line.text:
            block.texts.append(line.text)
    if block:
        yield block


def _cues(blocks: Sequence[_Block], log: FaultLog) -> list[Cue]:
    """A cue for each block; those whose clock does not fit the order have none."""
    stated = [place for place, block in enumerate(blocks) if block.start is not None]
    believed = {stated[place] for place in anchors([blocks[at].start for at in stated])}
    wrong = [blocks[place] for place in stated if place not in believed]
    if wrong:
        log.add(
            wrong[0].line,
            "time-backwards",
            f"{len(wrong):,} clock(s) do not fit between their neighbours: worked out",
        )
    return [
        Cue(block.line, block.start, block.end, block.text, block.speaker)
        if place in believed
        else Cue(block.line, None, None, block.text, block.speaker)
        for place, block in enumerate(blocks)
    ]


def _header(texts: Iterable[str]) -> tuple[str, str]:
    """The title and the description that stand above the first clock."""
    written = [text for text in (clean(text.lstrip("# "))[0] for text in texts) if text]
    while written and written[0].rstrip(":").casefold() in _NO_TITLES:
        del written[0]
    title = written.pop(0) if written and len(written[0]) <= _MAX_TITLE else ""
    return title, " ".join(written)[:_MAX_DESCRIPTION].rstrip()
