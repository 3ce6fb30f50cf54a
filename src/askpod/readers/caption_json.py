"""Reads the JSON of captions and speech recognition: Whisper, Podcasting 2.0, YouTube.

Of Whisper and its kin are known openai-whisper and its API (`segments`, or `words` alone),
faster-whisper (a bare list of segments), WhisperX (a speaker for each segment and each word),
whisper.cpp (`transcription`, `offsets` in milliseconds) and Transformers pipelines (`chunks`,
`timestamp`). The text of a segment is what was said; its words only say when, and by whom.

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

from collections.abc import Iterable, Iterator
from pathlib import Path

from askpod.errors import ReadError
from askpod.links import youtube_id
from askpod.model import Turn
from askpod.readers.captions import Caption, cue_of, unroll
from askpod.readers.cues import Cue, Draft, Word, cut, later, locate
from askpod.readers.json_document import Object, nested, objects, second_of, seconds, text_of
from askpod.readers.speakers import TURN, name_or_keep, name_speakers
from askpod.readers.text import MAX_CAPTIONS, FaultLog, unescape
from askpod.readers.timed_rows import read_rows, speaker_in
from askpod.readers.turns import turns_of
from askpod.times import clock

_MILLISECOND = 0.001
_SPEAKERS = ("voice", "speaker_name", "speakerName", "speaker", "speaker_label", "speakerLabel",
             "speaker_id", "speakerId", "channel")  # fmt: skip
_UNHEARD = {
    "silence": "silence, in which nothing is said",
    "music": "sound in which no speech was heard: music, or noise",
    "loop": "the engine repeated itself: what it repeats is taken once",
    "damaged": "the recording cannot be decoded here",
}
_SAMPLE = 50  # rows that are looked at for words


def read_whisper(path: Path, value: object, log: FaultLog) -> Draft:  # noqa: ARG001
    """The turns of a transcript, with the labels that a diariser gave its speakers."""
    if isinstance(value, list) and not any("words" in row for row in nested(value[:_SAMPLE])):
        cues = read_rows(value, log)  # of many tools, in seconds or milliseconds
    else:
        cues = [
            cue for line, row in segments_of(value, log) for cue in _segment_cues(line, row, log)
        ]
    duration = None
    if isinstance(value, dict):
        duration = seconds(value.get("duration"))
        _report_unheard(value, log)
    return Draft(turns_of(name_or_keep(cues, log), log), duration=duration)


def _report_unheard(value: Object, log: FaultLog) -> None:
    """What askpod's own transcription noted: where nothing was said, or nothing could be heard."""
    for row in nested(value.get("faults")):
        start, end = seconds(row.get("start")), seconds(row.get("end"))
        what = _UNHEARD.get(str(row.get("kind")))
        if what and start is not None and end is not None:
            log.add(1, str(row["kind"]), f"{clock(start)} to {clock(end)}: {what}")


def segments_of(value: object, log: FaultLog) -> Iterator[tuple[int, Object]]:
    """The segments with their lines, all in the names that Whisper itself uses."""
    if not isinstance(value, dict):
        yield from objects(value, log)
    elif "transcription" in value:
        for line, segment in objects(value["transcription"], log):
            yield line, {**segment, **_offsets(segment)}
    elif value.get("segments"):
        names = {str(each.get("id")): each.get("name") for each in nested(value.get("speakers"))}
        for line, segment in objects(value["segments"], log):
            name = names.get(str(segment.get("speaker")))
            yield line, ({**segment, "speaker": name} if name else segment)
    elif "chunks" in value or "speakers" in value:
        for line, segment in objects(value.get("speakers") or value.get("chunks"), log):
            yield line, {**segment, **_timestamp(segment)}
    else:
        words = nested(value.get("words"))
        begin = words[0].get("start") if words else None
        yield 1, {"text": value.get("text"), "words": words, "start": begin}


def _offsets(segment: Object) -> Object:
    """whisper.cpp: milliseconds as numbers, and beside them clocks as texts."""
    offsets, clocks = segment.get("offsets"), segment.get("timestamps")
    if isinstance(offsets, dict):
        return {
            name: seconds(offsets.get(key), _MILLISECOND)
            for name, key in (("start", "from"), ("end", "to"))
        }
    if isinstance(clocks, dict):
        return {"start": clocks.get("from"), "end": clocks.get("to")}
    return {}


