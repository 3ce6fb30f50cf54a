"""The figure or the name that a question asks for ("How old …?", "Which city …?").

Whether a text has one of its kind is told by words ("forty"), not by meaning, so it may be
another's.
"""

from __future__ import annotations

import re
from typing import Literal

from askpod.text import STOPWORDS, content_words, split_sentences, word_set

# What each kind of figure is asked for by; the first that fits counts. "how much better" and "when
# should I …" ask for none.
Figure = Literal["duration", "date", "time", "rate", "share", "money", "age", "number", "name"]
_MUCH = r"how much(?! (?:more|less|better|worse|of (?:a|the)|should|can)\b)"
_AUXILIARY = (
    r"(?:do|does|did|is|was|are|were|has|have|had|would|will|can|could|should|about|the|an?)"
)
# What has a name of its own, which nobody writes small.
_NAMED = (
    r"(?:universit(?:y|ies)|colleges?|conservator(?:y|ies)|compan(?:y|ies)|firms?|brands?|books?"
    r"|novels?|newspapers?|magazines?|cit(?:y|ies)|towns?|villages?|countr(?:y|ies)|islands?|rivers?"
    r"|streets?|museums?|hospitals?|bands?|films?|movies?|songs?|prizes?|awards?|airports?|composers?"
    r"|conferences?|festivals?|operas?)"
)
_ASKS: dict[Figure, str] = {
    "duration": r"how long\b(?! ago\b)",
    "date": r"(?:what|which) (?:year|date|day|month)\b",
    "rate": r"how (?:often|frequently|regularly)\b",
    "time": r"(?:when (?:did|was|were|will)|how (?:long ago|late|early)|(?:what|which) time)\b",
    "share": r"(?:what|which) (?:percentage|percent|share|proportion|fraction)\b",
    "money": (
        r"how much money\b|(?:what|which)(?: is| was|['’]s)?(?: (?:the|an?|your|their|his|her))?"
        r"(?: average| typical| usual)? (?:salary|price|fee|budget|cost)\b"
        r"|what(?: is| are| was| were|['’]s)\b(?: \w+){1,6} worth"
        r"(?=\s*$|[?.!,]| (?:now|today|then|in|per)\b)"
        rf"|{_MUCH}(?! time\b)\b.*"
        r"\b(?:costs?|pa(?:ys?|id)|earn(?:s|ed)?|charged?|spen[dt]|raised?|worth|sold|dollars|euros)\b"
        r"|what (?:do|does|did|would|will)\b(?: [\w'’.-]+){1,8}?(?<! to)(?<! a)(?<! the)(?<!about)"
        r" (?:cost|charge|earn|pay(?! (?:more |much )?(?:attention|heed))|spend(?!.*\b(?:time|days?"
        r"|hours?|weeks?|months?|years?|nights?|evenings?|li(?:fe|ves))\b))\b"
    ),
    "age": r"(?:how old|(?:what|which) age)\b",
    "number": (
        rf"(?:how (?:many|far|big|large|tall|high|fast|heavy|deep|wide)|{_MUCH}"
        r"|(?:what|which) (?:number|temperature)"
        r"|what(?: is| was|['’]s)(?: the| its| his| her| their| your)"
        r"(?: top| average| maximum| minimum| total)?"
        r" (?:number|temperature|speed|weight|height|diameter|depth|population)(?= of\b|\W*$)"
        r")(?!\w)"
    ),
    "name": (
        rf"which (?:[\w-]+ ){{0,2}}{_NAMED}\b|what (?!{_AUXILIARY}\b)(?:[\w-]+ )?{_NAMED}\b"
        r"|(?:what|which)(?:(?: is| was| are| were|['’]s)(?: [\w'’-]+){0,3}| other)? names?\b"
        r"|what (?:is|was|are|were)(?: [\w'’,-]+){1,9} (?:called|named)\b"
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
    "name": r"\b(?:call(?:s|ed)?|names?|named)\b",
}
_ASKED = {figure: re.compile(rf"\b(?:{how})", re.IGNORECASE) for figure, how in _ASKS.items()}
_HELD = {figure: re.compile(how, re.IGNORECASE) for figure, how in _HOLDS.items()}

_COUNTED = re.compile(
    r"(?:(?:and|so|but|in|for|at|by|from|on|over|with) )?how many (?:of \w+ )?"
    rf"((?:[\w'’-]+ ){{1,4}}?)(?:{_AUXILIARY}|may|might|must|per|of|in|on|at|to|there|you|they|he"
    r"|she|it|we|i)\b",
    re.IGNORECASE,
)
# Nobody who says how many need say these.
_ANYTHING = word_set(
    "people person times ways things more percent seconds minutes hours days nights weeks months "
    "years decades"
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SHORT = 3  # letters of a word that begins a sentence, and may have its capital from that


def figure_asked_for(question: str) -> Figure | None:
    """What kind of figure the answer to a question must have; None where it asks for none."""
    return next((figure for figure, how in _ASKED.items() if how.search(question)), None)


def holds(figure: Figure, text: str, question: str) -> bool:
    """Whether a text has a figure of that kind, or a name that the question has not."""
    if _HELD[figure].search(text):
        return True
    return figure == "name" and (text == text.lower() or _has_name(text, question))


def counted(question: str) -> list[str]:
    """Words for what "How many …?" counts, some of which its answer says; [] where it need not."""
    found = _COUNTED.match(question)
    named = content_words(found[1]) if found else []
    return [] if _ANYTHING.intersection(named) else named


def _has_name(text: str, question: str) -> bool:
    """Whether a word that is not the question's has a capital, but for how sentences begin."""
    asked = {"i", *map(_bare, _WORD.findall(question))}
    for begin, end in split_sentences(text):
        for place, word in enumerate(_WORD.findall(text[begin:end])):
            begins = place == 0 and (len(word) <= _SHORT or word.lower() in STOPWORDS)
            if word[0].isupper() and not begins and _bare(word) not in asked:
                return True
    return False


def _bare(word: str) -> str:
    """A word without case, genitive, plural, or the end of "I'm"."""
    return re.sub("['’].*", "", word.lower()).rstrip("s")
