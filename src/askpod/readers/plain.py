"""Reads plain text whose lines carry clocks, as transcript editors and recognisers export it.

What stands below a line with a clock is said from there on; a blank line begins a paragraph.
Paragraphs that name their speakers need a clock only now and then, also in square brackets inside
of them. What stands above is the title and the description. The order of the lines is the order
of speech. Refused: lists of chapters, timetables and logs, which have clocks but no speech, pages
that describe a transcript, and, unless it is asked for, a text without any clock.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from askpod.model import Episode
from askpod.readers.beside_speech import (
    drop_footer,
    drop_headings,
    drop_notes,
    drop_pages,
    header,
    label_in,
    without_front_matter,
)
from askpod.readers.clock_notations import CLOCK
from askpod.readers.clocked_lines import Line, read_lines
from askpod.readers.cues import Cue
from askpod.readers.json_document import seconds
from askpod.readers.speakers import name_speakers
from askpod.readers.text import (
    MAX_CAPTIONS,
    FaultLog,
    ends_sentence,
    excerpt,
    refuse_long_lines,
    refuse_more,
)
from askpod.readers.turns import draft
from askpod.times import anchors

_SAMPLE_LINES = 4_000  # by which a file is recognised
_SAMPLE = 400_000  # characters, likewise
_LEAST_SAID = 5  # words of a line above the first clock, colon included, that make it speech
_MOST_LINES = 30  # to each clock, in a file of this format
_LEAST_LABELLED = 4  # paragraphs with a label, in a file with few clocks
_LABELLED = 0.25  # of the paragraphs, likewise
_LEAST_ABOUT = 400  # characters above the first clock, in a page about transcripts
_STEPS_BACK = 0.1  # of the clocks may go back, in a recording in parts
_LEAST_IN_PARTS = 5  # clocks of a recording in two parts
_NEARLY_ALL = 0.9  # of the names have a blank line above, or paragraphs a clock at their end
_SLOWEST = 3.0  # characters a second; chapters and timetables have far fewer
_LEVEL = re.compile(r"\W{0,3}(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL|TRACE)\b")
_INLINE = re.compile(
    rf"\[ ?({CLOCK}) ?\]|\((\d{{1,2}}:[0-5]\d:[0-5]\d)\)|(?<=[.?!] )\((\d{{1,3}}:[0-5]\d)\)",
    re.ASCII,
)
_AT_END = re.compile(rf"(?:{_INLINE.pattern})\s*$", re.ASCII)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*?^[ \t]*(?:```|~~~)", re.MULTILINE | re.DOTALL)
_OTHER = re.compile(r"\s*[<{](?! ?\d)")  # HTML, JSON, and no clock
_LABEL_ALONE = re.compile(r"[^\n:：]{1,60}[:：]\s*")


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
    if _OTHER.match(text):
        return False
    lines = read_lines(_sample(text))
    timed = [line for line in lines if line.start is not None]
    written = sum(bool(line.text) for line in lines)
    if _is_labelled(lines) and any(_INLINE.search(line.text) or line.start for line in lines):
        return True
    if len(timed) < 2 or written > _MOST_LINES * len(timed) or _only_describes(lines):
        return False
    starts = [line.start or 0.0 for line in timed]
    steps_back = sum(after < before for before, after in pairwise(starts))
    # The clock of a recording in parts starts again.
    restarts = steps_back <= max(len(timed) >= _LEAST_IN_PARTS, _STEPS_BACK * len(timed))
    in_order = len(timed) if restarts else len(anchors(starts))
    logged = sum(bool(_LEVEL.match(line.text)) for line in timed)
    return 3 * in_order >= 2 * len(timed) and 3 * logged < len(timed) and _is_speech(timed, lines)


def names_without_times(text: str) -> bool:
    """Whether a text is a transcript that says who speaks, but nowhere when."""
    if is_untimed(text):
        lines = read_lines(_sample(text))
        return all(line.start is None for line in lines) and _is_labelled(lines)
    return False


def clocks_without_speech(text: str) -> bool:
    """Whether a text has lines with clocks, which are no speech: chapters, a timetable, a log."""
    return sum(line.start is not None for line in read_lines(_sample(text))) > 1


def is_untimed(text: str) -> bool:
    """Whether a text without times can be read as speech: prose, or paragraphs with names."""
    start = text.lstrip()[:2]
    return bool(start) and start[0] not in "<{" and (start[0] != "[" or start[1:].isalpha())


def read_plain(text: str, log: FaultLog) -> Episode:
    """The turns of a transcript, with its title where one stands above them.

    Raises ReadError where it has more lines, or longer ones, than any transcript.
    """
    text, told = without_front_matter(text)
    raw = text.split("\n")
    refuse_long_lines(log.path, raw, MAX_CAPTIONS)
    lines = read_lines(raw, log)
    drop_pages(lines, log)
    drop_footer(lines, log)
    _drop_sections(raw, lines, log)
    drop_notes(raw, lines, log)
    begin = _beginning(lines)
    drop_headings(raw, lines, begin, log)
    pieces = list(_cues(_with_own_clocks(list(_blocks(lines[begin:])))))
    refuse_more(log.path, len(pieces), MAX_CAPTIONS, "clocks")
    title, description = header(line.text for line in lines[:begin])
    return draft(pieces, log, title=told or title, description=description)


def _sample(text: str) -> list[str]:
    shown = _FENCE.sub("", text[:_SAMPLE])  # an example of one is none
    return shown.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]


def _drop_sections(raw: Sequence[str], lines: Sequence[Line], log: FaultLog) -> None:
    """Takes out what stands beside a clock and is no speaker.

    So it is where the paragraphs below name theirs, and in headings of which none stands twice.
    """
    written = [line for line in lines if line.text or line.start is not None]
    labels = Counter(label_in(line.text) for line in written if line.start is None)
    named = [
        (line, bool(label := label_in(below.text)) and labels[label] > 1)
        for line, below in pairwise(written)
        if line.name and not line.text
    ]
    sections = [line for line, is_section in named if is_section]
    headings = [line for line, _ in named if raw[line.number - 1].lstrip().startswith("#")]
    if len({line.name for line in headings}) == len(headings) > 1:
        sections = headings
    if sections is headings or 2 * len(sections) > len(named):
        for line in sections:
            log.add(line.number, "heading", f"{excerpt(line.name)} is a heading, and no speaker")
            line.name = ""


def _beginning(lines: Sequence[Line]) -> int:
    """The place of the first line of speech: one with a clock, or by somebody who speaks later."""
    begin = _behind_chapters(lines)
    timed = (at for at, line in enumerate(lines) if at >= begin and line.start is not None)
    first = next(timed, len(lines))
    if 0 < first < len(lines) and lines[first - 1].number == lines[first].number:
        first -= 1  # the line is cut at its clock
    counts = Counter(line.name or label_in(line.text) for line in lines)
    said = (at for at in range(begin, first) if _is_said(lines[at].text, counts))
    return next(said, 0 if first == len(lines) else first)


def _behind_chapters(lines: Sequence[Line]) -> int:
    """Where the clock starts again behind a list of chapters; 0 where none stands above."""
    timed = [at for at, line in enumerate(lines) if line.start is not None]
    for place, (before, at) in enumerate(pairwise(timed), 1):
        if (lines[at].start or 0.0) < (lines[before].start or 0.0):
            head = [lines[each] for each in timed[:place]]
            alone = all(not line.name and line.text for line in head)
            return at if place > 1 and alone and not _is_speech(head, lines[:at]) else 0
    return 0


def _is_said(text: str, counts: Counter[str]) -> bool:
    label = label_in(text)
    said = len(text[len(label) :].split())
    return counts[label] > 1 and bool(label) and (said >= _LEAST_SAID or counts[label] > 2)


def _is_labelled(lines: Sequence[Line]) -> bool:
    """Whether the paragraphs name their speakers, and are speech."""
    blocks = [block for block in _blocks(lines) if block.texts]
    cues = [Cue(block.line, None, None, _INLINE.sub("", block.text)) for block in blocks]
    unnamed = {cue.text for cue in cues}
    named = [
        cue
        for cue in name_speakers(cues, FaultLog(Path()))
        if cue.speaker and cue.text not in unnamed  # its label is taken out
    ]
    labelled = {cue.line for cue in named}
    ended = sum(ends_sentence(cue.text) for cue in named)
    return (
        len(labelled) >= max(_LEAST_LABELLED, _LABELLED * len(blocks))
        and len({cue.speaker for cue in named}) > 1
        and 2 * ended >= len(named)
    )


def _only_describes(lines: Sequence[Line]) -> bool:
    """Whether there is more above the first clock than from there on: a page about transcripts."""
    first = next((at for at, line in enumerate(lines) if line.start is not None), 0)
    above = sum(len(line.text) for line in lines[:first])
    return above > max(_LEAST_ABOUT, sum(len(line.text) for line in lines[first:]))


def _is_speech(timed: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a text with clocks says who speaks, has sentences, or has as much to it as speech."""
    blocks = [block for block in _blocks(lines) if block.start is not None and block.texts]
    named = sum(bool(line.name) for line in timed)
    labelled = [Cue(block.line, block.start, None, block.text) for block in blocks]
    named += sum(bool(cue.speaker) for cue in name_speakers(labelled, FaultLog(Path())))
    ended = sum(ends_sentence(block.text) for block in blocks)
    if (
        any(line.read_aloud for line in timed)
        or 2 * named >= len(timed)
        or (blocks and 2 * ended >= len(blocks))
    ):
        return True
    starts = [line.start for line in timed if line.start is not None]
    said = sum(len(block.text) for block in blocks[:-1])
    return said >= _SLOWEST * (max(starts) - min(starts)) > 0


