"""The figure or the name that a question asks for ("How old …?", "Which city …?").

Whether a text has one of its kind is told by words ("forty"), not by meaning, so it may be
another's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from askpod.text import STOPWORDS, capitals_within, content_words, word_set

# What each kind of figure is asked for by; the first that fits counts. "how much better" and "when
# should I …" ask for none.
Figure = Literal[
    "duration", "date", "time", "rate", "share", "money", "age", "people", "number", "name",
    "phone", "home", "colour", "person", "place", "count",
]  # fmt: skip
_MUCH = r"how much(?! (?:more|less|better|worse|of (?:a|the)|should|can)\b)"
_AUXILIARY = (
    r"(?:do|does|did|is|was|are|were|has|have|had|would|will|can|could|should|about|the|an?)"
)
_BEHIND_NOUN = r"(?:may|might|must|per|of|in|on|at|to|there|you|they|he|she|it|we|i)"
# What has a name of its own, which nobody writes small.
_NAMED = (
    r"(?:(?:universit|conservator|compan|cit|countr)(?:y|ies)|(?:college|school|firm|brand|book"
    r"|novel|newspaper|magazine|town|village|island|river|street|museum|hospital|band|film|movie"
    r"|song|prize|award|airport|composer|conference|festival|opera)s?)"
)
_UNIT = (
    r"(?:second|minute|hour|day|night|week|weekend|month|quarter|year|decade|semester|season|spring"
    r"|summer|autumn|winter)"
)
_ASKS: dict[Figure, str] = {
    "duration": r"how long\b(?! ago\b)",
    "date": r"(?:what|which) (?:year|date|day|month)\b",
    "rate": r"how (?:often|frequently|regularly|many times)\b",
    "time": (
        r"(?:when (?:did|was|were|will|(?:is|are) (?:his|her|their|your|[\w-]+['’]s))"
        r"|how (?:long ago|late|early)|(?:what|which) time)\b"
    ),
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
    "phone": r"(?:(?:tele)?phone|mobile) number\b|what(?: is|['’]s) [\w-]+['’]s number(?=\W*$)",
    "number": (
        rf"(?:how (?:many|far|big|large|tall|high|fast|heavy|deep|wide)|{_MUCH}"
        r"|(?:what|which) (?:number|temperature)"
        r"|what(?: is| was|['’]s)(?: the| its| his| her| their| your| [\w-]+['’]s?)(?: \w+)?"
        r" (?:number|temperature|speed|weight|height|diameter|depth|population)(?= of\b|\W*$)"
        r")(?!\w)"
    ),
    "home": (
        rf"where {_AUXILIARY}(?: [\w'’.-]+){{1,4}} (?:live|born|raised|grow up|from|based)\b"
        r"|what(?: is|['’]s)\b.*\baddress\b"
    ),
    "name": (
        rf"which (?:[\w-]+ ){{0,2}}{_NAMED}\b|what (?!{_AUXILIARY}\b)(?:[\w-]+ )?{_NAMED}"
        rf"(?=\W*$| (?:{_AUXILIARY}|{_BEHIND_NOUN})\b)"  # but not "what company culture"
        r"|(?:what|which)(?:(?: is| was| are| were|['’]s)"
        r"(?: (?:the|his|her|its|their|your|[\w-]+['’]s?)(?: [\w'’-]+){0,2})?| other)? names?\b"
        r"|what (?:is|was|are|were)(?: [\w'’,-]+){1,9} (?:called|named)\b"
        r"|(?:what|which)(?: (?:is|was) the)? make (?:is|was|are|of)\b"
        rf"|where {_AUXILIARY}(?: [\w'’.-]+){{1,4}} study\b"
    ),
    "colour": r"(?:what|which) colou?rs?\b",
    "person": r"^(?:(?:and|but|so) )?(?:who(?: else)?|by whom|whom)\b",
    "place": r"^(?:(?:and|but|so) )?where\b",
}

# "one" is no number: people say it of everything; nor is a year.
_NUMBER = (
    r"(?:(?<!\d)(?!(?:19|20)\d\d\b)\d[\d,.]*|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half"
    r"|third|quarter|twice|double|couple|percent|zero|none)\b)"
)
_DIGIT = r"(?:oh|zero|one|two|three|four|five|six|seven|eight|nine)"
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
        rf" (?:\w+ )?{_UNIT}s?\b|\b{_UNIT}s\b)(?! (?:ago|longer|more|less|later|earlier)\b)"
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
    "phone": rf"\d[\d ()/+.-]{{3,}}\d|(?:\b(?:{_DIGIT}|hundred|double|\d+)\b[ ,-]*){{4}}",
    "number": _NUMBER,
    "count": (  # of other things than "eight to ten weeks"
        rf"{_NUMBER}(?![ -](?:(?:to|or) \w+ |(?!(?:an?|per|each|every) )\w+ )?{_UNIT}s?\b)"
    ),
    "home": (
        r"\b(?:live[sd]?|living|born|grew up|raised|from|based|moved?|home(?:town)?|house|flat"
        r"|apartment|address|street|road|lane|avenue|crescent|city|town|village|country)\b"
    ),
    "name": (
        r"\b(?:called|call(?:s|ed)? (?:it|her|him|them|this|that|these)|named"
        r"|names? (?:is|was|are|were))\b|\bname['’]s\b"
    ),
    "colour": (
        r"\b(?:red|orange|yellow|green|blue|purple|violet|pink|brown|black|white|gr[ae]y|gold(?:en)?"
        r"|silver|beige|turquoise|scarlet|crimson|navy|cream|colourless|colou?red)\b"
    ),
    "person": (
        r"\b(?:(?:my|our|his|her|their|its|the|an?) (?:\w+ )?(?:\w+(?:er|or|ist|ian|ant|m[ae]n)s?)"
        r"|wife|son|uncle|aunt|child(?:ren)?|cousin|niece|nephew|friends?|colleagues?|boss|staff|guys?"
        r"|people|nobody|no one|(?:every|some)(?:body|one)|myself|(?:i|we) (?:did|do|am|was))\b"
    ),
    "place": (
        r"\b(?:in|at|on|from|near|by|behind|under|inside|outside|to|over|above|below|between|through"
        r"|into|beside) (?:(?:the|an?|my|our|his|her|its|their|your|this|every) "
        rf"(?!(?:\w+ )?(?:{_UNIT}|end|beginning|time|moment|way|lot|bit)s?\b)"
        rf"|(?-i:(?!{_DATE}|\w+day)[A-Z]))"
        r"|\b(?:here|there|everywhere|nowhere|abroad|(?:at|from) home)\b"
    ),
}
# "I'm sixty-one", but not "nineteen, and better at it than I am".
OF_ONESELF = re.compile(
    rf"(?i)\b(?:I(?: am|['’]m| turned)|my (?:age|height|weight)(?: is|['’]s))"
    rf"(?: [\w'’]+){{0,2}}? {_NUMBER}"
)
_ASKED = {figure: re.compile(rf"\b(?:{how})", re.IGNORECASE) for figure, how in _ASKS.items()}

_COUNTED = re.compile(
    r"(?:(?:and|so|but|in|for|at|by|from|on|over|with) )?how many (?:of \w+ )?"
    rf"((?:[\w'’-]+ ){{0,3}}?(?:\w+[^\Ws]s |[\w'’-]+ (?=(?:{_AUXILIARY}|{_BEHIND_NOUN})\b)))",
    re.IGNORECASE,
)
# "What was the name of Ann's dog?"
_OWNER = r"(?:the |an? |(?:his|her|their|your|my|its) )?(?:(?:[\w-]+ )?[\w-]+['’]s? )?"
_THING = r"((?:[\w-]+ ){0,2}?[\w-]+)"
_NAMED_THING = re.compile(
    rf"\b(?:names? of|(?:brand|make) (?:of|is|are|was)) {_OWNER}{_THING}"
    rf"(?=\W*$| (?:that|which|who|in|on|at|with|for|from|of|under|{_AUXILIARY})\b)"
    rf"|^what(?: is| was|['’]s) {_OWNER}{_THING}(?:['’]s name| called| named)\b",
    re.IGNORECASE,
)
# "She is called Ada", but not "a man called Gus".
_GIVES_NAME = (
    r"(?:\b(?:is|are|was|were|be(?:en)?|i|we|they|all|thing)|['’](?:s|re))"
    r" (?:\w+ly )?(?:call|nam)ed\b|\bcall(?:s|ed)? (?:it|h(?:er|im)|them|this|that|these)\b"
    r"|\bnames? (?:is|was|are|were)\b|\bname['’]s\b"
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
    said = re.search(_HOLDS[figure], text, re.IGNORECASE) is not None
    if said == (figure != "home"):
        return said
    return figure in ("name", "home", "person") and (
        text == text.lower() or has_name(text, question)
    )


def counted(question: str, figure: Figure | None) -> list[str]:
    """Words for what is counted or named, some of which the answer says; [] where it need not.

    "hives" of "How many hives …?", "dog" of "What was the name of Ann's dog?".
    """
    find = {"number": _COUNTED.match, "name": _NAMED_THING.search}.get(figure or "")
    found = find(question) if find else None
    named = content_words(" ".join(filter(None, found.groups()))) if found else []
    return [] if _ANYTHING.intersection(named) else named


def gives_name(things: Sequence[str], text: str, after: str) -> bool:
    """Whether a text names one of the things ("my dog Pip"), or any after a question for it."""
    thing = rf"\b(?:{'|'.join(map(re.escape, things))})(?:s|es)?\b"
    asked = re.search(r"(?i)\b(?:names?|called|who|which)\b", after)
    if not things or text == text.lower() or (asked and re.search(thing, after, re.IGNORECASE)):
        return True
    name = r"(?-i:[A-Z][\w-]+)"
    behind = rf"{thing}(?:,|:|['’]s| is| was| called| named)*(?: \w+)? {name}"
    before = rf"{name},?(?: is| was| who is)? (?:my|h(?:is|er)|our|their|the|an?) (?:\w+ )?{thing}"
    return bool(re.search(rf"{_GIVES_NAME}|{behind}|{before}", text, re.IGNORECASE))


def has_name(text: str, question: str) -> bool:
    """Whether a word that is not the question's has a capital, but for how sentences begin."""
    said = _WORD.findall(text)
    names = capitals_within(text) + (said[:1] if len(said) <= _SHORT else [])
    asked = {"i", *map(_bare, _WORD.findall(question))}
    return any(each[0].isupper() and _bare(each) not in asked | STOPWORDS for each in names)


def _bare(word: str) -> str:
    """A word without case, genitive, plural, or the end of "I'm"."""
    return re.sub("['’].*", "", word.lower()).rstrip("s")
