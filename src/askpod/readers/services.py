"""Reads what transcription services give as JSON, and any other list of timed rows.

Known by their shape: AWS Transcribe, Deepgram, Rev, ElevenLabs, AssemblyAI, Google, Azure,
Speechmatics, Podlove. Anything else is read where it holds a list of objects with a text and a
start, under whatever of the usual names: `startTime`, `begin`, `start_ms` … Whether plain numbers
are seconds or milliseconds is told by how much is said in that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from askpod.readers.cues import Cue, Draft, cut, locate
from askpod.readers.json_document import Object, nested, objects, second_of, seconds, text_of
from askpod.readers.log import FaultLog
from askpod.readers.speakers import name_or_keep
from askpod.readers.turns import turns_of

_MILLISECOND = 0.001
_TICK = 1e-7  # of Azure
_SAMPLE = 50  # rows by which a list is known
_DEEPEST = 4  # objects in which a list of rows may stand
_WIDEST = 200  # values of one object that are looked at
_SLOW = 0.4  # characters a second: in seconds nobody speaks so slowly
_SLOW_WITH_PAUSES = 0.1  # likewise where only starts are known

_TEXTS = ("text", "transcript", "body", "sentence", "content", "caption", "display", "utterance",
          "line", "punctuatedword", "word")  # fmt: skip
_STARTS = ("start", "starttime", "startms", "startmilliseconds", "starttimems", "startsec",
           "startseconds", "starttimestamp", "startts", "begin", "from", "offset", "offsetms",
           "offsetmilliseconds", "offsetinticks", "in", "timestamp", "time", "ts")  # fmt: skip
_ENDS = ("end", "endtime", "endms", "endmilliseconds", "endtimems", "endsec", "endseconds",
         "endtimestamp", "stop", "to", "out", "endts")  # fmt: skip
_LENGTHS = ("duration", "dur", "durationms", "durationmilliseconds", "durationinticks")
_SPEAKERS = ("voice", "speakername", "speaker", "speakerlabel", "speakerid", "speakertag",
             "participant", "participantname", "name", "channel", "channelid", "channellabel",
             "channeltag")  # fmt: skip
_LOOSE = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class _Names:
    """Under which names the rows of a list hold what they tell; "" for what they do not."""

    text: str
    start: str
    end: str = ""
    length: str = ""
    speaker: str = ""


def is_service(value: object) -> bool:
    """Whether JSON holds timed speech under names that are known here."""
    return bool(_words_of_service(value)) or _best_rows(value) is not None


def read_service(path: Path, value: object, log: FaultLog) -> Draft:  # noqa: ARG001
    """The turns of a service's JSON, with the speakers that its rows or words name."""
    cues = [_sound(cue) for cue in _cues(value, log)]
    duration = seconds(value.get("audio_duration")) if isinstance(value, dict) else None
    return Draft(turns_of(name_or_keep(cues, log), log), duration=duration)


def _sound(cue: Cue) -> Cue:
    """The cue with U+FFFD for halves of characters, which JSON can hold and no file."""
    if cue.text.isascii() and cue.speaker.isascii():
        return cue
    text, speaker = (
        each.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        for each in (cue.text, cue.speaker)
    )
    return replace(cue, text=text, speaker=speaker)


def read_rows(rows: object, log: FaultLog) -> list[Cue]:
    """The cues of a list of objects that each hold a text and a start."""
    names = _names(rows) if isinstance(rows, list) else None
    return list(_row_cues(rows, names, log)) if names and isinstance(rows, list) else []


def tells_times(names: Sequence[str]) -> bool:
    """Whether the names of a table's columns are those of a text and of a start."""
    loose = {_LOOSE.sub("", name.lower()) for name in names}
    return not loose.isdisjoint(_TEXTS) and not loose.isdisjoint(_STARTS)


def why_no_service(value: object) -> str | None:
    """What a service's JSON without timed speech is, and what to ask the service for."""
    if not isinstance(value, dict):
        return None
    results = value.get("results")
    if "audio_url" in value or ("utterances" in value and "status" in value):
        return (
            "is AssemblyAI's JSON without utterances or words: fetch it again once its status is"
            " `completed`, with `speaker_labels` on"
        )
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


def _cues(value: object, log: FaultLog) -> Iterator[Cue]:
    found = _best_rows(value)
    if found is not None:
        yield from _row_cues(*found, log)
        return
    for text, words in _words_of_service(value):
        known = list(words)
        whole = text if isinstance(text, str) and text.strip() else _joined(known)
        begin = next((second for _, second, _ in known if second is not None), None)
        yield from cut(Cue(1, begin, None, whole), locate(whole, known))


# --- lists of rows ------------------------------------------------------------------------------


