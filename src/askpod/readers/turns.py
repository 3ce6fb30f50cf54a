"""Turns: paragraphs of one speaker, made of cues, with the second of each cue kept inside.

Readers of captions, diarised transcripts and timed text give their cues in the file's order; one
rule makes turns of them: cues are cleaned, given the seconds that they lack, and joined, in the
order of the file. No word is lost or invented. Refused: more cues, or a longer one, than speech
has.

A caption ends wherever a line is full, so a caption is no good unit of speech; a turn should
end where a sentence does. Speech without punctuation (automatic captions) is cut at pauses, or
else after a few lines, so that what is quoted of it stays short.

What a tool gives twice counts once; what people say twice stays. A cue is dropped where the same
words stand at the same second just before it, where nearly all cues stand twice in a row (captions
that are animated), and where the second half of a file says the first half again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from askpod.errors import ReadError
from askpod.model import Episode, Turn
from askpod.readers.cues import Cue, starts_in_order, times
from askpod.readers.speakers import name_speakers
from askpod.readers.text import (
    MAX_CUES,
    MAX_SECOND,
    MAX_SPEECH,
    MAX_TURN,
    SENTENCE_ENDS,
    FaultLog,
    clean,
    ends_sentence,
    gap_between,
    is_of_tool,
    joined_lines,
)
from askpod.times import CHARACTERS_PER_SECOND


def draft(
    cues: Iterable[Cue],
    log: FaultLog,
    *,
    recognised: bool = False,
    title: str = "",
    description: str = "",
    duration: float | None = None,
    youtube: str | None = None,
) -> Episode:
    """What a file by itself tells: an episode without an id, and mostly without a title.

    A cue without a speaker is by the one named before it, where labels hold so long; not where the
    cues are `recognised`: a recogniser that names nobody knows nobody.
    """
    turns = turns_of(name_speakers(list(cues), log, recognised=recognised), log)
    return Episode("", title, turns, description=description, duration=duration, youtube=youtube)


def turns_of(cues: Sequence[Cue], log: FaultLog) -> tuple[Turn, ...]:
    """The turns that cues make, in the order of the file; none where no cue has a word.

    Times never go backwards. A turn is estimated where the start of its first cue was not
    stated, or could not be believed. Raises ReadError where there are too many cues.
    """
    once = _without_repeats(_of_people(_Washing(log).washed(cues), log), log)
    return tuple(_joined(*starts_in_order(once, log)))


def _of_people(cues: list[Cue], log: FaultLog) -> list[Cue]:
    """The cues without those at either end that are the exporting tool's own."""
    begin, end = 0, len(cues)
    while begin < min(end, MOST_OF_TOOL) and is_of_tool(cues[begin].text):
        begin += 1
    while end > max(begin, len(cues) - MOST_OF_TOOL) and is_of_tool(cues[end - 1].text):
        end -= 1
    if end - begin < len(cues):
        line = cues[end].line if end < len(cues) else cues[0].line
        log.add(line, "footer", "the exporting tool's own lines are left out")
    return cues[begin:end]


class _Washing:
    """Cleans the words and the times of cues, and reports each kind of fault once."""

    def __init__(self, log: FaultLog) -> None:
        self._log = log
        self._labels: dict[str, str] = {}
        self._faults: dict[str, list[int]] = {}  # kind -> lines

    def washed(self, cues: Sequence[Cue]) -> list[Cue]:
        """The cues that hold words."""
        if len(cues) > MAX_CUES:
            raise self._too_much(cues[MAX_CUES].line, f"more than {MAX_CUES:,} cues")
        kept: list[Cue] = []
        written = 0
        for cue in cues:
            written += len(cue.text)
            if written > MAX_SPEECH:
                raise self._too_much(cue.line, f"more than {MAX_SPEECH:,} characters of speech")
            text = self._text(cue.text, cue.line)
            if text:
                if len(text) > MAX_TURN:
                    held = f"a cue of {len(text):,} characters (at most {MAX_TURN:,})"
                    raise self._too_much(cue.line, held)
                kept.append(self._as_it_should_be(cue, text))
        for kind, lines in self._faults.items():
            self._log.add(lines[0], kind, f"{times(len(lines))}: {_REPAIRS[kind]}")
        return kept

    def _as_it_should_be(self, cue: Cue, text: str) -> Cue:
        start, end = self._second(cue.start, cue.line), self._second(cue.end, cue.line)
        if start is not None and end is not None and end < start:
            self._note("end-before-start", cue.line)
            end = None
        if cue.speaker not in self._labels:
            self._labels[cue.speaker] = self._text(cue.speaker, cue.line)
        speaker = self._labels[cue.speaker]
        if (text, start, end, speaker) == (cue.text, cue.start, cue.end, cue.speaker):
            return cue
        return Cue(cue.line, start, end, text, speaker, cue.opens)

    def _text(self, text: str, line: int) -> str:
        if text.isascii() and (text.isprintable() or text.replace("\n", " ").isprintable()):
            return " ".join(text.split())
        cleaned, mended, hidden = clean(joined_lines(text))
        if mended:
            self._note("mojibake", line)
        if hidden:
            self._note("control-characters", line)
        return cleaned

    def _second(self, second: float | None, line: int) -> float | None:
        if second is None or 0 <= second <= MAX_SECOND:
            return second
        self._note("bad-time", line)
        return None

    def _note(self, kind: str, line: int) -> None:
        self._faults.setdefault(kind, []).append(line)

    def _too_much(self, line: int, held: str) -> ReadError:
        return ReadError(
            self._log.path, f"holds {held}: no recording has; split it or leave it out", line=line
        )


