"""Reads WebVTT (.vtt): captions with voices, words with times, and the captions that scroll.

Taken: the words and their seconds, the seconds of single words, the speakers of voice tags
(a tag holds until the next one) or else of labels in the text (see speakers.py). Left out:
the header, names of cues, settings, NOTE, STYLE and REGION.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from askpod.readers.captions import (
    Caption,
    caption_second,
    refuse_other_tracks,
    split_captions,
    unroll,
    without_markup,
)
from askpod.readers.cues import Cue, Draft
from askpod.readers.fault_log import FaultLog
from askpod.readers.speakers import name_speakers
from askpod.readers.text import unescape
from askpod.readers.turns import turns_of

_HEADER = re.compile(r"\s{0,16}WEBVTT(?!\S)")
_ABOUT = re.compile(r"(?:X-TIMESTAMP-MAP|Kind|Language|Region)\s*+[:=]")  # also below the header
_COMMENT = re.compile(r"(?:NOTE(?:\s.*)?|STYLE\s*|REGION\s*)", re.DOTALL)
# A dash that opens a line is a sign for a voice, like the tag after it.
_TAG = re.compile(
    r"(?:^[-–—][ \t]*+)?<(?:(?P<time>\d[\d:.]*+)|v(?:\.[^\s<>]*+)?[ \t]++(?P<voice>[^<>]*+))>",
    re.MULTILINE,
)
_VOICED = re.compile(r"<v(?:\.[^\s<>]*+)?[ \t]++([^<>&]*+)>[^<>]*+(?:</v>)?")
_TIME = re.compile(r"<\d[\d:.]*+>")


def is_webvtt(text: str) -> bool:
    """Whether the text says that it is WebVTT."""
    return bool(_HEADER.match(text))


def read_webvtt(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of a WebVTT file. Raises ReadError where it holds more than any recording."""
    captions = split_captions(path, text, log)
    for caption in captions:
        caption.lines = _without_comments(caption.lines)
    _drop_names(captions)
    captions[0].lines = _without_header(captions[0].lines)
    refuse_other_tracks(path, captions)
    cues: list[Cue] = []
    for caption in unroll(captions, _shown, log):
        cues.extend(_cues(caption))
    return Draft(turns_of(name_speakers(cues, log), log))


def _shown(line: str) -> str:
    return without_markup(_TIME.sub("", line) if "<" in line else line)


def _without_comments(lines: list[str]) -> list[str]:
    """Without NOTE, STYLE and REGION: from such a line below a blank one to the next blank one."""
    if not any(line.startswith(("NOTE", "STYLE", "REGION")) for line in lines):
        return lines
    kept: list[str] = []
    inside = False
    before = "speech"  # what stands directly below a time is shown
    for line in lines:
        if not inside:
            inside = not before.strip() and bool(_COMMENT.fullmatch(line))
        elif not line.strip():
            inside = False
        if not inside:
            kept.append(line)
        before = line
    return kept


def _drop_names(captions: Sequence[Caption]) -> None:
    """Takes the name of the next cue from the end of what stands before its time.

    It stands directly above the time, below a blank line; a number also without one.
    """
    for caption in captions[:-1]:
        above = [*([""] if caption is captions[0] else []), *caption.lines][:-1]
        name = caption.lines[-1].strip() if above else ""
        if name and (not above[-1].strip() or name.isdecimal()):
            caption.lines.pop()


def _without_header(lines: list[str]) -> list[str]:
    """What stands before the first time and is neither the header nor about the file."""
    place = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if lines and _HEADER.match(lines[place]):
        while place < len(lines) and lines[place].strip():
            place += 1
    return [line for line in lines[place:] if not _ABOUT.match(line)]


@dataclass(slots=True)
class _Piece:
    """A stretch of a caption that is said by one voice, with the second at which it begins."""

    start: float | None
    speaker: str
    texts: list[str] = field(default_factory=list)
    holds_words: bool = False

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.holds_words = self.holds_words or not text.isspace()


def _cues(caption: Caption) -> Iterator[Cue]:
    """A cue for each voice and each word with a time of its own."""
    if not any("<" in line for line in caption.lines):
        yield Cue(caption.line, caption.start, caption.end, "\n".join(caption.shown))
        return
    pieces = _one_a_line(caption) or _pieces(caption, "\n".join(caption.lines))
    ends = [*(piece.start for piece in pieces[1:]), caption.end]
    for piece, end in zip(pieces, ends, strict=True):
        yield Cue(caption.line, piece.start, end, "".join(piece.texts), piece.speaker)


def _one_a_line(caption: Caption) -> list[_Piece]:
    """A piece for each line, where each is all in one tag of another voice; else none."""
    voices = [_VOICED.fullmatch(line) for line in caption.lines]
    names = [" ".join(voice[1].split()) for voice in voices if voice]
    if len(names) < len(voices) or any(one == other for one, other in pairwise(names)):
        return []
    pieces = [_Piece(None, name, [shown]) for name, shown in zip(names, caption.shown, strict=True)]
    pieces[0].start = caption.start
    return pieces


def _pieces(caption: Caption, written: str) -> list[_Piece]:
    """Cut where the voice changes, and before words with a second; never inside a word."""
    pieces = [_Piece(caption.start, "")]
    for text, second, speaker in _tagged(caption, written):
        last = pieces[-1]
        if not last.holds_words:
            last.speaker = speaker
            last.start = last.start if second is None else second
        elif speaker != last.speaker or (
            second is not None and (last.texts[-1][-1].isspace() or text[0].isspace())
        ):
            pieces.append(_Piece(second, speaker))
        pieces[-1].add(text)
    return pieces


def _tagged(caption: Caption, written: str) -> Iterator[tuple[str, float | None, str]]:
    """The texts between tags: what is shown, its second where that is known, and its voice."""
    begin = 0
    voice = ""
    second: float | None = None
    for tag in _TAG.finditer(written):
        if text := without_markup(written[begin : tag.start()]):
            yield text, second, voice
            second = None
        begin = tag.end()
        if tag["voice"] is not None:
            voice = " ".join(unescape(tag["voice"]).split())
        else:
            second = _inside(caption, caption_second(tag["time"]))
    if text := without_markup(written[begin:]):
        yield text, second, voice


def _inside(caption: Caption, second: float | None) -> float | None:
    """A word's second, where it lies in its caption's time."""
    if second is None or caption.start is None or caption.end is None:
        return None
    return second if caption.start <= second <= caption.end else None