def _best_rows(value: object) -> tuple[Sequence[object], _Names] | None:
    """The list in a value that holds most speech in rows of more than a word, and its names."""
    best: tuple[Sequence[object], _Names] | None = None
    most = 0.0
    for rows in _lists(value, _DEEPEST):
        names = _names(rows)
        if names is None:
            continue
        sample = [row for row in islice(rows, _SAMPLE) if isinstance(row, dict)]
        texts = [row[names.text] for row in sample if isinstance(row.get(names.text), str)]
        spaced = sum(" " in text.strip() or not text.isascii() for text in texts)
        if 2 * spaced < len(texts) or not texts:
            continue  # words, which a service gives beside its sentences
        weight = sum(map(len, texts)) + (1_000_000 if names.speaker else 0)
        if weight > most:
            best, most = (rows, names), weight
    return best


def _lists(value: object, depth: int) -> Iterator[list[object]]:
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
                yield from _lists(each, depth - 1)


def _names(rows: Sequence[object]) -> _Names | None:
    """Under which names the rows hold text and times; None where they do not."""
    sample = [row for row in islice(rows, _SAMPLE) if isinstance(row, dict)]
    keys = {_LOOSE.sub("", key.lower()): key for row in sample for key in islice(row, _WIDEST)}

    def named(known: Sequence[str], *, timed: bool = False) -> str:
        for name in known:
            key: str = keys.get(name, "")
            if key and any(
                (_second(row.get(key)) if timed else row.get(key)) is not None for row in sample
            ):
                return key
        return ""

    text, start = named(_TEXTS), named(_STARTS, timed=True)
    if not text or not start or not any(isinstance(row.get(text), str) for row in sample):
        return None
    end, length = named(_ENDS, timed=True), named(_LENGTHS, timed=True)
    return _Names(text, start, end, length, _speaker_name(sample, keys))


def _speaker_name(sample: Sequence[Object], keys: dict[str, str]) -> str:
    """The name under which speakers stand; a channel only where there are two."""
    for name in _SPEAKERS:
        key = keys.get(name, "")
        values = {str(_speaker(row.get(key))) for row in sample if row.get(key) is not None}
        values.discard("None")
        if key and values and (not name.startswith("channel") or len(values) > 1):
            return key
    return ""


def _row_cues(rows: Sequence[object], names: _Names, log: FaultLog) -> Iterator[Cue]:
    unit = _unit(rows, names)
    end_unit = _unit_of_name(names.length or names.end) or unit
    for line, row in objects(rows, log):
        start = second_of(_bare(row.get(names.start)), line, log, unit)
        if names.end:
            end = second_of(_bare(row.get(names.end)), line, log, end_unit)
        else:
            lasts = seconds(_bare(row.get(names.length)), end_unit) if names.length else None
            end = None if start is None or lasts is None else start + lasts
        speaker = _speaker(row.get(names.speaker)) if names.speaker else None
        label = text_of(speaker, line, log)
        if label.isdecimal() and _LOOSE.sub("", names.speaker.lower()).startswith("channel"):
            label = f"Channel {label}"
        yield Cue(line, start, end, text_of(row.get(names.text), line, log), label)


def _unit(rows: Sequence[object], names: _Names) -> float:
    """Seconds in a unit of the starts: 1, or 0.001 where nobody speaks as slowly as that."""
    if known := _unit_of_name(names.start):
        return known
    said = lasted = 0.0
    starts: list[float] = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get(names.start), float | int):
            continue
        start, end = row[names.start], row.get(names.end or names.length)
        text = row.get(names.text)
        said += len(text) if isinstance(text, str) else 0
        starts.append(start)
        if isinstance(end, float | int):
            lasted += end if not names.end else max(0.0, end - start)
    if not starts or any(start % 1 for start in starts):
        return 1.0
    slow = _SLOW if lasted else _SLOW_WITH_PAUSES
    return _MILLISECOND if said < slow * (lasted or max(starts) - min(starts)) else 1.0


def _unit_of_name(name: str) -> float | None:
    lower = name.lower()
    if "tick" in lower:
        return _TICK
    return _MILLISECOND if lower.endswith(("ms", "milliseconds", "millis")) else None


def _second(value: object) -> float | None:
    return seconds(_bare(value), _TICK if isinstance(value, float) and value > 1e6 else 1.0)


def _bare(value: object) -> object:
    """A time as `seconds` takes it: Google writes "1.200s"."""
    return value[:-1] if isinstance(value, str) and value.endswith("s") else value


def _speaker(value: object) -> object:
    """The label in a speaker's value, which may be an object with a name."""
    if isinstance(value, dict):
        return next((value[key] for key in ("name", "label", "id") if value.get(key)), None)
    return value


# --- words --------------------------------------------------------------------------------------

_TimedWord = tuple[str, float | None, str]
_Spoken = tuple[object, Sequence[_TimedWord]]


def _words_of_service(value: object) -> list[_Spoken]:
    """The texts of a service's JSON, each with its words in (word, second, speaker)."""
    if not isinstance(value, dict):
        return []
    results = value.get("results")
    if isinstance(results, dict) and ("items" in results or "transcripts" in results):
        return _of_aws(results)
    if isinstance(results, dict) and "channels" in results:
        return _of_deepgram(results)
    if isinstance(value.get("monologues"), list):
        return _of_rev(value)
    if isinstance(results, list):
        return _of_google(results) or _of_speechmatics(results)
    if isinstance(value.get("recognizedPhrases"), list):
        return _of_azure(value["recognizedPhrases"])
    several = value.get("transcripts")  # of ElevenLabs: one for each channel
    spoken = [_of_words(each) for each in (nested(several) or [value])]
    return [each for each in spoken if each[1]]


