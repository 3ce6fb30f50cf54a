"""Text at the lowest level: sentences, words, characters that act, parts within a token budget.

Nothing here knows of episodes. Sentences and parts are character ranges of the text, so that
nothing is changed or lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

TokenCounts = Callable[[Sequence[str]], list[int]]
"""The tokens of each text as an embedder counts them, special ones included."""

# Characters that nobody sees and that can trick a terminal, a page or a reader: controls other
# than white space, what changes the direction of writing, soft hyphens, fillers and other
# invisible marks, and the "tag" characters, which spell hidden text. For use in a pattern's [].
HIDDEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e"
    "\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
LINE_BREAKS = "\n\v\f\r\x1c-\x1f\x85\u2028\u2029"  # as Unicode and Python's `splitlines` have them

_HIDDEN = re.compile(f"[{HIDDEN}]")
# Invisible, too, but meant after what needs them: joiners in Arabic and the scripts of India and
# between emoji, Mongolian variants, and one variation selector after a character.
_MARKS = re.compile("[\u200c\u200d\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
_JOINING_SCRIPT = re.compile("[\u0600-\u109f\u1780-\u17ff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc]")
_MONGOLIAN = re.compile("[\u1820-\u18af]")
_EMOJI = re.compile("[\u20e3\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff]")
_VARIED = re.compile("[0-9#*]|[^\0-\x7f]")
# Halves of characters (surrogates) are shown as codes, too: no file or terminal takes them.
_ACTING = re.compile(f"[{HIDDEN}{LINE_BREAKS}\t\ud800-\udfff]")

NEAR = 0.6  # the least of difflib's ratios of a name that is offered in place of another

# Talk has odd punctuation, so the rule is small: a sentence ends at a full stop, question or
# exclamation mark or ellipsis (with closing quotes), followed by white space and something that
# can begin a sentence. Each run of marks is tried once, from its start and to its end (`++`): a
# hundred thousand dots in a row take no longer than a hundred thousand letters.
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s+[\"'“‘«(\[]*[^\W_a-z])|[。！？]+|(?<![!?])[!?]++(?=\s)"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"“])(?:[A-Za-z]|[Mm]rs?|[Mm]s|[Dd]r|[Pp]rof|[Ss]t|vs|etc|e\.g|i\.e|approx|no|Inc|Ltd)\.$"
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# A word behind a word, not behind the end of a sentence or an opening quotation mark.
_WITHIN = re.compile(r"(?<=[\w,;] )[^\W\d_]+(?:['’][^\W\d_]+)*")


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())


# Words so common in questions that they say nothing of the subject.
STOPWORDS = word_set(
    """a about above after again all also am an and any are as at be because been before being
    between both but by can could did do does doing down during each few for from further get
    gets got had has have having he her here hers him his how i if in into is it its just like
    me more most my no nor not of off on once one only or other our out over own s said same
    say says she should so some such t tell than that the their them then there these they
    thing things this those through to too under until up us very was we were what when where
    which while who whom why will with would you your yours talk talks mean means make makes"""
)

# What people are called beside their last name: "Dr Okonkwo", "Detective Sergeant Mercer".
_TITLES = re.compile(
    r"\b(?:(?:Mr|Mrs|Ms|Miss|Mister|Dr|Doctor|Prof|Professor|Sir|Dame|Lord|Lady|Rev|Reverend|Father"
    r"|Sister|Judge|Justice|Councillor|Senator|Minister|President|Chairman|Captain|Major|Colonel"
    r"|General(?! (?:Motors|Electric|Mills|Dynamics|Data|Assembly|Relativity)\b)|Sergeant"
    r"|Inspector|Detective|Officer|Coach|Nurse|Uncle|Aunt|Auntie)\b\.? )+(?=[A-Z])"
)


def without_titles(text: str) -> str:
    """The text without the titles of people, which their names in an archive seldom have."""
    return _TITLES.sub("", text)


def words(text: str) -> list[str]:
    """The words of `text` in order, to be compared: case folded, "Mara’s" as "mara"."""
    found = (word.casefold().replace("’", "'") for word in _WORD.findall(text))
    return [word.removesuffix("'s") for word in found]


def content_words(text: str) -> list[str]:
    """The words of `text` that mean something by themselves: those that are no stop words."""
    return [word for word in words(text) if word.split("'")[0] not in STOPWORDS]


def capitals_within(text: str) -> list[str]:
    """The words with a capital that begin neither a sentence nor a quotation: names, mostly."""
    found = (word.replace("’", "'").removesuffix("'s") for word in _WITHIN.findall(text))
    return [word for word in found if word[0].isupper()]


# English words whose forms no stemmer brings together.
_IRREGULAR = """
    arise arose arisen | bear bore borne | beat beaten | begin began begun | bend bent
    bite bit bitten | bleed bled | blow blew blown | break broke broken | bring brought
    build built | burn burnt | buy bought | catch caught | choose chose chosen | come came
    dig dug | draw drew drawn | dream dreamt | drink drank drunk | drive drove driven
    eat ate eaten | fall fell fallen | feed fed | feel felt | fight fought | find found
    flee fled | fly flew flown | forget forgot forgotten | forgive forgave forgiven
    freeze froze frozen | give gave given | go went gone | grow grew grown | hang hung
    hear heard | hide hid hidden | hold held | keep kept | know knew known | lead led
    learn learnt | leave left | lend lent | light lit | lose lost | meet met | pay paid
    ride rode ridden | ring rang rung | rise rose risen | run ran | see saw seen | seek sought
    sell sold | send sent | shake shook shaken | shine shone | shoot shot | sing sang sung
    sink sank sunk | sit sat | sleep slept | speak spoke spoken | spend spent | spill spilt
    spoil spoilt | stand stood | steal stole stolen | stick stuck | strike struck
    swear swore sworn | sweep swept | swim swam swum | swing swung | take took taken
    teach taught | tear tore torn | think thought | throw threw thrown | understand understood
    wake woke woken | wear wore worn | weep wept | win won | write wrote written | child children
    foot feet | goose geese | knife knives | life lives | man men | mouse mice | person people
    shelf shelves | thief thieves | tooth teeth | wife wives | wolf wolves | woman women
