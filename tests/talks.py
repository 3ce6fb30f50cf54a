"""Small invented episodes, the turns and passages of which a test can name in a line."""

from __future__ import annotations

from askpod.chunking import cut_span
from askpod.model import Passage, Span, Turn

SECONDS = 10.0  # that each turn takes


class Talks:
    """Episodes by id, each a list of turns (speaker, text).

    Talks(bees=[("Ann", "Do they dance?"), ("Bo", "They do.")]).passage("bees", 1, 1)
    """

    def __init__(self, **episodes: list[tuple[str, str]]) -> None:
        self.said = {
            episode: [
                Turn(speaker, text, SECONDS * place, SECONDS * (place + 1))
                for place, (speaker, text) in enumerate(turns)
            ]
            for episode, turns in episodes.items()
        }

    def turns(self, episode: str, first: int, last: int) -> list[Turn]:
        """As Catalog.turns: both positions inclusive."""
        return self.said[episode][first : last + 1]

    def span(self, episode: str, turn: int, begin: int = 0, end: int | None = None) -> Span:
        text = self.said[episode][turn].text
        return cut_span(self.said[episode][turn], turn, begin, len(text) if end is None else end)

    def passage(self, episode: str, first: int, last: int, score: float = 1.0) -> Passage:
        """The passage of whole turns from `first` to `last`."""
        spans = [self.span(episode, turn) for turn in range(first, last + 1)]
        return self.passage_of(episode, spans, score)

    def passage_of(self, episode: str, spans: list[Span], score: float = 1.0) -> Passage:
        return Passage(
            episode_id=episode,
            title=f"About {episode}",
            start=spans[0].start,
            end=spans[-1].end,
            speakers=tuple(dict.fromkeys(span.speaker for span in spans)),
            section="",
            text="\n".join(span.text for span in spans),
            score=score,
            url=f"https://www.youtube.com/watch?v={episode:_<8}&t={int(spans[0].start)}s",
            spans=tuple(spans),
        )
