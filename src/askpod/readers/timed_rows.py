"""Lists of timed rows in JSON and in tables (CSV, TSV), under any of the usual names.

A row is an object with a start, a text or words with starts of their own, and maybe an end and a
speaker: `startTime`, `begin`, `start_ms` … Whether plain numbers are seconds or milliseconds is
told by how much is said in that time. Where a row has a text and words, the text is what was said;
its words only say when, and by whom.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

from askpod.readers.cues import Cue, cut, later, locate
from askpod.readers.json_document import Object, nested, second_of, seconds, text_of
from askpod.readers.text import FaultLog
from askpod.readers.turn_signs import TURN

MILLISECOND = 0.001
_TICK = 1e-7  # of Azure
_SAMPLE_OF_SOUND = 1 / 16_000  # of Otter
_EPOCH = (1e12, 3e12)  # milliseconds since 1970, from 2001 to 2065
_ISO = re.compile(r"PT(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,7}(?:\.\d{1,9})?)S)?", re.ASCII)
_RANGE = re.compile(r"\s*(?:-{0,2}>|\s[-–—]|\sto)\s.*")  # up to when, in the same value
_SAMPLE = 50  # rows by which a list is known
_WIDEST = 1_000  # names that are looked at
_SLOW = 0.4  # characters a second: in seconds nobody speaks so slowly
_SLOWEST = 4.0  # likewise, where samples of sound are counted
_SLOW_WITH_PAUSES = 0.1  # likewise where only starts are known

_TEXTS = ("text", "transcript", "body", "sentence", "content", "caption", "display", "utterance",
          "line", "dialogue", "texte", "texto", "testo", "transkript", "punctuatedword", "word",
          "words", "segment")  # fmt: skip
_STARTS = ("start", "starttime", "starttimestamp", "startoffset", "startts", "begin", "from",
           "offset", "beginoffset", "in", "timestamp", "timestamps", "timecode", "timecodein",
           "starttimecode", "begintime", "timeoffset", "tcin", "datastart", "startzeit", "anfang",
           "beginn", "inicio", "inizio", "time", "ts", "seconds")  # fmt: skip
_ENDS = ("end", "endtime", "endtimestamp", "endoffset", "stop", "to", "out", "endts",
         "timecodeout", "endtimecode", "tcout", "dataend", "ende", "endzeit",
         "fin", "fine")  # fmt: skip
_LENGTHS = ("duration", "dur")
_UNIT = re.compile(r"(?<=.)(?:in)?(?:ms|millis|milliseconds|sec|secs|seconds|ticks)$")
_SPEAKERS = ("voice", "speakername", "speakerdisplayname", "speaker", "speakerlabel",
             "speakerid", "speakertag", "participant", "participantname", "participantrole",
             "users", "speakers", "sprecher", "sprecherin", "locuteur", "hablante", "parlante",
             "name", "character", "actor", "from", "channel", "channelid", "channellabel",
             "channeltag")  # fmt: skip
_WORDS = ("words", "elements", "result", "tokens")  # of Rev, of Vosk, of Soniox
_LOOSE = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names the rows of a list hold what they tell; "" for what they do not."""

    text: str = ""
    start: str = ""
    end: str = ""
    length: str = ""
    speaker: str = ""
    words: str = ""
    word: Names | None = None  # under which their words do

    @property
    def tell_speech(self) -> bool:
        """Whether the rows, or the words in them, hold a text and a start."""
        return bool(self.text and self.start) or (self.word is not None and self.word.tell_speech)

    @property
    def by_channel(self) -> bool:
        """Whether who speaks is only told by the channel."""
        return _loose(self.speaker).startswith("channel")


def _loose(name: str) -> str:
    return _LOOSE.sub("", name.lower())


def tells_times(names: Sequence[str]) -> bool:
    """Whether the names of a table's columns are those of a text and of a start."""
    loose = {_UNIT.sub("", _loose(name)) for name in names}
    texts = loose.intersection(_TEXTS) - {"segment"}  # which is a number in a diariser's table
    return bool(texts) and not loose.isdisjoint(_STARTS)


