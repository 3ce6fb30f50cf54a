"""Which other episodes stand around the evidence, and in what order."""

from __future__ import annotations

from contextlib import suppress

from askpod.archive import Archive
from askpod.errors import QuestionError
from askpod.evals.gold import GoldQuestion
from askpod.evals.longcontext.cells import Negatives
from askpod.evals.longcontext.chance import drawn
from askpod.evals.longcontext.haystack import Needle
from askpod.evals.longcontext.transcripts import Transcripts

SEARCHED = 200  # passages whose episodes count as near in topic
TELLING = 40  # characters of a turn that two recordings do not share by chance


class Others:
    """The order of the other episodes for each question. Safe for several threads."""

    def __init__(self, archive: Archive, transcripts: Transcripts) -> None:
        self._archive = archive
        self._transcripts = transcripts
        self._orders: dict[tuple[str, Negatives], tuple[str, ...]] = {}

    def of(self, question: GoldQuestion, needle: Needle, kind: Negatives) -> tuple[str, ...]:
        """Every other episode, those that are wanted first.

        "hard": of the same guest; then those a search for the question brings up, best first;
        then the rest as "random" has them. "random": a seeded order that hangs on the question's
        and the episode's ids alone. Episodes that hold the evidence word for word, such as the
        same recording under another title, are left out: to cite them would be no mistake.
        """
        key = question.id, kind
        if key not in self._orders:
            wanted = self._hard(question, needle) if kind == "hard" else []
            ids = dict.fromkeys([*wanted, *self._random(question)])
            own = needle.transcript.episode
            self._orders[key] = tuple(
                each for each in ids if each != own and not self._repeats(each, needle)
            )
        return self._orders[key]

    def _hard(self, question: GoldQuestion, needle: Needle) -> list[str]:
        episodes = self._transcripts.episodes
        guests = set(episodes[needle.transcript.episode].guests)
        near: list[str] = []
        with suppress(QuestionError):  # too long to be searched for: the guest and chance are left
            found = self._archive.search(question.question, top=SEARCHED)
            near = list(dict.fromkeys(passage.episode_id for passage in found))
        places = {each: place for place, each in enumerate(near)}
        same_guest = [each for each in episodes if guests & set(episodes[each].guests)]
        return [*sorted(same_guest, key=lambda each: places.get(each, len(places))), *near]

    def _random(self, question: GoldQuestion) -> list[str]:
        return sorted(self._transcripts.episodes, key=lambda each: drawn(question.id, each))

    def _repeats(self, episode: str, needle: Needle) -> bool:
        telling = {turn.span.text for turn in needle.turns if len(turn.span.text) >= TELLING}
        return any(turn.span.text in telling for turn in self._transcripts.turns(episode))
