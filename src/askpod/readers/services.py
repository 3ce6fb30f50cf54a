"""Reads what transcription services give as JSON, and any other list of timed rows.

Known by their shape: AWS Transcribe, Deepgram, Rev, ElevenLabs, AssemblyAI, Google, Azure,
Speechmatics, Podlove. Anything else is read where it holds a list of objects with a text and a
start, under whatever of the usual names: `startTime`, `begin`, `start_ms` … Whether plain numbers
are seconds or milliseconds is told by how much is said in that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from askpod.readers.cues import Cue, Draft, cut, locate
from askpod.readers.json_document import Object, nested, seconds
from askpod.readers.speakers import name_or_keep
from askpod.readers.text import FaultLog
from askpod.readers.timed_rows import (
    DEEPEST,
    LOOSE,
    TICK,
    Names,
    bare_time,
    best_rows,
    label_of,
    lists_in,
    names_of,
    row_cues,
    speaker_name,
    unit_of,
)
from askpod.readers.turns import turns_of
from askpod.text import well_formed


def is_service(value: object) -> bool:
    """Whether JSON holds timed speech under names that are known here."""
    return bool(_words_of_service(value)) or best_rows(value) is not None


def read_service(path: Path, value: object, log: FaultLog) -> Draft:  # noqa: ARG001
    """The turns of a service's JSON, with the speakers that its rows or words name."""
    cues = [_sound(cue) for cue in _cues(value, log)]
    duration = seconds(value.get("audio_duration")) if isinstance(value, dict) else None
    return Draft(turns_of(name_or_keep(cues, log), log), duration=duration)


def _sound(cue: Cue) -> Cue:
    """The cue with U+FFFD for halves of characters, which JSON can hold and no file."""
    return cue._replace(text=well_formed(cue.text), speaker=well_formed(cue.speaker))


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


def _cues(value: object, log: FaultLog) -> Iterator[Cue]:
    found, spoken = best_rows(value), _words_of_service(value)
    if found is not None:
        cues = list(row_cues(*found, log))
        said = sum(len(word) for _, words in spoken for word, _, _ in words)
        if 2 * sum(len(cue.text) for cue in cues) >= said:  # else names and dates alone
            return iter(cues)
    cut_up: list[Cue] = []
    for text, words in spoken:
        known = list(words)
        whole = text if isinstance(text, str) and text.strip() else _joined(known)
        begin = next((second for _, second, _ in known if second is not None), None)
        cut_up += cut(Cue(1, begin, None, whole), locate(whole, known))
    if _by_channel(value):
        cut_up.sort(key=lambda cue: cue.start or 0.0)
    return iter(cut_up)


def _by_channel(value: object) -> list[Object]:
    """The channels of a service's JSON where it gives several, each from its beginning."""
    results = value.get("results") if isinstance(value, dict) else None
    channels = nested(results.get("channels")) if isinstance(results, dict) else []
    if isinstance(value, dict):
        channels = channels or nested(value.get("transcripts"))  # of ElevenLabs
    return channels if len(channels) > 1 else []


_TimedWord = tuple[str, float | None, str]
_Spoken = tuple[object, Sequence[_TimedWord]]


def _words_of_service(value: object) -> list[_Spoken]:
    """The texts of a service's JSON, each with its words in (word, second, speaker)."""
    if isinstance(value, dict) and isinstance(value.get("response"), dict):
        value = value["response"]  # of Google, where a job is asked for its result
    if not isinstance(value, dict):
        return _of_rows_of_words(value) or _of_bare_words(value)
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
    spoken = [_of_words(each) for each in (_by_channel(value) or [value])]
    if len(spoken) > 1:
        spoken = [
            (text, [(word, second, by or f"Channel {number}") for word, second, by in words])
            for number, (text, words) in enumerate(spoken)
        ]
    spoken = [each for each in spoken if each[1]]
    return spoken or _of_rows_of_words(value) or _of_bare_words(value)


def _said_by(speaker: object, words: Sequence[_TimedWord]) -> list[_TimedWord]:
    return [(word, second, label_of(speaker)) for word, second, _ in words]


def _of_rows_of_words(value: object) -> list[_Spoken]:
    """Paragraphs with a speaker and a list of words each, as meeting bots and editors write."""
    for rows in lists_in(value, DEEPEST):
        paragraphs = [row for row in nested(rows) if _words_in(row)]
        if not paragraphs or names_of(_words_in(paragraphs[0])) is None:
            continue
        key = speaker_name(
            paragraphs, {LOOSE.sub("", each.lower()): each for each in paragraphs[0]}
        )
        return [(None, _said_by(row.get(key), _of_words(row)[1])) for row in paragraphs]
    return []


