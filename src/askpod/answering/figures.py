"""The figure that a question asks for ("How old …?"), and whether a text has one of its kind.

Told by words ("forty"), not by meaning, so the figure may be another's.
"""

from __future__ import annotations

import re
from typing import Literal

# What each kind of figure is asked for by; the first that fits counts. "how much better" and "when
# should I …" ask for none.
Figure = Literal["duration", "date", "time", "rate", "share", "money", "age", "number"]
_MUCH = r"how much(?! (?:more|less|better|worse|of (?:a|the)|should|can)\b)"
_ASKS: dict[Figure, str] = {
    "duration": r"how long\b(?! ago\b)",
    "date": r"(?:what|which) (?:year|date|day|month)\b",
    "rate": r"how (?:often|frequently|regularly)\b",
    "time": r"(?:when (?:did|was|were|will)|how (?:long ago|late|early)|(?:what|which) time)\b",
    "share": r"(?:what|which) (?:percentage|percent|share|proportion|fraction)\b",
    "money": (
        r"how much money\b|(?:what|which)(?: is| was|['’]s)?(?: (?:the|an?|your|their|his|her))?"
        r"(?: average| typical| usual)? (?:salary|price|fee|budget|cost)\b"
        r"|what(?: is| are| was| were|['’]s)\b(?: \w+){1,6} worth(?! \w+ing\b)\b"
        rf"|{_MUCH}(?! time\b)\b.*"
        r"\b(?:costs?|pa(?:ys?|id)|earn(?:s|ed)?|charged?|spen[dt]|raised?|worth|sold|dollars|euros)\b"
    ),
    "age": r"(?:how old|(?:what|which) age)\b",
    "number": (
        rf"(?:how (?:many|far|big|large|tall|high|fast|heavy|deep|wide)|{_MUCH}"
        r"|(?:what|which) (?:number|temperature))\b"
    ),
}

# "one" is no number: people say it of everything.
_NUMBER = (
    r"(?:\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half"
    r"|third|quarter|twice|double|couple|percent|zero|none)\b)"
)
_UNIT = (
    r"(?:second|minute|hour|day|night|week|weekend|month|quarter|year|decade|semester|season|spring"
    r"|summer|autumn|winter)"
)
_DATE = (
    r"\b(?:(?:19|20)\d\d|\d{1,2}(?:st|nd|rd|th)|\d0s|today|tonight|yesterday|tomorrow|ago"
    r"|christmas|easter|(?:mon|tues|wednes|thurs|fri|satur|sun|birth)days?"
    r"|january|february|march|april|may \d+|june|july|august|september|october|november|december"
    r"|(?:on|by|until|till|since|before|after|for) the (?:\w+-)?(?:first|second|third|\w+th)"
    r"|(?:last|next|this|that) (?:year|month|week|day|morning|evening|night|summer|winter|spring"
    r"|autumn|fall))\b"
)
_TIME = (
    rf"{_DATE}|{_NUMBER}[^.?!]{{0,20}}\b{_UNIT}s?\b|\b\d{{1,2}}(?:[:.]\d\d\b| ?[ap]\.?m\b)"
    rf"|\b(?:midnight|noon|o['’]clock|(?:every|each|a) {_UNIT}|{_UNIT}s)\b"
)
_RATE = (
    rf"{_NUMBER} (?:times|out of|of|in)\b|%|\bper ?cent\b|\b(?:twice|hourly|daily|weekly|monthly"
    r"|quarterly|yearly|annually|every|each|once (?:an?|per|every|in)|always|never|rarely|seldom)\b"
)
_MONEY = (
    r"[$€£¥₹]|\b(?:dollars?|euros?|pounds?|bucks|quid|grand|cents?|usd|eur|gbp|rupees?|yen|francs?"
    r"|crowns?|millions?|billions?|hundreds?|thousands?|free|nothing|\d+ ?k)\b|\d[,.]\d{3}\b"
    r"|\b(?:for|at|costs?|pa(?:id|ys?)|made?|makes|earn\w*|spen[dt]|g[eo]t|worth|charge\w*|raised?)"
    rf" (?:[\w']+ ){{0,3}}{_NUMBER}(?![\w-]* (?:\w+ )?(?:{_UNIT}|time|people|percent)s?\b)"
)
_AGE = (
    rf"{_NUMBER}(?:-one)?(?:[ -](?:and a half )?(?:years?|months?|weeks?|days?)\b|[.,;!?]|$"
    r"| (?:at the time|back then|then|now)\b)"
    rf"|\b(?:aged?|turn(?:s|ed|ing)?|be|is|am|was|i['’]m|s?he['’]s|at) (?:\w+ )?{_NUMBER}"
)
_HOLDS: dict[Figure, str] = {
    "duration": (
        rf"(?:{_NUMBER}[^.?!]{{0,20}}\b{_UNIT}s?\b"
        r"|\b(?:an?|one|several|few|some|many|whole|all|last|half an?)"
        rf" (?:\w+ )?{_UNIT}s?\b|\b{_UNIT}s\b)(?! ago\b)"
        rf"|\b(?:forever|overnight|lifetime|\d+-{_UNIT})\b"
    ),
    "date": _DATE,
    "time": _TIME,
    "rate": _RATE,
    "share": (
        r"%|\bper ?cent\b|\b(?:half|thirds?|quarters?|fifths?|tenths?|majority|all|none)\b"
        rf"|{_NUMBER} (?:out of|in|of) (?:every |the )?{_NUMBER}"
    ),
    "money": _MONEY,
    "age": _AGE,
    "number": _NUMBER,
}
_ASKED = {figure: re.compile(rf"\b(?:{how})", re.IGNORECASE) for figure, how in _ASKS.items()}
_HELD = {figure: re.compile(how, re.IGNORECASE) for figure, how in _HOLDS.items()}


def figure_asked_for(question: str) -> Figure | None:
    """What kind of figure the answer to a question must have; None where it asks for none."""
    return next((figure for figure, how in _ASKED.items() if how.search(question)), None)


def holds(figure: Figure, text: str) -> bool:
    """Whether a text has a figure of that kind."""
    return bool(_HELD[figure].search(text))
