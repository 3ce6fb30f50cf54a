"""Follow-up questions without a model: a rule that carries names and topics over.

"And what did she say about that later?" finds nothing by itself. Asked after "Why did Marisol give
up on the batteries?" it becomes "And what did Marisol Vanterpool say about that later?
(batteries)": words that a search can use. The rule knows English only, and it never takes a word
away from the listener's question; what can be understood by itself is returned as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from askpod.model import Exchange
from askpod.text import STOPWORDS

LONGEST = 25  # words; a question longer than that brings its own subject
ELLIPSIS = 3  # words; one as short as that and without a verb leans on what was asked before
CARRIED = 12  # words, at most

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NAME = re.compile(r"[A-Z][\w'’-]*[a-z][\w'’-]*(?: [A-Z][\w'’-]*)*")
_PERSON = re.compile(r"\b(?:she|he|her|him|his|hers)\b(?!['’])", re.IGNORECASE)
_POSSESSIVE = {"his", "hers"}

_OPENING = re.compile(
    r"(?:and|but|so|or|also|then|what about|how about|what else|who else|where else|anything else|"
    r"any other|another|more|tell me more|say more|go on|explain|elaborate|why not|how so|how come|"
    r"for example|such as|really|the same|in what way|since when|by whom|instead of)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\b(?:too|instead|again|then|later|afterwards|before that|there|else|exactly|"
    r"that|this|these|those|it|them)[\s?.!]*$",
    re.IGNORECASE,
)
# "that" points back behind these; elsewhere it joins clauses ("companies that", "know that").
_DEMONSTRATIVE = re.compile(
    r"(?:^|\b(?:about|of|like|to|with|for|from|by|at|on|in|after|before|than|is|was|are|were|do|"
    r"did|does|why|how|would|could|can|than)\s+)that\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:these|those|this(?! (?:podcast|show|archive|series)\b)|the (?:same|other|latter|former|"
    r"first one|second one)|such an?|(?:that|which) ones?|"
    r"(?:another|other|more|further) (?:example|reason|way|case|one)s?)\b",
    re.IGNORECASE,
)
_THING = re.compile(r"\b(?:it|its|they|them|their|theirs)\b(?!['’])", re.IGNORECASE)
# "Is it worth learning Rust?", "how long does it take to": an "it" that stands for nothing said.
_EMPTY_IT = re.compile(
    r"\bit (?:take|takes|cost|costs|worth|make sense|matter|possible|hard|easy|difficult|better|"
    r"important|necessary|wise|a good idea|ok|okay|useful)\b.*\b(?:to|\w+ing|that|if|whether)\b",
    re.IGNORECASE,
)
# A clause behind which a pronoun usually stands for a noun of the same question.
_CLAUSE = re.compile(
    r"\b(?:when|if|that|because|while|until|once|before|after|and|but|or|whether|so|where|how|as)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|am|be|do|does|did|has|have|had|can|could|will|would|should|shall|may|"
    r"might|must|to)\b",
    re.IGNORECASE,
)
_ASKING = frozenset(
    re.findall(
        r"\w+",
        """which whose when where why how in on at for with without by from of during before after
        because since under over to""",
    )
)
# Words of a question that say nothing of its subject, beyond those that a search leaves out.
_EMPTY = STOPWORDS | frozenset(
    re.findall(
        r"\w+",
        """tell explain describe mention mentioned many much long often kind kinds sort way ways
        example examples else really exactly please give gave something anything someone somebody
        people person guest guests episode episodes first best use used happen happens happened
        think thinks thought want wanted know knows later instead go ok okay yes well""",
    )
)


def is_follow_up(question: str) -> bool:
    """Whether a question leans on what was asked before it."""
    words = _WORD.findall(question)
    if not words or len(words) > LONGEST:
        return False
    if _OPENING.match(question.strip(" ,-–—…")) or _CLOSING.search(question):
        return True
    if not _contents(question):  # "Why?", "Who said so?"
        return True
    short = len(words) <= ELLIPSIS and not _VERB.search(question)
    return (short and words[0].casefold() in _ASKING) or _points_back(question)


def standalone(question: str, history: Sequence[Exchange]) -> str:
    """A question that can be searched for by itself; `history` is what was asked, oldest first.

    A person's pronoun becomes the name it most likely stands for; the words that matter of the
    question before are added in brackets. A question that is no follow-up is returned unchanged.
    """
    if not history or not is_follow_up(question):
        return question
    thread = _thread(history)
    asked = _named(question, thread)
    own = {word.casefold() for word in _WORD.findall(asked)}
    new_person = bool(_names(question))
    carried = [
        word
        for word in _carried(thread, without_names=new_person)
        if word.casefold().removesuffix("'s") not in own
    ]
    return f"{asked} ({', '.join(carried[:CARRIED])})" if carried else asked


def _points_back(question: str) -> bool:
    """Whether a pronoun stands for something that the question itself does not name."""
    if _DEMONSTRATIVE.search(question) or _POINTING.search(question):
        return True
    if person := _PERSON.search(question):
        before = question[: person.start()]
        return not (_names(before) or re.search(r"\b(?:an?|the|someone|somebody)\b", before))
    thing = _THING.search(question)
    if thing is None or _EMPTY_IT.search(question):
        return False
    before = question[: thing.start()]
    joined = _CLAUSE.search(before, pos=len(before.split(" ", 1)[0]))
    owns = thing[0].casefold() in ("its", "their", "theirs")
    return not (_contents(before) and (joined or owns))


def _thread(history: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges about the present subject: the newest question, and on through follow-ups."""
    thread: list[Exchange] = []
    for exchange in reversed(history):
        thread.append(exchange)
        if not is_follow_up(exchange.question):
            break
    return thread