"""
_FORMS = {
    form: family
    for family in (tuple(each.split()) for each in re.split(r"[|\n]", _IRREGULAR))
    for form in family
}


def word_forms(word: str) -> tuple[str, ...]:
    """A word with the forms that a stemmer does not bring together with it: lose, lost."""
    return _FORMS.get(word, (word,))


def query_words(text: str) -> list[str]:
    """The words of a question that are worth looking for, in order, each once.

    All of its words where it has no others.
    """
    return list(dict.fromkeys(content_words(text) or words(text)))


def matches_name(wanted: str, name: str) -> bool:
    """Whether every word of `wanted` begins a word of `name`, or both are one when run together."""
    asked, held = name_words(wanted), name_words(name)
    if not asked:
        return False
    return "".join(asked) == "".join(held) or all(
        any(word.startswith(part) for word in held) for part in asked
    )


def folded(text: str) -> str:
    """A text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold().translate(_STROKES))
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return unicodedata.normalize("NFC", letters)  # the syllables of Korean are letters again


_STROKES = str.maketrans("łøđħ", "lodh")  # no accents to Unicode


def asks(text: str) -> bool:
    """Whether a sentence is a question; one that only seeks assent (", right?") is none."""
    ended = text.rstrip()
    while ended.endswith(("]", ")")) and (note := _NOTE.search(ended, max(0, len(ended) - 42))):
        ended = ended[: note.start()].rstrip()
    ended = ended.rstrip("\"'”’»)] ")
    return ended.endswith(("?", "？")) and not _TAG.search(ended)


_NOTE = re.compile(r"(?:\[[^\[\]]{1,40}\]|\([^()?]{1,40}\))$")  # "[laughs]", at the end
_TAG = re.compile(
    r",\s*(?:right|yeah|yes|no|ok|okay|you know|you see|correct|huh|isn['’]t it)\?$", re.IGNORECASE
)


@lru_cache(maxsize=100_000)  # a filter asks for the words of every name of the archive
def name_words(text: str) -> tuple[str, ...]:
    """The words of a name, to be compared: without case and accents."""
    return tuple(re.findall(r"\w+", folded(text)))


def nearest(wanted: str, names: Iterable[str], most: int = 3) -> str:
    """What is near a name that is not there, as the end of a sentence; "" where nothing is."""
    folded = "".join(name_words(wanted))
    ranked = sorted((-_nearness(folded, name), name) for name in set(names))
    near = [name for ratio, name in ranked[:most] if -ratio >= NEAR]
    return f"; the nearest: {', '.join(near)}" if near else ""


