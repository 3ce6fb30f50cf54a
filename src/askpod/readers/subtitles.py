"""Reads subtitles of other tools: YouTube's SBV, LRC of lyrics players, ASS and SSA.

ASS is taken apart by hand: a line of it is a list between commas. The known library for it gives
no line numbers, and takes 20 seconds over 200 KB of open braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from askpod.readers.captions import caption_second, read_subrip, refuse_floods, without_markup
from askpod.readers.cues import Cue, Draft
from askpod.readers.fault_log import FaultLog
from askpod.readers.speakers import name_or_keep, name_speakers
from askpod.readers.text import clean
from askpod.readers.turns import turns_of

_HEAD = 4_000  # characters by which a file is recognised
_SBV = re.compile(
    r"^(\d{1,3}:\d\d:\d\d[.,]\d{1,3}),(\d{1,3}:\d\d:\d\d[.,]\d{1,3})[ \t]*\r?$", re.MULTILINE
)
_LRC_TIME = re.compile(r"\[(\d{1,3}:\d\d(?:[.:]\d{1,3})?)\]")
_LRC_WORD = re.compile(r"<(\d{1,3}:\d\d(?:[.:]\d{1,3})?)>")
_LRC_TAG = re.compile(
    r"^\[(ti|ar|al|au|by|re|ve|length|offset|tool|#):([^\n\]]{0,300})\]\s*$", re.MULTILINE
)
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_ASS_BREAK = re.compile(r"\\[Nn]")
_FIELDS = "layer, start, end, style, name, marginl, marginr, marginv, effect, text"


def is_sbv(text: str) -> bool:
    """Whether a file begins with a line of two times between commas."""
    match = _SBV.search(text[:_HEAD])
    return match is not None and not text[: match.start()].strip("\ufeff \t\r\n")


def read_sbv(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of an SBV file: SubRip with other lines of time."""
    return read_subrip(path, _SBV.sub(r"\1 --> \2", text).replace("[br]", "\n"), log)


def is_lrc(text: str) -> bool:
    """Whether a file has LRC's tags and lines that begin with a time."""
    head = text[:_HEAD]
    return bool(_LRC_TAG.search(head)) and len(_LRC_TIME.findall(head)) > 1


def read_lrc(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of an LRC file and its title. A line with several times counts once."""
    refuse_floods(path, text)
    tags = {name.lower(): value.strip() for name, value in _LRC_TAG.findall(text)}
    offset = tags.get("offset", "0").lstrip("+")
    shift = int(offset) / 1000 if re.fullmatch(r"-?\d{1,6}", offset) else 0.0
    cues = list(_lrc_cues(text, shift))
    title = clean(tags.get("ti", ""))[0]
    return Draft(turns_of(name_speakers(cues, log), log), title=title)


def _lrc_cues(text: str, shift: float) -> Iterator[Cue]:
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if _LRC_TAG.fullmatch(bare):
            continue
        start: float | None = None
        while match := _LRC_TIME.match(bare):
            start = _lrc_second(match[1], shift) if start is None else start
            bare = bare[match.end() :].lstrip()
        pieces = _LRC_WORD.split(bare)
        yield Cue(number, start, None, pieces[0])
        for written, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            yield Cue(number, _lrc_second(written, shift), None, piece)


def _lrc_second(written: str, shift: float) -> float | None:
    minutes, _, rest = written.partition(":")
    second = caption_second(f"{minutes}:{rest.replace(':', '.')}")
    return None if second is None else max(0.0, second - shift)


def is_ass(text: str) -> bool:
    """Whether a file begins as Advanced SubStation Alpha, or has its events."""
    head = text[:_HEAD].lower()
    return "dialogue:" in text.lower() and ("[script info]" in head or "[events]" in head)


def read_ass(path: Path, text: str, log: FaultLog) -> Draft:
    """The turns of an ASS or SSA file; the name of an event is its speaker."""
    refuse_floods(path, text)
    match = re.search(r"^Title:([^\n]{0,300})$", text[:_HEAD], re.MULTILINE)
    title = clean(match[1])[0] if match else ""
    return Draft(turns_of(name_or_keep(list(_ass_cues(text)), log), log), title=title)


def _ass_cues(text: str) -> Iterator[Cue]:
    fields = _FIELDS.split(", ")
    for number, line in enumerate(text.split("\n"), 1):
        kind, colon, rest = line.partition(":")
        if not colon:
            continue
        if kind.strip().lower() == "format" and "text" in rest.lower():
            fields = [name.strip().lower() for name in rest.split(",")]
        elif kind.strip().lower() == "dialogue":
            values = rest.strip().split(",", max(0, len(fields) - 1))
            event = dict(zip(fields, values, strict=False))
            said = _ASS_BREAK.sub("\n", _OVERRIDE.sub("", event.get("text", "")))
            yield Cue(
                number,
                caption_second(event.get("start", "").strip()),
                caption_second(event.get("end", "").strip()),
                without_markup(said.replace("\\h", " ")),
                event.get("name", event.get("actor", "")).strip(),
            )
