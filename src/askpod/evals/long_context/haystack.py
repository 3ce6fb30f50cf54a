"""Builds a haystack: speech around the evidence, which stands at a chosen depth of it.

Next to the evidence stands the rest of its own episode, then other transcripts, each time on the
side with more room left. A shared haystack is one such after the other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from askpod.archive import Archive
from askpod.chunking import cut_span
from askpod.errors import QuestionError
from askpod.evals.gold import GoldQuestion
from askpod.evals.long_context import Formatting, Negatives, drawn
from askpod.model import EvidenceTurn, Turn
from askpod.retrieval.evidence import (
    LONGEST_NAME,
    by_episode,
    plain,
    render,
    render_title,
    render_turn,
)

Count = Callable[[str], int]  # the tokens of a text

UNNUMBERED = 999  # the number that is counted for every turn: three digits, one token

_START = re.compile(r"(?<!\S)(?=\S)")  # of a word
_END = re.compile(r"(?<=\S)(?=\s|$)")

Price = Callable[[EvidenceTurn], int]  # the tokens of a turn as it stands in the prompt

SEARCHED = 200  # passages whose episodes count as near in topic
TELLING = 40  # characters of a turn that two recordings do not share by chance


@dataclass(frozen=True, slots=True)
class Transcript:
    """All turns of an episode, and what each adds to a prompt."""

    episode: str
    turns: tuple[EvidenceTurn, ...]  # numbered UNNUMBERED
    tokens: tuple[int, ...]  # of each turn as it stands in the prompt
    heading: int  # tokens of what stands above the first of them

    @property
    def size(self) -> tuple[int, str]:
        """To sort by: the tokens of all turns, and the episode's id."""
        return sum(self.tokens), self.episode


class Transcripts:
    """Looks transcripts up, and which are wanted. Safe for threads: at worst one counts twice."""

    def __init__(self, archive: Archive, count: Count) -> None:
        self.episodes = {episode.id: episode for episode in archive.episodes()}
        self.count = count
        self._archive = archive
        self._turns: dict[str, tuple[EvidenceTurn, ...]] = {}
        self._known: dict[tuple[str, Formatting], Transcript] = {}
        self._orders: dict[tuple[str, Negatives], tuple[str, ...]] = {}

    def of(self, episode: str, formatting: Formatting) -> Transcript:
        """The transcript of an episode, formatted in this way."""
        key = episode, formatting
        if key not in self._known:
            turns = self.turns(episode)
            tokens = tuple(self.count(f"{render_one(turn, formatting)}\n") for turn in turns)
            above = self.count(f"{heading(turns[0], formatting)}\n") if turns else 0
            self._known[key] = Transcript(episode, turns, tokens, above)
        return self._known[key]

    def turns(self, episode: str) -> tuple[EvidenceTurn, ...]:
        """An episode's turns, whole, those without speech left out."""
        if episode not in self._turns:
            title = self.episodes[episode].title
            spans = (
                cut_span(turn, place, 0, len(turn.text))
                for place, turn in enumerate(self._archive.turns(episode))
                if turn.text.strip()
            )
            self._turns[episode] = tuple(
                EvidenceTurn(UNNUMBERED, episode, title, span, "") for span in spans
            )
        return self._turns[episode]

    def others(
        self, question: GoldQuestion, needle: Needle, kind: Negatives, needles: Iterable[Needle]
    ) -> Iterator[str]:
        """Every other episode, those that are wanted first.

        "hard": of the same guest; then those a search for the question brings up, best first;
        then the rest as "random" has them. "random": a seeded order that depends on the question's
        and the episode's ids alone. Left out are those of `needles`, all of the haystack, and what
        repeats one word for word, such as the same recording under another title: to cite it would
        be no mistake.
        """
        key = question.id, kind
        if key not in self._orders:
            wanted = self._hard(question, needle) if kind == "hard" else []
            rest = sorted(self.episodes, key=lambda each: drawn(question.id, each))
            self._orders[key] = tuple(dict.fromkeys([*wanted, *rest]))
        for each in self._orders[key]:
            if not any(self._repeats(each, needle) for needle in needles):
                yield each

    def _hard(self, question: GoldQuestion, needle: Needle) -> list[str]:
        guests = set(self.episodes[needle.transcript.episode].guests)
        near: list[str] = []
        with suppress(QuestionError):  # too long to be searched for: the guest and chance are left
            found = self._archive.search(question.question, top=SEARCHED)
            near = list(dict.fromkeys(passage.episode_id for passage in found))
        places = {each: place for place, each in enumerate(near)}
        same_guest = [id_ for id_, each in self.episodes.items() if guests & set(each.guests)]
        return [*sorted(same_guest, key=lambda each: places.get(each, len(places))), *near]

    def _repeats(self, episode: str, needle: Needle) -> bool:
        telling = {turn.span.text for turn in needle.turns if len(turn.span.text) >= TELLING}
        return episode == needle.transcript.episode or any(
            turn.span.text in telling for turn in self.turns(episode)
        )


