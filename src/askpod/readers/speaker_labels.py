"""What a speaker's label looks like (a name, a diariser's own notation), and how far it reaches.

A label holds until the next one where the file is labelled as a whole. Where few captions have
one, each names its own caption only: a sponsor's name in four captions of a thousand says nothing
about the half hour behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from statistics import median

from askpod.readers.cues import Cue
from askpod.readers.fault_log import FaultLog
from askpod.readers.text import excerpt

_WORD = re.compile(r"[\w.'’&-]+")
_KIND = (
    "speaker|spk|person|participant|voice|sprecher(?:in)?|locuteur|intervenant|orateur|hablante"
    "|orador|locutor|falante|parlante|spreker|talare|taler|puhuja|mówca|mluvčí|спикер|говорящий"
    "|диктор|спікер|konuşmacı|المتحدث|דובר|वक्ता|说话人|說話人|发言人|發言人|講者|讲者|話者|화자"
)
_DIARISER = re.compile(
    rf"(?:{_KIND})[ _-]?(?:№|#|no\.?|nr\.?)? ?(?:\d{{1,3}}\??|[A-Z]|\?+)|s\d{{1,3}}"
    r"|channel[ _-]?\d{1,2}",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    rf"(?:{_KIND})?[ _-]?\d{{0,3}}\?+|(?:{_KIND}) unknown"
    rf"|(?:unknown|unidentified)(?: (?:{_KIND}))?",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\w\S* (?:[^\W\d_]|[JS]r|Inc|Ltd|Co|Corp|Esq|\w{1,2}\.\w{1,2})\.$")
_MOST_WORDS = 4  # of what looks like a name
_PARTICLE = re.compile(
    "van|de|der|den|von|zu|da|di|del|della|dos|das|do|la|le|du|el|al|bin|ibn|ben|e|y|af|av"
)
_NOBODY = re.compile(
    "(?:notes?|questions?|answer|example|warning|tip|step|chapter|part|section|music|sound|subtitles"
    "|translation|captions|title|update|quote|fact|remember|problem|solution|reason|result|summary"
    "|spoiler|lesson|rule|point|ps|re|date|time|links?|sources?|conclusion|definition|hint|caution"
    "|disclaimer|plus|also|so|and|but|or|then|here|yes|no|pros?|cons?|first|second|third|finally"
    "|option|case|myth|today|important|number|phase|stage|day|week|reply|response|exercise"
    "|look|listen|see|okay|ok|well|now|act|scene|verse|breaking news|fun fact|bottom line|q|a"
    "|erstens|zweitens|drittens|frage|antwort|fazit|hinweis|pregunta|respuesta|nota|primero|segundo"
    "|réponse|remarque|exemple|conclusion|domanda|risposta|vraag|antwoord|pergunta|resposta"
    "|one|two|three|four|five|six|seven|eight|nine|ten)"
    "(?: (?:\\d{1,3}|[a-h]|one|two|three|four|five|six|seven|eight|nine|ten))?",
    re.IGNORECASE,
)


def is_name(text: str) -> bool:
    """Whether a label is written as a name: few words, all of which begin with a capital."""
    words = text.split()
    return (
        0 < len(words) <= _MOST_WORDS
        and text[0].isalpha()
        and not _NOBODY.fullmatch(text)
        and all(_WORD.fullmatch(word) for word in words)
        and not any(word[0].islower() and not _PARTICLE.fullmatch(word) for word in words)
    )


def is_short(text: str) -> bool:
    """Whether a label ends with an initial or another word cut short: `Bo S.`, `Bo Sand Jr.`."""
    return bool(_SHORT.search(text))


@lru_cache(maxsize=4096)  # labels are few, and stand often
def is_diariser(label: str) -> bool:
    """Whether a label is a diariser's own, such as `SPEAKER_00`."""
    return bool(_DIARISER.fullmatch(label) or _UNKNOWN.fullmatch(label))