def names_of(rows: Iterable[object], texts: Sequence[str] = _TEXTS) -> Names:
    """Under which names the rows hold their texts (one of `texts`), times, speakers and words."""
    told = [row for row in rows if isinstance(row, dict)]
    sample = told[:_SAMPLE]
    known_as = list(islice(dict.fromkeys(chain.from_iterable(told)), _WIDEST))
    keys = {_UNIT.sub("", _loose(key)): key for key in known_as}
    keys |= {_loose(key): key for key in known_as}

    def named(known: Sequence[str], fits: Callable[[object], bool]) -> str:
        found = (keys[name] for name in known if name in keys)
        return next((key for key in found if any(fits(row.get(key)) for row in sample)), "")

    words = named(_WORDS, lambda value: bool(nested(value)))
    inner = (word for row in told for word in nested(row.get(words)))
    return Names(
        text=named(texts, lambda value: isinstance(value, str)),
        start=named(_STARTS, _is_time) or named(_STARTS, _is_moment),
        end=named(_ENDS, _is_time) or named(_ENDS, _is_moment),
        length=named(_LENGTHS, _is_time),
        speaker=_speaker_name(told, keys),  # in all rows: the first may name nobody
        words=words,
        word=names_of(inner, (*_TEXTS, "value")) if words else None,
    )


def _is_moment(value: object) -> bool:
    return _moment(value) is not None


def _moment(value: object) -> float | None:
    """The second, since 1970, of a date with a time of day; None for anything else."""
    if isinstance(value, float):
        return value * MILLISECOND if _EPOCH[0] < value < _EPOCH[1] else None
    if not isinstance(value, str) or "T" not in value[:20]:
        return None
    try:
        told = datetime.fromisoformat(value)
    except ValueError:
        return None
    return told.replace(tzinfo=told.tzinfo or UTC).timestamp()


def _is_time(value: object) -> bool:
    if isinstance(value, float) and value > _EPOCH[0]:
        return False
    unit = _TICK if isinstance(value, float) and value > 1e6 else 1.0
    return seconds(bare_time(value), unit) is not None


def _speaker_name(rows: Sequence[Object], keys: dict[str, str]) -> str:
    """The name under which speakers stand; a channel only where there are two."""
    for key in (keys[name] for name in _SPEAKERS if name in keys):
        named = (speaker_in(row[key]) for row in rows if row.get(key) is not None)
        if _loose(key) == "from":  # mostly a time
            named = (label for label in named if isinstance(label, str) and not _is_time(label))
        if _loose(key).startswith("channel"):
            if len(set(map(str, named))) > 1:
                return key
        elif any(label is not None for label in named):
            return key
    return ""


def row_cues(lined: Iterable[tuple[int, Object]], log: FaultLog) -> list[Cue]:
    """The cues of rows, each of which comes with its line; none where they hold no speech."""
    lined = list(lined)
    rows = [row for _, row in lined]
    names = names_of(rows)
    if any(_is_moment(row.get(names.start)) for row in rows[:_SAMPLE]):
        lined = _from_the_first(lined, names, log)
        rows = [row for _, row in lined]
    unit = unit_of(rows, names)
    word_unit = unit
    if names.word and not names.start:
        word_unit = unit_of(
            (word for row in rows for word in nested(row.get(names.words))), names.word
        )
    cues: list[Cue] = []
    for line, row in lined:
        whole = _cue(line, row, names, unit, log)
        words = nested(row.get(names.words))
        if names.word and words and (names.word.tell_speech or not whole.text.strip()):
            cues += _worded(whole, words, names.word, word_unit, log)
        else:
            cues.append(whole)
        if row.get("speaker_turn_next") is True:  # whisper.cpp: another speaker begins behind it
            cues.append(whole._replace(text=TURN, start=None))
    if names.by_channel:  # one stands behind the other
        cues.sort(key=lambda cue: cue.start or 0.0)
    return cues


def _from_the_first(
    lined: Sequence[tuple[int, Object]], names: Names, log: FaultLog
) -> list[tuple[int, Object]]:
    """The rows, whose times are of a day, in seconds from the first of them."""
    keys = (names.start, names.end)
    starts = (_moment(row.get(names.start)) for _, row in lined)
    first = min(second for second in starts if second is not None)
    told = "the times are those of a day: counted from the first words, as second 0"
    log.add(lined[0][0], "time-of-day", told)
    return [
        (line, {**row, **{key: round(moment - first, 3) for key in keys
                          if (moment := _moment(row.get(key))) is not None}})
        for line, row in lined
    ]  # fmt: skip


def _cue(line: int, row: Object, names: Names, unit: float, log: FaultLog) -> Cue:
    start = second_of(bare_time(row.get(names.start)), line, log, unit)
    end_unit = _unit_of_name(names.end or names.length) or unit
    if names.end:
        end = second_of(bare_time(row.get(names.end)), line, log, end_unit)
    else:
        end = later(start, seconds(bare_time(row.get(names.length)), end_unit))
    speaker = text_of(speaker_in(row.get(names.speaker)), line, log)
    if speaker.isdecimal() and names.by_channel:
        speaker = f"Channel {speaker}"
    return Cue(line, start, end, text_of(row.get(names.text), line, log), speaker)


