"""Reads what speech recognisers and transcription services give as JSON.

Of Whisper and its kin are known openai-whisper and its API (`segments`, or `words` alone),
faster-whisper (a bare list of segments), WhisperX (a speaker for each segment and each word),
whisper.cpp (`transcription`, `offsets` in milliseconds) and Transformers pipelines (`chunks`,
`timestamp`).

Of anything else the list is read that holds most speech in timed rows (see timed_rows), wherever
it stands: as AssemblyAI, Deepgram, Rev, ElevenLabs, Google, Azure, Speechmatics, Podlove, meeting
bots and editors write. A list of words alone is one row. Where a service gives several readings of
a row (`alternatives`), the first one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from askpod.model import Episode
from askpod.readers.json_document import Object, nested, objects, seconds
from askpod.readers.text import FaultLog
from askpod.readers.timed_rows import MILLISECOND, Names, names_of, row_cues
from askpod.readers.turns import draft
from askpod.times import clock

_UNHEARD = {
    "silence": "silence, in which nothing is said",
    "music": "sound in which no speech was heard: music, or noise",
    "loop": "the engine repeated itself: what it repeats is taken once",
    "damaged": "the recording cannot be decoded here",
}
_DEEPEST = 4  # objects in which a list of rows may stand
_WIDEST = 200  # values of one object that are looked at
_INNER = ("sentences", "segments", "utterances")  # rows of a paragraph
_READINGS = ("alternatives", "nBest")
_SAMPLE = 50  # rows that are looked at for sentences


def read_whisper(value: object, log: FaultLog) -> Episode:
    """The turns of a transcript, with the labels that a diariser gave its speakers."""
    cues = row_cues(segments_of(value, log), log)
    duration = None
    if isinstance(value, dict):
        duration = seconds(value.get("duration"))
        _report_unheard(value, log)
    return draft(cues, log, recognised=True, duration=duration)


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
        yield from _named(objects(value["segments"], log), value)
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
            name: seconds(offsets.get(key), MILLISECOND)
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


def is_service(value: object) -> bool:
    """Whether JSON holds timed speech under names that are known here."""
    return bool(_speech_in(value))


def read_service(value: object, log: FaultLog) -> Episode:
    """The turns of a service's JSON, with the speakers that its rows or words name."""
    cues = row_cues(_named(objects(_speech_in(value), log), value), log)
    duration = seconds(value.get("audio_duration")) if isinstance(value, dict) else None
    return draft(cues, log, recognised=True, duration=duration)


def _named(rows: Iterable[tuple[int, Object]], value: object) -> Iterator[tuple[int, Object]]:
    """The rows; where a list beside them gives ids their names, with these."""
    listed = value if isinstance(value, dict) else {}
    names = {
        str(each.get("id")): each.get("name")
        for each in (*nested(listed.get("speakers")), *nested(listed.get("speaker_info")))
    }
    for line, row in rows:
        name = names.get(str(row.get("speaker")))
        yield line, ({**row, "speaker": name} if name else row)


def why_no_service(value: object) -> str | None:
    """What a service's JSON without timed speech is, and what to ask the service for."""
    if not isinstance(value, dict):
        return None
    if nested(value.get("chapters")):
        return "is a list of chapters, and no transcript"
    results = value.get("results")
    if "audio_url" in value or ("utterances" in value and "status" in value):
        return (
            "is AssemblyAI's JSON without utterances or words: fetch it again once its status is"
            " `completed`, with `speaker_labels` on"
        )
    if value.get("error"):
        return "is a service's error, and no transcript: see what it says, and fetch it again"
    if "jobName" in value or (isinstance(results, dict) and "transcripts" in results):
        return (
            "is AWS Transcribe's JSON without the items that hold the times: fetch the job's"
            " transcript file"
        )
    if isinstance(results, dict) and "channels" in results:
        return "is Deepgram's JSON without words: ask for `utterances=true`"
    if "language_code" in value and isinstance(value.get("text"), str):
        return "is ElevenLabs' JSON without words: ask for `timestamps_granularity=word`"
    if isinstance(value.get("text"), str):
        return (
            "is JSON with a text and no times: ask the recogniser for segments"
            " (`response_format=verbose_json`), or for SRT or VTT"
        )
    return None


def _speech_in(value: object) -> Sequence[object]:
    """The rows in a value that hold its speech; none where it has no times."""
    named = ((rows, names_of(rows)) for rows in _candidates(value))
    told = [(rows, names, _said(rows, names)) for rows, names in named if names.tell_speech]
    most = max((said for *_, said in told), default=0)
    likely = [(_rank(names), said, rows) for rows, names, said in told if 2 * said >= most > 0]
    return max(likely, key=lambda each: each[:2])[2] if likely else []


