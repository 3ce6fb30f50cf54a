"""Speakers' labels: what one looks like, how far it reaches, and which guest it stands for.

A label holds until the next one where the file is labelled as a whole. Where few captions have
one, each names its own caption only: a sponsor's name in four captions of a thousand says nothing
about the half hour behind it.

A label is a guest's where its words begin the name ("Mara" of Mara Lind), where the two are
written or sound alike ("Misra" of Mısra Turp, "Chris" of Krzysztof), or where the guest is known
only by an id. The last two are believed only where there is one guest and one other label: the
host's. A label that sounds like no guest is somebody else's, whatever the metadata says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from statistics import median

from askpod.model import Episode
from askpod.readers.cues import Cue
from askpod.readers.frontmatter import fold
from askpod.readers.text import FaultLog, excerpt

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
SYMBOLS = "(?:[\u2190-\u2668\u2670-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]{1,8} ?)?"  # 🎙, not ♪
_SYMBOLS = re.compile(SYMBOLS)
_SHORT = re.compile(
    r"\w\S* (?:[^\W\d_]|[JS]r|Inc|Ltd|Co|Corp|Esq|\w{1,2}\.\w{1,2})\.$"
    r"|^(?:[^\W\d_]\. ?){2,3}$"
)
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
    "|zum beispiel|one|two|three|four|five|six|seven|eight|nine|ten)"
    "(?: (?:\\d{1,3}|[a-h]|one|two|three|four|five|six|seven|eight|nine|ten))?",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"(?:i|we|my|our|this|that|what|when|why|how|if|ich|wir|das|je|on|yo)\b.*"
    r"|.*\b(?:is|are|was|were|be|has|have|had|does|did|said|says|asked|asks|thinks?|thought|told"
    "|tells|wrote|writes|means|meant|here|there|this|that|you|he|she|they|it|them|things?"
    "|questions?|answers?|facts?|points?|notes?|rules?|tips?|steps?|lessons?|examples?"
    "|ist|war|sagte?|fragte|heißt|hier|est|était|dit|es|era|dijo|dice|è|disse)(?:$| .*)",
    re.IGNORECASE,
)


def is_phrase(label: str) -> bool:
    """Whether a label has words of a sentence that begins, as "The rule is", and is no name."""
    return _is_worded(label) and not is_name(label) and bool(_PHRASE.fullmatch(label))


def may_be_phrase(label: str) -> bool:
    """Whether it never names anybody ("Note"), or only its first word has a capital: "Big news"."""
    is_sentence = _is_worded(label) and label[0].isupper() and label[1:].islower()
    return is_sentence or bool(_NOBODY.fullmatch(label))


def _is_worded(label: str) -> bool:
    return " " in label and re.sub("[ '’,]", "", label).isalpha()


def is_name(text: str) -> bool:
    """Whether a label is written as a name: few words, all of which begin with a capital."""
    text = _SYMBOLS.sub("", text, count=1)
    words = text.split()
    return (
        0 < len(words) <= _MOST_WORDS
        and text[0].isalpha()
        and not _NOBODY.fullmatch(text)
        and all(_WORD.fullmatch(word) for word in words)
        and not any(word[0].islower() and not _PARTICLE.fullmatch(word) for word in words)
    )


def is_short(text: str) -> bool:
    """Whether a label ends with a word cut short: `Bo S.`, `Bo Sand Jr.`, `B.S.`."""
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


def hold_named(cues: Sequence[Cue], log: FaultLog, *, always: bool = False) -> list[Cue]:
    """Cues without a speaker go to the last one that is named, where labels hold so long.

    Args:
        cues: in the file's order; the speaker is "" where none is named, "?" for one not known.
        log: takes the fault where labels do not hold.
        always: the labels mark each change of the speaker, however far apart they are.
    """
    places = [place for place, cue in enumerate(cues) if cue.speaker]
    if not places or (len(places) == len(cues) and not any(cue.opens for cue in cues)):
        return without_unknown(cues)
    reach = len(cues) if always else _reach(cues, places)
    held = list(cues)
    without = 0
    for place, following in pairwise([*places, len(cues)]):
        gap = following - place - 1
        speaker = cues[place].speaker if gap <= reach else ""
        without += gap if gap > reach else 0
        if speaker:
            for later in range(place + 1, following):
                held[later] = held[later]._replace(speaker=speaker)
    names = list(dict.fromkeys(cues[place].speaker for place in places))
    if without and names != ["?"]:
        log.add(
            cues[places[0]].line,
            "few-labels",
            f"{len(places):,} of {len(cues):,} captions say who speaks"
            f" ({', '.join(excerpt(name, 30) for name in names[:3])}): {without:,} captions far"
            " behind a label are credited to nobody",
        )
    return list(_with_openings(held))


def without_unknown(cues: Sequence[Cue]) -> list[Cue]:
    """The cues; those by somebody who is not known by nobody."""
    return [cue._replace(speaker="") if cue.speaker == "?" else cue for cue in cues]


def _with_openings(cues: Sequence[Cue]) -> Iterator[Cue]:
    """The cues; a label that is written again begins no other speaker."""
    before = ""
    for cue in cues:
        opens = cue.opens and (cue.speaker != before or cue.speaker == "?")
        before = cue.speaker
        if opens != cue.opens or before == "?":
            cue = cue._replace(speaker="" if before == "?" else before, opens=opens)
        yield cue


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


_LEAST_ALIKE = 3  # letters, or sounds, in which a label and a name begin alike
_SOUNDS = (("sch", "s"), ("sh", "s"), ("sz", "s"), ("rz", "rs"), ("cz", "s"), ("ch", "k"),
           ("ck", "k"),
           ("ph", "f"), ("th", "t"), ("c", "k"), ("q", "k"), ("z", "s"), ("v", "f"), ("w", "f"),
           ("j", "i"), ("x", "ks"), ("g", "k"), ("d", "t"), ("b", "p"))  # fmt: skip
_SOFT = re.compile(r"(?<=.)[aeiouyh]|(?P<twice>.)(?=(?P=twice))")


def linked(episode: Episode) -> Episode:
    """The episode, with its guests' labels written as their full names where that is certain."""
    labels = list(dict.fromkeys(turn.speaker for turn in episode.turns if turn.speaker))
    # A guest who is known by an id is called what the transcript calls her in full.
    called = {fold(label.replace(" ", "")): label for label in labels if " " in label}
    episode = replace(episode, guests=tuple(called.get(each, each) for each in episode.guests))
    names = {label: _by_words(label, episode.guests) for label in labels}
    talk = Counter((a.speaker, b.speaker) for a, b in pairwise(episode.turns))
    for label, name in list(names.items()):  # nobody answers herself: they are two
        if label != name and name in labels and talk[label, name] + talk[name, label] > 2:
            names[label] = label
    guests = episode.guests
    if len(guests) == 1 and len(labels) == 2 and guests[0] not in names.values():
        label = labels[1]  # the host opens the episode
        if _is_id(guests[0]) or _are_alike(label, guests[0]):
            name = _full_name(guests[0], label, episode)
            guests, names = (name,), {**names, label: name}
    turns = tuple(turn.by(names.get(turn.speaker, turn.speaker)) for turn in episode.turns)
    return replace(episode, turns=turns, guests=guests)