def _worded(
    whole: Cue, words: Sequence[Object], names: Names, unit: float, log: FaultLog
) -> Iterator[Cue]:
    """The cue, cut where its words say when and by whom; they make its text where it has none."""
    unit = _unit_of_name(names.start) or unit
    known = [
        (
            word if isinstance(word := row.get(names.text), str) else "",
            seconds(bare_time(row.get(names.start)), unit),
            text_of(speaker_in(row.get(names.speaker)), whole.line, log),
        )
        for row in words
    ]
    # Deepgram's own text may have no capitals and stops; its words have.
    stands = whole.text.strip() and _loose(names.text) != "punctuatedword"
    text = whole.text if stands else _joined([word for word, _, _ in known])
    begin = next((second for _, second, _ in known if second is not None), None)
    start = begin if whole.start is None else whole.start
    yield from cut(whole._replace(text=text, start=start), locate(text, known))


def _joined(words: Sequence[str]) -> str:
    """The words as a text: some bring their spaces along; else a stop stands behind its word."""
    if any(word[:1].isspace() for word in words):
        return "".join(words)
    return "".join(
        f" {word.strip()}" if any(map(str.isalnum, word)) else word.strip() for word in words
    ).lstrip()


def unit_of(rows: Iterable[Object], names: Names) -> float:
    """Seconds in a unit of the rows' starts: 1, or 0.001 where nobody speaks as slowly as that."""
    if known := _unit_of_name(names.start):
        return known
    said = lasted = 0.0
    starts: list[float] = []
    for row in rows:
        start, end = row.get(names.start), row.get(names.end or names.length)
        text = row.get(names.text)
        if not isinstance(start, float | int):
            continue
        if start % 1:
            return 1.0
        said += len(text) if isinstance(text, str) else 0
        starts.append(start)
        if isinstance(end, float | int):
            lasted += end if not names.end else max(0.0, end - start)
    if not starts:
        return 1.0
    slow = _SLOW if lasted else _SLOW_WITH_PAUSES
    if _loose(names.start) == "startoffset" and said < _SLOWEST * MILLISECOND * lasted:
        return _SAMPLE_OF_SOUND
    return MILLISECOND if said < slow * (lasted or max(starts) - min(starts)) else 1.0


def _unit_of_name(name: str) -> float | None:
    lower = name.lower()
    if "tick" in lower:
        return _TICK
    return MILLISECOND if lower.endswith(("ms", "milliseconds", "millis")) else None


def bare_time(value: object) -> object:
    """A time as `seconds` takes it.

    Google writes "1.200s", or whole seconds and billionths; Azure "PT1M1.2S"; others one beside
    the hour of day.
    """
    if isinstance(value, float):
        return value  # nearly every one
    if isinstance(value, dict) and not value.keys().isdisjoint(("seconds", "nanos")):
        return (seconds(value.get("seconds")) or 0.0) + (seconds(value.get("nanos"), 1e-9) or 0.0)
    value = value.get("relative") if isinstance(value, dict) else value
    if not isinstance(value, str):
        return value
    value = _RANGE.sub("", value)
    if (iso := _ISO.fullmatch(value)) and any(iso.groups()):
        hours, minutes, rest = (float(part or 0) for part in iso.groups())
        return hours * 3600 + minutes * 60 + rest
    return value.removesuffix("s")


def speaker_in(value: object) -> object:
    """The label in a speaker's value, which may be an object with a name, or a list of them."""
    if isinstance(value, list):
        labels = (speaker_in(each) for each in value if not isinstance(each, list))
        return " & ".join(label for label in labels if isinstance(label, str)) or None
    if isinstance(value, dict):
        keys = ("name", "displayName", "display_name", "username", "label", "id")
        return next((value[key] for key in keys if value.get(key)), None)
    return value


_LONGEST_WORDS = 12  # characters of an average segment, up to which segments are words
_CLOSING = frozenset(",.;:!?%)]}”…")


def with_whole_words(cues: list[Cue]) -> Iterator[Cue]:
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
    goes_on = cue.text[0].isalnum() or cue.text[0] in "'’-"
    return spaced and last.text[-1:].isalnum() and goes_on


def _whole(parts: list[Cue]) -> Iterator[Cue]:
    if len(parts) > 1:
        text = "".join(cue.text for cue in parts)
        yield parts[0]._replace(text=text, end=parts[-1].end)
    else:
        yield from parts
