"""Reads WebVTT (.vtt), and subtitles of other tools: YouTube's SBV, LRC, ASS and SSA.

WebVTT has captions with voices, words with times, and captions that scroll. Taken: the words and
their seconds, the seconds of single words, the speakers of voice tags (a tag holds until the next
one) or else of labels in the text (see speakers.py), or of what names several cues. Left out: the
header, other names of cues, settings, NOTE, STYLE and REGION.

ASS is taken apart by hand: a line of it is a list between commas. The known library for it gives
no line numbers, and takes 20 seconds over 200 KB of open braces. LRC is of lyrics players.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from askpod.model import Episode
from askpod.readers.captions import (
    Caption,
    Piece,
    caption_second,
    refuse_floods,
    refuse_other_tracks,
    split_captions,
    unroll,
    unrolled,
    without_markup,
)
from askpod.readers.cues import Cue
from askpod.readers.speaker_labels import is_name
from askpod.readers.text import FaultLog, clean, unescape
from askpod.readers.turns import draft
from askpod.text import well_formed

_NUMBER = re.compile(r"\s*+\d{1,9}\s*+")
_OF_WEBEX = re.compile(r'\d+ "([^"<>]{1,80})" \(\d*\)')
_HEADER = re.compile(r"\s{0,16}WEBVTT(?!\S)")
_ABOUT = re.compile(r"(?:X-TIMESTAMP-MAP|Kind|Language|Region)\s*+[:=]")  # also below the header
_COMMENT = re.compile(r"(?:NOTE(?:\s.*)?|STYLE\s*|REGION\s*)", re.DOTALL)
# A dash that opens a line is a sign for a voice, like the tag after it.
_TAG = re.compile(
    r"(?:^[-–—][ \t]*+)?<(?:(?P<time>\d[\d:.]*+)|v(?:\.[^\s<>]*+)?[ \t]++(?P<voice>[^<>]*+))>",
    re.MULTILINE,
)
_TIME = re.compile(r"<\d[\d:.]*+>")


def is_webvtt(text: str) -> bool:
    """Whether the text says that it is WebVTT."""
    return bool(_HEADER.match(text))


def read_webvtt(text: str, log: FaultLog) -> Episode:
    """The turns of a WebVTT file. Raises ReadError where it holds more than any recording."""
    captions = split_captions(text, log)
    for caption in captions:
        caption.lines = _without_comments(caption.lines)
    _drop_names(captions)
    captions[0].lines = _without_header(captions[0].lines)
    return _draft(captions, log)


def read_subrip(text: str, log: FaultLog) -> Episode:
    """The turns of a SubRip file. Raises ReadError where it holds more than any recording."""
    captions = split_captions(text, log)
    _drop_numbers(captions)
    _drop_names(captions, only_often=True)
    return _draft(captions, log)


def _draft(captions: Sequence[Caption], log: FaultLog) -> Episode:
    refuse_other_tracks(log.path, captions)
    shown = unroll(captions, _shown, log)
    return draft((cue for caption in shown for cue in _cues(caption)), log)


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
        if last < 0 or not _NUMBER.fullmatch(lines[last]):
            due += 1
            continue
        number = int(lines[last])
        if last == len(lines) - 1 or number == due:
            del lines[last:]
            due = number
        due += 1


def _drop_names(captions: Sequence[Caption], *, only_often: bool = False) -> None:
    """Takes the name of the next cue from the end of what stands before its time.

    It stands directly above the time, below a blank line; a number also without one. One that
    names several cues is of who speaks, as is what Webex puts beside a cue's number. In SubRip
    (`only_often`) nothing else is a name: most captions must have one.
    """
    names: list[tuple[Caption, Caption, str]] = []
    for caption, following in pairwise(captions):
        above = [*([""] if caption is captions[0] else []), *caption.lines][:-1]
        name = caption.lines[-1].strip() if above else ""
        if name and (not above[-1].strip() or name.isdecimal()):
            names.append((caption, following, name))
    counts = Counter(name for *_, name in names)
    often = {name for name, count in counts.items() if count > 1 and is_name(name)}
    if only_often and 2 * sum(counts[name] for name in often) < len(captions) - 1:
        return
    for above_it, caption, name in names:
        if not only_often or name in often:
            above_it.lines.pop()
        of_webex = _OF_WEBEX.fullmatch(name)
        speaker = of_webex[1] if of_webex else name
        is_speaker = of_webex or (len(often) > 1 and name in often)
        if is_speaker and caption.lines and not caption.lines[0].startswith("<v"):
            caption.lines[0] = f"<v {speaker}>{caption.lines[0]}"


def _without_header(lines: list[str]) -> list[str]:
    """What stands before the first time and is neither the header nor about the file."""
    place = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if lines and _HEADER.match(lines[place]):
        while place < len(lines) and lines[place].strip():
            place += 1
    return [line for line in lines[place:] if not _ABOUT.match(line)]


def _cues(caption: Caption) -> Iterator[Cue]:
    """A cue for each voice and each word with a time of its own."""
    if spoken := _of_teams(caption):
        yield spoken
        return
    if not any("<" in line for line in caption.lines):
        yield Cue(caption.line, caption.start, caption.end, "\n".join(caption.shown))
        return
    pieces = _pieces(caption, "\n".join(caption.lines))
    ends = [*(piece.start for piece in pieces[1:]), caption.end]
    for piece, end in zip(pieces, ends, strict=True):
        yield Cue(caption.line, piece.start, end, "".join(piece.texts), piece.speaker)


def _of_teams(caption: Caption) -> Cue | None:
    """The words of a caption that is an object of JSON, as Microsoft's Graph gives them."""
    if not caption.lines[0].startswith("{") or "spokenText" not in caption.lines[0]:
        return None
    try:
        value = json.loads("".join(caption.lines))
    except (ValueError, RecursionError):
        return None
    said, speaker = (
        well_formed(each) if isinstance(each, str) else ""
        for each in (value.get("spokenText"), value.get("speakerName"))
    )
    return Cue(caption.line, caption.start, caption.end, said, speaker)


