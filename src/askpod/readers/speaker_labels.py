"""What a speaker's label looks like: a name, a diariser's own notation, or nobody known."""

from __future__ import annotations

import re
from functools import lru_cache

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