_REPAIRS = {
    "bad-time": "a time that is no second of a recording is not used",
    "end-before-start": "an end before its start is not used",
    "mojibake": "text encoded twice is mended",
    "control-characters": "invisible characters are removed",
}


_NEAR = 3  # captions back, in which the same one at the same second is looked for
_SENTENCE = 30  # characters of a line given twice at one second, where no end is stated
_DISTINCT = 5  # words of it, likewise
_LINE = 4  # characters of a line at least
_LEAST = 3  # lines given twice, before a file is known to do so
_SHARE = 2 / 3  # of the lines are given twice in such a file
_HALF = 3  # captions at least in a half of a file that is given twice


def _without_repeats(cues: list[Cue], log: FaultLog) -> list[Cue]:
    """The cues, cleaned, without those that only show again what was shown."""
    once = _without_copies(_each_once(_first_half(cues)))
    if len(once) < len(cues):
        kept = {id(cue) for cue in once}
        line = next((cue.line for cue in cues if id(cue) not in kept), cues[0].line)
        count = len(cues) - len(once)
        log.add(line, "repeated-captions", f"{count:,} captions are given again: taken once")
    return once


def _without_copies(cues: list[Cue]) -> list[Cue]:
    """Without the captions whose words, speaker and seconds stand just before them."""
    kept: list[Cue] = []
    seen: dict[str, int] = {}  # text -> its last place among those kept
    for cue in cues:
        place = seen.get(cue.text, -_NEAR)
        if place < len(kept) - _NEAR or place < 0 or not _is_same(cue, kept[place]):
            seen[cue.text] = len(kept)
            kept.append(cue)
    return kept


def _is_same(cue: Cue, other: Cue) -> bool:
    """Whether a line stands at the second, and with the speaker, of another one like it."""
    if cue.start is None or (cue.speaker, cue.start, cue.end) != (
        other.speaker,
        other.start,
        other.end,
    ):
        return False
    if cue.end is None:  # nobody says so much twice within a second
        return len(cue.text) >= _SENTENCE and len(set(cue.text.split())) >= _DISTINCT
    return cue.end > cue.start and _is_line(cue.text)


def _each_once(cues: list[Cue]) -> list[Cue]:
    """Each run of one line as one cue, where nearly all lines stand in such runs."""
    alike = sum(one.text == other.text for one, other in pairwise(cues))
    if 2 * alike < _SHARE * (len(cues) - alike):
        return cues
    runs: list[list[Cue]] = []
    for cue in cues:
        if runs and (cue.text, cue.speaker) == (runs[-1][0].text, runs[-1][0].speaker):
            runs[-1].append(cue)
        else:
            runs.append([cue])
    repeated = sum(len(run) > 1 and _is_line(run[0].text) for run in runs)
    least = min(_LEAST, max(2, len(runs)))
    if repeated < least or repeated < _SHARE * len(runs):
        return cues
    return [run[0] if len(run) == 1 else run[0]._replace(end=run[-1].end) for run in runs]


def _is_line(text: str) -> bool:
    """Whether it is more than a word, which people do say twice."""
    return len(text) >= _LINE and (" " in text or not gap_between(text, text))


