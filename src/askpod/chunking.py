"""Cuts an episode into chunks: runs of sentences under a token budget.

A chunk never crosses a section, never splits a sentence that fits the budget, prefers to
break between turns, and begins with the last short words said before it (in an interview
that is the question being answered). Budgets are counted in the embedder's own tokens, so
that nothing is ever cut in silence. Knows nothing of embedders beyond a counting function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from askpod.model import Chunk, Episode, Span, Turn
from askpod.sentences import split_sentences

TokenCounter = Callable[[Sequence[str]], list[int]]  # tokens with the special ones included

SPECIAL_TOKENS = 2  # [CLS] and [SEP] around every text


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Budgets in tokens of the embedder.

    speech: what one chunk holds, overlap included; heading: its longest heading; overlap:
    the words repeated from before the chunk; full_enough: from this share of `speech` on,
    a chunk ends at the next turn rather than splitting it.
    """

    speech: int = 180
    heading: int = 48
    overlap: int = 32
    full_enough: float = 0.5

    @property
    def signature(self) -> str:
        """Names these settings in a store, which holds chunks of one kind only."""
        return f"v1 speech={self.speech} heading={self.heading} overlap={self.overlap}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one too long for any chunk."""

    turn: int
    begin: int
    end: int
    tokens: int
    opens_turn: bool


def chunk_episode(
    episode: Episode, count_tokens: TokenCounter, settings: ChunkSettings | None = None
) -> list[Chunk]:
    """The chunks of `episode` in order; every word of every turn is in at least one.

    `count_tokens` counts as the embedder does. A chunk's `embedded_text` has at most
    `heading + speech + SPECIAL_TOKENS` tokens.
    """
    settings = settings or ChunkSettings()
    pieces = _pieces(episode.turns, count_tokens, settings.speech)
    chunks = []
    for section, run in groupby(pieces, key=lambda piece: episode.turns[piece.turn].section):
        heading = _heading(episode, section, count_tokens, settings.heading)
        for group in _pack(list(run), settings):
            chunks.append(Chunk(heading, section, _spans(episode.turns, group)))
    return chunks


def cut_span(turn: Turn, position: int, begin: int, end: int) -> Span:
    """The characters `begin` to `end` of a turn, with the seconds they take by their share."""
    seconds_per_character = (turn.end - turn.start) / max(1, len(turn.text))
    return Span(
        turn=position,
        offset=begin,
        speaker=turn.speaker,
        text=turn.text[begin:end],
        start=turn.start + begin * seconds_per_character,
        end=turn.end if end == len(turn.text) else turn.start + end * seconds_per_character,
    )


def _pieces(turns: Sequence[Turn], count_tokens: TokenCounter, limit: int) -> list[_Piece]:
    ranges = [
        (position, begin, end)
        for position, turn in enumerate(turns)
        for begin, end in split_sentences(turn.text)
    ]
    counts = count_tokens([turns[p].text[begin:end] for p, begin, end in ranges])
    pieces: list[_Piece] = []
    for (position, begin, end), with_special in zip(ranges, counts, strict=True):
        tokens = with_special - SPECIAL_TOKENS
        opens = not pieces or pieces[-1].turn != position
        if tokens <= limit:
            pieces.append(_Piece(position, begin, end, tokens, opens))
            continue
        for part_begin, part_end, part in _split_long(
            turns[position].text, begin, end, count_tokens, limit
        ):
            pieces.append(_Piece(position, part_begin, part_end, part, opens))
            opens = False
    return pieces


def _split_long(
    text: str, begin: int, end: int, count_tokens: TokenCounter, limit: int
) -> list[tuple[int, int, int]]:
    """Halves a range, at white space where there is some, until each part fits."""
    tokens = count_tokens([text[begin:end]])[0] - SPECIAL_TOKENS
    if tokens <= limit or end - begin < 2:
        return [(begin, end, tokens)]
    middle = (begin + end) // 2
    space = text.rfind(" ", begin + 1, middle)
    cut = space if space > begin + (end - begin) // 4 else middle
    left = _split_long(text, begin, cut, count_tokens, limit)
    resume = cut + 1 if text[cut] == " " else cut
    return left + _split_long(text, resume, end, count_tokens, limit)


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
            current = _overlap(current, settings, piece.tokens)
            size = sum(kept.tokens for kept in current)
        current.append(piece)
        size += piece.tokens
    groups.append(current)
    return groups


def _turn_tokens(pieces: list[_Piece], index: int) -> int:
    turn = pieces[index].turn
    total = 0
    while index < len(pieces) and pieces[index].turn == turn:
        total += pieces[index].tokens
        index += 1
    return total


def _overlap(group: list[_Piece], settings: ChunkSettings, coming: int) -> list[_Piece]:
    """The last sentences of `group` that fit the overlap and leave room for what comes."""
    room = min(settings.overlap, settings.speech - coming)
    kept: list[_Piece] = []
    for piece in reversed(group[1:]):
        if piece.tokens > room:
            break
        kept.insert(0, piece)
        room -= piece.tokens
    return kept


def _spans(turns: Sequence[Turn], group: list[_Piece]) -> tuple[Span, ...]:
    spans = []
    for position, run in groupby(group, key=lambda piece: piece.turn):
        parts = list(run)
        spans.append(cut_span(turns[position], position, parts[0].begin, parts[-1].end))
    return tuple(spans)


def _heading(episode: Episode, section: str, count_tokens: TokenCounter, limit: int) -> str:
    """Title, guests and section, as much of them as the budget holds, whole words only."""
    parts = [episode.title, ", ".join(episode.guests), section]
    words = " | ".join(part for part in parts if part).split()
    while words and count_tokens([" ".join(words)])[0] - SPECIAL_TOKENS > limit:
        # A heading far over the budget (a hostile title) must not take a step for each word.
        words = words[: min(len(words) - 1, limit * 2)]
    return " ".join(words)
