"""What is not indexed and is no failure; and files that are checked without being indexed.

A folder of transcripts holds other files too (`package.json`, `notes.txt`); they are passed over,
unless the user has named them. Tools that transcribe write one recording in several formats side
by side (`talk.json`, `talk.srt`, `talk.vtt`): the one that tells most is indexed. Any other two
files of one name are an error, as one would silently take the place of the other.

Two transcripts are of one recording where they say the same words: titles, speakers, times and the
order of words differ with the format.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from askpod.errors import ReadError, Unrecognised
from askpod.model import Episode, Fault, Turn
from askpod.readers import ENDINGS, read_episode
from askpod.readers.text import UNSPACED

_OF_ANY_KIND = frozenset({".json", ".html", ".htm", ".txt", ".xml", ".csv", ".tsv", ".docx"})

_ALIKE = 0.9  # share of the words; formats differ in labels and in how sounds are written

# Scripts without spaces count by the character: where a caption is broken must not matter.
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
_RUN = re.compile(r"\w+")


def no_transcript(path: Path, error: ReadError, named: Collection[Path] | None) -> bool:
    """Whether a file that cannot be read is simply none of ours.

    `named` are the files that the user named one by one (None: all); the others were found in
    folders. Captions that hold nothing are a fault wherever they are found.
    """
    found = named is not None and path not in named
    return found and isinstance(error, Unrecognised) and path.suffix.lower() in _OF_ANY_KIND


def may_be_twins(path: Path, other: Path) -> bool:
    """Whether two files stand side by side and differ in their endings only."""
    path, other = path.resolve(), other.resolve()
    return path.parent == other.parent and path.suffix.lower() != other.suffix.lower()


def same_recording(episode: Episode, other: Path) -> bool:
    """Whether the other file says what this episode says, but for a few words."""
    try:
        return same_words(episode, read_episode(other, untimed=True).episode)
    except ReadError:
        return False


def transcript_key(episode: Episode) -> str:
    """The same for two episodes whose turns hold the same words, whatever their titles."""
    key = hashlib.sha256()
    for turn in episode.turns:
        for word in _RUN.findall(turn.text.casefold()):
            key.update(word.encode() + b" ")
    return key.hexdigest()


def same_words(a: Episode, b: Episode) -> bool:
    """Whether nine in ten of the words of both are the same, each counted as often as said."""
    ours, theirs = _words(a), _words(b)
    said = ours.total() + theirs.total()
    return said > 0 and 2 * (ours & theirs).total() >= _ALIKE * said


def _words(episode: Episode) -> Counter[str]:
    words: Counter[str] = Counter()
    for turn in episode.turns:
        words.update(_WORD.findall(turn.text.casefold()))
    return words


def richer(path: Path, other: Path) -> bool:
    """Whether its format tells more than the other's."""
    return _place(path) < _place(other)


def _place(path: Path) -> int:
    ending = path.suffix.lower()
    return ENDINGS.index(ending) if ending in ENDINGS else len(ENDINGS)


def twin_note(path: Path, other: Path) -> str:
    """Why a file is passed over that another one stands for."""
    return f"{path}: the same recording as {other.name}, which is indexed"


def waiting_note(path: Path, other: Path) -> str:
    """Why a file is passed over although the one that stands for it cannot be read now."""
    return (
        f"{path}: {other.name} has the same id and cannot be read now; what was indexed of it "
        "stays. Mend it or remove it"
    )


def shared_id(path: Path, id_: str, other: Path) -> ReadError:
    """The error on a file that has the name of one of another recording."""
    return ReadError(
        path,
        f"would have the id {id_!r}, which {other} has already; give one of the two files another "
        "name, or index them into different archives",
    )


LITTLE = 0.01  # of the time: a label that holds less may be a wrong one


@dataclass(frozen=True, slots=True)
class Speaking:
    """How much of an episode stands under one label; "" is what has none."""

    label: str
    turns: int
    seconds: float
    share: float  # of the time in which anybody speaks, 0 to 1

    @property
    def little(self) -> bool:
        """Whether the label holds so little that it may be a wrong one."""
        return bool(self.label) and self.share < LITTLE


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file's faults; `error` where it cannot be read at all, and why it is `passed_over`."""

    path: str
    faults: tuple[Fault, ...] = ()
    error: str | None = None
    passed_over: str | None = None
    speaking: tuple[Speaking, ...] = ()  # those who speak longest first


def who_speaks(turns: Sequence[Turn]) -> tuple[Speaking, ...]:
    """The labels of an episode, those who speak longest first; what has none under ""."""
    seconds: dict[str, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + max(0.0, turn.end - turn.start)
    counts = Counter(turn.speaker for turn in turns)
    total = sum(seconds.values()) or 1.0
    return tuple(
        Speaking(label, counts[label], round(spoken, 1), round(spoken / total, 4))
        for label, spoken in sorted(seconds.items(), key=lambda each: (-each[1], each[0]))
    )


def check_files(
    files: Sequence[Path], named: Collection[Path] | None = None, *, untimed: bool = False
) -> Iterator[FileCheck]:
    """A check for each file, as it is read. Two with one transcript are a fault of the second.

    `named` are those that the user named one by one (None: all); of the others, found in folders,
    those that hold no transcript are passed over, as they are by an indexing. `untimed` takes
    those without any time.
    """
    transcripts: dict[str, Path] = {}
    for path in files:
        try:
            reading = read_episode(path, untimed=untimed)
        except ReadError as error:
            if no_transcript(path, error, named):
                yield FileCheck(str(path), passed_over=str(error))
            else:
                yield FileCheck(str(path), error=str(error))
            continue
        speaking = who_speaks(reading.episode.turns)
        found = FileCheck(str(path), reading.faults, speaking=speaking)
        first = transcripts.setdefault(transcript_key(reading.episode), path)
        if first != path:
            twin = Fault(
                str(path), 1, "same-transcript", f"same words as {first}; a search counts them once"
            )
            found = replace(found, faults=(twin, *found.faults))
        yield found
