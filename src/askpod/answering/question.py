"""What a question asks for: of which kind it is, whom it asks about, what its answer must hold.

By rules on the question's structure, for English; what fits no rule is a plain question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from askpod.answering.figures import (
    Figure,
    counted,
    figure_asked_for,
    has_name,
    holds,
    without_how_much,
)
from askpod.text import content_words, query_words, without_titles, words

Kind = Literal["plain", "episodes", "overview", "person", "list", "comparison"]

EPISODE = r"(?:episodes?|shows?|talks?|interviews?|conversations?|recordings?|meetings?|podcasts?)"
_CALLED = re.compile(rf"\b{EPISODE}\b", re.IGNORECASE)
_ABOUT = r"(?:about|on|of|discuss(?:es|ed|ing)?|mention(?:s|ed|ing)?|cover(?:s|ed|ing)?)"
_SPOKE = r"(?:talk(?:s|ed)?|sp(?:eaks?|oke|oken)|discuss(?:es|ed)?|mention(?:s|ed)?|cover(?:s|ed)?)"
_VERB = r"(?:is|are|was|were|do|does|did|has|have|that|should|can)"
_WHICH = rf"(?:in |at )?(?:which|what|how many)(?: of (?:the|these|your)| other)? {EPISODE}"
_EPISODES = (
    rf"{_WHICH} (?:(?:{_VERB}|never)\b.{{0,40}}?)?"
    rf"(?:{_SPOKE} (?:about|on|of)|{_ABOUT}|(?:deal|go)\w* (?:with|into))",
    rf"(?:who|which (?:guests?|speakers?|people)|has any(?:one|body)|did any(?:one|body))"
    rf"(?: (?:else|all|ever|has|have))? {_SPOKE}(?: (?:about|on|of))?",
    rf"(?:list|find|show|give)(?: me)?(?: all)?(?: of)?(?: the)? {EPISODE} (?:that )?{_ABOUT}",
    r"(?:(?:is|are) there|(?:do|have) you (?:have|got)|got) "
    rf"(?:(?:an?|any|some) {EPISODE} (?:that )?{_ABOUT}|anything (?:about|on))",
    rf"(?:any |all )?(?:the )?episodes? (?:that )?{_ABOUT}",
)
# "In which episode is X mentioned?"
_HEARD_IN = (
    rf"{_WHICH} {_VERB} (?P<subject>.+?) (?:been )?(?:discussed|mentioned|covered|talked about"
    r"|spoken (?:about|of)|brought up|c[oa]me up)(?: in| at)?$"
)
_OVERVIEWS = (
    rf"(?:what is|what's|what was|what are) (?:the |this |that |his |her |their )?(?P<b>.*?)"
    rf"\b{EPISODE}\b(?P<a>.*?) (?:all )?about$",
    rf"what (?:does|did|do) (?:the |this |that )?(?P<b>.*?)\b{EPISODE}\b(?P<a>.*?)"
    r" (?:cover|discuss|talk about)$",
    r"(?:what|which) (?:topics|subjects|themes|points) (?:does|did|do|are|were) "
    r"(?:covered in |discussed in )?(?:the |this |that )?"
    rf"(?P<b>.*?)\b{EPISODE}\b(?P<a>.*?)(?: cover| discuss| talk about)?$",
    r"what (?:are|were) the (?:main|key) (?:points|ideas|takeaways|topics|lessons) (?:of|from|in) "
    rf"(?:the |this |that )?(?P<b>.*?)\b{EPISODE}\b(?P<a>.*?)$",
    r"(?:summari[sz]e|sum up|recap(?: of)?|"
    r"(?:give|write)(?: me)? (?:a |an )?(?:short |brief )?(?:summary|overview) of|"
    r"(?:a )?summary of|overview of|tl;?dr:?|tell me about(?= (?:the|this) .*\bepisode\b|"
    r" episode \d))(?: of)?(?: the| this| that)?(?P<b>)(?P<a>.*)",
)
# "Which episode has Ada as a guest?"
_FEATURES = (
    r"(?:(?:in )?(?:which|what|how many) (?:episodes?|shows?|interviews?) "
    r"(?:is|are|was|were|do|does|did|has|have|features?|featured)"
    r"|(?:(?:list|show|find|give)(?: me)? ?)?(?:all )?(?:the )?episodes?) (?:the )?"
    r"(?:guest |with |by |featuring )?(?P<who>.+?)(?:(?: as| been)(?: an?| the)? guest)?"
    r"(?: (?:appear|speak|talk|feature|come up|do$)\w*)?(?: in| on)?(?: (?:it|them))?$"
)
_PERSONS = (
    r"(?:who(?: is|['’]s| are)|tell me about|introduce) (?P<who>.+)$",
    r"(?P<who>\w+(?: [\w.'’-]+){0,3})$",
    r"(?:what(?: is|['’]s| are) )?(?P<who>.+?)(?:['’]s?)? "
    r"(?:background|story|profession|job|role|career|career path|path|journey)$",
    r"(?:what|where) do(?:es)? (?P<who>.+?) (?:do|do for a living|work)$",
)
_LIST = re.compile(
    r"(?:(?:what|which) (?:\w+ ){0,2}?(?!is\b|was\b|does\b|has\b)\w+(?<!s)s "
    r"(?:are|were|was|do|did|does|have|has|can|should|would|could)\b"
    r".*\b(?:recommend|mention|use|suggest|name|list|like|read|try|learn)"
    r"|(?:list|name|enumerate) (?:all|some|the|a few|every)\b)",
    re.IGNORECASE,
)
# What a list tells by name: "What tools do they recommend?"
_BY_NAME = re.compile(
    r"\b(?:tool|book|novel|librar(?=ies)|framework|course|compan(?=ies)|startup|language|app|podcast"
    r"|newsletter|blog|paper|product|platform|database|service|package|model|program|conference"
    r"|magazine|brand|band|film|movie|show|song|restaurant|cit(?=ies)|countr(?=ies)|town|museum)"
    r"(?:ie)?s\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(?:not|never|no|no(?:body| one)|without)\b|n['’]t\b", re.IGNORECASE)
_COMPARES = re.compile(
    r"\b(?:both|each|compar\w+|(?:dis)?agree\w*|differ\w*|similar\w*|in common|alike|versus|vs"
    r"|whereas|while|than|instead|respectively)\b",
    re.IGNORECASE,
)
_TERM = r"(?:the |an? )?([\w][\w+#.’'/-]*(?: [\w+#.’'/-]+){0,3}?)"
_PAIRS = (
    rf"\bdifferences? between {_TERM} and {_TERM}(?=[?,.;]| (?:in|for|when|according)\b|$)",
    rf"\bcompare {_TERM} (?:and|with|to) {_TERM}(?=[?,.;]| (?:in|for|when|according)\b|$)",
    rf"\bcompare (?:[\w'’-]+ )+?(?:of|in|for) {_TERM} (?:and|with|to) {_TERM}(?=[?,.;]|$)",
    rf"\bhow (?:do|does|is|are) {_TERM} (?:differ|different) from {_TERM}(?=[?,.;]|$)",
    rf"^{_TERM} (?:vs\.?|versus|or) {_TERM}(?=[?,.;:]|$)",
)
_MEANT = r"(?: an?| the)? ([\w][\w+#.’'/-]*(?: [\w+#.’'/-]+){0,3})"
_DEFINED = re.compile(
    rf"(?:what(?:['’]s| is| are)|define){_MEANT}$"
    rf"|what do(?:es)?{_MEANT} (?:mean|stand for|refer to)$",
    re.IGNORECASE,
)
_NO_TERM = (
    r"(?:the|this|that|these|those|their|there|they|it|its|your|my|our|his|her|i|we|you|he|she|good"
    r"|bad|best|wrong|some|any|no)\b"
)
_IN_NO_TERM = re.compile(r"\b(?:with|at|about|in|for|to|on|from|by|going|and)\b", re.IGNORECASE)
# A definition and something else: "What is MLOps, and why do models fail without it?"
_TWO_PARTS = re.compile(
    rf"(what(?:['’]s| is| are)) "
    rf"((?:an? )?+(?!{_NO_TERM})[\w+#.’'/-]+(?: [\w+#.’'/-]+){{0,2}}),? and "
    r"((?:why|how|what|when|where|who|which|does|do|is|are|should|can)\b.+)$",
    re.IGNORECASE,
)
FEWEST_IN_CLAUSE = 4  # words: less ("and how so") asks nothing by itself
_AUX = r"(?:do|does|did|is|are|was|were|can|could|should|would|has|have|had|will)"  # auxiliaries
_ASKING = r"(?:how|why|what|which|when|where|whom?|for how long)"
# Where the next of several questions begins: "…, and how …?", "…; which …", "…? Why …", ", what …".
_CLAUSE = re.compile(
    rf"(?:,? and |; |(?<=[?.!]) )(?={_ASKING}\b)|, (?=(?:how|why|what)\b)", re.IGNORECASE
)
_IS_CLAUSE = re.compile(
    rf"(?:^|[,:.?!] )(?:how|why|what|which|whom?|for how long|(?:when|where) {_AUX}|{_AUX})\b",
    re.IGNORECASE,
)
_DEFINES = (
    r"(?:e?s)? (?:means?|refers? to|stands? for|(?:is|are)(?: \w+ly| just| kind of| like)?"
    r" (?:an?|the|about|when|where|how|any|all|one|your|something|nothing))\b"
)
_SAYING = (
    r"(?:say|said|says|think|thinks|thought|believe|advise|recommend|suggest|argue|explain|feel|"
    r"mention|describe|propose|tell|want|mean|prefer|like|define|learn|regret|see|view)"
)
_ANY_TELLER = (
    r"(?:\w+ )?(?:guests?|speakers?|hosts?|team|group|people|members|participants|episodes?|show)"
)
# What people do and things may do, too: "What does X predict?" asks to hear X if X speaks.
_SPEAKING = (
    r"(?:predict|expect|hope|claim|warn|admit|complain|object|answer|reply|respond|remember|recall|"
    r"conclude|comment|promise|hate|love|fear|dislike|oppose|support|suspect|doubt|worry|(?:dis)?agree"
    r"|know|talk about|ask for)"
)
# "What is X worried about?"
_FEELING = (
    r"(?:worried|concerned|afraid|scared|proud|excited|angry|annoyed|upset|unhappy|happy|glad|sorry"
    r"|grateful|disappointed|surprised|frustrated|optimistic|pessimistic|s[ck]eptical)"
)
# "X's objection" is X's to tell.
_TOLD_BY_THEM = (
    r"(?:views?|opinions?|advice|tips?|take|predictions?|thoughts?|objections?|concerns?|worr(?:y|ies)"
    r"|fears?|hopes?|suggestions?|proposals?|recommendations?|arguments?|reasons?|criticisms?"
    r"|complaints?|explanations?|theor(?:y|ies)|guess)"
)
_ASKS_TO_HEAR = re.compile(rf"\b(?:{_SAYING}|{_SPEAKING}|{_FEELING})\b", re.IGNORECASE)
# "first", "people": whom and when it is for tells nothing of the subject.
_FOR_ANYBODY = re.compile(
    r"\b(?:first|next|last|most|best|people|others|listeners|beginners|newcomers|every(?:one|body)"
    r"|any(?:one|body)|any(?:thing)?|thing)\b",
    re.IGNORECASE,
)
# "the vicar" of "What did the vicar say about the bees?", but not "the team".
_TELLER = re.compile(
    rf"\bwhat (?:do|does|did) (?:the|an?|his|her|their|my|your) (?!{_ANY_TELLER}\b)"
    rf"((?:[\w-]+ ){{0,2}}?[\w-]+) (?:\w+ly )?{_SAYING}\b",
    re.IGNORECASE,
)
_CAPITAL = r"(?:[^\W\d_a-z][\w-]*\.?)"
_FULL_NAME = rf"{_CAPITAL}(?: (?:van|von|der|den|de|da|del|di|al|bin|la|le))*(?: {_CAPITAL})+"
_FULL_NAMES = rf"({_FULL_NAME}(?:(?:,|,? and|,? or) {_FULL_NAME})*)"
_HEARD = (  # case tells names here; what things mean is no saying: "What does Apache Kafka mean?"
    rf"\b(?:do|does|did|would|can|could) {_FULL_NAMES} (?:\w+ly |both |each )?"
    rf"(?!means?\b)(?:{_SAYING}|(?:dis)?agree)\b",
    rf"\bwhat {_FULL_NAMES} (?:\w+ly |both |each )?(?:says?|said|thinks?|thought)\b",
    rf"\baccording to {_FULL_NAMES}",
    rf"{_FULL_NAMES}['’]s? (?:views?|opinions?|advice|take)\b",
)


# Figures that any talk is full of: one of them must be said of what is asked.
_ASKED_OF = ("time", "phone", "person", "colour")


@dataclass(frozen=True)
class Question:
    """A question as it is to be answered."""

    text: str
    kind: Kind
    subject: str  # what is looked for, in its words; of "overview": what names the episode
    people: tuple[str, ...]  # speakers whom it names
    theirs: bool  # it asks what they say, so that nobody else's words answer it
    figure: Figure | None  # what its answer must hold
    compared: tuple[str, ...] = ()  # what a comparison is between
    strangers: tuple[str, ...] = ()  # full names of those it asks to hear who are no speakers
    term: str = ""  # what it asks the meaning of
    parts: tuple[str, ...] = ()  # questions to be searched for one by one: what a term is, and more
    clauses: tuple[str, ...] = ()  # questions that it puts in one, all of which it needs to search

    @cached_property
    def without_people(self) -> str:
        """Its text without the people's names, who speak and are seldom named in what they say."""
        return without_names(self.text, self.people) or self.text

    @property
    def names_no_subject(self) -> bool:
        """Whether it only asks to hear somebody, whatever it is: "What did Ada ask for?"."""
        return self.theirs and not content_words(
            _FOR_ANYBODY.sub("", _ASKS_TO_HEAR.sub("", self.without_people))
        )

    @property
    def names_an_episode(self) -> bool:
        """Whether it asks for an episode as such, and not for what was said on something."""
        called = self.kind == "overview" and _CALLED.search(self.text)
        return self.kind == "episodes" or bool(called)

    @property
    def negated(self) -> bool:
        """Whether it asks what is not so: "Which episodes never mention …?"."""
        return bool(_NEGATION.search(self.text.partition(self.subject)[0]))

    def holds_figure(self, text: str, known: str = "") -> bool:
        """Whether a text has a figure of the kind that is asked for, or a name not known."""
        figure = "count" if self.figure == "number" and self.counted else self.figure
        return figure is not None and holds(figure, text, f"{self.text} {known}")

    def lists_by_name(self, text: str) -> bool:
        """Whether a list is asked for of what has names of its own, and a text says such a name."""
        listed = self.kind == "list" and _BY_NAME.search(self.text)
        return bool(listed) and has_name(text, self.text)

    @property
    def measured(self) -> list[str]:
        """Words for what a time, a colour or somebody is asked of; [] of other figures."""
        asked = re.sub(r"(?i)\b(?:time|(?:tele)?phone|mobile|number)\b", "", self.without_people)
        return content_words(asked) if self.figure in _ASKED_OF else []

    @cached_property
    def counted(self) -> list[str]:
        """Words for what is counted or named, of which its answer says some."""
        return counted(self.without_people, self.figure)

    @property
    def teller(self) -> list[str]:
        """Words for who is to have said something and is no speaker: "the vicar"."""
        found = None if self.people else _TELLER.search(self.text)
        return content_words(found[1]) if found else []

    @property
    def measures_people(self) -> bool:
        """Whether it asks for a figure of people themselves: "How tall is Ada?"."""
        asked = without_how_much(self.without_people)
        return bool(self.people and self.figure) and not content_words(asked)

    def is_explained_by(self, text: str) -> bool:
        """Whether a text says what the term that is asked for means: "MLOps is a set of …"."""
        term = re.escape(self.term.removesuffix("s"))
        return bool(term and re.search(rf"\b{term}{_DEFINES}", text, re.IGNORECASE))


