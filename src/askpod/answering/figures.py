"""The figure or the name that a question asks for ("How old …?", "Which city …?").

Whether a text has one of its kind is told by words ("forty"), not by meaning, so it may be
another's.
"""

from __future__ import annotations

import re
from typing import Literal

from askpod.text import STOPWORDS, capitals_within, content_words, word_set

# What each kind of figure is asked for by; the first that fits counts. "how much better" and "when
# should I …" ask for none.
Figure = Literal[
    "duration", "date", "time", "rate", "share", "money", "age", "people", "number", "name"
]
_MUCH = r"how much(?! (?:more|less|better|worse|of (?:a|the)|should|can)\b)"
_AUXILIARY = (
    r"(?:do|does|did|is|was|are|were|has|have|had|would|will|can|could|should|about|the|an?)"
)
_BEHIND_NOUN = r"(?:may|might|must|per|of|in|on|at|to|there|you|they|he|she|it|we|i)"
# What has a name of its own, which nobody writes small.
_NAMED = (
    r"(?:universit(?:y|ies)|colleges?|conservator(?:y|ies)|compan(?:y|ies)|firms?|brands?|books?"
    r"|novels?|newspapers?|magazines?|cit(?:y|ies)|towns?|villages?|countr(?:y|ies)|islands?|rivers?"
    r"|streets?|museums?|hospitals?|bands?|films?|movies?|songs?|prizes?|awards?|airports?|composers?"
    r"|conferences?|festivals?|operas?)"
)
_UNIT = (
    r"(?:second|minute|hour|day|night|week|weekend|month|quarter|year|decade|semester|season|spring"
    r"|summer|autumn|winter)"
)
_ASKS: dict[Figure, str] = {
    "duration": r"how long\b(?! ago\b)",
    "date": r"(?:what|which) (?:year|date|day|month)\b",
    "rate": r"how (?:often|frequently|regularly|many times)\b",
    "time": r"(?:when (?:did|was|were|will)|how (?:long ago|late|early)|(?:what|which) time)\b",
    "share": (
        r"(?:what|which) (?:percentage|percent|share|proportion|fraction)\b|how many percent\b"
    ),
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
    "people": r"how many (?:people|persons|folks)\b",
    "number": (
        rf"(?:how (?:many|far|big|large|tall|high|fast|heavy|deep|wide)|{_MUCH}"
        r"|(?:what|which) (?:number|temperature)"
        r"|what(?: is| was|['’]s)(?: the| its| his| her| their| your| [\w-]+['’]s?)(?: \w+)?"
        r" (?:number|temperature|speed|weight|height|diameter|depth|population)(?= of\b|\W*$)"
        r")(?!\w)"
    ),
    "name": (
        rf"which (?:[\w-]+ ){{0,2}}{_NAMED}\b|what (?!{_AUXILIARY}\b)(?:[\w-]+ )?{_NAMED}"
        rf"(?=\W*$| (?:{_AUXILIARY}|{_BEHIND_NOUN})\b)"  # but not "what company culture"
        r"|(?:what|which)(?:(?: is| was| are| were|['’]s)"
        r"(?: (?:the|his|her|its|their|your|[\w-]+['’]s?)(?: [\w'’-]+){0,2})?| other)? names?\b"
        r"|what (?:is|was|are|were)(?: [\w'’,-]+){1,9} (?:called|named)\b"
        rf"|where {_AUXILIARY}(?: [\w'’.-]+){{1,4}} (?:live|born|raised|grow up|from|based|study)\b"
    ),
}

