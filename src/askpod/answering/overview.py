"""Answers about episodes as such: which ones talk about something, and what one is about."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from askpod.answering.question import EPISODE, Question, understand, without_names
from askpod.answering.quoting import PASSAGES, Quotations, Retrieved, composed
from askpod.answering.refusal import is_weak, refused
from askpod.answering.relevance import held_words
from askpod.answering.sentences import Run
from askpod.model import Answer, Basis, Episode, Filters, Passage
from askpod.retrieval.names import named_speakers
from askpod.retrieval.retriever import Found
from askpod.text import content_words, query_words
from askpod.times import clock

DEPTH = 200  # passages that episodes are counted by
MOST_EPISODES = 8
LISTED_WORDS = 50  # of the quotation from each of several episodes
MOST_SECTIONS = 12
QUOTATIONS = 3  # of an overview
# What a person is asked in the place of "Who is …?": so hosts ask, and so guests answer.
INTRODUCED = "Can you tell us about yourself, your background, your career and what you do?"
INTRODUCTION = 600.0  # seconds from their first words in which people introduce themselves
LAST_TURN = 1_000_000  # beyond any episode's
TITLE = 0.6  # share of the words of a question's subject that the title of its episode must hold
NEARLY = 0.5  # of the best passage's score: less, without the subject's words, is not about it

# What calls an episode an episode.
_SAYS_NOTHING = re.compile(rf"{EPISODE}|titled|called|named")
# How many episodes there are up to the one that is meant, which may be the latest, too.
ORDINALS = {
    "first": 1, "oldest": 1, "earliest": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
WHICH = rf"latest|newest|most recent|last|{'|'.join(ORDINALS)}"
# "season 2, episode 14", "the last episode with Ada"
_PLACE = re.compile(
    rf"\b(?:(?:season \d+,? )?{EPISODE} (?:no\.? ?|number |#)?(?P<number>\d+)"
    rf"|(?P<end>{WHICH}) {EPISODE})\b(?:,? (?:of|in) season \d+)?",
    re.IGNORECASE,
)
# "in the second episode", "the latest episode", but not that "of Black Mirror".
_WITHIN = re.compile(
    r"\b(?P<inside>(?:in|on|during|from) )?(?:(?:season \d+,? )?episode (?:no\.? ?|number |#)?\d+"
    rf"|the (?:{WHICH}) episode)\b(?:,? (?:of|in) season \d+)?"
    r"(?! (?:of|by|from) (?!(?:this|the|your|our) (?:podcast|show|archive|series)\b))",
    re.IGNORECASE,
)
# Asks what something is about that is called by its title alone.
_TITLED = re.compile(
    r"(?:what(?:['’]s| is| was) (.+?) (?:all )?about"
    r"|what (?:topics |subjects )?(?:does|did) (.+?) (?:cover|discuss|talk about)"
    r"|what happen(?:s|ed) in (.+)|tell me about (.+))$",
    re.IGNORECASE,
)

Quote = Callable[[Question, Found, Retrieved], Quotations]


@dataclass(frozen=True, slots=True)
class About:
    """An episode that talks about something."""

    episode: str
    passages: tuple[Passage, ...]  # best first
    in_words: bool  # a passage found, of any episode, holds half of the subject's words


def episodes_about(subject: str, found: Found, filters: Filters) -> list[About]:
    """The episodes that talk about a subject, best first, by what was found for it.

    An episode does where a passage holds more than half of the subject's words; then all that
    hold half of them count. Where none does, those count whose score is not far below the best,
    unless all that was found is too far from the subject.
    """
    passages, words = found.passages, query_words(subject)
    held = held_words(words, [passage.text for passage in passages])
    twice = [(p, 2 * len(each)) for p, each in zip(passages, held, strict=True)]
    half = [passage for passage, number in twice if number >= max(1, len(words))]
    more = {passage.episode_id for passage, number in twice if number > len(words)}
    counted = [passage for passage in half if passage.episode_id in more]
    if not counted and not is_weak(found, filters):
        counted = [p for p in passages if p.score >= NEARLY * passages[0].score]
    grouped: dict[str, list[Passage]] = {}
    for passage in counted:
        grouped.setdefault(passage.episode_id, []).append(passage)
    # One passage that is all about it tells more than several that mention it.
    return sorted(
        (About(id_, tuple(own), bool(half)) for id_, own in grouped.items()),
        key=lambda about: -about.passages[0].score * (1 + math.log(len(about.passages))),
    )


def answer_about_episodes(question: Question, retrieved: Retrieved, quote: Quote) -> Answer | None:
    """The answer to a question about episodes as such; None where it is another question."""
    if question.kind == "episodes" and not question.negated:
        return _which(question, retrieved, quote)
    about_one = question.kind in ("overview", "person")
    named = meant(question.subject, question.text, retrieved) if about_one else []
    if named or (not about_one and (named := _titled(question, retrieved))):
        return overview(question, named, retrieved, quote)
    place = _PLACE.search(question.text) if question.kind == "overview" else None
    if place and not _more_than(place[0], _telling(question.subject)):
        none = f"no episode here is known as “{place[0]}”"
        return replace(refused(retrieved.found), warnings=(none,))
    return None


def _which(question: Question, retrieved: Retrieved, quote: Quote) -> Answer:
    found = retrieved.archive.search(question.subject, DEPTH, retrieved.filters)
    found = replace(found, question=question.text)
    if found.unmentioned:
        return refused(found)
    about = episodes_about(question.subject, found, retrieved.filters)
    episodes = {episode.id: episode for episode in retrieved.archive.listed(retrieved.filters)}
    runs: list[Run] = []
    lines = []
    words = query_words(question.subject)
    asked = replace(question, kind="plain", text=question.subject)
    for each in about[:MOST_EPISODES]:
        own = quote(asked, replace(found, passages=each.passages[:2]), retrieved)
        if own.runs:
            held = held_words(words, [run.text for run in own.runs])
            best = max(range(len(held)), key=lambda place: len(held[place]))
            runs.append(_shortened(replace(own.runs[best], asked=""), words))
            places = numbered(len(each.passages), "place")
            lines.append(f"\n{len(runs)}. {episodes[each.episode].title} ({places})")
    if not runs:
        return refused(found)
    certain, one = about[0].in_words, len(about) == 1
    basis: Basis = "answered" if certain else "nearest"
    talk = "may talk" if not certain else "talks" if one else "talk"
    first = f"; the first {len(runs)}" if len(about) > len(runs) else ""
    opening = f"{numbered(len(about), 'episode')} {talk} about this{first}:{''.join(lines)}"
    return composed(question.text, Quotations(runs, found.passages, episodes, basis), opening)


def _shortened(run: Run, words: Sequence[str]) -> Run:
    """The first sentences of a run that hold all of the words it holds."""
    firsts = [
        replace(run, sentences=run.sentences[:number])
        for number in range(1, len(run.sentences) + 1)
    ]
    held = held_words(words, [each.text for each in firsts])
    whole = firsts[held.index(held[-1]) :]
    return next((each for each in reversed(whole) if each.words <= LISTED_WORDS), whole[0])


def meant(subject: str, text: str, retrieved: Retrieved) -> list[Episode]:
    """The episodes that a question on `subject` names, by who is heard, by title or by number.

    Where there is but one episode, that one.
    """
    episodes = retrieved.archive.listed(retrieved.filters)
    wanted = subject
    guests = named_speakers(wanted, sorted({guest for e in episodes for guest in e.guests}))
    theirs = [e for e in episodes if set(guests) & set(e.guests)]
    if not guests:
        guests = named_speakers(wanted, retrieved.found.named)
        theirs = _heard_in(guests, retrieved)
    if theirs:
        episodes, wanted = theirs, without_names(wanted, guests)
    words = _telling(wanted)
    if placed := _placed(text, words, episodes):
        return placed
    if not words:
        return episodes if theirs or len(episodes) == 1 else []
    held = held_words(words, [f"{episode.title} {episode.short}" for episode in episodes])
    most = max(map(len, held), default=0)
    best = [episodes[place] for place, each in enumerate(held) if len(each) == most]
    return best if most >= TITLE * len(words) and len(best) == 1 else []


def _heard_in(people: Sequence[str], retrieved: Retrieved) -> list[Episode]:
    """Where people speak whom no episode calls its guests; [] where that is most of them."""
    episodes = retrieved.archive.listed(replace(retrieved.filters, speaker=None))
    filters = [replace(retrieved.filters, speaker=person) for person in people]
    ids = {each.id for own in filters for each in retrieved.archive.listed(own)}
    return [each for each in episodes if each.id in ids] if 2 * len(ids) <= len(episodes) else []


def _telling(text: str) -> list[str]:
    return [word for word in content_words(text) if not _SAYS_NOTHING.fullmatch(word)]


def _more_than(place: str, telling: Sequence[str]) -> bool:
    """Whether an episode is told by more words than those for its place."""
    return not set(telling).issubset(content_words(place))


def _placed(text: str, telling: Sequence[str], episodes: Sequence[Episode]) -> list[Episode]:
    """The episodes that nothing but a number or "first" and "last" tells."""
    found = _PLACE.search(text)
    if found is None or _more_than(found[0], telling):
        return []
    season = re.search(r"season (\d+)", found[0], re.IGNORECASE)
    own = [e for e in episodes if season is None or season[1] == str(e.season)]
    if found["end"]:
        one = by_date(found["end"], newest_first(own))
        return [one] if one else []
    return [each for each in own if str(each.number) == found["number"]]


def in_one(text: str, episodes: Callable[[], list[Episode]]) -> tuple[str, str | None]:
    """A question on what is said in an episode that its place tells, without it, and the id.

    "What does the latest episode say about bees?" gives "What does it say about bees?", and so do
    "episode 14" and "the second episode"; a question about two episodes stays as it is.
    """
    found = [*_WITHIN.finditer(text)]
    if len(found) != 1 or _TITLED.match(text.strip(" ?!.")):
        return text, None
    if understand(text, ()).kind == "overview":
        return text, None
    one, said = found[0], "" if found[0]["inside"] else "it"
    placed = _placed(one[0], (), episodes())
    without = f"{text[: one.start()]}{said}{text[one.end() :]}".strip(" ,")
    return (without, placed[0].id) if len(placed) == 1 else (text, None)


def _titled(question: Question, retrieved: Retrieved) -> list[Episode]:
    """The episode whose very title, or number, a question has in the place of its subject."""
    found = _TITLED.match(question.text.strip(" ?!."))
    if found is None:
        return []
    called = next(filter(None, found.groups()))
    title = content_words(called)
    episodes = retrieved.archive.listed(retrieved.filters) if title else []
    return _placed(called, _telling(called), episodes) or [
        each
        for each in episodes
        if title in map(content_words, (each.title, each.short, each.title.partition(":")[0]))
    ]


def overview(
    question: Question, episodes: Sequence[Episode], retrieved: Retrieved, quote: Quote
) -> Answer:
    """What is known of episodes, or of their guest: descriptions and quotations.

    Of a single episode its sections, too.
    """
    asked = INTRODUCED if question.kind == "person" else ""
    with_sections = len(episodes) == 1 and not asked
    runs: list[Run] = []
    passages: list[Passage] = []
    parts = []
    for episode in episodes[:QUOTATIONS]:
        filters = replace(retrieved.filters, episode=episode.id)
        found = retrieved.archive.search(asked or episode.short or episode.title, DEPTH, filters)
        people = question.people if asked else episode.guests
        if asked:
            found = replace(found, passages=_introduction(found.passages, people))
        about = replace(question, kind="plain", text=asked or episode.title, people=people)
        there = replace(retrieved, filters=filters, episodes={episode.id: episode})
        own = [replace(run, asked="") for run in quote(about, found, there).runs]
        own = own[: QUOTATIONS if len(episodes) == 1 else 1]
        if asked:  # a life is told in its order
            own.sort(key=lambda run: (run.sentences[0].turn, run.sentences[0].begin))
        runs += own
        passages += found.passages[:PASSAGES]  # those that are read
        description = f"\n{episode.description}" if episode.description else ""
        sections = _sections(episode, retrieved) if with_sections else ""
        parts.append(f"{headline(episode)}.{description}{sections}")
    if len(episodes) > QUOTATIONS:
        parts.append(f"… and {len(episodes) - QUOTATIONS} more.")
    known = {episode.id: episode for episode in episodes}
    quoted = Quotations(runs, tuple(passages), known, "answered" if runs else "nearest")
    return composed(question.text, quoted, "\n\n".join(parts))


def _introduction(passages: Sequence[Passage], people: Sequence[str]) -> tuple[Passage, ...]:
    """Of the passages in which people speak, in their order, those soon after their first words."""
    theirs = [each for each in passages if not set(people).isdisjoint(each.speakers)] or passages
    first = min((each.start or 0.0 for each in theirs), default=0.0)
    return tuple(each for each in theirs if (each.start or 0.0) <= first + INTRODUCTION)


def newest_first(episodes: Iterable[Episode]) -> list[Episode]:
    """By date, the latest first; those without one last, by season and number."""
    return sorted(
        episodes,
        key=lambda each: (each.date or "", each.season or 0, each.number or 0),
        reverse=True,
    )


def by_date(which: str, episodes: Sequence[Episode]) -> Episode | None:
    """The latest, first, second … of episodes, given newest first; None where nothing tells."""
    dated = [each for each in episodes if each.date or each.number is not None]
    place = ORDINALS.get(which.lower(), 0)
    return dated[-place] if max(1, place) <= len(dated) else None


def numbered(count: int, noun: str) -> str:
    """So many of something: "1 place", "2,000 places"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def headline(episode: Episode) -> str:
    """An episode's title, with its guests and its day where they are known."""
    guests = f", with {' and '.join(episode.guests)}" if episode.guests else ""
    day = f", {episode.date}" if episode.date else ""
    return f"{episode.title}{guests}{day}"


def _sections(episode: Episode, retrieved: Retrieved) -> str:
    starts: dict[str, float] = {}
    for turn in retrieved.archive.turns(episode.id, 0, LAST_TURN):
        if turn.section:
            starts.setdefault(turn.section, turn.start)
    times = {} if episode.untimed else starts
    lines = [f"\n{clock(times.get(section))} {section}" for section in starts]
    more = len(lines) - MOST_SECTIONS
    return "".join(lines[:MOST_SECTIONS]) + (f"\n… and {more} more sections" if more > 0 else "")