def asks_for_episodes(text: str) -> bool:
    """Whether a question asks which episodes, or who, talked about something."""
    return _kind(text, ())[0] == "episodes"


def understand(text: str, named: Sequence[str]) -> Question:
    """A question's kind and parts; `named` are the speakers whom it names."""
    text, people = " ".join(text.split()), tuple(named)
    people = _tellers(text, people)
    kind, subject, compared = _kind(text, people)
    figure = figure_asked_for(text)
    if kind != "plain" and figure == "person":  # "Who talks about …?"
        figure = None
    theirs, strangers = _asks_them(text, people), _strangers(text, named)
    defined = _DEFINED.match(subject) if kind == "plain" else None
    term = defined[1] or defined[2] if defined else ""
    parts = () if people or strangers else _parts(text.strip(" ?!."))
    clauses = _clauses(without_names(text, people)) if kind == "plain" and not parts else ()
    return Question(
        text, kind, subject, people, theirs, figure, compared, strangers, term, parts, clauses
    )


def _clauses(text: str) -> tuple[str, ...]:
    """The questions that are put in one, in order; () where there is but one."""
    clauses, begin = list[str](), 0
    ends = [*((mark.start(), mark.end()) for mark in _CLAUSE.finditer(text)), (len(text),) * 2]
    for end, following in ends:
        part = text[begin:end].strip(" ,;")
        if len(part.split()) >= FEWEST_IN_CLAUSE and _IS_CLAUSE.search(part):
            clauses.append(part)
            begin = following  # else it belongs to the next one
    return tuple(clauses) if len(clauses) > 1 else ()