def _pieces(caption: Caption, written: str) -> list[Piece]:
    """Cut where the voice changes, and before words with a second; never inside a word."""
    pieces = [Piece(caption.line, caption.start)]
    for text, second, speaker in _tagged(caption, written):
        last = pieces[-1]
        if not last.holds_words:
            last.speaker = speaker
            last.start = last.start if second is None else second
        elif speaker != last.speaker or (
            second is not None and (last.texts[-1][-1].isspace() or text[0].isspace())
        ):
            pieces.append(Piece(caption.line, second, None, speaker))
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


_HEAD = 4_000  # characters by which a file is recognised
_SBV = re.compile(
    r"^(\d{1,3}:\d\d:\d\d[.,]\d{1,3}),(\d{1,3}:\d\d:\d\d[.,]\d{1,3})[ \t]*$", re.MULTILINE
)
# 12:34, 12:34.56, 12:34:56 (hundredths), and with hours only 1:12:34.56.
_LRC_CLOCK = r"\d{1,3}:\d\d(?:[.:]\d{1,3}|:\d\d\.\d{1,3})?"
_LRC_HOURS = re.compile(r"(?<=[\[<])(\d{1,2}:[0-5]\d:[0-5]\d)(?=[\]>])")
_FASTEST = 100.0  # characters a second, with LRC's own, and more than anybody says
_LRC_TIME = re.compile(rf"\[({_LRC_CLOCK})\]")
_LRC_WORD = re.compile(rf"<({_LRC_CLOCK})>")
_LRC_TAG = re.compile(
    r"^\[(ti|ar|al|au|by|re|ve|length|offset|tool|#):([^\n\]]{0,300})\]\s*$", re.MULTILINE
)
_LRC_ABOUT = re.compile(r"\[[A-Za-z_#]{1,20}:[^\n\]]{0,300}\]")  # any tag, above the first time
_OVERRIDE = re.compile(r"(\{[^{}]*\})")
_DRAWING = re.compile(r"\\p(\d{1,3})(?!\w)")
_ASS_BREAK = re.compile(r"\\[Nn]")
_FIELDS = "layer, start, end, style, name, marginl, marginr, marginv, effect, text"