def _first_half(cues: list[Cue]) -> list[Cue]:
    """The first half, where the second one says the same and the clock starts again."""
    half, odd = divmod(len(cues), 2)
    if odd or half < _HALF or cues[0].text != cues[half].text:
        return cues
    said = [cue.text for cue in cues]
    if len(set(said[:half])) < _HALF or said[:half] != said[half:]:
        return cues
    first, last, again = cues[0].start, cues[half - 1].start, cues[half].start
    goes_on = first is not None and again is not None and again >= (last or first)
    return cues if goes_on else cues[:half]


FULL = 400  # characters: a turn ends with the next sentence
FULL_UNPUNCTUATED = 200  # characters: a turn of speech without sentences ends
LONGEST_SENTENCE = 600  # characters without an end mark; more cannot be quoted whole
LONGEST = 1_200  # characters: a turn ends with the next cue, in the middle of a sentence if need be
PAUSE = 3.0  # seconds after a sentence that end a turn
LONG_PAUSE = 10.0  # seconds that end a turn wherever they fall: music, a break
BREATH = 1.0  # seconds that end a turn of speech without sentences, once it is half full
MOST_OF_TOOL = 3  # cues at an end that may be a tool's own
MARK_EVERY = 2.0  # seconds between marks; words come several a second
_PUNCTUATED = 3 / 1000  # end marks per character, from which on speech has sentences


def _joined(
    cues: Sequence[Cue], starts: Sequence[float], estimated: Sequence[bool]
) -> Iterator[Turn]:
    """The turns that cues make. `starts` never go backwards and are all known."""
    characters = sum(len(cue.text) for cue in cues)
    ends = sum(cue.text.count(mark) for cue in cues for mark in ".?!。")
    punctuated = ends >= _PUNCTUATED * characters
    paragraph: _Paragraph | None = None
    for cue, start, guessed in zip(cues, starts, estimated, strict=True):
        if paragraph and not paragraph.ends_before(cue, start, punctuated=punctuated):
            paragraph.add(cue, start)
            continue
        if paragraph:
            yield paragraph.turn(start)
        paragraph = _Paragraph(cue, start, estimated=guessed)
    if paragraph:
        yield paragraph.turn(None)


class _Paragraph:
    """A turn that is still being put together."""

    def __init__(self, cue: Cue, start: float, *, estimated: bool) -> None:
        self._parts = [cue.text]
        self._length = len(cue.text)
        self._speaker = cue.speaker
        self._start = self._latest = self._marked = start  # of the turn, last cue, last mark
        self._estimated = estimated
        self._end = cue.end
        self._marks: list[tuple[int, float]] = []
        self._sentence = 0  # characters since the last cue that held an end mark
        self._ended = ends_sentence(cue.text)

    def ends_before(self, cue: Cue, start: float, *, punctuated: bool) -> bool:
        """Whether a cue that starts at `start` begins another turn."""
        if cue.opens or cue.speaker != self._speaker:
            return True
        pause = 0.0 if self._end is None else start - self._end
        if pause > LONG_PAUSE:
            return True
        if self._ended:
            return self._length >= FULL or pause > PAUSE
        if punctuated:
            return self._sentence >= LONGEST_SENTENCE or self._length >= LONGEST
        half_full = self._length >= FULL_UNPUNCTUATED / 2
        return self._length >= FULL_UNPUNCTUATED or pause > PAUSE or (half_full and pause >= BREATH)

    def add(self, cue: Cue, start: float) -> None:
        """Joins a cue, with a mark where its second would not follow from the others."""
        gap = gap_between(self._parts[-1], cue.text)
        silence = self._end is not None and start - self._end >= MARK_EVERY
        if silence and self._end is not None and self._end > self._latest:
            self._marks.append((self._length, self._end))
        if self._ended or silence or start - self._marked >= MARK_EVERY:
            self._marks.append((self._length + len(gap), start))
            self._marked = start
        self._parts += (gap, cue.text)
        self._length += len(gap) + len(cue.text)
        self._latest = start
        self._end = cue.end if cue.end is None or self._end is None else max(cue.end, self._end)
        self._ended = ends_sentence(cue.text)
        self._sentence = (
            0 if not SENTENCE_ENDS.isdisjoint(cue.text) else self._sentence + len(cue.text)
        )

    def turn(self, following: float | None) -> Turn:
        """The turn, before another one that starts at `following`."""
        end = self._end
        if end is None:
            end = following
        if end is None:
            end = self._latest + len(self._parts[-1]) / CHARACTERS_PER_SECOND
        end = max(end, self._latest)
        return Turn(
            speaker=self._speaker,
            text="".join(self._parts),
            start=self._start,
            end=end if following is None else min(end, following),
            estimated=self._estimated,
            marks=tuple(self._marks),
        )
