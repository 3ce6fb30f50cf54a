"""Query rewriting: a follow-up becomes a question of its own, a weak search gets other words.

Follow-ups need no model. "And what did she say about that later?", asked after "Why did Marisol
give up on the batteries?", becomes "And what did Marisol Vanterpool say about that later?
(batteries)". The rule knows English only, and never takes a word away. A question that names
nothing new is first looked for where the last answer was found.

Other words are written by a model: sentences of a possible answer, since a question is not worded
as what was said in answer to it. A reply that is none of that changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from askpod.answering.claims import is_denial
from askpod.answering.question import asks_for_episodes
from askpod.answering.quoting import Search
from askpod.answering.refusal import is_refusal, nearness
from askpod.answering.replies import is_copied
from askpod.model import Exchange, Filters, Passage
from askpod.retrieval.passages import without_duplicates
from askpod.retrieval.retriever import Found
from askpod.text import STOPWORDS, query_words, word_set, words

if TYPE_CHECKING:
    from askpod.tokens import Message

LONGEST = 25  # words; a question longer than that brings its own subject
LONGEST_REWRITTEN = 500  # characters of a rewritten question; more is no question
ELLIPSIS = 3  # words; one as short as that and without a verb leans on what was asked before
CARRIED = 12  # words, at most
FEW_CONTENTS = 2  # words; a question with no more of its own may be about what was said last
LEANING = 0.3  # of nearness, in favour of the last answer's episode
BRIEF = 0.1
ELSEWHERE = 0.25  # of nearness to a question's own words, by which another episode is what is meant
OWN_SUBJECT = 4  # words; with so many of its own, a "they" in a question is anybody

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_NAME = re.compile(r"[A-Z][\w'’-]*[a-z][\w'’-]*(?: [A-Z][\w'’-]*)*")
_PERSON = re.compile(r"\b(?:she|he|her|him|his|hers)\b(?!['’])", re.IGNORECASE)
_POSSESSIVE = {"his", "hers"}
_SHE, _HE = (re.compile(rf"\b(?:{each})\b", re.IGNORECASE) for each in ("she|hers?", "he|him|his"))

_OPENING = re.compile(
    r"(?:and|but|so|or|also|then|what about|how about|what else|who else|where else|anything else|"
    r"any other|another|more|tell me more|say more|go on|explain|elaborate|why not|how so|how come|"
    r"for example|such as|really|the same|in what way|since when|by whom|instead of)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\b(?:too|instead|again|then|later|afterwards|before that|there|else|exactly|"
    r"that|this|these|those|it|them)[\s?.!]*$"
    # "Does Mo agree?", "What did Ann Lee think?": with or of what was asked before
    r"|^(?:what )?(?:do|does|did) (?:(?-i:[A-Z])[\w.'’-]* (?:and )?){1,5}"
    r"(?:(?:dis)?agree|think|say|answer|reply|respond)[\s?.!]*$",
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
_ASKING = word_set(
    """which whose when where why how in on at for with without by from of during before after
    because since under over to"""
)
# Words of a question that say nothing of its subject, beyond those that a search leaves out.
_EMPTY = STOPWORDS | word_set(
    """tell explain describe mention mentioned many much long often kind kinds sort way ways
    example examples else really exactly please give gave something anything someone somebody
    people person guest guests episode episodes first best use used happen happens happened
    agree agrees disagree
    think thinks thought want wanted know knows later instead go ok okay yes well"""
)


def is_follow_up(question: str) -> bool:
    """Whether a question leans on what was asked before it."""
    words = _WORD.findall(question)
    if not words or len(words) > LONGEST:
        return False
    if _CLOSING.search(question) or not _contents(question):  # "Why?", "Who said so?"
        return True
    if asks_for_episodes(question):
        return _points_back(question)  # it brings its own subject: "Who else talks about bees?"
    if _OPENING.match(question.strip(" ,-–—…")):
        return True
    short = len(words) <= ELLIPSIS and not _VERB.search(question)
    return (short and words[0].casefold() in _ASKING) or _points_back(question)


def standalone(question: str, history: Sequence[Exchange]) -> str:
    """A question that can be searched for by itself; `history` is what was asked, oldest first.

    A person's pronoun becomes the name it most likely stands for; the words that matter of the
    question before are added in brackets. A question that is no follow-up is returned unchanged.
    """
    return _with_thread(question, history) if history and is_follow_up(question) else question


def _with_thread(question: str, history: Sequence[Exchange]) -> str:
    """The question with what is carried over from those before it."""
    thread = _thread(history)
    asked = _named(question, thread)
    own = {word.casefold() for word in _WORD.findall(asked)}
    carried = _carried(thread, without_names=bool(_names(question)))
    new = [word for word in carried if word.casefold().removesuffix("'s") not in own]
    return f"{asked} ({', '.join(new[:CARRIED])})" if new else asked


def in_place(
    question: str, history: Sequence[Exchange], found: Found, filters: Filters, search: Search
) -> tuple[Found, Filters]:
    """What was found for a question in a talk, and where: in the last answer's episode, if it fits.

    That is the episode of the best quotation of the last good answer. A question that names
    nothing new is most likely answered there: one that leans on what was asked, or that has hardly
    a word of its own ("is there a limit?"). A question for episodes is asked of all.

    Args:
        question: as it was asked.
        history: what was asked before, oldest first.
        found: what was found for it, made whole, within `filters`.
        filters: what the listener restricted it to.
        search: finds more; takes a question, how many passages, and filters.
    """
    last = next((each.answer for each in reversed(history) if _is_good(each)), None)
    if last is None or filters.episode or _names(question) or asks_for_episodes(question):
        return found, filters
    leans = is_follow_up(question)
    if not leans and len(_contents(question)) > FEW_CONTENTS:
        return found, filters
    there = replace(filters, episode=last.citations[0].episode_id)
    if not _points_back(question):
        # Its own words, without any that are carried over, may come much nearer elsewhere.
        own = search(question, 1, filters) if leans else found
        if nearness(own) - nearness(search(question, 1, there)) >= ELSEWHERE:
            return found, filters
    wanted = found.question if leans else _with_thread(question, history)
    here = search(wanted, max(1, len(found.passages)), there)
    favour = LEANING if leans else BRIEF
    serves = here.passages and nearness(here) + favour >= nearness(found)
    return (here, there) if serves else (found, filters)


def told(history: Sequence[Exchange]) -> tuple[str, ...]:
    """What the last answer quoted: a listener who asks on wants to hear something else."""
    return tuple(each.quote for each in history[-1].answer.citations) if history else ()


def _is_good(exchange: Exchange) -> bool:
    """Whether an answer may become what the talk is about: it is one, or quotes who was named."""
    quoted = {part for c in exchange.answer.citations for part in _WORD.findall(c.speaker)}
    named = {part for name in _names(exchange.question) for part in _WORD.findall(name)}
    return bool(exchange.answer.citations) and (
        exchange.answer.basis == "answered" or not quoted.isdisjoint(named)
    )


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
    if thing[0].casefold() == "they" and len(_contents(question)) >= OWN_SUBJECT:
        return False
    before = question[: thing.start()]
    joined = _CLAUSE.search(before, pos=len(before.split(" ", 1)[0]))
    owns = thing[0].casefold() in ("its", "their", "theirs")
    return not (_contents(before) and (joined or owns))


def _thread(history: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges about the present subject, through good answers: the newest question first."""
    thread: list[Exchange] = []
    good = [exchange for exchange in history if _is_good(exchange)]
    for exchange in reversed(good or history):
        thread.append(exchange)
        taken_on = exchange.answer.question.startswith(f"{exchange.question} (")
        if not (taken_on or is_follow_up(exchange.question)):
            break
    return thread