# "one" is no number: people say it of everything; nor is a year.
_NUMBER = (
    r"(?:(?<!\d)(?!(?:19|20)\d\d\b)\d[\d,.]*|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half"
    r"|third|quarter|twice|double|couple|percent|zero|none)\b)"
)
_DATE = (
    r"\b(?:(?:19|20)\d\d|\d{1,2}(?:st|nd|rd|th)|\d0s|today|tonight|yesterday|tomorrow|ago"
    r"|christmas|easter|(?:mon|tues|wednes|thurs|fri|satur|sun|birth)days?"
    r"|january|february|march|april|may \d+|june|july|august|september|october|november|december"
    r"|(?:on|by|until|till|since|before|after|for) the (?:\w+-)?(?:first|second|third|\w+th)"
    r"|(?:last|next|this|that) (?:year|month|week|day|morning|evening|night|summer|winter|spring"
    r"|autumn|fall))\b"
)
# When it was, and not how long: "two years ago", "after five months", "at nine".
_TIME = (
    rf"{_DATE}|{_NUMBER}[^.?!]{{0,20}}\b{_UNIT}s? (?:ago|before|later|after|earlier|in(?:to)?)\b"
    rf"|\b(?:after|within|in|before|until|since|every|each|at) (?:[\w-]+ ){{0,3}}{_UNIT}s?\b"
    rf"|\b(?:at|past|by|until|around) (?:about )?{_NUMBER}|\b\d{{1,2}}(?:[:.]\d\d\b| ?[ap]\.?m\b)"
    r"|\b(?:midnight|noon|o['’]clock)\b"
)
_RATE = (
    rf"{_NUMBER} (?:times|out of|of|in)\b|%|\bper ?cent\b|\b(?:twice|hourly|daily|weekly|monthly"
    r"|quarterly|yearly|annually|every|each|once (?:an?|per|every|in)|always|never|rarely|seldom)\b"
)
# What makes a number one of something else than money: "12 weeks", "thousands of people".
_NO_MONEY = (
    r"(?![\w-]* (?:of (?!dollars|euros|pounds)"
    rf"|(?:(?!an? |per |each |every )\w+ )?(?:{_UNIT}|time|people|percent)s?\b))"
)
_MONEY = (
    r"[$€£¥₹]|\b(?:dollars?|euros?|pounds?|bucks|quid|grand|cents?|usd|eur|gbp|rupees?|yen|francs?"
    r"|crowns?|free|nothing|\d+ ?k)\b"
    rf"|(?:\d[,.]\d{{3}}|\b(?:hundred|thousand|million|billion)s?)\b{_NO_MONEY}"
    r"|\b(?:costs?|pa(?:id|ys?)|made?|makes|earn\w*|spen[dt]|g[eo]t|worth|charge\w*|raised?)"
    rf" (?:[\w']+ ){{0,3}}{_NUMBER}{_NO_MONEY}"
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
    "people": (
        rf"{_NUMBER} (?:\w+ ){{0,2}}?(?:of us|people|persons|folks|wom[ae]n|m[ae]n|children|kids"
        r"|staff|colleagues|employees|participants|students|\w{3,}(?:er|ist|ian)s)\b"
        rf"|(?:\b(?:of|are|were|we['’]re) |^)(?:\w+ )?{_NUMBER}[\w-]*[.,;!?]"
    ),
    "number": _NUMBER,
    "name": (
        r"\b(?:called|call(?:s|ed)? (?:it|her|him|them|this|that|these)|named"
        r"|names? (?:is|was|are|were))\b|\bname['’]s\b"
    ),
}
_ASKED = {figure: re.compile(rf"\b(?:{how})", re.IGNORECASE) for figure, how in _ASKS.items()}
_HELD = {figure: re.compile(how, re.IGNORECASE) for figure, how in _HOLDS.items()}

_COUNTED = re.compile(
    r"(?:(?:and|so|but|in|for|at|by|from|on|over|with) )?how many (?:of \w+ )?"
    rf"((?:[\w'’-]+ ){{1,4}}?)(?:{_AUXILIARY}|{_BEHIND_NOUN})\b",
    re.IGNORECASE,
)
# "What was the name of Ann's dog?"
_OWNER = r"(?:the |an? |(?:his|her|their|your|my|its) )?(?:(?:[\w-]+ )?[\w-]+['’]s? )?"
_THING = r"((?:[\w-]+ ){0,2}?[\w-]+)"
_NAMED_THING = re.compile(
    rf"\bnames? of {_OWNER}{_THING}(?=\W*$| (?:that|which|who|in|on|at|with|for|from|of)\b)"
    rf"|^what(?: is| was|['’]s) {_OWNER}{_THING}(?:['’]s name| called| named)\b",
    re.IGNORECASE,
)
# Nobody who says how many need say these.
_ANYTHING = word_set(
    "ways things more seconds minutes hours days nights weeks months years decades"
)
# "How old", "how many" tell the kind of figure that is asked for, no word of the subject.
_HOW_MUCH = re.compile(
    r"\bhow (?:long|many|much|old|often|far|big|large|tall|high|fast|heavy|deep|wide)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SHORT = 12  # words of a sentence whose first one may be a name: "Pickle, of course."


def figure_asked_for(question: str) -> Figure | None:
    """What kind of figure the answer to a question must have; None where it asks for none."""
    return next((figure for figure, how in _ASKED.items() if how.search(question)), None)


def without_how_much(question: str) -> str:
    """A question without the words that tell the kind of figure, all of it where it has no more."""
    return _HOW_MUCH.sub("", question).strip(" ?!.") or question


def holds(figure: Figure, text: str, question: str) -> bool:
    """Whether a text has a figure of that kind, or a name that the question has not."""
    if _HELD[figure].search(text):
        return True
    return figure == "name" and (text == text.lower() or _has_name(text, question))


def counted(question: str, figure: Figure | None) -> list[str]:
    """Words for what is counted or named, some of which the answer says; [] where it need not.

    "hives" of "How many hives …?", "dog" of "What was the name of Ann's dog?".
    """
    find = {"number": _COUNTED.match, "name": _NAMED_THING.search}.get(figure or "")
    found = find(question) if find else None
    named = content_words(" ".join(filter(None, found.groups()))) if found else []
    return [] if _ANYTHING.intersection(named) else named


def _has_name(text: str, question: str) -> bool:
    """Whether a word that is not the question's has a capital, but for how sentences begin."""
    said = _WORD.findall(text)
    names = capitals_within(text) + (said[:1] if len(said) <= _SHORT else [])
    asked = {"i", *map(_bare, _WORD.findall(question))}
    return any(each[0].isupper() and _bare(each) not in asked | STOPWORDS for each in names)


def _bare(word: str) -> str:
    """A word without case, genitive, plural, or the end of "I'm"."""
    return re.sub("['’].*", "", word.lower()).rstrip("s")