def render_turns(turns: Sequence[EvidenceTurn], formatting: Formatting) -> str:
    """Numbered turns as they stand in a prompt, a blank line between them.

    Plain they are exactly what the answer prompt has. In Markdown the same words stand there:
    the title as a heading above its episode, the line with the speaker in bold.
    """
    if formatting == "plain":
        return render(turns)
    blocks = []
    for turn, begins in by_episode(turns):
        blocks += [heading(turn, formatting)] if begins else []
        blocks.append(render_one(turn, formatting))
    return "\n".join(blocks)


def render_one(turn: EvidenceTurn, formatting: Formatting) -> str:
    """One turn without its episode's title, with the line break that ends it."""
    text = render_turn(turn, titled=False)
    if formatting == "plain":
        return text
    origin, _, speech = text.partition("\n")
    return f"**{origin}**\n{speech}"


def heading(turn: EvidenceTurn, formatting: Formatting) -> str:
    """An episode's title as it stands at the first of its turns, or above it."""
    if formatting == "plain":
        return render_title(turn.title)
    return f"## {plain(turn.title)[:LONGEST_NAME]}\n"


def part_of(turn: EvidenceTurn, begin: int, end: int) -> EvidenceTurn:
    """The characters `begin` to `end` of a whole turn, with their seconds by their share."""
    span = turn.span
    whole = Turn(span.speaker, span.text, span.start, span.end, marks=span.marks)
    cut = cut_span(whole, span.turn, begin, end)
    return replace(turn, span=cut)


@dataclass(frozen=True, slots=True)
class Needle:
    """The evidence in its transcript: the turns from the first one that holds some to the last."""

    transcript: Transcript
    first: int  # positions in the transcript's turns, both inclusive
    last: int

    @property
    def turns(self) -> tuple[EvidenceTurn, ...]:
        """Its turns."""
        return self.transcript.turns[self.first : self.last + 1]

    @property
    def tokens(self) -> int:
        """Tokens of those turns."""
        return sum(self.transcript.tokens[self.first : self.last + 1])

    @property
    def core(self) -> int:
        """The least tokens of a haystack that holds it: those of its turns and of their title."""
        return self.transcript.heading + self.tokens


@dataclass(frozen=True, slots=True)
class Haystack:
    """Turns in their order, the evidence of one question or several among them."""

    turns: tuple[EvidenceTurn, ...]  # not numbered yet
    depths: tuple[float, ...]  # of each evidence's middle: share of the tokens that stand before
    tokens: int  # of the turns, not of the instruction


