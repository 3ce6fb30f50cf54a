"""From a model's text with evidence numbers to the text that a person sees, while it comes.

Every citation is judged against the words before it, in its sentence; numbers that begin a line are
for the sentence behind them. Where a claim cites nothing, or only turns that do not support it, the
turn that supports it best is cited instead; a claim that nothing supports is marked or left out.
The result is a function of the whole text: it does not depend on the pieces it came in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from askpod.answering.claims import ends_before, may_begin, needs_source, plain_claim
from askpod.answering.own_sources import OwnSources
from askpod.answering.refusal import is_refusal
from askpod.answering.replies import Marker, MarkerReader
from askpod.answering.support import Support, SupportChecker
from askpod.chunking import cut_span
from askpod.model import Citation, CitedBy, EvidenceTurn, Span, Turn

# What stands behind numbers none of whose turns supports the claim, and behind a sentence that
# states something without a source. Plain words: they survive logs, terminals and copying.
UNSUPPORTED_MARK = " (unsupported)"
UNCITED_MARK = " (no source)"

LONGEST_CLAIM = 600  # characters of a sentence that are checked, the last ones
LONGEST_GAP = 200  # characters of white space on end that are shown; the rest is left out
SHORTEST_CLAUSE = 5  # words; less between two markers is judged with the whole sentence
MOST_TURNS = 20  # in one group of markers; further ones form the next group
MOST_NAMED = 8  # unknown numbers that a warning lists

Unsupported = Literal["mark", "drop"]
Link = Callable[[str, float | None], str]  # (episode id, second) -> URL


def cite(
    number: int,
    episode: tuple[str, str],
    span: Span,
    words: tuple[int, int],
    link: Link,
    *,
    supported: bool,
    cited_by: CitedBy = "askpod",
    untimed: bool = False,
) -> Citation:
    """The citation of some words of a span. Its seconds are those words' own.

    Args:
        number: what stands in brackets in the answer.
        episode: the id and the title.
        span: the turn, or the part of it, that was in the evidence.
        words: first and end character of what is quoted, counted in the span's text.
        link: the address that opens an episode (by its id) at a second.
        supported: whether these words support the claim.
        cited_by: who chose the turn.
        untimed: whether the episode states no second: the citation has none then.
    """
    id_, title = episode
    said = Turn(span.speaker, span.text, span.start, span.end, marks=span.marks)
    quoted = cut_span(said, span.turn, *words)
    start, end = (None, None) if untimed else (quoted.start, quoted.end)
    return Citation(
        number=number,
        episode_id=id_,
        title=title,
        speaker=span.speaker,
        start=start,
        end=end,
        quote=quoted.text,
        url=link(id_, start),
        supported=supported,
        cited_by=cited_by,
    )


@dataclass(frozen=True, slots=True)
class _Cited:
    turn: EvidenceTurn
    support: Support
    by: CitedBy = "model"


@dataclass(slots=True)
class _Sentence:
    """The sentence being written. `parts` is what it shows, in order."""

    parts: list[str | _Cited] = field(default_factory=list)
    words: str = ""  # its text without markers, the last LONGEST_CLAIM characters
    clause: str = ""  # the same since the last marker
    opening: str = ""  # its first characters, which tell a heading or a list item
    space: str = ""  # white space since the last word, shown or not
    turns: list[EvidenceTurn] = field(default_factory=list)  # cited so far
    unsupported: bool = False

    def add(self, character: str) -> None:
        said = self.space + character
        self.space = ""
        self.words = (self.words + said)[-LONGEST_CLAIM:]
        self.clause = (self.clause + said)[-LONGEST_CLAIM:]
        if len(self.opening) < LONGEST_CLAIM:
            self.opening += said

    def ends_before(self, character: str) -> bool:
        """Whether it is over; only Chinese and Japanese need no white space for that."""
        may = self.space or self.words.endswith(("。", "！", "？"))
        return bool(may) and ends_before(self.words, self.space, character)


class CitationWriter:
    """Turns a model's text with evidence numbers into the text a person sees, piece by piece.

    Args:
        evidence: the turns that the model was shown, with the numbers it was given for them.
        checker: judges whether a turn supports a claim.
        link: the address that opens an episode (by its id) at a second.
        unsupported: "mark" shows an unsupported claim with UNSUPPORTED_MARK behind its
            numbers, or with UNCITED_MARK; "drop" leaves the sentence out, and says so in
            `warnings`.
        question: what is answered; a claim that repeats it is held against turns without that.
    """

    def __init__(
        self,
        evidence: Sequence[EvidenceTurn],
        checker: SupportChecker,
        link: Link,
        unsupported: Unsupported = "mark",
        question: str = "",
    ) -> None:
        self.evidence = tuple(evidence)
        self._turns = {turn.number: turn for turn in evidence}
        self._checker = checker
        self._link = link
        self._drop = unsupported == "drop"
        self._question = question
        self._lists = OwnSources()
        self._reader = MarkerReader()
        self._sentence = _Sentence()
        self._gap = ""  # white space not shown yet: a dropped marker takes it along
        self._group: list[tuple[str, EvidenceTurn]] = []  # markers side by side, with their gaps
        self._leading: list[tuple[str, EvidenceTurn]] = []  # those that stand before this sentence
        self._shown: list[str] = []
        self._new: list[str] = []
        self._citations: dict[tuple[int, int, int, bool], Citation] = {}
        self._unknown: dict[str, None] = {}
        self._told: set[str] = set()  # sentences shown, where unsupported ones are left out
        self.repeating = False  # the last sentence was one of them
        self._dropped = 0
        self._removed = 0
        self._uncited = 0
        self._replaced = 0

    @property
    def text(self) -> str:
        """Everything shown so far."""
        return "".join(self._shown)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Those shown so far, in order of first use, numbered from 1."""
        return tuple(self._citations.values())

    @property
    def holds_nothing(self) -> bool:
        """Whether something is stated, and nothing of it is supported."""
        stated = bool(self._uncited or self._dropped or self._citations)
        return stated and not any(each.supported for each in self._citations.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about the citations, in short sentences."""
        wrong = sum(not citation.supported for citation in self._citations.values())
        unknown, more = ", ".join([*self._unknown][:MOST_NAMED]), len(self._unknown) - MOST_NAMED
        unknown += f" and {more} more" if more > 0 else ""
        found = (
            unknown and f"left out numbers that are not in the evidence: {unknown}",
            self._replaced and f"wrong citations replaced by turns that hold: {self._replaced}",
            wrong and f"citations that do not support their claim: {wrong}, marked in the text",
            self._uncited and f"sentences without a source: {self._uncited}, marked in the text",
            self._dropped and f"sentences left out, nothing said supports them: {self._dropped}",
            self._removed and f"citations left out beside others that hold: {self._removed}",
        )
        return tuple(warning for warning in found if isinstance(warning, str) and warning)

    def feed(self, piece: str) -> str:
        """What can be shown now. Holds back only what may still change."""
        for part in self._reader.feed(self._lists.feed(piece)):
            self._take(part)
        return self._release()

    def finish(self) -> str:
        """The rest."""
        for part in (*self._reader.feed(self._lists.finish()), *self._reader.finish()):
            self._take(part)
        self._end_sentence()
        self._gap = ""
        return self._release()

    def _take(self, part: str | Marker) -> None:
        if isinstance(part, Marker):
            self._take_marker(part)
        else:
            self._take_text(part)

    def _release(self) -> str:
        new = "".join(self._new)
        self._new.clear()
        self._shown += [new] if new else []
        return new

    def _take_text(self, text: str) -> None:
        for character in text:
            if character.isspace():
                if len(self._gap) < LONGEST_GAP:
                    self._gap += character
                if len(self._sentence.space) < LONGEST_GAP:
                    self._sentence.space += character
                continue
            if self._group and self._leads(character):
                self._take_leading()
            self._close_group()
            if self._sentence.ends_before(character):
                self._end_sentence()
            self._put(self._sentence, self._gap + character)
            self._gap = ""
            self._sentence.add(character)

    def _take_marker(self, marker: Marker) -> None:
        self._unknown.update(dict.fromkeys(marker.unusable))
        before = len(self._group)
        for number in marker.numbers:
            turn = self._turns.get(number)
            if turn is None:
                self._unknown[str(number)] = None
            elif all(turn is not other for _, other in self._group):
                self._group.append((self._gap, turn))
                self._gap = ""
        if len(self._group) == before and "\n" not in self._gap:
            self._gap = ""  # a marker that shows nothing leaves no space behind either
        if len(self._group) >= MOST_TURNS:
            self._close_group()

    def _leads(self, following: str) -> bool:
        """Whether the markers are for the sentence behind them, as some models write."""
        gap, sentence = self._group[0][0], self._sentence
        if "\n" in self._gap or not may_begin(following):
            return False
        if not plain_claim(sentence.words) or "\n" in gap:
            return True
        return bool(self._leading and gap) and ends_before(sentence.words, gap, following)

    def _take_leading(self) -> None:
        """Sets the markers aside until the end of the sentence that they stand before."""
        leading, self._group = self._group, []
        if plain_claim(self._sentence.words):
            self._end_sentence()
        self._gap = leading[0][0]
        self._leading = [(" ", turn) for _, turn in leading]

    def _close_leading(self) -> None:
        """Shows the markers that were set aside, where the sentence has none of its own."""
        if not self._sentence.turns and needs_source(self._sentence.opening):
            self._group = self._leading
            self._close_group()
        self._leading = []

    def _close_group(self) -> None:
        """Judges the markers that stand side by side, and shows them."""
        if not self._group:
            return
        sentence = self._sentence
        group, self._group = self._group, []
        clause = plain_claim(sentence.clause)
        whole = len(clause.split()) < SHORTEST_CLAUSE
        claim = plain_claim(sentence.words) if whole else clause
        turns = [turn for _, turn in group]
        supports = self._checker.check_each(claim, turns, sentence.turns if whole else ())
        every = [_Cited(*each) for each in zip(turns, supports, strict=True)]
        cited = [each for each in every if each.support.ok]
        if cited:
            self._removed += len(every) - len(cited)
        elif source := self._source(claim):
            self._replaced += 1
            cited = [source]
        else:
            cited = every
            sentence.unsupported = True
        for (gap, _), each in zip(group, cited, strict=False):
            self._put(sentence, gap)
            self._put(sentence, each)
        if not cited[0].support.ok:
            self._put(sentence, UNSUPPORTED_MARK)
        sentence.turns = [*sentence.turns, *turns][-MOST_TURNS:]
        sentence.clause = ""

    def _end_sentence(self) -> None:
        self._close_group()
        self._close_leading()
        sentence, self._sentence = self._sentence, _Sentence()
        claim = plain_claim(sentence.words)
        # Small models say a thing again and again, until they are cut short.
        cut_short = claim[-1:].isalnum() and any(each.startswith(claim) for each in self._told)
        self.repeating = cut_short or claim in self._told
        if self.repeating:
            return
        if not sentence.turns and needs_source(sentence.opening):
            if source := self._source(claim):
                self._put(sentence, " ")
                self._put(sentence, source)
            elif self._drop:
                sentence.unsupported = True
            else:
                self._uncited += 1
                self._put(sentence, UNCITED_MARK)
        if not self._drop or is_refusal(sentence.words):  # which stands beside an answer here
            return
        if sentence.unsupported:
            self._dropped += 1
            return
        if claim:
            self._told.add(claim)
        for part in sentence.parts:
            if isinstance(part, str):
                # What was left out before the first sentence leaves no space in front of it.
                self._new.append(part if self._shown or self._new else part.lstrip())
            else:
                self._new.append(self._marker(part))

    def _source(self, claim: str) -> _Cited | None:
        found = self._checker.attribute(claim, self.evidence, self._question)
        return _Cited(*found, by="askpod") if found else None

    def _put(self, sentence: _Sentence, part: str | _Cited) -> None:
        if self._drop:
            sentence.parts.append(part)
        else:
            self._new.append(part if isinstance(part, str) else self._marker(part))

    def _marker(self, cited: _Cited) -> str:
        turn, support = cited.turn, cited.support
        key = (turn.number, support.begin, support.end, support.ok)
        if key not in self._citations:
            self._citations[key] = cite(
                len(self._citations) + 1,
                (turn.episode_id, turn.title),
                turn.span,
                (support.begin, support.end),
                self._link,
                supported=support.ok,
                cited_by=cited.by,
                untimed=turn.untimed,
            )
        return f"[{self._citations[key].number}]"