def _timestamp(segment: Object) -> Object:
    """Transformers: a pair of seconds; the last end may be null."""
    pair = segment.get("timestamp")
    if isinstance(pair, list) and len(pair) == 2:
        return {"start": pair[0], "end": pair[1]}
    return {}


def _segment_cues(line: int, segment: Object, log: FaultLog) -> Iterator[Cue]:
    words = nested(segment.get("words"))
    cue = Cue(
        line,
        second_of(segment.get("start"), line, log),
        second_of(segment.get("end"), line, log),
        text_of(segment.get("text"), line, log) or _words_joined(words, line, log),
        text_of(_speaker(segment), line, log),
    )
    known = (
        (
            _written(word),
            seconds(word.get("start")),
            text_of(word.get("speaker", word.get("speaker_label")), line, log),
        )
        for word in words
    )
    yield from cut(cue, locate(cue.text, known)) if words else (cue,)
    if segment.get("speaker_turn_next") is True:  # whisper.cpp: another speaker begins behind it
        yield cue._replace(text=TURN, start=None)


def _speaker(segment: Object) -> object:
    """Who speaks; `voice` is the name where `speaker` is a number."""
    named = (segment[key] for key in _SPEAKERS if segment.get(key) not in (None, ""))
    return speaker_in(next(named, None))


def _words_joined(words: list[Object], line: int, log: FaultLog) -> str:
    """The words of a segment without a text: Whisper's own bring their spaces along."""
    texts = [text_of(_written(word), line, log) for word in words]
    spaced = any(text[:1].isspace() for text in texts)
    return ("" if spaced else " ").join(texts)


def _written(word: Object) -> str:
    text = word.get("word", word.get("text"))
    return text if isinstance(text, str) else ""


_LONGEST_WORDS = 12  # characters of an average segment, up to which segments are words
_CLOSING = frozenset(",.;:!?%)]}”…")


def read_podcast_json(path: Path, value: object, log: FaultLog) -> Draft:  # noqa: ARG001
    """The turns of a transcript. What has the wrong type is left out and reported."""
    segments = value.get("segments") if isinstance(value, dict) else None
    return Draft(_turns(_joined(list(_body_cues(segments, log))), log))


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


def read_youtube_list(path: Path, value: object, log: FaultLog) -> Draft:
    """The turns of a list of captions, or of an object with `snippets`, and the video's id.

    Raises ReadError where there are more captions than any recording has.
    """
    rows, video = (
        (value.get("snippets"), value.get("video_id")) if isinstance(value, dict) else (value, None)
    )
    if isinstance(rows, list) and len(rows) > MAX_CAPTIONS:
        problem = f"holds more than {MAX_CAPTIONS:,} captions; split it or leave it out"
        raise ReadError(path, problem)
    captions = unroll(list(_snippets(rows, log)), str, log)
    turns = _turns((cue_of(caption) for caption in captions), log)
    return Draft(turns, youtube=youtube_id(video) if isinstance(video, str) else None)


def read_youtube_json3(path: Path, value: object, log: FaultLog) -> Draft:  # noqa: ARG001
    """The turns of a json3 file. Events that only open a window or break a line are no speech."""
    events = value.get("events") if isinstance(value, dict) else None
    cues = (cue for line, event in objects(events, log) for cue in _event_cues(line, event, log))
    return Draft(_turns(cues, log))


def _turns(cues: Iterable[Cue], log: FaultLog) -> tuple[Turn, ...]:
    return turns_of(name_speakers(list(cues), log), log)


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
    start = second_of(event.get("tStartMs"), line, log, _MILLISECOND)
    lasts = second_of(event.get("dDurationMs"), line, log, _MILLISECOND)
    words: list[Word] = []
    offset = 0
    for seg, text in zip(segs, texts, strict=True):
        into = seconds(seg.get("tOffsetMs"), _MILLISECOND)
        words.append(Word(offset, later(start, into)))
        offset += len(text)
    yield from cut(Cue(line, start, later(start, lasts), "".join(texts)), words)
