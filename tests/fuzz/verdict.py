"""What a reading must be like, whatever the file held: an episode's soundness, an error's sense."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date

from askpod.errors import ReadError
from askpod.links import safe_link, youtube_id
from askpod.model import Episode, Fault, Turn
from askpod.readers import Reading
from askpod.sources.feed import Feed

LONGEST_MESSAGE = 1_000  # characters

# What acts on a terminal, hides, or turns the direction of writing. Written down again here:
# the readers' own list is what is being checked.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def faults_of_reading(reading: Reading) -> list[str]:
    """What is wrong with an episode and with the faults that were reported; [] where nothing is."""
    episode = reading.episode
    texts = [episode.title, episode.short, episode.description]  # an id is a file's name, as it is
    texts += [*episode.guests, *episode.topics, *episode.links]
    found = [f"text not clean: {text[:80]!a}" for text in texts if not is_clean(text)]
    found += _of_metadata(episode)
    found += _of_turns(episode.turns)
    found += [
        f"fault not fit to be shown: {fault!a:.200}"
        for fault in reading.faults
        if not _is_sound(fault)
    ]
    return found


def faults_of_error(error: ReadError) -> list[str]:
    """What is wrong with a refusal: its words must fit on a screen, and be harmless there."""
    found = []
    if not 10 <= len(error.problem) <= LONGEST_MESSAGE:
        found.append(f"message of {len(error.problem)} characters: {error.problem[:200]!a}")
    if _HARMFUL.search(error.problem):
        found.append(f"message not clean: {error.problem[:200]!a}")
    if error.line is not None and error.line < 1:
        found.append(f"line {error.line}")
    return found


def faults_of_feed(feed: Feed | None) -> list[str]:
    """What is wrong with what a feed says; [] for what is none. Its links are checked later."""
    found = []
    for item in feed.items if feed else ():
        texts = [item.title, item.description, *item.guests, *(c.title for c in item.chapters)]
        found += [f"text not clean: {text[:80]!a}" for text in texts if not is_clean(text)]
        if item.date is not None and not _is_day(item.date):
            found.append(f"date {item.date!a}")
    return found


def is_clean(text: str) -> bool:
    """Whether a text is harmless, and its white space folded."""
    return not _HARMFUL.search(text) and text == " ".join(text.split())


def _is_sound(fault: Fault) -> bool:
    return (
        fault.line >= 1
        and bool(fault.kind)
        and 0 < len(fault.repair) <= LONGEST_MESSAGE
        and not _HARMFUL.search(fault.repair)
    )


def _of_metadata(episode: Episode) -> Iterator[str]:
    if not episode.title:
        yield "no title"
    for name, link in episode.links.items():
        if not link or safe_link(link) != link:
            yield f"link {name[:40]!a}: {link[:80]!a}"
    if episode.youtube is not None and youtube_id(episode.youtube) is None:
        yield f"YouTube id {episode.youtube[:40]!a}"
    if episode.date is not None and not _is_day(episode.date):
        yield f"date {episode.date!a}"
    if episode.duration is not None and not (
        math.isfinite(episode.duration) and episode.duration >= 0
    ):
        yield f"duration {episode.duration}"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _of_turns(turns: tuple[Turn, ...]) -> Iterator[str]:
    if not turns:
        yield "no turns"
    last = 0.0
    for place, turn in enumerate(turns):
        if not turn.text or not (
            is_clean(turn.text) and is_clean(turn.speaker) and is_clean(turn.section)
        ):
            yield f"turn {place} not clean: {turn!a:.200}"
        if not (
            math.isfinite(turn.start) and math.isfinite(turn.end) and last <= turn.start <= turn.end
        ):
            yield f"turn {place} runs from {turn.start} to {turn.end} after {last}"
        if not _are_sound(turn):
            yield f"turn {place} with marks {turn.marks[:10]} in {len(turn.text)} characters"
        last = max(last, turn.start)


def _are_sound(turn: Turn) -> bool:
    """Whether the marks ascend within the text and the time of the turn."""
    offset, second = 0, turn.start
    for at, when in turn.marks:
        if not (offset <= at < len(turn.text) and second <= when <= turn.end):
            return False
        offset, second = at, when
    return True
