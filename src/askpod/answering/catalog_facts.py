"""What the catalog knows of episodes: how many, how long, from when, with whom, on what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from askpod.answering.overview import LAST_TURN, headline, numbered
from askpod.answering.quoting import Retrieved
from askpod.links import second_link
from askpod.model import Episode
from askpod.times import clock

MOST_TOPICS = 12
NEWEST = 5  # episodes that a description of the archive names
SAMPLED = 24  # episodes, the newest ones, in whose openings a host is looked for
OPENING = 12  # turns
KNOWN = ("date", "length", "guest", "link")


def seconds_of(episode: Episode, retrieved: Retrieved) -> float:
    """How long an episode is, at least until its last turn ends; 0.0 where that is not known."""
    if episode.untimed:
        return 0.0
    last = [] if episode.duration else retrieved.archive.turns(episode.id, 0, LAST_TURN)[-1:]
    return episode.duration or (last[0].end if last else 0.0)


def facts_of(asked: str, episode: Episode, retrieved: Retrieved) -> str:
    """What an episode is, how long it is, and where; that what is asked is not known is said."""
    seconds = seconds_of(episode, retrieved)
    length = f", {clock(seconds)} long" if seconds else ""
    link = second_link(episode.youtube, episode.links, None)
    known = (episode.date, length, episode.guests, link)
    lacks = not dict(zip(KNOWN, known, strict=True))[asked]
    unknown = f". The archive does not know its {asked}." if lacks else ""
    return f"{headline(episode)}{length}{unknown}" + (f"\n{link}" if link else "")


def list_of(episodes: Sequence[Episode], most: int) -> str:
    """The first episodes, one a line, and how many more there are."""
    lines = [f"{place}. {headline(each)}" for place, each in enumerate(episodes[:most], start=1)]
    more = len(episodes) - most
    return "\n".join([*lines, f"… and {more} more"] if more > 0 else lines)


def how_many(text: str, episodes: Sequence[Episode]) -> str:
    """The answer to "How many …?" and "When did it start?"; "" where that is not known."""
    if "how many guests" in text.lower():
        names = _names(episodes)
        return f"{numbered(len(names), 'guest')} in {size_of(episodes)}" if names else ""
    seasons = {each.season for each in episodes if each.season is not None}
    if "how many seasons" in text.lower():
        return f"{numbered(len(seasons), 'season')}: {size_of(episodes)}" if seasons else ""
    asks_when, asks_hours = text.lower().startswith("when "), " hours of " in text.lower()
    known_when = any(each.date for each in episodes) or not asks_when
    known_hours = all(each.duration for each in episodes) or not asks_hours
    return size_of(episodes) if known_when and known_hours else ""


def size_of(episodes: Sequence[Episode]) -> str:
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


def guests_of(episodes: Sequence[Episode], most: int) -> str:
    """How many guests there are, and the names of those who came most often; "" of none."""
    names = _names(episodes)
    if not names:
        return ""
    more = f" … and {len(names) - most} more" if len(names) > most else ""
    told = f"{numbered(len(names), 'guest')}: {', '.join(names[:most])}{more}."
    without = sum(not each.guests for each in episodes)
    return f"{told} {numbered(without, 'episode')} without a named guest." if without else told


def hosts_of(episodes: Sequence[Episode], retrieved: Retrieved) -> str:
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


def description_of(episodes: Sequence[Episode]) -> str:
    """What there is to ask about: how much, who, on what, and the newest episodes."""
    topics = Counter(topic for each in episodes for topic in each.topics).most_common(MOST_TOPICS)
    parts = [
        size_of(episodes),
        f"Topics: {', '.join(topic for topic, _ in topics)}." if topics else "",
        guests_of(episodes, MOST_TOPICS),
        f"{'The newest' if episodes[0].date else 'Some'}:\n{list_of(episodes[:NEWEST], NEWEST)}",
    ]
    return "\n".join(part for part in parts if part)
