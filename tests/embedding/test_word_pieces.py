"""Counting is a short cut; it must agree with the tokenizer on every text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from askpod.embedding import minilm
from askpod.embedding.minilm import MiniLM, WordPieces
from askpod.embedding.weights import find_weights
from askpod.text import well_formed


@pytest.fixture(scope="module")
def pieces() -> WordPieces:
    return WordPieces(find_weights().tokenizer)


def test_special_tokens_are_counted(int8: MiniLM) -> None:
    assert int8.count_tokens(["", "hello", "hello, world!"]) == [2, 3, 6]


def test_nothing_is_cut(int8: MiniLM) -> None:
    assert int8.count_tokens(["word " * 1000]) == [1002]


characters = st.one_of(
    st.characters(codec=None),
    st.sampled_from(" \t\n\x0b\x0c\x1c\x1d\x1f\x85\xa0\u1680\u2028\u200b\u3000\u0301\u0345Σσς[]C"),
)
words = st.sampled_from(["[CLS]", "[SEP]", "[", "data", "ΟΔΟΣ", "İ", "naïve", "日本", "\ud800", ""])


@settings(max_examples=400)
@given(st.one_of(st.text(characters, max_size=40), st.lists(words).map(" ".join)))
@example("a \u0301b")
@example("x" * 101 + " " + "y" * 49)
@example("a\x1cb c")
def test_a_count_is_what_tokenizing_gives(pieces: WordPieces, text: str) -> None:
    assert pieces.counts([text]) == [len(pieces.encode(text).ids)]


def test_the_memory_of_pieces_is_bounded(
    pieces: WordPieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minilm, "_CACHED_PIECES", 10)
    text = " ".join(f"piece{number}" for number in range(100))
    assert pieces.counts([text]) == [len(pieces.encode(text).ids)]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("plain", "plain"),
        ("\ud83d\ude00", "😀"),
        ("\ud83d", "\ufffd"),
        ("\ude00\ud83d!", "\ufffd\ufffd!"),
    ],
)
def test_lone_surrogates_are_replaced(text: str, mended: str) -> None:
    assert well_formed(text) == mended