def _parts(bare: str) -> tuple[str, ...]:
    """A definition that is asked for, and what else, with the term for its "it"; () of neither."""
    found = _TWO_PARTS.match(bare)
    if found is None or _IN_NO_TERM.search(found[2]):
        return ()
    opening, term, rest = found.groups()
    pronoun = "it|one$" if term.lower().startswith(("a ", "an ")) else "it"
    if opening.lower().endswith("are"):
        pronoun = "they|them"
    meant = re.compile(rf"\b(?:{pronoun})(?![\w'’])", re.IGNORECASE)
    return f"{opening} {term}?", f"{meant.sub(lambda _: term, rest, count=1)}?"


def _tellers(text: str, people: tuple[str, ...]) -> tuple[str, ...]:
    """Of the people in "What do A and B think of C's plan?" those who are to tell: A and B."""
    told = re.search(rf"(?i)\bwhat (?:do|does|did) (.{{1,80}}?) {_SAYING}\b", text)
    parts = set(words(told[1])) if told and not _COMPARES.search(text) else set()
    return tuple(each for each in people if parts.intersection(words(each))) or people


def _asks_them(text: str, people: Sequence[str]) -> bool:
    """Whether a question asks what people say: "What does X think …", "according to X"."""
    if not people:
        return False
    parts = {re.escape(part) for person in people for part in (person, *person.split())}
    one = f"(?:{'|'.join(sorted(parts, key=len, reverse=True))})"
    who = f"(?:the )?{one}(?: {one})*"
    return bool(
        re.search(
            rf"\b(?:do|does|did|would|can|could) {who} (?:\w+ly )?"
            rf"(?:{_SAYING}|{_SPEAKING})\b|\baccording to {who}\b|\b{who} {_SAYING}\b"
            rf"|\b(?:is|are|was|were) {who} (?:\w+ )?{_FEELING}\b"
            rf"|\b{who}(?:['’]s)? (?:main |biggest |only )?{_TOLD_BY_THEM}\b",
            text,
            re.IGNORECASE,
        )
    )


