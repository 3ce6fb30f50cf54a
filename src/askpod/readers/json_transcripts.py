"""Reads transcripts in JSON: of speech recognisers and services, of Podcasting 2.0, of YouTube.

Of recognisers and services the list is read that holds most speech in timed rows (see timed_rows),
wherever it stands: as Whisper and its kin, AssemblyAI, Deepgram, Rev, ElevenLabs, Google, Azure,
Speechmatics, Podlove, meeting bots and editors write. A list of words alone is one row. Where a
service gives several readings of a row (`alternatives`), the first one counts.

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

import operator
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from askpod.links import youtube_id
from askpod.model import Episode
from askpod.readers.captions import unrolled
from askpod.readers.cues import Cue, Word, cut, later
from askpod.readers.json_document import Object, nested, objects, second_of, seconds, text_of
from askpod.readers.text import MAX_CAPTIONS, FaultLog, refuse_more, unescape
from askpod.readers.timed_rows import (
    MILLISECOND,
    Names,
    names_of,
    row_cues,
    speaker_in,
    with_whole_words,
)
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
_SAMPLE = 50  # rows that are looked at
_INNER = ("sentences", "segments", "utterances")  # rows of a paragraph
_READINGS = ("alternatives", "nBest")
_NAMED_IN = ("speakers", "speaker_info", "participants")
_OF_THEIR_OWN = frozenset((*_READINGS, "offsets", "timestamps", "timestamp"))  # values of a row

_SHAPES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("youtube-json3", "events", ("tStartMs",)),
    ("youtube-list", "snippets", ("text",)),
    ("podcast-json", "segments", ("startTime",)),
    ("podcast-json", "segments", ("body",)),
    ("whisper", "segments", ("text", "start")),
    ("whisper", "segments", ("words", "start")),
    ("whisper", "transcription", ("text", "offsets")),
    ("whisper", "chunks", ("text", "timestamp")),
    ("whisper", "speakers", ("text", "timestamp")),
    ("whisper", "words", ("word", "start")),
    ("youtube-list", "", ("text", "start", "duration")),
    ("whisper", "", ("text", "start", "end")),
)
"""Format, where its list stands ("" for all of the value), what one of its rows has at least."""


def recognise_json(value: object) -> str | None:
    """The transcript format of a JSON value, told by its names; None for any other JSON.

    One of "podcast-json", "whisper", "youtube-list", "youtube-json3"; `speech_in` finds the rest.
    """
    within = value if isinstance(value, dict) else {"": value}
    for known, name, has in _SHAPES:
        if any(all(key in row for key in has) for row in nested(within.get(name))[:_SAMPLE]):
            return known
    if within.get("segments") == [] and not within.keys().isdisjoint(("version", "language")):
        return "podcast-json" if "version" in within else "whisper"
    return None


def read_whisper(value: object, log: FaultLog) -> Episode:
    """The turns of a transcript of Whisper or its kin."""
    return _recognised(segments_of(value, log), value, log)


def read_service(found: tuple[object, Sequence[object]], log: FaultLog) -> Episode:
    """The turns of a service's JSON, and of the rows that were found in it."""
    value, rows = found
    return _recognised(objects(rows, log), value, log)


def _recognised(rows: Iterable[tuple[int, Object]], value: object, log: FaultLog) -> Episode:
    """The turns of rows, by those whom the rows, or the words in them, name."""
    told = value if isinstance(value, dict) else {}
    duration = seconds(told.get("duration", told.get("audio_duration")))
    _report_unheard(told, log)
    return draft(row_cues(_named(rows, told), log), log, recognised=True, duration=duration)


def _report_unheard(value: Object, log: FaultLog) -> None:
    """What askpod's own transcription noted: where nothing was said, or nothing could be heard."""
    for row in nested(value.get("faults")):
        start, end = seconds(row.get("start")), seconds(row.get("end"))
        what = _UNHEARD.get(str(row.get("kind")))
        if what and start is not None and end is not None:
            log.add(1, str(row["kind"]), f"{clock(start)} to {clock(end)}: {what}")


def segments_of(value: object, log: FaultLog) -> Iterator[tuple[int, Object]]:
    """The segments of Whisper and its kin, with their lines, in the names that it uses itself."""
    rows = value
    if isinstance(value, dict):
        lists = ("transcription", "segments", "speakers", "chunks")
        alone = {"text": value.get("text"), "words": value.get("words")}
        rows = next((value[name] for name in lists if value.get(name)), [alone])
    yield from ((line, _flat(row)) for line, row in objects(rows, log))


def _named(rows: Iterable[tuple[int, Object]], told: Object) -> Iterator[tuple[int, Object]]:
    """The rows; where a list beside them names speakers, by id or by a word's start, with these."""
    rows = list(rows)
    around = (told, *(each for each in told.values() if isinstance(each, dict)))
    listed = [each for at in around for key in _NAMED_IN for each in nested(at.get(key))]
    names = {
        str(each.get("id")): speaker_in({**each, "id": None}) or each.get("speaker_name")
        for each in listed
    }
    by = names_of(row for _, row in rows).speaker or "speaker"
    by_start = {str(each.get("from")): each for each in nested(told.get("speaker_labels"))}
    for line, row in rows:
        if by_start:  # of Watson
            words = nested(row.get("words"))
            row = {**row, "words": [{**by_start.get(str(w.get("start")), {}), **w} for w in words]}
        name = names.get(str(speaker_in(row.get(by))))
        yield line, ({**row, by: name} if name else row)


def why_no_service(value: object) -> str | None:
    """What a service's JSON without timed speech is, and what to ask the service for."""
    if not isinstance(value, dict):
        value = {"utterances": value}
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
    has_names = any(names.text and names.speaker for _, names in _candidates(value))
    if has_names or isinstance(value.get("text"), str):
        return (
            "is JSON with a text and no times: ask the recogniser for segments"
            " (`response_format=verbose_json`), or for SRT or VTT"
        )
    return None


