"""Reads captions in JSON: Podcasting 2.0's, and YouTube's.

Podcasting 2.0 has `segments` with `startTime` and `body`: a segment may be a paragraph, a caption
or one word; all become turns by the same rule. A segment that names no speaker is by the one named
last, where enough segments name one.

The list that `youtube-transcript-api` gives has `text`, `start` and `duration` in seconds. json3,
as the player itself asks for it, has events in milliseconds: `segs` of text, of which those of
automatic captions are words with an offset of their own. A caption stays on the screen while the
next ones appear, so that durations overlap; a turn's end is set by what follows. Speakers are named
in the text alone ("ANN: …", ">> …"), as in any captions.
"""

from __future__ import annotations

from collections.abc import Iterator

from askpod.errors import ReadError
from askpod.links import youtube_id
from askpod.model import Episode
from askpod.readers.captions import Caption, cue_of, unroll
from askpod.readers.cues import Cue, Word, cut, later
from askpod.readers.json_document import Object, nested, objects, second_of, seconds, text_of
from askpod.readers.text import MAX_CAPTIONS, FaultLog, unescape
from askpod.readers.timed_rows import MILLISECOND
from askpod.readers.turns import draft

_LONGEST_WORDS = 12  # characters of an average segment, up to which segments are words
_CLOSING = frozenset(",.;:!?%)]}”…")


def read_podcast_json(value: object, log: FaultLog) -> Episode:
    """The turns of a transcript. What has the wrong type is left out and reported."""
    segments = value.get("segments") if isinstance(value, dict) else None
    return draft(_joined(list(_body_cues(segments, log))), log)


def _body_cues(segments: object, log: FaultLog) -> Iterator[Cue]:
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
    by_word = letters <= _LONGEST_WORDS * len(cues)
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


def read_youtube_list(value: object, log: FaultLog) -> Episode:
    """The turns of a list of captions, or of an object with `snippets`, and the video's id.

    Raises ReadError where there are more captions than any recording has.
    """
    rows, video = (
        (value.get("snippets"), value.get("video_id")) if isinstance(value, dict) else (value, None)
    )
    if isinstance(rows, list) and len(rows) > MAX_CAPTIONS:
        problem = f"holds more than {MAX_CAPTIONS:,} captions; split it or leave it out"
        raise ReadError(log.path, problem)
    captions = unroll(list(_snippets(rows, log)), str, log)
    cues = (cue_of(caption) for caption in captions)
    return draft(cues, log, youtube=youtube_id(video) if isinstance(video, str) else None)


def read_youtube_json3(value: object, log: FaultLog) -> Episode:
    """The turns of a json3 file. Events that only open a window or break a line are no speech."""
    events = value.get("events") if isinstance(value, dict) else None
    cues = (cue for line, event in objects(events, log) for cue in _event_cues(line, event, log))
    return draft(cues, log)


def _snippets(rows: object, log: FaultLog) -> Iterator[Caption]:
    for line, row in objects(rows, log):
        text = unescape(text_of(row.get("text"), line, log))  # older tools left "&#39;"
        start = second_of(row.get("start"), line, log)
        lasts = second_of(row.get("duration"), line, log)
        yield Caption(line, start, later(start, lasts), text.split("\n"))


def _event_cues(line: int, event: Object, log: FaultLog) -> Iterator[Cue]:
    """The cues of an event: in automatic captions each word has an offset."""
    segs = nested(event.get("segs"))
    texts = [text_of(seg.get("utf8"), line, log) for seg in segs]
    if not any(text.strip() for text in texts):
        return
    start = second_of(event.get("tStartMs"), line, log, MILLISECOND)
    lasts = second_of(event.get("dDurationMs"), line, log, MILLISECOND)
    words: list[Word] = []
    offset = 0
    for seg, text in zip(segs, texts, strict=True):
        into = seconds(seg.get("tOffsetMs"), MILLISECOND)
        words.append(Word(offset, later(start, into)))
        offset += len(text)
    yield from cut(Cue(line, start, later(start, lasts), "".join(texts)), words)