def _named(question: str, thread: Sequence[Exchange]) -> str:
    """The question with its first "she" or "he" put as a name, where one is known."""
    pronoun = _PERSON.search(question)
    name = _person(thread, pronoun[0]) if pronoun else ""
    if pronoun is None or not name:
        return question
    before, after = question[: pronoun.start()], question[pronoun.end() :]
    # "her" is a possessive where a plain word follows.
    hers = pronoun[0].casefold() == "her" and re.match(r" (\w+)", after)
    if pronoun[0].casefold() in _POSSESSIVE or (hers and hers[1].casefold() not in STOPWORDS):
        name += "'s"
    return f"{before}{name}{after}"


def _person(thread: Sequence[Exchange], pronoun: str) -> str:
    """Whom the talk is about: a speaker named in a question, else who is quoted first.

    Nobody of these where who is quoted first tells of another "he", or "she", as asked about.
    """
    for exchange in thread:
        speakers = Counter(c.speaker for c in exchange.answer.citations if c.speaker)
        asked = {word.casefold().removesuffix("'s") for word in _WORD.findall(exchange.question)}
        for speaker, _ in speakers.most_common():
            if asked & {word.casefold() for word in _WORD.findall(speaker)}:
                return speaker
        if _names(exchange.question):
            return ""
    quoted = thread[0].answer.citations
    asks_who = thread[0].question.casefold().startswith("who ")
    told = [each for each in _names(quoted[0].quote) if " " in each] if asks_who and quoted else []
    if told:
        return told[0]
    same = _SHE if _SHE.match(pronoun) else _HE
    if quoted and same.search(quoted[0].quote):
        return ""
    return next((each.speaker for each in quoted if each.speaker), "")


