"""Answers from the catalog: which episodes there are, their guests, dates and lengths.

"How many episodes are there?", "What is the latest episode about?" and "Who is the host?" are
answered by what is known about the episodes, not by what somebody says in them. Nothing is quoted
for it but from the one episode that is asked about, and no model is asked. Told by rules, for
English: such a question has no words but those of its kind and FILLERS.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from askpod.answering.overview import (
    LAST_TURN,
    Quote,
    by_date,
    headline,
    meant,
    newest_first,
    numbered,
    overview,
)
from askpod.answering.question import EPISODE, Question, asks_for_episodes
from askpod.answering.quoting import Retrieved
from askpod.links import second_link
from askpod.model import Answer, Episode, Filters
from askpod.retrieval.retriever import LONGEST_QUESTION
from askpod.text import words
from askpod.times import clock

MOST_LISTED = 20  # episodes
MOST_NAMES = 40
MOST_TOPICS = 12
NEWEST = 5  # episodes that a description of the archive names
SAMPLED = 24  # episodes, the newest ones, in whose openings a host is looked for
OPENING = 12  # turns

Asks = Literal["count", "guests", "host", "archive", "one", "fact", "list"]

_FIRST_OR_LAST = r"(?P<which>latest|newest|most recent|last|first|oldest|earliest|longest|shortest)"
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
        rf"how many (?:{_EPISODES}|guests|hours of (?:talk|audio|recordings?))\b"
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
_KNOWN = ("date", "length", "guest", "link")
_FACT = re.compile(
    r"(?:(?P<date>when (?:was|did|were)|(?:on )?(?:what|which) (?:date|day|year) (?:was|did))"
    r"|(?P<length>how long (?:is|was))|(?P<guest>who (?:is|was|are|were) the guests? (?:of|in|on))"
    r"|(?P<link>where can (?:i|we) (?:listen to|hear|find|watch)"
    r"|what(?: is|['’]s) the (?:link|url|address)(?: to| of| for))) (?:the |this |that )?"
    r"(?P<b>.*?)\bepisode\b(?P<a>.*?)"
    r"(?: (?:published|released|recorded|aired?|uploaded|come out|made))?$",
    re.IGNORECASE,
)

_MONTHS = "january february march april may june july august september october november december"
_DAY = (
    r"(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?"
    rf"|(?:(?:{'|'.join(_MONTHS.split())}) )?(?:19|20)\d\d)"
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
_IN_LATEST = re.compile(
    r"(?P<inside>(?:in|on|during|from) )?the (?:latest|newest|most recent) (?:episode|show)\b"
    # that of something else: "the latest episode of Black Mirror"
    r"(?! (?:of|by|from) (?!(?:this|the|your|our) (?:podcast|show|archive|series)\b))",
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
    if _each_asks(plural := re.sub(r"(?i)^(which|what) episode\b", r"\1 episodes", without)):
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
    doubtful = not asks_so or (ends and not theirs)
    return (text, filters) if doubtful and not listed(within) else (without, within)


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
    place = int(month[0]) - 1 if month[0].isdigit() else _MONTHS.split().index(month[0])
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
    bare = " ".join(text.split()).strip(" ?!.")
    for asks, pattern in _ASKED.items():
        found = pattern.search(bare)
        if found and FILLERS.issuperset(words(bare[: found.start()] + " " + bare[found.end() :])):
            return asks
    return "fact" if _FACT.match(bare) else None


def answer_from_catalog(question: Question, retrieved: Retrieved, quote: Quote) -> Answer | None:
    """The answer to a question about the archive and its episodes; None where it is another."""
    asked = _asked_of_catalog(question.text)
    episodes = newest_first(retrieved.archive.listed(retrieved.filters)) if asked else []
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
        "count": lambda: _how_many(question.text, episodes),
        "list": lambda: f"{_counted(episodes)}\n{_list(episodes, MOST_LISTED)}",
        "guests": lambda: _guests(episodes, MOST_NAMES),
        "host": lambda: _hosts(episodes, retrieved),
        "archive": lambda: _description(episodes),
        "fact": lambda: _facts(question, episodes, retrieved),
    }
    text = told[asks]()
    if not text:
        return None
    return Answer(question.text, text, (), (), refused=False, mode="extractive")


def in_latest(text: str, episodes: Callable[[], list[Episode]]) -> tuple[str, str | None]:
    """A question on what the latest episode says without those words, and that episode's id.

    "What does the latest episode say about bees?" gives "What does it say about bees?".
    """
    found = None if asks_catalog(text) else _IN_LATEST.search(text)
    if found and (latest := by_date("latest", newest_first(episodes()))):
        said = "" if found["inside"] else "it"
        return f"{text[: found.start()]}{said}{text[found.end() :]}".strip(" ,"), latest.id
    return text, None


def _one(text: str, episodes: Sequence[Episode], retrieved: Retrieved) -> Episode | None:
    """The latest, first, longest … episode; None where nothing tells which that is."""
    found = _ASKED["one"].search(text.strip(" ?!."))
    which = found["which"].lower() if found else ""
    if which not in ("longest", "shortest"):
        return by_date(which, episodes)
    lengths = [(seconds, each) for each in episodes if (seconds := _seconds(each, retrieved))]
    best = max if which == "longest" else min
    return best(lengths, key=lambda pair: pair[0])[1] if lengths else None


def _seconds(episode: Episode, retrieved: Retrieved) -> float:
    """How long an episode is, at least until its last turn ends; 0.0 where that is not known."""
    if episode.untimed:
        return 0.0
    last = [] if episode.duration else retrieved.archive.turns(episode.id, 0, LAST_TURN)[-1:]
    return episode.duration or (last[0].end if last else 0.0)


def _facts(question: Question, episodes: Sequence[Episode], retrieved: Retrieved) -> str:
    """Guests, date, length and link of the episode that a question names; "" of none."""
    found = _FACT.match(question.text.strip(" ?!."))
    if found is None:
        return ""
    asked = next(each for each in _KNOWN if found[each])
    subject = f"{found['b']} {found['a']}".strip()
    placed = re.fullmatch(_FIRST_OR_LAST, subject, re.IGNORECASE)
    one = _one(question.text, episodes, retrieved) if placed else None
    named = [one] if one else meant(subject, question.text, retrieved)[:MOST_LISTED]
    return "\n".join(_known(asked, each, retrieved) for each in named)


def _known(asked: str, episode: Episode, retrieved: Retrieved) -> str:
    """What an episode is, how long it is, and where; that what is asked is not known is said."""
    seconds = _seconds(episode, retrieved)
    length = f", {clock(seconds)} long" if seconds else ""
    link = second_link(episode.youtube, episode.links, None)
    known = (episode.date, length, episode.guests, link)
    lacks = not dict(zip(_KNOWN, known, strict=True))[asked]
    unknown = f". The archive does not know its {asked}." if lacks else ""
    return f"{headline(episode)}{length}{unknown}" + (f"\n{link}" if link else "")


def _list(episodes: Sequence[Episode], most: int) -> str:
    lines = [f"{place}. {headline(each)}" for place, each in enumerate(episodes[:most], start=1)]
    more = len(episodes) - most
    return "\n".join([*lines, f"… and {more} more"] if more > 0 else lines)


def _how_many(text: str, episodes: Sequence[Episode]) -> str:
    """The answer to "How many …?" and "When did it start?"; "" where the catalog has it not."""
    if "how many guests" in text.lower():
        names = _names(episodes)
        return f"{numbered(len(names), 'guest')} in {_counted(episodes)}" if names else ""
    asks_when, asks_hours = text.lower().startswith("when "), " hours of " in text.lower()
    known_when = any(each.date for each in episodes) or not asks_when
    known_hours = all(each.duration for each in episodes) or not asks_hours
    return _counted(episodes) if known_when and known_hours else ""


def _counted(episodes: Sequence[Episode]) -> str:
    """How many episodes there are, from when to when, with how many hours of talk."""
    dates = sorted(each.date for each in episodes if each.date)
    lengths = [each.duration for each in episodes if each.duration]
    span = talk = ""
    if dates:
        span = f", from {dates[0]} to {dates[-1]}" if len(dates) > 1 else f", {dates[0]}"
        undated = len(episodes) - len(dates)
        span += f" ({undated:,} without a date)" if undated else ""
    if len(lengths) == len(episodes):
        minutes = sum(lengths) / 60
        much = f"{minutes / 60:,.1f} hours" if minutes >= 60 else numbered(round(minutes), "minute")
        talk = f", {much} of talk"
    return f"{numbered(len(episodes), 'episode')}{span}{talk}."


def _names(episodes: Iterable[Episode]) -> list[str]:
    return [name for name, _ in Counter(n for each in episodes for n in each.guests).most_common()]


def _guests(episodes: Sequence[Episode], most: int) -> str:
    names = _names(episodes)
    if not names:
        return ""
    more = f" … and {len(names) - most} more" if len(names) > most else ""
    told = f"{numbered(len(names), 'guest')}: {', '.join(names[:most])}{more}."
    without = sum(not each.guests for each in episodes)
    return f"{told} {numbered(without, 'episode')} without a named guest." if without else told


def _hosts(episodes: Sequence[Episode], retrieved: Retrieved) -> str:
    """Who speaks at the beginning of most episodes without being their guest; "" if nobody."""
    sampled, heard = episodes[:SAMPLED], Counter[str]()
    for episode in sampled:
        turns = retrieved.archive.turns(episode.id, 0, OPENING - 1)
        heard.update({turn.speaker for turn in turns} - {"", *episode.guests})
    hosts = [name for name, times in heard.most_common() if 2 * times > len(sampled)]
    if not hosts or not any(each.guests for each in sampled):
        return ""
    among = f"the {len(sampled)} newest episodes" if len(episodes) > SAMPLED else "the episodes"
    lead = "leads" if len(hosts) == 1 else "lead"
    return f"{' and '.join(hosts)}, who {lead} through most of {among}."


def _description(episodes: Sequence[Episode]) -> str:
    """What there is to ask about: how much, who, on what, and the newest episodes."""
    topics = Counter(topic for each in episodes for topic in each.topics).most_common(MOST_TOPICS)
    parts = [
        _counted(episodes),
        f"Topics: {', '.join(topic for topic, _ in topics)}." if topics else "",
        _guests(episodes, MOST_TOPICS),
        f"{'The newest' if episodes[0].date else 'Some'}:\n{_list(episodes[:NEWEST], NEWEST)}",
    ]
    return "\n".join(part for part in parts if part)