def _of_bare_words(value: object) -> list[_Spoken]:
    """The longest list of words that are called so, wherever it stands."""
    named = ((rows, names_of(rows)) for rows in lists_in(value, DEEPEST))
    words = [rows for rows, names in named if names and names.text.lower() == "word"]
    return [_of_words({"words": max(words, key=len)})] if words else []


def _words_in(value: Object) -> list[Object]:
    return nested(value.get("words")) or nested(value.get("result"))  # of Vosk


def _of_words(value: Object) -> _Spoken:
    """A text and its words beside it: ElevenLabs in seconds, AssemblyAI in milliseconds."""
    rows = _words_in(value)
    names = names_of(rows) or Names("text", "start", speaker="speaker")
    unit = unit_of(rows, names)
    words = [
        (word, seconds(bare_time(row.get(names.start)), unit), label_of(row.get(names.speaker)))
        for row in rows
        if isinstance(word := row.get(names.text), str) and word.strip()
    ]
    return value.get("text"), words


def _of_aws(results: Object) -> list[_Spoken]:
    speakers: dict[object, str] = {}
    labels = results.get("speaker_labels")
    by_channel = results.get("channel_labels")
    groups = nested(labels.get("segments")) if isinstance(labels, dict) else []
    groups += nested(by_channel.get("channels")) if isinstance(by_channel, dict) else []
    for group in groups:
        for item in nested(group.get("items")):
            label = item.get("speaker_label") or group.get("channel_label")
            speakers[item.get("start_time")] = label_of(label)
    words: list[_TimedWord] = []
    for item in nested(results.get("items")):
        best = nested(item.get("alternatives"))[:1]
        content = best[0].get("content") if best else None
        if isinstance(content, str):
            begin = item.get("start_time")
            key = begin if isinstance(begin, str | float) else None
            label = label_of(item.get("speaker_label")) or speakers.get(key, "")
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
                (word, seconds(row.get("start")), label_of(row.get("speaker")) or by)
                for row in nested(best.get("words"))
                if isinstance(word := row.get("punctuated_word") or row.get("word"), str)
            ]
            if words:
                found.append((None, words))  # the transcript has no capitals and stops
    return found


def _of_rev(value: Object) -> list[_Spoken]:
    names = {
        label_of(each.get("id")): each.get("name")
        for each in [*nested(value.get("speakers")), *nested(value.get("speaker_info"))]
    }
    found: list[_Spoken] = []
    for monologue in nested(value.get("monologues")):
        label = label_of(monologue.get("speaker"))
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
                (word, seconds(bare_time(_first(row, "startTime", "startOffset"))),
                 label_of(_first(row, "speakerLabel", "speakerTag")))
                for row in nested(best.get("words"))
                if isinstance(word := row.get("word"), str)
            ]  # fmt: skip
            if words:
                found.append((best.get("transcript"), words))
    each = [[word for word, _, _ in words] for _, words in found]
    if len(each) > 1 and each[-1] == list(chain.from_iterable(each[:-1])):
        return found[-1:]  # with diarisation the last holds all words again, and by whom
    return found


def _first(row: Object, *names: str) -> object:
    """The first value that a row has under the names, or under these as Python writes them."""
    keys = [*names, *(re.sub("([A-Z])", r"_\1", name).lower() for name in names)]
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _of_speechmatics(results: Sequence[object]) -> list[_Spoken]:
    words: list[_TimedWord] = []
    for item in nested(results):
        for best in nested(item.get("alternatives"))[:1]:
            if isinstance(content := best.get("content"), str):
                known = item.get("type") != "punctuation"
                second = seconds(item.get("start_time")) if known else None
                words.append((content, second, label_of(best.get("speaker")) if known else ""))
    return [(None, words)] if any(second is not None for _, second, _ in words) else []


def _of_azure(phrases: Sequence[object]) -> list[_Spoken]:
    found: list[_Spoken] = []
    several = len({str(phrase.get("channel")) for phrase in nested(phrases)}) > 1
    for phrase in nested(phrases):
        by = label_of(phrase.get("speaker"))
        by = by or (f"Channel {label_of(phrase.get('channel'))}" if several else "")
        for best in nested(phrase.get("nBest"))[:1]:
            second = seconds(phrase.get("offsetInTicks"), TICK)
            second = seconds(bare_time(phrase.get("offset"))) if second is None else second
            if isinstance(text := best.get("display"), str) and text.strip():
                found.append((text, [(text.split()[0], second, by)]))
    if several:
        found.sort(key=lambda phrase: phrase[1][0][1] or 0.0)
    return found


def _joined(words: Sequence[_TimedWord]) -> str:
    """The words as a text; a stop stands directly behind its word."""
    spaced = (" " if any(map(str.isalnum, word)) else "" for word, _, _ in words)
    return "".join(s + word.strip() for s, (word, _, _) in zip(spaced, words, strict=True)).lstrip()