def is_sbv(text: str) -> bool:
    """Whether a file begins with a line of two times between commas."""
    match = _SBV.search(text[:_HEAD])
    return match is not None and not text[: match.start()].strip("\ufeff \t\r\n")


def read_sbv(text: str, log: FaultLog) -> Episode:
    """The turns of an SBV file: SubRip with other lines of time."""
    return read_subrip(_SBV.sub(r"\1 --> \2", text).replace("[br]", "\n"), log)


def is_lrc(text: str) -> bool:
    """Whether a file has LRC's tags and lines that begin with a time."""
    head = text[:_HEAD]
    return bool(_LRC_TAG.search(head)) and len(_LRC_TIME.findall(head)) > 1


def read_lrc(text: str, log: FaultLog) -> Episode:
    """The turns of an LRC file and its title. A line with several times counts once."""
    refuse_floods(log.path, text)
    tags = {name.lower(): value.strip() for name, value in _LRC_TAG.findall(text)}
    offset = tags.get("offset", "0").lstrip("+")
    shift = int(offset) / 1000 if re.fullmatch(r"-?\d{1,6}", offset) else 0.0
    if _has_hours(text):
        text = _LRC_HOURS.sub(r"\1.00", text)
    cues = list(_lrc_cues(text, shift))
    title = clean(tags.get("ti", ""))[0]
    return draft(cues, log, title=title)


def _has_hours(text: str) -> bool:
    """Whether 12:34:56 has hours, and no hundredths: nobody speaks as fast as they would tell."""
    seconds = [second for each in _LRC_TIME.findall(text) if (second := _lrc_second(each, 0.0))]
    return bool(seconds) and len(text) > _FASTEST * (max(seconds) - min(seconds)) > 0


def _lrc_cues(text: str, shift: float) -> Iterator[Cue]:
    begun = False
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if _LRC_TAG.fullmatch(bare) or (not begun and _LRC_ABOUT.fullmatch(bare)):
            continue
        start: float | None = None
        while match := _LRC_TIME.match(bare):
            start = _lrc_second(match[1], shift) if start is None else start
            bare = bare[match.end() :].lstrip()
        begun = begun or start is not None
        pieces = _LRC_WORD.split(bare)
        yield Cue(number, start, None, pieces[0])
        for written, piece in zip(pieces[1::2], pieces[2::2], strict=True):
            yield Cue(number, _lrc_second(written, shift), None, piece)


def _lrc_second(written: str, shift: float) -> float | None:
    if "." not in written:
        minutes, _, rest = written.partition(":")
        written = f"{minutes}:{rest.replace(':', '.')}"
    second = caption_second(written)
    return None if second is None else max(0.0, second - shift)


def is_ass(text: str) -> bool:
    """Whether a file begins as Advanced SubStation Alpha, or has its events."""
    head = text[:_HEAD].lower()
    return "dialogue:" in text.lower() and ("[script info]" in head or "[events]" in head)


def read_ass(text: str, log: FaultLog) -> Episode:
    """The turns of an ASS or SSA file; the name of an event is its speaker."""
    refuse_floods(log.path, text)
    match = re.search(r"^Title:([^\n]{0,300})$", text[:_HEAD], re.MULTILINE)
    title = clean(match[1])[0] if match else ""
    return draft(unrolled(list(_ass_cues(text)), log), log, recognised=True, title=title)


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
            said = _ASS_BREAK.sub("\n", _without_overrides(event.get("text", "")))
            yield Cue(
                number,
                caption_second(event.get("start", "").strip()),
                caption_second(event.get("end", "").strip()),
                without_markup(said.replace("\\h", " ")),
                event.get("name", event.get("actor", "")).strip(),
            )


def _without_overrides(text: str) -> str:
    r"""The text without what stands in braces, and without drawings, from `{\p1}` to `{\p0}`."""
    kept: list[str] = []
    draws = False
    for place, part in enumerate(_OVERRIDE.split(text)):
        if place % 2 == 0:
            kept += [] if draws else [part]
        elif scales := _DRAWING.findall(part):
            draws = int(scales[-1]) > 0
    return "".join(kept)