def build(
    needle: Needle, others: Iterable[Transcript], room: int, depth: float | None, price: Price
) -> Haystack:
    """A haystack of at most `room` tokens with the middle of the evidence at `depth` of it.

    Without a depth it stands in the middle, but where its own episode ends early on one side and is
    long enough on the other. `others` come in the order in which they are wanted; no more are taken
    than needed. Evidence that is longer than its depth allows stands at the haystack's edge.
    Raises ValueError: the evidence alone takes more than `room`.
    """
    core = needle.core
    if core > room:
        raise ValueError(f"evidence of {core} tokens in a haystack of {room}")
    if depth is None:
        in_front = _evenly(needle, room - core)
    else:
        in_front = min(max(0, round(depth * room - core / 2)), room - core)
    before = _Side(in_front, price, backwards=True)
    after = _Side(room - core - in_front, price, backwards=False)
    _fill(needle, others, before, after)
    turns = (*reversed(before.turns), *needle.turns, *after.turns)
    tokens = before.spent + core + after.spent
    return Haystack(turns, ((before.spent + core / 2) / tokens,), tokens)


def join(parts: Sequence[Haystack]) -> Haystack:
    """One haystack of several, in this order. No two of them may hold the same episode."""
    tokens, depths, before = sum(part.tokens for part in parts), [], 0
    for part in parts:
        depths += [(before + depth * part.tokens) / tokens for depth in part.depths]
        before += part.tokens
    return Haystack(tuple(turn for part in parts for turn in part.turns), tuple(depths), tokens)


def _evenly(needle: Needle, room: int) -> int:
    """Tokens before the evidence: half of the room, or as much as its own episode can fill."""
    tokens = needle.transcript.tokens
    before, after = sum(tokens[: needle.first]), sum(tokens[needle.last + 1 :])
    half = room // 2
    return min(max(half, room - after), before) if before + after >= room else half


def _fill(needle: Needle, others: Iterable[Transcript], before: _Side, after: _Side) -> None:
    own = needle.transcript
    before.take(own, range(needle.first), opens=False)
    if before.full:
        after.room += before.left()
    after.take(own, range(needle.last + 1, len(own.turns)), opens=False)
    if after.full and not before.full:
        before.room += after.left()
    for other in others:
        open_sides = [side for side in (before, after) if not side.full]
        if not open_sides:
            return
        side = max(open_sides, key=lambda each: each.room - each.spent)
        side.take(other, range(len(other.turns)), opens=True)
        if side.full and len(open_sides) > 1:  # what it could not use serves the other one
            rest = after if side is before else before
            rest.room += side.left()


class _Side:
    """Turns on one side of the evidence, the nearest first."""

    def __init__(self, room: int, price: Price, *, backwards: bool) -> None:
        self.room = room
        self.turns: list[EvidenceTurn] = []
        self.spent = 0
        self.full = False
        self._price = price
        self._backwards = backwards

    def left(self) -> int:
        """Tokens that nothing was found for; they are no longer this side's."""
        unused = self.room - self.spent
        self.room = self.spent
        return unused

    def take(self, transcript: Transcript, places: range, *, opens: bool) -> None:
        """Adds turns away from the evidence until the room is used; a new episode is opened."""
        above = transcript.heading if opens else 0
        for place in reversed(places) if self._backwards else places:
            turn, tokens = transcript.turns[place], transcript.tokens[place] + above
            if self.spent + tokens > self.room:
                self._take_part(turn, above)
                self.full = True
                return
            self.turns.append(turn)
            self.spent += tokens
            above = 0

    def _take_part(self, turn: EvidenceTurn, above: int) -> None:
        """Adds the longest beginning of a turn that fits (backwards: its longest end), if any."""
        text = turn.span.text
        cuts = [found.start() for found in (_START if self._backwards else _END).finditer(text)]
        if self._backwards:
            cuts.reverse()  # the shortest part first

        def part(cut: int) -> EvidenceTurn:
            return part_of(turn, *((cut, len(text)) if self._backwards else (0, cut)))

        room = self.room - self.spent - above
        fitting = bisect_right(cuts, room, key=lambda cut: self._price(part(cut)))
        if fitting:
            self.turns.append(part(cuts[fitting - 1]))
            self.spent += above + self._price(self.turns[-1])