def _strangers(text: str, named: Sequence[str]) -> tuple[str, ...]:
    """The full names of those whom a question asks to hear, and who speak nowhere."""
    known = {part for name in named for part in words(name)}
    # The first word has a capital anyway: "Summarize Ida Holm's view".
    text = text[:1].lower() + text[1:]
    heard = [each for pattern in _HEARD for each in re.findall(pattern, text)]
    names = [name for each in heard for name in re.split(r",? (?:and|or|&) |, ", each)]
    bare = {name: words(without_titles(name)) for name in names}
    return tuple(name for name, parts in bare.items() if not known.issuperset(parts))


def without_names(text: str, people: Sequence[str]) -> str:
    """The text without the words of people's names, and their titles."""
    text = without_titles(text) if people else text
    parts = {part for person in people for part in words(person)}
    kept = [word for word in text.split() if not words(word) or not parts.issuperset(words(word))]
    return " ".join(kept)


def _all_that(pattern: str, bare: str, people: Sequence[str]) -> str:
    """Whom a pattern finds asked about; "" where that is more than the people's names."""
    found = re.match(pattern, bare, re.IGNORECASE)
    who = found["who"] if found else ""
    return "" if query_words(without_names(who, people)) else who


def _kind(text: str, people: Sequence[str]) -> tuple[Kind, str, tuple[str, ...]]:
    bare = text.strip(" ?!.")
    for pattern in (*(rf"{each}\s+(?P<subject>.+)" for each in _EPISODES), _HEARD_IN):
        if found := re.match(rf"(?:(?:and|but|so),? )?{pattern}", bare, re.IGNORECASE):
            return "episodes", found["subject"], ()
    for pattern in _OVERVIEWS:
        if found := re.match(pattern, bare, re.IGNORECASE):
            return "overview", f"{found['b']} {found['a']}".strip(), ()
    asked = bare.partition("? (")[0]  # less what is carried over from the question before
    for pattern in (_FEATURES, *_PERSONS):
        if people and (who := _all_that(pattern, asked, people)):
            return "overview" if pattern == _FEATURES else "person", who, ()
    for pattern in _PAIRS:
        found = re.search(pattern, bare, re.IGNORECASE)
        if found and len(people) < 2:
            return "comparison", bare, (found[1], found[2])
    if len(people) > 1 and _COMPARES.search(bare):
        return "comparison", bare, tuple(people)
    return ("list" if _LIST.match(bare) else "plain"), bare, ()
