"""Reads what Whisper and its kin write as JSON: segments of speech, sometimes with their words.

Known are openai-whisper and its API (`segments`, or `words` alone), faster-whisper (a bare list of
segments), WhisperX (a speaker for each segment and each word), whisper.cpp (`transcription`,
`offsets` in milliseconds) and Transformers pipelines (`chunks`, `timestamp`). The text of a
segment is what was said; its words only say when, and by whom.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from askpod.readers.cues import Cue, Draft, cut, locate
from askpod.readers.fault_log import FaultLog
from askpod.readers.json_document import Object, nested, objects, second_of, seconds, text_of
from askpod.readers.speakers import TURN, name_or_keep
from askpod.readers.timed_rows import read_rows, speaker_in
from askpod.readers.turns import turns_of
from askpod.times import clock

_MILLISECOND = 0.001
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
        cues = [cue for line, row in segments_of(value, log) for cue in _cues(line, row, log)]
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


def _cues(line: int, segment: Object, log: FaultLog) -> Iterator[Cue]:
    words = nested(segment.get("words"))
    cue = Cue(
        line,
        second_of(segment.get("start"), line, log),
        second_of(segment.get("end"), line, log),
        text_of(segment.get("text"), line, log) or _spoken(words, line, log),
        text_of(_speaker(segment), line, log),
    )
    known = (
        (
            _written(word),
            seconds(word.get("start")),
            text_of(word.get("speaker"), line, log),
        )
        for word in words
    )
    yield from cut(cue, locate(cue.text, known)) if words else (cue,)
    if segment.get("speaker_turn_next") is True:  # whisper.cpp: another speaker begins behind it
        yield cue._replace(text=TURN, start=None)


def _speaker(segment: Object) -> object:
    """Who speaks; `voice` is the name where `speaker` is a number."""
    keys = ("voice", "speaker", "channel")
    return speaker_in(next((segment[key] for key in keys if segment.get(key)), None))


def _spoken(words: list[Object], line: int, log: FaultLog) -> str:
    """The words of a segment without a text: Whisper's own bring their spaces along."""
    texts = [text_of(_written(word), line, log) for word in words]
    spaced = any(text[:1].isspace() for text in texts)
    return ("" if spaced else " ").join(texts)


def _written(word: Object) -> str:
    text = word.get("word", word.get("text"))
    return text if isinstance(text, str) else ""