def _of_words(value: Object) -> _Spoken:
    """A text and its words beside it: ElevenLabs in seconds, AssemblyAI in milliseconds."""
    rows = nested(value.get("words"))
    names = _names(rows) or _Names("text", "start", speaker="speaker")
    unit = _unit(rows, names)
    words = [
        (word, seconds(_bare(row.get(names.start)), unit), _label(row.get(names.speaker)))
        for row in rows
        if isinstance(word := row.get(names.text), str) and word.strip()
    ]
    return value.get("text"), words


def _of_aws(results: Object) -> list[_Spoken]:
    speakers: dict[object, str] = {}
    labels = results.get("speaker_labels")
    for segment in nested(labels.get("segments")) if isinstance(labels, dict) else []:
        for item in nested(segment.get("items")):
            speakers[item.get("start_time")] = _label(item.get("speaker_label"))
    words: list[_TimedWord] = []
    for item in nested(results.get("items")):
        best = nested(item.get("alternatives"))[:1]
        content = best[0].get("content") if best else None
        if isinstance(content, str):
            begin = item.get("start_time")
            key = begin if isinstance(begin, str | float) else None
            label = _label(item.get("speaker_label")) or speakers.get(key, "")
            words.append((content, seconds(begin), label))
    whole = [each.get("transcript") for each in nested(results.get("transcripts"))]
    timed = any(second is not None for _, second, _ in words)
    return [(whole[0] if whole else None, words)] if timed else []


def _of_deepgram(results: Object) -> list[_Spoken]:
    found: list[_Spoken] = []
    channels = nested(results.get("channels"))
    for number, channel in enumerate(channels):
        for best in nested(channel.get("alternatives"))[:1]:
            by = f"Channel {number}" if len(channels) > 1 else ""
            words = [
                (word, seconds(row.get("start")), _label(row.get("speaker")) or by)
                for row in nested(best.get("words"))
                if isinstance(word := row.get("punctuated_word") or row.get("word"), str)
            ]
            if words:
                found.append((None, words))  # the transcript has no capitals and stops
    return found


def _of_rev(value: Object) -> list[_Spoken]:
    names = {
        _label(each.get("id")): each.get("name")
        for each in [*nested(value.get("speakers")), *nested(value.get("speaker_info"))]
    }
    found: list[_Spoken] = []
    for monologue in nested(value.get("monologues")):
        label = _label(monologue.get("speaker"))
        name = names.get(label)
        by = name if isinstance(name, str) and name else label
        elements = [e for e in nested(monologue.get("elements")) if isinstance(e.get("value"), str)]
        words = [(str(e["value"]), seconds(e.get("ts")), by) for e in elements if "ts" in e]
        text = "".join(str(element["value"]) for element in elements)
        found.append((text, words or [(text, None, by)]))
    return found


def _of_google(results: Sequence[object]) -> list[_Spoken]:
    found: list[_Spoken] = []
    for result in nested(results):
        for best in nested(result.get("alternatives"))[:1]:
            words = [
                (word, seconds(_bare(row.get("startTime", row.get("startOffset")))),
                 _label(row.get("speakerLabel", row.get("speakerTag"))))
                for row in nested(best.get("words"))
                if isinstance(word := row.get("word"), str)
            ]  # fmt: skip
            if words:
                found.append((best.get("transcript"), words))
    return found


def _of_speechmatics(results: Sequence[object]) -> list[_Spoken]:
    words: list[_TimedWord] = []
    for item in nested(results):
        for best in nested(item.get("alternatives"))[:1]:
            if isinstance(content := best.get("content"), str):
                known = item.get("type") != "punctuation"
                second = seconds(item.get("start_time")) if known else None
                words.append((content, second, _label(best.get("speaker")) if known else ""))
    return [(None, words)] if any(second is not None for _, second, _ in words) else []


def _of_azure(phrases: Sequence[object]) -> list[_Spoken]:
    found: list[_Spoken] = []
    for phrase in nested(phrases):
        for best in nested(phrase.get("nBest"))[:1]:
            second = seconds(phrase.get("offsetInTicks"), _TICK)
            if isinstance(text := best.get("display"), str) and text.strip():
                found.append((text, [(text.split()[0], second, _label(phrase.get("speaker")))]))
    return found


def _label(value: object) -> str:
    """A speaker's label; a number as it is written."""
    value = _speaker(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else ""


def _joined(words: Sequence[_TimedWord]) -> str:
    """The words as a text; a stop stands directly behind its word."""
    spaced = (" " if any(map(str.isalnum, word)) else "" for word, _, _ in words)
    return "".join(s + word.strip() for s, (word, _, _) in zip(spaced, words, strict=True)).lstrip()