def _carried(thread: Sequence[Exchange], *, without_names: bool) -> list[str]:
    """The words that matter of a thread's questions, each once; without the names of who spoke."""
    words: dict[str, str] = {}
    for exchange in reversed(thread):
        spoke = " ".join(citation.speaker for citation in exchange.answer.citations)
        names = set(_WORD.findall(spoke)) if without_names else set()
        for word in _contents(exchange.question):
            if word.removesuffix("'s") not in names:
                words.setdefault(word.casefold(), word)
    return [*words.values()]


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
            found.append(" ".join(word.replace("’", "'").removesuffix("'s") for word in words))
    return found


MOST_QUERIES = 3
MOST_LINES = 6  # a reply with more is something else
LONGEST_REPLY = 1_000  # characters, likewise
LONGEST_QUERY = 200
FEWEST_WORDS = 2

_BULLET = re.compile(r"^\s*(?:[-*•–]|\(?\d{1,2}[.):])\s+")


def queries_in(reply: str, question: str, prompt: Sequence[Message]) -> tuple[str, ...]:
    """What a model's reply says to search for; empty where it is no list of queries.

    Args:
        reply: what the model wrote.
        question: as it was searched for.
        prompt: what the model was sent.
    """
    lines = [line for line in reply.splitlines() if line.strip()]
    if len(reply) > LONGEST_REPLY or len(lines) > MOST_LINES:
        return ()
    if is_denial(reply) or is_refusal(reply) or is_copied(reply, prompt, ()):
        return ()
    told = {tuple(words(line)) for _, text in prompt for line in text.splitlines()}
    queries: dict[tuple[str, ...], str] = {}
    for line in lines:
        query = " ".join(_BULLET.sub("", line).split()).strip("\"'“”*` ")
        said = tuple(words(query))
        fine = len(said) >= FEWEST_WORDS and len(query) <= LONGEST_QUERY and query.isprintable()
        if fine and not query.endswith(":") and said not in told | {tuple(words(question))}:
            queries.setdefault(said, query)
    return tuple(islice(queries.values(), MOST_QUERIES))


def merged(found: Found, others: Sequence[Found], top: int) -> Found:
    """A search together with those for other words: the `top` passages with the best scores.

    It is as near as the nearest of them. All else is that of the question itself.
    """
    if not others:
        return found
    every = (found, *others)
    passages = sorted((p for each in every for p in each.passages), key=lambda p: -p.score)
    return replace(
        found,
        passages=tuple(islice(without_duplicates(_apart(passages)), top)),
        similarity=max(each.similarity for each in every),
        coverage=max(each.coverage for each in every),
    )


def _apart(passages: Sequence[Passage]) -> Iterator[Passage]:
    """The passages in order, less those that overlap an earlier one."""
    kept: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for passage in passages:
        parts = [
            ((passage.episode_id, span.turn), (span.offset, span.offset + len(span.text)))
            for span in passage.spans
        ]
        if any(
            begin < end_of_other and begin_of_other < end
            for turn, (begin, end) in parts
            for begin_of_other, end_of_other in kept.get(turn, ())
        ):
            continue
        for turn, part in parts:
            kept.setdefault(turn, []).append(part)
        yield passage


def is_rewrite(text: str, said: Sequence[str]) -> bool:
    """Whether a reply can be the question asked for: short, and with words of what was said."""
    given = set(query_words(" ".join(said)))
    return 0 < len(text) <= LONGEST_REWRITTEN and not given.isdisjoint(query_words(text))
