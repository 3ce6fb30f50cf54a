"""Cuts an episode into chunks: runs of sentences under a token budget.

A chunk never crosses a section, never splits a sentence that fits the budget, and prefers to break
between turns; where hardly any turn fills a chunk, as in messages, chunks are as short as turns. A
chunk is embedded with the last words said before it, in an interview the question being answered;
they are no part of it. Budgets are counted in the embedder's own tokens: nothing is cut in silence.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, islice, takewhile

from askpod.model import Chunk, Episode, Span, Turn
from askpod.text import TokenCounts, split_sentences, split_to_fit

SPECIAL_TOKENS = 2  # [CLS] and [SEP] around every text
# Of all that is said, the share in turns that a chunk is to hold undivided, if it can; no chunk
# needs to be longer than the longest of these. Podcasts and most meetings reach the full budgets.
UNDIVIDED = 0.9
FINEST = 16  # tokens of the smallest budget for speech: less says little by itself


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """The largest budgets in tokens of the embedder. Why they are what they are: docs/retrieval.md.

    speech: what one chunk holds; heading: its longest heading; lead: the words repeated from
    before it; full_enough: from this share of `speech` on, a chunk ends at the next turn rather
    than splitting it.
    """

    speech: int = 96
    heading: int = 40
    lead: int = 32
    full_enough: float = 0.5

    @property
    def signature(self) -> str:
        """Names these settings in a store, which holds chunks of one kind only."""
        return f"v3 speech={self.speech} heading={self.heading} lead={self.lead}"

    def fitted_to(self, turns: Sequence[int]) -> ChunkSettings:
        """These settings, with less speech and lead for a talk whose turns have so few tokens."""
        ascending = sorted(turns)
        said = list(accumulate(ascending))
        longest = ascending[bisect_left(said, UNDIVIDED * said[-1])] if said else self.speech
        speech = min(self.speech, max(FINEST, longest))
        return replace(self, speech=speech, lead=round(self.lead * speech / self.speech))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one too long for any chunk."""

    turn: int
    begin: int
    end: int
    tokens: int
    opens_turn: bool


def chunk_episode(
    episode: Episode, count_tokens: TokenCounts, settings: ChunkSettings | None = None
) -> list[Chunk]:
    """The chunks of an episode in order; every word of every turn is in exactly one.

    A chunk's `embedded_text` has at most `lead + speech + SPECIAL_TOKENS` tokens, its heading
    `heading + SPECIAL_TOKENS`, as `count_tokens` counts them.
    """
    sentences = _sentences(episode.turns, count_tokens)
    by_turn = groupby(sentences, key=lambda sentence: sentence.turn)
    tokens = [sum(sentence.tokens for sentence in run) for _, run in by_turn]
    settings = (settings or ChunkSettings()).fitted_to(tokens)
    pieces = _pieces(episode.turns, sentences, count_tokens, settings.speech)
    chunks: list[Chunk] = []
    done = 0
    for section, run in groupby(pieces, key=lambda piece: episode.turns[piece.turn].section):
        heading = _heading(episode, section, count_tokens, settings.heading)
        for group in _pack(list(run), settings):
            lead = _lead(episode.turns, pieces[max(0, done - settings.lead) : done], settings.lead)
            chunks.append(Chunk(heading, section, _spans(episode.turns, group), lead))
            done += len(group)
    return chunks


def cut_span(turn: Turn, position: int, begin: int, end: int) -> Span:
    """A part of a turn, from one character up to another, with the seconds at which it is said.

    `position` is the turn's place in its episode, from 0.
    """
    marks = turn.marks
    if marks:
        after, until = bisect_left(marks, (begin + 1,)), bisect_left(marks, (end,))
        marks = tuple([(at - begin, second) for at, second in marks[after:until]])
    return Span(
        turn=position,
        offset=begin,
        speaker=turn.speaker,
        text=turn.text[begin:end],
        start=second_at(turn, begin),
        end=second_at(turn, end),
        marks=marks,
    )


