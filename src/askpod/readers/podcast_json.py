"""Reads the JSON transcripts of Podcasting 2.0: `segments` with `startTime` and `body`.

A segment may be a paragraph, a caption or one word; all become turns by the same rule. A
segment that names no speaker is by the one named last, where enough segments name one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from askpod.readers.cues import Cue, Draft
from askpod.readers.fault_log import FaultLog
from askpod.readers.json_document import objects, second_of, text_of
from askpod.readers.speakers import name_speakers
from askpod.readers.turns import turns_of

_WORD = 12  # characters of an average segment, up to which segments are words
_CLOSING = frozenset(",.;:!?%)]}”…")


def read_podcast_json(path: Path, value: object, log: FaultLog) -> Draft:  # noqa: ARG001
    """The turns of a transcript. What has the wrong type is left out and reported."""
    segments = value.get("segments") if isinstance(value, dict) else None
    cues = list(_joined(list(_cues(segments, log))))
    return Draft(turns_of(name_speakers(cues, log), log))


def _cues(segments: object, log: FaultLog) -> Iterator[Cue]:
    for line, segment in objects(segments, log):
        nobody = segment.get("speaker") == ""  # another one than before, who is not known
        yield Cue(
            line,
            second_of(segment.get("startTime"), line, log),
            second_of(segment.get("endTime"), line, log),
            text_of(segment.get("body"), line, log),
            "?" if nobody else text_of(segment.get("voice") or segment.get("speaker"), line, log),
        )


def _joined(cues: list[Cue]) -> Iterator[Cue]:
    """The cues, with the parts of one word in one cue.

    Some tools give a word in two segments (" don", "'t"), and a stop as a segment of its own.
    Where segments are words and most begin with a space, one that does not goes on a word.
    """
    letters = sum(len(cue.text) for cue in cues)
    spaced = sum(cue.text[:1].isspace() for cue in cues)
    by_word = letters <= _WORD * len(cues)
    parts: list[Cue] = []
    for cue in cues:
        if parts and by_word and _goes_on(parts[-1], cue, spaced=2 * spaced > len(cues)):
            parts.append(cue)
        else:
            yield from _whole(parts)
            parts = [cue]
    yield from _whole(parts)


def _goes_on(last: Cue, cue: Cue, *, spaced: bool) -> bool:
    """Whether a segment is the rest of the word, or of the sentence, that ended just before."""
    if (cue.speaker and cue.speaker != last.speaker) or not cue.text or last.text[-1:].isspace():
        return False
    if all(character in _CLOSING for character in cue.text.strip()):
        return bool(cue.text.strip())
    return spaced and last.text[-1:].isalnum() and _is_inner(cue.text[0])


def _is_inner(character: str) -> bool:
    return character.isalnum() or character in "'’-"


def _whole(parts: list[Cue]) -> Iterator[Cue]:
    if len(parts) > 1:
        text = "".join(cue.text for cue in parts)
        yield parts[0]._replace(text=text, end=parts[-1].end)
    else:
        yield from parts