def _blocks(lines: Sequence[Line]) -> Iterator[_Block]:
    """The lines in blocks; each has the name that stands at its own clock."""
    block: _Block | None = None
    ended = False  # by a blank line
    for line in lines:
        if line.start is not None or (ended and line.text and block and block.texts):
            if block:
                yield block
            block = _Block(line.number, line.start, line.end, line.name)
        elif block is None:
            block = _Block(line.number)
        ended = not line.text and line.start is None
        if line.text:
            block.texts.append(line.text)
    if block:
        yield block


def _with_own_clocks(blocks: list[_Block]) -> list[_Block]:
    """The blocks; where nearly all end with the clock at which they begin, with that in front.

    Whether such a clock is of the beginning or of the end is told by how much is said until the
    next one.
    """
    ends = [match for block in blocks if (match := _AT_END.search(block.text))]
    if len(ends) < max(3, _NEARLY_ALL * len(blocks)) or any(
        block.start is not None for block in blocks
    ):
        return blocks
    starts = [seconds(match[1] or match[2] or match[3]) or 0.0 for match in ends]
    lengths = [match.start() for match in ends]
    gaps = [after - before for before, after in pairwise(starts)]
    pace = sum(gaps) / max(1, sum(lengths))

    def misfit(said: Sequence[int]) -> float:
        return sum(abs(gap - pace * length) for gap, length in zip(gaps, said, strict=False))

    if misfit(lengths) <= misfit(lengths[1:]):
        for block in blocks:
            if match := _AT_END.search(block.text):
                block.start = seconds(match[1] or match[2] or match[3])
                block.texts = [block.text[: match.start()]]
    return blocks


def _cues(blocks: Iterable[_Block]) -> Iterator[Cue]:
    """A cue for each block, and for what follows a clock inside of it.

    A clock behind which nothing is said is that of the next block, if that has none.
    """
    waiting: float | None = None
    for block in blocks:
        text, begin = block.text, 0
        start = waiting if block.start is None else block.start
        waiting = None
        pieces: list[tuple[float | None, str]] = []
        for match in _INLINE.finditer(text) if "[" in text or "(" in text else ():
            pieces.append((start, text[begin : match.start()]))
            start, begin = seconds(match[1] or match[2] or match[3]), match.end()
        pieces.append((start, text[begin:]))
        for place, (second, piece) in enumerate(pieces):
            if piece.strip():
                end = block.end if place == len(pieces) - 1 else None
                yield Cue(block.line, second, end, piece, block.speaker)
        if not pieces[-1][1].strip() or _LABEL_ALONE.fullmatch(pieces[-1][1]):
            waiting = pieces[-1][0]