def second_at(turn: Turn, character: int) -> float:
    """The second of a character: by its share of the text between the two nearest known ones."""
    place = bisect_right(turn.marks, (character, math.inf))
    at, second = turn.marks[place - 1] if place else (0, turn.start)
    last = (len(turn.text), turn.end)
    next_at, next_second = turn.marks[place] if place < len(turn.marks) else last
    if character >= next_at:
        return next_second
    return second + (next_second - second) * max(0, character - at) / (next_at - at)


def _sentences(turns: Sequence[Turn], count_tokens: TokenCounts) -> list[_Piece]:
    ranges = [
        (position, begin, end)
        for position, turn in enumerate(turns)
        for begin, end in split_sentences(turn.text)
    ]
    counts = count_tokens([turns[p].text[begin:end] for p, begin, end in ranges])
    sentences: list[_Piece] = []
    for (position, begin, end), with_special in zip(ranges, counts, strict=True):
        opens = not sentences or sentences[-1].turn != position
        sentences.append(_Piece(position, begin, end, with_special - SPECIAL_TOKENS, opens))
    return sentences


def _pieces(
    turns: Sequence[Turn], sentences: Sequence[_Piece], count_tokens: TokenCounts, limit: int
) -> list[_Piece]:
    """The sentences, those over the limit cut into parts."""
    pieces: list[_Piece] = []
    for each in sentences:
        if each.tokens <= limit:
            pieces.append(each)
            continue
        text, most = turns[each.turn].text, limit + SPECIAL_TOKENS
        for begin, end, tokens in split_to_fit(text, each.begin, each.end, count_tokens, most):
            opens = each.opens_turn and begin == each.begin
            pieces.append(_Piece(each.turn, begin, end, tokens - SPECIAL_TOKENS, opens))
    return pieces


def _pack(pieces: list[_Piece], settings: ChunkSettings) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    current: list[_Piece] = []
    size = 0
    for index, piece in enumerate(pieces):
        full = size + piece.tokens > settings.speech
        turn_would_split = (
            piece.opens_turn
            and size >= settings.full_enough * settings.speech
            and size + _turn_tokens(pieces, index) > settings.speech
        )
        if current and (full or turn_would_split):
            groups.append(current)
            current, size = [], 0
        current.append(piece)
        size += piece.tokens
    groups.append(current)
    return groups


def _turn_tokens(pieces: list[_Piece], index: int) -> int:
    own = takewhile(lambda piece: piece.turn == pieces[index].turn, islice(pieces, index, None))
    return sum(piece.tokens for piece in own)


def _lead(turns: Sequence[Turn], before: Sequence[_Piece], room: int) -> str:
    """The last sentences of what was said before, as many as `room` tokens hold."""
    kept: list[str] = []
    for piece in reversed(before):
        room -= piece.tokens
        if room < 0:
            break
        kept.insert(0, turns[piece.turn].text[piece.begin : piece.end])
    return " ".join(kept)


def _spans(turns: Sequence[Turn], group: list[_Piece]) -> tuple[Span, ...]:
    spans = []
    for position, run in groupby(group, key=lambda piece: piece.turn):
        parts = list(run)
        spans.append(cut_span(turns[position], position, parts[0].begin, parts[-1].end))
    return tuple(spans)


def _heading(episode: Episode, section: str, count_tokens: TokenCounts, limit: int) -> str:
    """Title, guests and section, as much of them as the budget holds, complete words only."""
    parts = [episode.title, ", ".join(episode.guests), section]
    # A hostile title, far over the budget, must neither take a step for each of its words nor
    # pass as one unknown word of a million characters.
    words = " | ".join(part for part in parts if part)[: limit * 20].split()
    while words and count_tokens([" ".join(words)])[0] - SPECIAL_TOKENS > limit:
        words.pop()
    return " ".join(words)
