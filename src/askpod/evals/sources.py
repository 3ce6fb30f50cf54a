"""What an archive knows of its episodes, as evals need it: lengths, titles, links, speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from askpod.archive import Archive
from askpod.chunking import cut_span
from askpod.evals.gold import GoldSet, Problem
from askpod.evals.stretches import Stretch
from askpod.links import second_link
from askpod.model import Episode, Turn
from askpod.text import split_sentences


class Sources:
    """The episodes of an archive. Turns are read once for each episode that is asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._episodes = {episode.id: episode for episode in archive.episodes()}
        self._turns: dict[str, list[Turn]] = {}

    def durations(self, wanted: Iterable[str]) -> dict[str, float | None]:
        """Seconds of every episode, None where not known; exact for those that are wanted."""
        named = set(wanted)
        return {
            id_: self.length(id_) if id_ in named else episode.duration
            for id_, episode in self._episodes.items()
        }

    def length(self, id_: str) -> float:
        """Seconds of an episode: as its file states, or up to its last turn if that is more."""
        turns = self.turns(id_)
        return max(self._episode(id_).duration or 0.0, turns[-1].end if turns else 0.0)

    def title(self, id_: str) -> str:
        return self._episode(id_).title

    def url(self, stretch: Stretch) -> str:
        """Opens the recording where the stretch starts; "" without a link."""
        episode = self._episode(stretch.episode)
        return second_link(episode.youtube, episode.links, stretch.start)

    def speech(self, stretch: Stretch) -> str:
        """What is said in it, a line for each turn, by the sentence."""
        said = ((turn, _said_within(turn, stretch)) for turn in self.turns(stretch.episode))
        return "\n".join(f"{turn.speaker}: {text}".lstrip(": ") for turn, text in said if text)

    def turns(self, id_: str) -> list[Turn]:
        """All turns of an episode."""
        if id_ not in self._turns:
            self._turns[id_] = self._archive.turns(id_)
        return self._turns[id_]

    def _episode(self, id_: str) -> Episode:
        return self._episodes[id_]


def misplaced(gold: GoldSet, archive: Archive) -> list[Problem]:
    """Rows that name episodes which the archive does not hold, or seconds outside of them."""
    named = (each.episode for question in gold.questions for each in question.evidence)
    return gold.unknown(Sources(archive).durations(named))


def _said_within(turn: Turn, stretch: Stretch) -> str:
    """The sentences of a turn of which at least half lies in the stretch."""
    kept = [*_kept(turn, stretch)]
    return turn.text[kept[0][0] : kept[-1][1]] if kept else ""


def _kept(turn: Turn, stretch: Stretch) -> Iterator[tuple[int, int]]:
    if turn.end < stretch.start or turn.start > stretch.end:
        return
    for begin, end in split_sentences(turn.text):
        span = cut_span(turn, 0, begin, end)
        middle = (span.start + span.end) / 2
        if stretch.start <= middle < stretch.end:
            yield begin, end
