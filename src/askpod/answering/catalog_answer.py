"""Answers from the catalog: which episodes there are, their guests, dates and lengths.

"How many episodes are there?", "What is the latest episode about?" and "Who is the host?" are
answered by what is known about the episodes, not by what somebody says in them. Nothing is quoted
for it but from the one episode that is asked about, and no model is asked. Told by rules, for
English: such a question has no words but those of its kind and FILLERS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from askpod.answering.catalog_facts import (
    KNOWN,
    description_of,
    facts_of,
    guests_of,
    hosts_of,
    how_many,
    list_of,
    seconds_of,
    size_of,
)
from askpod.answering.overview import WHICH, Quote, by_date, meant, newest_first, overview
from askpod.answering.question import EPISODE, Question, asks_for_episodes
from askpod.answering.quoting import Retrieved
from askpod.model import Answer, Episode, Filters
from askpod.retrieval.retriever import LONGEST_QUESTION
from askpod.text import words

MOST_LISTED = 20  # episodes
MOST_NAMES = 40

Asks = Literal["count", "guests", "host", "archive", "one", "fact", "list"]

_FIRST_OR_LAST = rf"(?P<which>{WHICH}|longest|shortest)"
# Shows and talks may be what a guest speaks of: "How many shows did you do?"
_OTHERS = r"(?:podcasts|shows|interviews|talks|meetings|recordings|conversations)"
_EPISODES = rf"(?:episodes|{_OTHERS}(?= (?:are|is) (?:there|here)))"
# "List all the guests", but not "List the mistakes of the guests".
_SMALL = r"(?:me|us|an?|all|every|latest|list|most|names?|newest|of|recent|some|the|titles|your)"
_LIST_OF = rf"(?:list|name|show|give|all)(?: {_SMALL})*"
_ARCHIVE = r"(?:podcast|show|archive|series|collection)"
# The first that a question has, with FILLERS alone besides, is what it asks.
_ASKS: dict[Asks, str] = {
    "one": rf"(?P<is>episode is (?:the )?)?{_FIRST_OR_LAST}(?(is)$| (?:episode|guest)\b)",
    "count": (
        rf"how many (?:{_EPISODES}|seasons|guests|hours of (?:talk|audio|recordings?))\b"
        rf"|when did (?:the |this |your ){_ARCHIVE} (?:start|begin)\b"
    ),
    "host": r"who (?:hosts|presents)\b|who(?: is|['’]s| are) (?:the |your )?hosts?\b",
    "guests": (
        r"who (?:are|were)(?: all)? (?:the |your )?(?:guests|speakers)\b|who (?:speaks|appears)\b"
        r"|who (?:is|was|were|has been) interviewed\b|(?:which|what) guests\b"
        rf"|who (?:has|have) been (?:on|in) (?:the |this |your ){_ARCHIVE}\b"
        rf"|{_LIST_OF} (?:guests|speakers|(?<=every )guest)\b"
    ),
    "archive": (
        rf"what(?: is|['’]s) (?:this |the |your )?{_ARCHIVE}\b.* about\b"
        rf"|what does (?:this |the |your )?{_ARCHIVE} cover\b"
        r"|(?:what|which|list|name|show)(?: me)?(?: all)?(?: the| your)? (?:topics|subjects|themes)"
        r"|what (?:can (?:i|we) ask|do you know|can you (?:answer|tell me|do))\b"
        rf"|(?:tell me about|describe|introduce|summari[sz]e) (?:this |the |your ){_ARCHIVE}$"
        r"|^(?:hello|hi|hey|help)$|what(?: is|['’]s) new\b"
        r"|(?:which|what) episodes? (?:should|could|can|do) (?:i|we|you) (?:start|begin|listen|hear"
        r"|recommend)(?: with| to)?(?: first)?$|where (?:should|can|do) (?:i|we) (?:start|begin)$"
    ),
    "list": (
        rf"(?:(?:which|what)(?: are)?(?: all)?(?: the| your)? |^){_EPISODES}\b"
        rf"|{_LIST_OF} (?:episodes|(?<=every )episode|{_OTHERS})\b"
    ),
}
_ASKED = {asks: re.compile(rf"\b(?:{how})", re.IGNORECASE) for asks, how in _ASKS.items()}
# Where the next of several questions begins: "Who is the host, and how many episodes are there?"
_NEXT = re.compile(r"(?:,? and |[?.!,;] )(?=(?:who|what|which|when|where|how)\b)", re.IGNORECASE)
FILLERS = frozenset(
    words("""
    a about aired all altogether am an and answer any appear appeared archive are ask available
    been came can collection come cover covered do did discussed does episode episodes far for
    from gist give got guest had has have here highlights i in indexed interviewed is it's key know
    list main many me name of on out overview please podcast points published recap recorded
    released s series show so speak summarise summarize summary takeaways talked tell that the
    their there these this title to topic total up us was we were what what's when which who who's
    with you your
    """)
)
# "When was the episode with Ada published?", "Where can I listen to the bread episode?"
_FACT = re.compile(
    r"(?:(?P<date>when (?:was|did|were)|(?:on )?(?:what|which) (?:date|day|year) (?:was|did))"
    r"|(?P<length>how long (?:is|was))|(?P<guest>who (?:is|was|are|were) the guests? (?:of|in|on))"
    r"|(?P<link>where can (?:i|we) (?:listen to|hear|find|watch)"
    r"|what(?: is|['’]s) the (?:link|url|address)(?: to| of| for))) (?:the |this |that )?"
    r"(?P<b>.*?)\bepisode\b(?P<a>.*?)"
    r"(?: (?:published|released|recorded|aired?|uploaded|come out|made))?$",
    re.IGNORECASE,
)

_MONTHS = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_DAY = (
    r"(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?"
    rf"|(?:(?:{'|'.join(_MONTHS)}) )?(?:19|20)\d\d)"
)
_PERIOD = re.compile(
    rf" (?:(?:in|from|of|during) )?season (?P<season>\d+)\b"
    rf"| (?:between|from) (?P<first>{_DAY}) (?:and|to|until|till) (?P<last>{_DAY})\b"
    rf"| (?:since|from) (?P<since>{_DAY})(?: on(?:wards?)?)\b| since (?P<since_>{_DAY})\b"
    rf"| after (?P<after>{_DAY})\b| before (?P<before>{_DAY})\b"
    rf"| (?:until|till|up to) (?P<until>{_DAY})\b"
    rf"|,? (?:from|in|of|during|on(?= \d{{4}}-\d\d-\d\d)) (?P<within>{_DAY})\b",
    re.IGNORECASE,
)
_IN_MONTH = re.compile(rf",? (?:from|in|of|during) ({'|'.join(_MONTHS)})$", re.IGNORECASE)
# "What was said in season 2 about bees?", but not "… in season 2 of Succession".
_IN_SEASON = re.compile(r" (?:in|from|during) season \d+\b(?! of\b)", re.IGNORECASE)
_OF_EPISODES = re.compile(
    rf"\b{EPISODE}(?: (?:that )?(?:are |were )?(?:published|released|recorded|aired|made))?$",
    re.IGNORECASE,
)
# "Which episodes discussed that?", "When was that episode recorded?", and, where something was
# talked of, "Where should I start?": of what was said before.
_POINTS_BACK = re.compile(
    r"\b(?:about|on|of|for|in|is|are|was|were|did|had|discuss\w*|cover\w*|mention\w*)"
    r" (?:it|this|that|these|those)\b(?! (?:podcast|show|archive|series|collection)\b)"
    r"|where (?:should|can|do) (?:i|we) (?:start|begin)|what(?: is|['’]s) new\b",
    re.IGNORECASE,
)


def in_period(
    text: str, filters: Filters, listed: Callable[[Filters], list[Episode]] = lambda _: []
) -> tuple[str, Filters]:
    """A question for episodes without the time or season that it names, and that as filters.

    "Which episodes from 2024 talk about bees?" gives "Which episodes talk about bees?", and so does
    "Who talked about bees in 2024?", where episodes of that time are `listed`. A season that is
    `listed` counts in any question. What the listener has set goes first; a question for anything
    else stays as it is.
    """
    found = _PERIOD.search(text) if len(text) <= LONGEST_QUESTION else None
    if found is None:
        return text, filters
    without = text[: found.start()] + text[found.end() :]
    if _each_asks(plural := _plural(without)):
        without = plural  # "Which episode was published on 2024-05-04?"
    # "Which episodes talk about the crash of 2008?" is not about episodes of 2008.
    theirs = _OF_EPISODES.search(text[: found.start()])
    ends = not text[found.end() :].strip(" ?!.") and not re.match(r",? (?:of|from)\b", found[0])
    for_episodes = (theirs or ends) and asks_for_episodes(without)
    asks_so = _each_asks(without) or for_episodes
    if not asks_so and not _IN_SEASON.match(text, found.start()):
        return text, filters
    said = found.groupdict()
    since = _date(said["first"] or said["since"] or said["since_"] or said["within"])
    until = _date(said["last"] or said["until"] or said["within"])
    season = int(said["season"]) if said["season"] else None
    within = replace(
        filters,
        season=season if filters.season is None else filters.season,
        since=filters.since or since or _date(said["after"], +1),
        until=filters.until or until or _date(said["before"], -1),
    )
    # "Who talked about the crash in 2008?" is asked of later episodes.
    doubtful = not _each_asks(without) and (not asks_so or (ends and not theirs))
    # Where episodes have seasons, one that they have not is no season of something else.
    doubtful = doubtful and not (season and any(each.season for each in listed(filters)))
    return (text, filters) if doubtful and not listed(within) else (without, within)


def _plural(text: str) -> str:
    """A question for an episode as one for episodes."""
    return re.sub(r"(?i)^(which|what) episode\b", r"\1 episodes", text)


def _date(said: str | None, later: int = 0) -> str | None:
    """A day, a month or a year, so many of them later: "March 2024" as 2024-03."""
    if said is None:
        return None
    if said.count("-") == 2:
        with suppress(ValueError):  # there is no such day
            return str(date.fromisoformat(said) + timedelta(days=later))
        return said
    year, *month = said.split("-") if "-" in said else said.lower().split()[::-1]
    if not month:
        return f"{int(year) + later:04}"
    place = int(month[0]) - 1 if month[0].isdigit() else _MONTHS.index(month[0])
    months = int(year) * 12 + place + later
    return f"{months // 12:04}-{months % 12 + 1:02}"


def asks_catalog(text: str) -> Asks | None:
    """What a question asks of the catalog; None where it asks what is said in the episodes."""
    asked = _asked_of_catalog(text)
    return asked[0][1] if asked else None


def _asked_of_catalog(text: str) -> list[tuple[str, Asks]]:
    return _each_asks(in_period(text, Filters())[0])


def points_back(text: str) -> bool:
    """Whether a question for the catalog means something that was said before it."""
    return bool(_POINTS_BACK.search(text))


def _each_asks(text: str) -> list[tuple[str, Asks]]:
    """The questions that are put in one, and what each asks; [] where one asks something else."""
    if len(text) > LONGEST_QUESTION:  # it is refused, and would take long here
        return []
    parts = [text] if _asks(text) else _NEXT.split(text)
    asked = [(part, asks) for part in parts if (asks := _asks(part))]
    return asked if len(asked) == len(parts) else []


def _asks(text: str) -> Asks | None:
    bare, in_month = _IN_MONTH.subn("", " ".join(text.split()).strip(" ?!."))
    bare = _plural(bare) if in_month else bare
    for asks, pattern in _ASKED.items():
        found = pattern.search(bare)
        if found and FILLERS.issuperset(words(bare[: found.start()] + " " + bare[found.end() :])):
            return asks
    return "fact" if _FACT.match(bare) else None


def answer_from_catalog(question: Question, retrieved: Retrieved, quote: Quote) -> Answer | None:
    """The answer to a question about the archive and its episodes; None where it is another."""
    asked = _asked_of_catalog(question.text)
    episodes = newest_first(retrieved.archive.listed(retrieved.filters)) if asked else []
    month = _IN_MONTH.search(question.text.strip(" ?!."))
    if month and episodes:
        number = f"-{_MONTHS.index(month[1].lower()) + 1:02}"
        episodes = [each for each in episodes if each.date and each.date[4:7] == number]
        if not episodes:
            return _told(question, f"No episode is known to be of {month[1].title()}.")
    if not episodes:
        return None
    answers = [
        _answer(asks, replace(question, text=text), episodes, retrieved, quote)
        for text, asks in asked
    ]
    known = [answer for answer in answers if answer]
    if len(known) < len(answers) or sum(bool(answer.citations) for answer in known) > 1:
        return None
    quoted = next((answer for answer in known if answer.citations), known[0])
    text = "\n\n".join(answer.text for answer in known)
    return replace(quoted, question=question.text, text=text)


def _answer(
    asks: Asks,
    question: Question,
    episodes: Sequence[Episode],
    retrieved: Retrieved,
    quote: Quote,
) -> Answer | None:
    """The answer to one question; None where the catalog does not know it."""
    if asks == "one" or (asks == "archive" and len(episodes) == 1):
        chosen = _one(question.text, episodes, retrieved) if asks == "one" else episodes[0]
        return overview(question, [chosen], retrieved, quote) if chosen else None
    told = {
        "count": lambda: how_many(question.text, episodes),
        "list": lambda: f"{size_of(episodes)}\n{list_of(episodes, MOST_LISTED)}",
        "guests": lambda: guests_of(episodes, MOST_NAMES),
        "host": lambda: hosts_of(episodes, retrieved),
        "archive": lambda: description_of(episodes),
        "fact": lambda: _facts(question, episodes, retrieved),
    }
    text = told[asks]()
    return _told(question, text) if text else None


def _told(question: Question, text: str) -> Answer:
    return Answer(question.text, text, (), (), refused=False, mode="extractive")


def _one(text: str, episodes: Sequence[Episode], retrieved: Retrieved) -> Episode | None:
    """The latest, first, longest … episode; None where nothing tells which that is."""
    found = _ASKED["one"].search(text.strip(" ?!."))
    which = found["which"].lower() if found else ""
    if which not in ("longest", "shortest"):
        return by_date(which, episodes)
    lengths = [(seconds, each) for each in episodes if (seconds := seconds_of(each, retrieved))]
    best = max if which == "longest" else min
    return best(lengths, key=lambda pair: pair[0])[1] if lengths else None


def _facts(question: Question, episodes: Sequence[Episode], retrieved: Retrieved) -> str:
    """Guests, date, length and link of the episode that a question names; "" of none."""
    found = _FACT.match(question.text.strip(" ?!."))
    if found is None:
        return ""
    asked = next(each for each in KNOWN if found[each])
    subject = f"{found['b']} {found['a']}".strip()
    placed = re.fullmatch(_FIRST_OR_LAST, subject, re.IGNORECASE)
    one = _one(question.text, episodes, retrieved) if placed else None
    named = [one] if one else meant(subject, question.text, retrieved)[:MOST_LISTED]
    return "\n".join(facts_of(asked, each, retrieved) for each in named)
