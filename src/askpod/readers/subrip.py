"""Reads SubRip (.srt) as it is found: numbers missing or wrong, hours left out, tags in the text.

Taken: the words, their seconds, and who speaks where the text names it (see voices.py).
Nothing else is in such a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from askpod.readers.captions import Caption, split_captions, without_markup
from askpod.readers.cues import Cue, turns_of
from askpod.readers.draft import Draft
from askpod.readers.log import FaultLog
from askpod.readers.rolling import unroll
from askpod.readers.voices import name_speakers


def read_subrip(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of a SubRip file. Raises ReadError where it holds more than any recording."""
    captions = split_captions(path, text, log)
    _drop_numbers(captions)
    cues = [
        Cue(caption.line, caption.start, caption.end, "\n".join(caption.shown))
        for caption in unroll(captions, without_markup, log)
    ]
    return Draft(turns_of(name_speakers(cues), log))


def _drop_numbers(captions: Sequence[Caption]) -> None:
    """Takes the number of the next caption from the end of what stands before its time.

    It may be any number, directly above the time. With a blank line between them it must be
    the one that is due: a caption may end with a number that is said.
    """
    due = 1
    for caption in captions[:-1]:
        lines = caption.lines
        last = len(lines) - 1
        while last > 0 and not lines[last].strip():
            last -= 1
        if last < 0 or not _is_number(lines[last]):
            due += 1
            continue
        number = int(lines[last])
        if last == len(lines) - 1 or number == due:
            del lines[last:]
            due = number
        due += 1


def _is_number(line: str) -> bool:
    bare = line.strip()
    return len(bare) <= 9 and bare.isdecimal()
