"""Evidence for a model: the best passages within a token budget, and how a prompt shows them.

Passages that touch become one stretch, behind the turn before it where somebody else speaks that,
since an answer means little without its question. Nothing is cut within a sentence. While another
episode with a passage of at least NEARLY the best score has nothing yet, none may take more than
half of the budget; what that holds back follows at the end.

In a prompt, evidence is one numbered line of origin, then what was said:

    [3] Mara Lind, 12:36 — Bees and their dances
    > I counted them for a year.

    [4] Joe Aster, 12:41
    > And what came of it?

An episode's title stands at the first of its turns: at each it took up to a third of the prompt.
`pack` counts what `render` gives, and `prompts` sends the same. A transcript is not
trusted: each turn's speech is one line behind "> ", so that nothing in it stands where our numbers
do, and the marks by which models tell roles apart are broken up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from askpod.chunking import cut_span
from askpod.links import second_link, youtube_id_of
from askpod.model import EvidenceTurn, Passage, Turn
from askpod.text import LINE_BREAKS, split_sentences
from askpod.times import clock

LONGEST_NAME = 80  # characters of a speaker's name or a title; a hostile one fills no prompt

_LINE_BREAK = re.compile(f"[\t{LINE_BREAKS}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # no UTF-8 holds one: it would fail when sent
# Local servers turn such marks into control tokens even inside a message's text (llama.cpp
# issue 24382, ollama pull request 17262): "<|im_start|>", "</s>", "<start_of_turn>", "<turn|>",
# "<｜User｜>", "<<SYS>>", "[INST]". A space after the bracket makes them words again.
_CONTROL = re.compile(
    r"<(?=[|｜/<!?]|[^\W\d])"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+|CALL_ID|ARGS|THINK|gMASK)\])"
)


def render(evidence: Sequence[EvidenceTurn]) -> str:
    """The whole evidence as it stands in a prompt, a blank line between turns; "" without any.

    It begins with a bracket and ends with a line break, so that its tokens can be counted apart.
    """
    return "\n".join(render_turn(turn, titled=begins) for turn, begins in by_episode(evidence))


def by_episode(evidence: Sequence[EvidenceTurn]) -> Iterator[tuple[EvidenceTurn, bool]]:
    """Each turn, and whether its episode begins with it: the one before is of another."""
    before = None
    for turn in evidence:
        yield turn, turn.episode_id != before
        before = turn.episode_id


def render_turn(turn: EvidenceTurn, *, titled: bool) -> str:
    """One turn as `render` has it, with the line break that ends it."""
    when = clock(None if turn.untimed else turn.span.start)
    name = _name(turn.span.speaker.translate(_DASHES))
    who = f"{name}, {when}" if name else when
    title = render_title(turn.title if titled else "")
    return f"[{turn.number}] {who}{title}\n> {plain(turn.span.text)}\n"


def render_title(title: str) -> str:
    """What stands behind a turn's second for its episode's title; "" for none."""
    return f" — {_name(title)}" if title else ""


def plain(text: str) -> str:
    """The text as one line that no model's server takes for more than text.

    Characters are kept, but for line breaks (each becomes a space), halves of surrogate pairs,
    and a space put into what a server would read as a control token.
    """
    line = text if text.isprintable() else _SURROGATE.sub("\ufffd", _LINE_BREAK.sub(" ", text))
    return _CONTROL.sub(lambda match: f"{match.group()} ", line)


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    """A name as one short line without brackets, which are for our numbers."""
    words = " ".join(plain(text).translate(_ROUND).split())
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1].rstrip()}…"


_DASHES = str.maketrans("—–―", "---")  # only a title stands behind one
_ROUND = str.maketrans("[]【】［］", "()()()")


NEARLY = 0.8  # of the best score, from which on a passage's episode is to be heard
LONGEST_QUESTION = 120  # tokens of the turn before a stretch; of a longer one its last sentences
NEAR = 10  # turns, from one range to the next; reading those between is less than another look-up
_WIDEST = 999  # the number that is counted for each turn: three digits, one token

TurnsOf = Callable[[str, int, int], list[Turn]]  # episode, first and last position, inclusive
Count = Callable[[str], int]


def pack(
    passages: Sequence[Passage], turns: TurnsOf, count: Count, budget: int
) -> tuple[EvidenceTurn, ...]:
    """The evidence that `passages`, best first, give within `budget` tokens.

    As it is rendered, it never counts more than the budget. Episodes stand in the order of
    their best passages, turns in the order of speech; a turn that does not fit is cut at the end
    of a sentence or left out. `turns` looks up an episode's turns, `count` counts tokens.
    """
    packer = _Packer(turns, count, budget)
    packer.take(passages)
    evidence = packer.evidence()
    # Tokens of parts need not add up to those of the whole, whatever vocabulary counts.
    over = count(render(evidence)) - budget if evidence else 0
    return pack(passages, turns, count, budget - over) if over > 0 else evidence


class _Packer:
    """What has been chosen so far, and what it costs."""

    def __init__(self, turns: TurnsOf, count: Count, budget: int) -> None:
        self._turns = turns
        self._count = count
        self._budget = budget
        self._known: dict[tuple[str, int], Turn] = {}
        self._sentences: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self._costs: dict[tuple[str, Piece], int] = {}
        self._titles: dict[str, int] = {}  # the tokens of each episode's
        self._chosen: dict[str, tuple[Piece, ...]] = {}  # by episode
        self._spent: dict[str, int] = {}  # tokens of what is chosen, by episode
        # The best passage of each episode, in their order: its title and link.
        self._source: dict[str, Passage] = {}

    def take(self, passages: Sequence[Passage]) -> None:
        """Chooses from the passages until the budget is used."""
        self._look_up(passages)
        waiting = _worth_hearing(passages)
        held_back: list[Passage] = []
        for passage in passages:
            others_wait = waiting - self._chosen.keys() - {passage.episode_id}
            whole = self._add(
                passage, self._room(passage.episode_id, others_wait=bool(others_wait))
            )
            if not whole and others_wait:
                held_back.append(passage)
            elif not whole and passage.episode_id in self._chosen:
                return  # cut at the end of the budget
        for passage in held_back:
            if not self._add(passage, self._room(passage.episode_id, others_wait=False)):
                return

    def evidence(self) -> tuple[EvidenceTurn, ...]:
        pieces = ((each, piece) for each in self._source for piece in self._chosen.get(each, ()))
        return tuple(
            self._evidence_turn(number, episode, piece)
            for number, (episode, piece) in enumerate(pieces, start=1)
        )

    def _look_up(self, passages: Sequence[Passage]) -> None:
        wanted: dict[str, list[tuple[int, int]]] = {}
        for passage in passages:
            if passage.spans:
                self._source.setdefault(passage.episode_id, passage)
                first = max(0, passage.spans[0].turn - 1)
                wanted.setdefault(passage.episode_id, []).append((first, passage.spans[-1].turn))
        for episode, ranges in wanted.items():
            for first, last in _joined(ranges):
                said = self._turns(episode, first, last)
                self._known.update(((episode, at), turn) for at, turn in enumerate(said, first))

    def _room(self, episode: str, *, others_wait: bool) -> int:
        """The tokens that the episode's pieces may take now, those it has included."""
        others = sum(self._spent[each] for each in self._chosen if each != episode)
        left = self._budget - others
        return min(left, self._budget // 2) if others_wait else left

    def _add(self, passage: Passage, room: int) -> bool:
        """Chooses the passage, or its first sentences; whether the whole of it fitted."""
        episode = passage.episode_id
        pieces = self._pieces(passage)
        if not pieces:
            return True
        for wanted in ([*self._question(episode, pieces[0]), *pieces], pieces):
            if self._choose(episode, wanted, room):
                return True
        for fewer in self._beginnings(episode, pieces):
            if not self._choose(episode, fewer, room):
                break
        return False

    def _choose(self, episode: str, wanted: Sequence[Piece], room: int) -> bool:
        """Adds pieces to those of the episode, unless they take more than `room` together."""
        held = self._chosen.get(episode, ())
        pieces = merged([*held, *wanted], lambda turn: self._known[episode, turn].text)
        cost = self._cost(episode, pieces)
        if cost <= room:
            self._chosen[episode], self._spent[episode] = pieces, cost
        return cost <= room

    def _pieces(self, passage: Passage) -> list[Piece]:
        """The whole sentences of a passage; those of turns that are gone are left out."""
        pieces = (
            whole_sentences(
                self._sentences_of(passage.episode_id, span.turn),
                span.turn,
                span.offset,
                span.offset + len(span.text),
            )
            for span in passage.spans
        )
        return [piece for piece in pieces if piece is not None]

    def _sentences_of(self, episode: str, turn: int) -> list[tuple[int, int]]:
        place = episode, turn
        if place not in self._sentences:
            known = self._known.get(place)
            self._sentences[place] = split_sentences(known.text) if known else []
        return self._sentences[place]

    def _beginnings(self, episode: str, pieces: list[Piece]) -> Iterator[list[Piece]]:
        sentences = [
            Piece(piece.turn, begin, end)
            for piece in pieces
            for begin, end in self._sentences_of(episode, piece.turn)
            if piece.begin <= begin and end <= piece.end
        ]
        return (sentences[:kept] for kept in range(1, len(sentences)))

    def _question(self, episode: str, first: Piece) -> list[Piece]:
        """What somebody else says right before a stretch, or its last sentences."""
        turn = first.turn - 1
        before = self._known.get((episode, turn))
        if before is None or before.speaker == self._known[episode, first.turn].speaker:
            return []
        question: list[Piece] = []
        for begin, end in reversed(self._sentences_of(episode, turn)):
            longer = Piece(turn, begin, question[0].end if question else end)
            # A speech without an end need not be counted.
            endless = longer.end - begin > LONGEST_SENTENCE
            if endless or self._tokens(episode, longer) > LONGEST_QUESTION:
                break
            question = [longer]
        return question

    def _cost(self, episode: str, pieces: Iterable[Piece]) -> int:
        """The tokens of an episode's pieces, with its title."""
        if episode not in self._titles:
            self._titles[episode] = self._count(render_title(self._source[episode].title))
        return self._titles[episode] + sum(self._tokens(episode, piece) for piece in pieces)

    def _tokens(self, episode: str, piece: Piece) -> int:
        """The tokens of one piece with its number and the blank line after it."""
        key = episode, piece
        if key not in self._costs:
            turn = self._evidence_turn(_WIDEST, episode, piece)
            self._costs[key] = self._count(f"{render_turn(turn, titled=False)}\n")
        return self._costs[key]

    def _evidence_turn(self, number: int, episode: str, piece: Piece) -> EvidenceTurn:
        source = self._source[episode]
        turn = self._known[episode, piece.turn]
        span = cut_span(turn, piece.turn, piece.begin, piece.end)
        # A passage's link opens its own start; the same recording is opened at this turn.
        untimed = source.start is None
        second = None if untimed else span.start
        url = second_link(youtube_id_of(source.url), {"": source.url}, second)
        return EvidenceTurn(number, episode, source.title, span, url, untimed)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of turns, first and last, in order; those NEAR each other as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first - joined[-1][1] <= NEAR:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined


def _worth_hearing(passages: Sequence[Passage]) -> set[str]:
    """The episodes whose best passage is nearly as good as the best of all."""
    best = max((passage.score for passage in passages), default=0.0)
    least = best - (1 - NEARLY) * abs(best)  # scores may be negative
    return {p.episode_id for p in passages if p.spans and p.score >= least}


# Characters, about two minutes of talk. What goes on longer without an end mark is a transcript
# without punctuation, where no cut is better than the one the chunk already has.
LONGEST_SENTENCE = 2_000


class Piece(NamedTuple):
    """The characters `begin` to `end` of a turn."""

    turn: int  # position in its episode
    begin: int
    end: int


def whole_sentences(
    sentences: Sequence[tuple[int, int]], turn: int, begin: int, end: int
) -> Piece | None:
    """A range of a turn, widened to the `sentences` it lies in; None where it lies in none.

    `sentences` are those of the whole turn, as split_sentences gives them.
    """
    within = [each for each in sentences if each[0] < end and each[1] > begin]
    if not within:
        return None
    (opens, over), (starts, closes) = within[0], within[-1]
    return Piece(
        turn,
        opens if over - opens <= LONGEST_SENTENCE else max(begin, opens),
        closes if closes - starts <= LONGEST_SENTENCE else min(end, closes),
    )


def merged(pieces: Iterable[Piece], text_of: Callable[[int], str]) -> tuple[Piece, ...]:
    """Pieces in the order of speech, those of one turn joined where only white space lies between.

    `text_of` gives the text of a turn by its position.
    """
    joined: list[Piece] = []
    for piece in sorted(pieces):
        last = joined[-1] if joined else None
        # Of two that overlap nothing lies between.
        if (
            last
            and last.turn == piece.turn
            and not (text_of(last.turn)[last.end : piece.begin].strip())
        ):
            joined[-1] = Piece(last.turn, last.begin, max(last.end, piece.end))
        else:
            joined.append(piece)
    return tuple(joined)