@lru_cache(maxsize=4096)
def known(label: str) -> str:
    """The label; `?` where it says that the speaker is not known (a name is never that)."""
    return "?" if label and _UNKNOWN.fullmatch(label) else label


_HOLDS = 1 / 10  # of the captions with a label, from which on a label holds until the next one
_HOLDS_ALONE = 1 / 3  # likewise where there is one label only
_ALTERNATING = 6  # labels at least that change so often that they mark where speakers change
_ALTERNATING_SHARE = 0.015  # of the captions, likewise
_CHANGES = 0.7  # of the labels that name another speaker than the one before
_SMALL = 50  # captions: below, nothing is long enough to be credited wrongly
_GAP = 100  # captions without a label, at least, after which nobody is credited
_FAR = 10  # times the usual distance between two labels, likewise


def hold(cues: Sequence[Cue], log: FaultLog) -> list[Cue]:
    """The cues, those without a speaker by the one named last; not where few name any."""
    unknown = {label for label in {cue.speaker for cue in cues} if known(label) == "?"}
    marked = [cue._replace(speaker="?") if cue.speaker in unknown else cue for cue in cues]
    return hold_named(marked, log)


def hold_named(cues: Sequence[Cue], log: FaultLog, *, always: bool = False) -> list[Cue]:
    """Cues without a speaker go to the last one that is named, where labels hold so long.

    Args:
        cues: in the file's order; the speaker is "" where none is named, "?" for one not known.
        log: takes the fault where labels do not hold.
        always: the labels mark each change of the speaker, however far apart they are.
    """
    places = [place for place, cue in enumerate(cues) if cue.speaker]
    if not places or (len(places) == len(cues) and not any(cue.opens for cue in cues)):
        return [cue._replace(speaker="") if cue.speaker == "?" else cue for cue in cues]
    reach = len(cues) if always else _reach(cues, places)
    held = list(cues)
    without = 0
    for place, following in pairwise([*places, len(cues)]):
        gap = following - place - 1
        speaker = cues[place].speaker if gap <= reach else ""
        without += gap if gap > reach else 0
        if speaker:
            for later in range(place + 1, following):
                held[later] = _with(held[later], speaker, opens=held[later].opens)
    if without:
        names = list(dict.fromkeys(cues[place].speaker for place in places))
        log.add(
            cues[places[0]].line,
            "few-labels",
            f"{len(places):,} of {len(cues):,} captions say who speaks"
            f" ({', '.join(excerpt(name, 30) for name in names[:3])}): {without:,} captions far"
            " behind a label are credited to nobody",
        )
    return list(_with_openings(held))


def _with_openings(cues: Sequence[Cue]) -> Iterator[Cue]:
    """The cues; a label that is written again begins no other speaker."""
    before = ""
    for cue in cues:
        opens = cue.opens and (cue.speaker != before or cue.speaker == "?")
        before = cue.speaker
        if opens != cue.opens or before == "?":
            cue = _with(cue, "" if before == "?" else before, opens=opens)
        yield cue


def _with(cue: Cue, speaker: str, *, opens: bool) -> Cue:
    return Cue(cue.line, cue.start, cue.end, cue.text, speaker, opens)


def _reach(cues: Sequence[Cue], places: Sequence[int]) -> int:
    """How many cues without a label a label holds for."""
    if len(cues) <= _SMALL:
        return len(cues)
    share = len(places) / len(cues)
    several = len({cues[place].speaker for place in places}) > 1
    changing = sum(cues[a].speaker != cues[b].speaker for a, b in pairwise(places))
    early = places[0] <= max(5, _HOLDS * len(cues))
    enough = len(places) >= _ALTERNATING and share >= _ALTERNATING_SHARE
    alternate = enough and early and changing >= _CHANGES * (len(places) - 1)
    if share >= _HOLDS_ALONE or (several and (share >= _HOLDS or alternate)):
        distances = [after - before for before, after in pairwise(places)] or [1]
        return max(_GAP, round(_FAR * median(distances)))
    return 0