def speech_in(value: object) -> Sequence[object]:
    """The rows in a value that hold its speech; none where it has no times."""
    found = _candidates(value)
    told = [(rows, names, _said(rows, names)) for rows, names in found if names.tell_speech]
    most = max((said for *_, said in told), default=0)
    likely = [(_rank(names), said, rows) for rows, names, said in told if 2 * said >= most > 0]
    return max(likely, key=lambda each: each[:2])[2] if likely else []


def _said(rows: Iterable[object], names: Names) -> int:
    """How many characters of speech the rows hold."""
    texts = [text for row in rows if isinstance(row, dict) and (text := row.get(names.text))]
    said = sum(len(text) for text in texts if isinstance(text, str))
    if said or names.word is None:
        return said
    words = (nested(row.get(names.words)) for row in rows if isinstance(row, dict))
    return _said(chain.from_iterable(words), names.word)


def _rank(names: Names) -> tuple[bool, bool, bool]:
    """What makes rows better than others of as much speech: speakers, then texts with a start."""
    by_word = names.word is not None and bool(names.word.speaker)
    return bool(names.speaker) or by_word, bool(names.start), bool(names.text)


def _candidates(value: object) -> Iterator[tuple[Sequence[object], Names]]:
    """The lists that may hold the speech of a value, and the names in their rows."""
    if isinstance(value, dict):
        names = names_of([value])
        if names.word is not None:
            alone = {"text": value.get(names.text), "words": value[names.words]}
            yield [alone], Names(names.text and "text", words="words", word=names.word)
        yield from ((rows, names_of(rows)) for rows in _known(value))
    for listed in _lists_in(value, _DEEPEST):
        rows = _first_readings(listed)
        names = names_of(rows)
        yield from ((inner, names_of(inner)) for inner in _inner_rows(rows))
        if names.word is not None or _are_sentences(rows, names.text):
            yield rows, names
        elif names.text.lower() == "word" or rows is not listed:
            yield [{"words": rows}], Names(words="words", word=names)


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
    if all(_OF_THEIR_OWN.isdisjoint(row) for row in rows if isinstance(row, dict)):
        return rows
    read = [_flat(row) for row in nested(rows)]
    if all(map(operator.is_, read, nested(rows))):
        return rows
    words = [[word.get("word") for word in nested(row.get("words"))] for row in read]
    all_again = len(read) > 1 and words[-1] == list(chain.from_iterable(words[:-1])) != []
    return read[-1:] if all_again else read


def _flat(row: Object) -> Object:
    """The row, with what stands in values of its own: the first of its readings, and its times."""
    inner = [reading for name in _READINGS for reading in nested(row.get(name))][:1]
    if inner and isinstance(listed := inner[0].get("timestamps"), list):  # of Watson
        triples = [each for each in listed if isinstance(each, list)]
        words = [dict(zip(("word", "start", "end"), each, strict=False)) for each in triples]
        inner.append({"words": words})
    offsets, clocks = row.get("offsets"), row.get("timestamps")  # of whisper.cpp
    pair = row.get("timestamp")  # of Transformers; the last end may be null
    if isinstance(offsets, dict):
        pair = [seconds(offsets.get(name), MILLISECOND) for name in ("from", "to")]
    elif isinstance(clocks, dict):
        pair = [clocks.get("from"), clocks.get("to")]
    if isinstance(pair, list) and len(pair) == 2:
        inner.append({"start": pair[0], "end": pair[1]})
    return dict(chain.from_iterable(each.items() for each in (*inner, row))) if inner else row


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


def read_podcast_json(value: object, log: FaultLog) -> Episode:
    """The turns of a transcript. What has the wrong type is left out and reported."""
    segments = value.get("segments") if isinstance(value, dict) else None
    return draft(with_whole_words(list(_body_cues(segments, log))), log)


def _body_cues(segments: object, log: FaultLog) -> Iterator[Cue]:
    for line, segment in objects(segments, log):
        nobody = segment.get("speaker") == ""  # another one than before, who is not known
        yield Cue(
            line,
            second_of(segment.get("startTime"), line, log),
            second_of(segment.get("endTime"), line, log),
            text_of(segment.get("body", segment.get("text")), line, log),
            "?" if nobody else text_of(segment.get("voice") or segment.get("speaker"), line, log),
        )


def read_youtube_list(value: object, log: FaultLog) -> Episode:
    """The turns of a list of captions, or of an object with `snippets`, and the video's id.

    Raises ReadError where there are more captions than any recording has.
    """
    rows, video = (
        (value.get("snippets"), value.get("video_id")) if isinstance(value, dict) else (value, None)
    )
    refuse_more(log.path, len(rows) if isinstance(rows, list) else 0, MAX_CAPTIONS, "captions")
    cues = unrolled(list(_snippets(rows, log)), log)
    return draft(cues, log, youtube=youtube_id(video) if isinstance(video, str) else None)


def read_youtube_json3(value: object, log: FaultLog) -> Episode:
    """The turns of a json3 file. Events that only open a window or break a line are no speech."""
    events = value.get("events") if isinstance(value, dict) else None
    cues = (cue for line, event in objects(events, log) for cue in _event_cues(line, event, log))
    return draft(cues, log)


def _snippets(rows: object, log: FaultLog) -> Iterator[Cue]:
    for line, row in objects(rows, log):
        text = unescape(text_of(row.get("text"), line, log))  # older tools left "&#39;"
        start = second_of(row.get("start"), line, log)
        lasts = second_of(row.get("duration"), line, log)
        yield Cue(line, start, later(start, lasts), text)


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
