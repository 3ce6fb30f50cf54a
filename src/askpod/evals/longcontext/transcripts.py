"""An archive's transcripts as they stand in a haystack, the tokens of each turn counted once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from askpod.archive import Archive
from askpod.chunking import cut_span
from askpod.evals.longcontext.cells import Formatting
from askpod.model import EvidenceTurn, Turn
from askpod.retrieval.rendering import LONGEST_NAME, plain, render_turn

Count = Callable[[str], int]  # the tokens of a text

UNNUMBERED = 999  # the number that is counted for every turn: three digits, one token


@dataclass(frozen=True, slots=True)
class Transcript:
    """All turns of an episode, and what each adds to a prompt."""

    episode: str
    turns: tuple[EvidenceTurn, ...]  # numbered UNNUMBERED
    tokens: tuple[int, ...]  # of each turn as it stands in the prompt
    heading: int  # tokens of what stands above the first of them


class Transcripts:
    """Looks transcripts up. Safe for several threads: at worst one is counted twice."""

    def __init__(self, archive: Archive, count: Count) -> None:
        self.episodes = {episode.id: episode for episode in archive.episodes()}
        self.count = count
        self._archive = archive
        self._turns: dict[str, tuple[EvidenceTurn, ...]] = {}
        self._known: dict[tuple[str, Formatting], Transcript] = {}

    def of(self, episode: str, formatting: Formatting) -> Transcript:
        """The transcript of an episode, formatted in this way."""
        known = self._known.get((episode, formatting))
        if known is None:
            turns = self.turns(episode)
            known = Transcript(
                episode,
                turns,
                tuple(self.count(f"{render_one(turn, formatting)}\n") for turn in turns),
                self.count(f"{heading(turns[0], formatting)}\n") if turns else 0,
            )
            self._known[episode, formatting] = known
        return known

    def turns(self, episode: str) -> tuple[EvidenceTurn, ...]:
        """An episode's turns, whole, those without speech left out."""
        if episode not in self._turns:
            title = self.episodes[episode].title
            said = enumerate(self._archive.turns(episode))
            self._turns[episode] = tuple(
                EvidenceTurn(
                    UNNUMBERED, episode, title, cut_span(turn, place, 0, len(turn.text)), ""
                )
                for place, turn in said
                if turn.text.strip()
            )
        return self._turns[episode]


def render_turns(turns: Sequence[EvidenceTurn], formatting: Formatting) -> str:
    """Numbered turns as they stand in a prompt, a blank line between them.

    Plain they are exactly what the answer prompt has. In Markdown the same words stand there,
    with a heading above each episode and the line with the speaker in bold.
    """
    return "\n".join(_blocks(turns, formatting))


def _blocks(turns: Sequence[EvidenceTurn], formatting: Formatting) -> Iterator[str]:
    before = None
    for turn in turns:
        if turn.episode_id != before and (above := heading(turn, formatting)):
            yield above
        before = turn.episode_id
        yield render_one(turn, formatting)


def render_one(turn: EvidenceTurn, formatting: Formatting) -> str:
    """One turn, with the line break that ends it."""
    text = render_turn(turn)
    if formatting == "plain":
        return text
    origin, _, speech = text.partition("\n")
    return f"**{origin}**\n{speech}"


def heading(turn: EvidenceTurn, formatting: Formatting) -> str:
    """What stands above the first turn of an episode; "" where nothing does."""
    return "" if formatting == "plain" else f"## {plain(turn.title)[:LONGEST_NAME]}\n"


def part_of(turn: EvidenceTurn, begin: int, end: int) -> EvidenceTurn:
    """The characters `begin` to `end` of a whole turn, with their seconds by their share."""
    span = turn.span
    whole = Turn(span.speaker, span.text, span.start, span.end, marks=span.marks)
    cut = cut_span(whole, span.turn, begin, end)
    return EvidenceTurn(turn.number, turn.episode_id, turn.title, cut, turn.url)