def _by_words(label: str, guests: Sequence[str]) -> str:
    """The one guest whose name begins with a label's words, accents aside; else the label."""
    words = [fold(word) for word in label.split()]
    fitting = [
        guest for guest in guests if [fold(word) for word in guest.split()][: len(words)] == words
    ]
    return fitting[0] if len(fitting) == 1 and any(words) else label


def _is_id(guest: str) -> bool:
    return guest.islower() and " " not in guest


def _are_alike(label: str, guest: str) -> bool:
    """Whether a label's first word and the name begin with the same letters or sounds."""
    ours, theirs = fold(label.split()[0]), fold(guest.split()[0])
    same = next(
        (at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
        min(len(ours), len(theirs)),
    )
    if same >= _LEAST_ALIKE and same >= min(len(ours), len(theirs)) - 2:
        return True
    heard, name = _sounds(ours), _sounds(theirs)
    return len(heard) >= _LEAST_ALIKE and name.startswith(heard)


def _sounds(letters: str) -> str:
    """The consonants of a name as they sound, roughly, and its first letter."""
    for written, sound in _SOUNDS:
        letters = letters.replace(written, sound)
    return _SOFT.sub("", letters)


def _full_name(guest: str, label: str, episode: Episode) -> str:
    """The guest's name, made of the label and the surname where the guest is known by an id."""
    if not _is_id(guest):
        return guest
    first = fold(label)
    surname = guest[len(first) :].strip("0123456789")
    others = sum(a != b for a, b in zip(first, guest, strict=False))
    if others <= 1 and len(surname) >= _LEAST_ALIKE:
        return f"{label} {surname.title()}"
    links = (re.sub(r"[-_/]+", " ", link) for link in episode.links.values())
    prose = " ".join((episode.title, episode.short, episode.description, *links))
    spelled = re.search(rf"\b{re.escape(label)} [A-Z][\w'’-]+", prose)
    return spelled.group() if spelled else label