def _named(question: str, thread: Sequence[Exchange]) -> str:
    """The question with its first "she" or "he" put as a name, where one is known."""
    pronoun = _PERSON.search(question)
    name = _person(thread)
    if pronoun is None or not name:
        return question
    if pronoun[0].casefold() in _POSSESSIVE or _owns(question[pronoun.start() :]):
        name += "'s"
    return question[: pronoun.start()] + name + question[pronoun.end() :]


def _owns(text: str) -> bool:
    """Whether a "her" at the beginning of the text is a possessive: a plain word follows."""
    found = re.match(r"her (\w+)", text, re.IGNORECASE)
    return found is not None and found[1].casefold() not in STOPWORDS


def _person(thread: Sequence[Exchange]) -> str:
    """Whom the talk is about: a speaker named in a question, else who is quoted most.

    A name in a question that no quoted speaker bears may be anybody's; it is carried over with
    the other words, and no pronoun is put as somebody else.
    """
    for exchange in thread:
        speakers = Counter(c.speaker for c in exchange.answer.citations if c.speaker)
        asked = {word.casefold().removesuffix("'s") for word in _WORD.findall(exchange.question)}
        for speaker, _ in speakers.most_common():
            if asked & {word.casefold() for word in _WORD.findall(speaker)}:
                return speaker
        if _names(exchange.question):
            return ""
    newest = thread[0].answer.citations
    speakers = Counter(citation.speaker for citation in newest if citation.speaker)
    return speakers.most_common(1)[0][0] if speakers else ""


def _carried(thread: Sequence[Exchange], *, without_names: bool) -> list[str]:
    """The words that matter of the questions in a thread, each once: its first question first."""
    words: list[str] = []
    for exchange in reversed(thread):
        names = {word for name in _names(exchange.question) for word in name.split()}
        words += [
            word
            for word in _contents(exchange.question)
            if not (without_names and word.removesuffix("'s") in names)
        ]
    return list({word.casefold(): word for word in reversed(words)}.values())[::-1]


def _contents(question: str) -> list[str]:
    return [word for word in _WORD.findall(question.replace("’", "'")) if not _is_empty(word)]


def _is_empty(word: str) -> bool:
    return word.casefold().split("'")[0] in _EMPTY


def _names(text: str) -> list[str]:
    """Names in a question: words with a capital, other than one that every sentence begins with."""
    found: list[str] = []
    for match in _NAME.finditer(text):
        words = match[0].split()
        opens = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ".?!"
        if opens and (_is_empty(words[0]) or len(words) == 1):
            words = words[1:]
        if words:
            found.append(" ".join(_plain(words)))
    return found


def _plain(words: Iterable[str]) -> list[str]:
    return [word.replace("’", "'").removesuffix("'s") for word in words]