def _said(rows: Iterable[object], names: Names) -> int:
    """How many characters of speech the rows hold."""
    texts = [text for row in rows if isinstance(row, dict) and (text := row.get(names.text))]
    said = sum(len(text) for text in texts if isinstance(text, str))
    if said or names.word is None:
        return said
    return _said(_words_in(rows, names.words), names.word)


def _rank(names: Names) -> tuple[bool, bool, bool]:
    """What makes rows better than others of as much speech: speakers, then texts with a start."""
    by_word = names.word is not None and bool(names.word.speaker)
    return bool(names.speaker) or by_word, bool(names.start), bool(names.text)


def _candidates(value: object) -> Iterator[Sequence[object]]:
    """The lists that may hold the speech of a value."""
    if isinstance(value, dict):
        if nested(value.get("words")):
            yield [value]
        yield from _known(value)
    for listed in _lists_in(value, _DEEPEST):
        rows = _first_readings(listed)
        names = names_of(rows)
        yield from _inner_rows(rows)
        if names.word is not None or _are_sentences(rows, names.text):
            yield rows
        elif names.text.lower() == "word" or rows is not listed:
            yield [{"words": rows}]


def _known(value: Object) -> Iterator[Sequence[object]]:
    """The rows of services whose lists belong together in a way of their own."""
    results = value.get("results")
    if isinstance(results, dict):
        yield [_of_aws(results)]
        yield _by_channel(_first_readings(nested(results.get("channels"))))  # of Deepgram
    yield _by_channel(nested(value.get("transcripts")))  # of ElevenLabs


def _by_channel(rows: Sequence[object]) -> list[Object]:
    return [{**row, "channel": number} for number, row in enumerate(nested(rows))]


def _of_aws(results: Object) -> Object:
    """A row for AWS Transcribe, whose speakers stand beside its words."""
    speakers: dict[object, object] = {}
    labels, by_channel = results.get("speaker_labels"), results.get("channel_labels")
    groups = nested(labels.get("segments")) if isinstance(labels, dict) else []
    groups += nested(by_channel.get("channels")) if isinstance(by_channel, dict) else []
    for group in groups:
        for item in nested(group.get("items")):
            label = item.get("speaker_label") or group.get("channel_label")
            speakers[str(item.get("start_time"))] = label
    words = [
        {"speaker": speakers.get(str(word.get("start_time"))), **word}
        for word in nested(_first_readings(nested(results.get("items"))))
    ]
    whole = nested(results.get("transcripts"))[:1]
    return {"text": whole[0].get("transcript") if whole else None, "words": words}


def _first_readings(rows: Sequence[object]) -> Sequence[object]:
    """The rows, each with what the first of its readings says; as they are where none has any.

    Where Google tells speakers apart, the last row holds all words again: it is the only one then.
    """
    if not any(
        isinstance(row, dict) and nested(row.get(name)) for row in rows[:1] for name in _READINGS
    ):
        return rows
    read = [
        {**reading, **row}
        for row in nested(rows)
        for reading in [reading for name in _READINGS for reading in nested(row.get(name))][:1]
    ]
    words = [[word.get("word") for word in nested(row.get("words"))] for row in read]
    all_again = len(read) > 1 and words[-1] == list(chain.from_iterable(words[:-1])) != []
    return read[-1:] if all_again else read


def _inner_rows(rows: Sequence[object]) -> Iterator[list[Object]]:
    """The rows of all paragraphs of a list, as one list, each with its paragraph's speaker."""
    for inner in _INNER:
        paragraphs = [row for row in nested(rows) if isinstance(row.get(inner), list)]
        if len(paragraphs) > 1:
            by = names_of(paragraphs).speaker
            yield [
                {by: row.get(by), **each} if by else each
                for row in paragraphs
                for each in nested(row.get(inner))
            ]


def _are_sentences(rows: Sequence[object], name: str) -> bool:
    """Whether the rows hold more than a word each, which a service gives beside its sentences."""
    sample = (row.get(name) for row in islice(rows, _SAMPLE) if isinstance(row, dict))
    texts = [text for text in sample if isinstance(text, str)]
    spaced = sum(" " in text.strip() or not text.isascii() for text in texts)
    return 2 * spaced >= len(texts) > 0


def _words_in(rows: Iterable[object], name: str) -> list[Object]:
    return [word for row in rows if isinstance(row, dict) for word in nested(row.get(name))]


def _lists_in(value: object, depth: int) -> Iterator[list[object]]:
    """The lists of objects in a value, down to so many objects within objects."""
    if isinstance(value, list):
        if isinstance(next(iter(value), None), dict):
            yield value
        inner = value[:3] if depth > 1 else []
    elif isinstance(value, dict):
        inner = list(islice(value.values(), _WIDEST))
    else:
        return
    if depth > 0:
        for each in inner:
            if isinstance(each, dict | list):
                yield from _lists_in(each, depth - 1)