def _nearness(folded: str, name: str) -> float:
    """The greatest of difflib's ratios to the name and to each of its words; 0 below NEAR."""
    parts = name_words(name)
    best = 0.0
    for part in {"".join(parts), *parts}:
        spelt = SequenceMatcher(None, folded, part)
        if spelt.real_quick_ratio() >= NEAR and spelt.quick_ratio() >= NEAR:
            best = max(best, spelt.ratio())
    return best


def without_hidden(text: str) -> str:
    """The text without the characters that nobody sees; white space of all kinds stays."""
    bare = _HIDDEN.sub("", text)
    return bare if bare.isascii() else _MARKS.sub(_meant, bare)


def _meant(found: re.Match[str]) -> str:
    """Of a run of invisible marks those that change the character before them."""
    kept = found.string[max(0, found.start() - 1) : found.start()]
    start = len(kept)
    after = found.string[found.end() : found.end() + 1]
    for mark in found[0]:
        last = kept[-1:]
        if mark in "\u200c\u200d":
            emoji = mark == "\u200d" and _EMOJI.match(last) and _EMOJI.match(after)
            fits = bool(_JOINING_SCRIPT.match(last) or emoji)
        elif mark < "\u1810":
            fits = bool(_MONGOLIAN.match(last))
        else:
            fits = bool(_VARIED.match(last)) and not _MARKS.match(last)
        kept += mark if fits else ""
    return kept[start:]


def visible(text: str, kept: str = "") -> str:
    """The text with every character that acts on a terminal or a page shown as a code.

    Codes are Python's escapes. Line breaks and tabs act, too; those in `kept` stay as they are.
    """

    def shown(found: re.Match[str]) -> str:
        return found[0] if found[0] in kept else found[0].encode("unicode_escape").decode("ascii")

    return _ACTING.sub(shown, text)


def well_formed(text: str) -> str:
    """The text without lone surrogates, which tokenizers refuses.

    Two halves that stand side by side (badly decoded JSON) become the character they mean; a lone
    one becomes U+FFFD, which says nothing.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Character ranges (start, end) of the sentences of `text`, in order.

    Ranges are stripped of surrounding white space and never empty; only white space lies
    between them. A text without an end mark is one sentence.
    """
    ranges: list[tuple[int, int]] = []
    begin = 0
    for match in _END.finditer(text):
        if not _is_abbreviation(text, begin, match.start(), match.end()):
            ranges.append(_stripped(text, begin, match.end()))
            begin = match.end()
    ranges.append(_stripped(text, begin, len(text)))
    return [(first, last) for first, last in ranges if first < last]


def _is_abbreviation(text: str, begin: int, mark: int, end: int) -> bool:
    if text[mark:end] != ".":
        return False
    # "I." is far more often the end of a sentence in speech than an initial.
    tail = text[max(begin, mark - 12) : end]
    return bool(_ABBREVIATION.search(tail)) and not tail.endswith((" I.", "etc.", " no."))


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    """The range without the white space around it; an empty one at `begin` of white space only."""
    piece = text[begin:end]
    lead = len(piece) - len(piece.lstrip())
    return (begin + lead, begin + len(piece.rstrip())) if lead < len(piece) else (begin, begin)


def split_to_fit(
    text: str, begin: int, end: int, count: TokenCounts, limit: int
) -> list[tuple[int, int, int]]:
    """Halves a range of `text`, at white space where there is some, until each part fits.

    Gives (begin, end, tokens) of each part in order, at least one, with only white space between
    them. A single character is a part however many tokens it has.
    """
    begin, end = _stripped(text, begin, end)
    [tokens] = count([text[begin:end]])
    if tokens <= limit or end - begin < 2:
        return [(begin, end, tokens)]
    middle = (begin + end) // 2
    before = next((i for i in range(middle, begin, -1) if text[i].isspace()), None)
    after = next((i for i in range(middle, end) if text[i].isspace()), None)
    spaces = [i for i in (before, after) if i is not None]
    cut = min(spaces, key=lambda i: abs(i - middle), default=middle)
    return [
        *split_to_fit(text, begin, cut, count, limit),
        *split_to_fit(text, cut, end, count, limit),
    ]
