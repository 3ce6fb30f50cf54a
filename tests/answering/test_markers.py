"""Evidence numbers as models write them, in pieces as they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.answering.replies import LONGEST, Marker, MarkerReader


def read(text: str, size: int = 0) -> list[str | Marker]:
    """The parts of a text that comes in pieces of `size`; neighbouring plain text joined."""
    reader = MarkerReader()
    pieces = [text[i : i + size] for i in range(0, len(text), size)] if size else [text]
    parts: list[str | Marker] = []
    for part in [*(part for piece in pieces for part in reader.feed(piece)), *reader.finish()]:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part:
            parts.append(part)
    return parts


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("[3]", (3,)),
        ("[ 3 ]", (3,)),
        ("[1, 3]", (1, 3)),
        ("[1,3;4]", (1, 3, 4)),
        ("[1-3]", (1, 2, 3)),
        ("[1–3]", (1, 2, 3)),
        ("[1 – 3, 7]", (1, 2, 3, 7)),
        ("[3, 1-4]", (3, 1, 2, 4)),
        ("【3】", (3,)),
        ("［３］", (3,)),
        ("[１，３]", (1, 3)),
        ("[^3]", (3,)),
        ("[^1, ^2]", (1, 2)),
        ("[3†source]", (3,)),
        ("【4:0†episode.md】", (4,)),
        ("[2024]", (2024,)),
        ("[3】", (3,)),
        ("[turn 3]", (3,)),
        ("[Turns 1, 3]", (1, 3)),
        ("[turn 1, turn 3]", (1, 3)),
        ("[Source 3]", (3,)),
        ("[#3]", (3,)),
        ("[3, 6:45]", (3,)),
        ("[1, 6:45; 3, 1:06:45]", (1, 3)),
    ],
)
def test_forms_that_models_write(written: str, numbers: tuple[int, ...]) -> None:
    assert read(f"Said{written}.") == ["Said", Marker(numbers), "."]


def test_markers_side_by_side() -> None:
    assert read("[1][3]") == [Marker((1,)), Marker((3,))]


def test_a_marker_behind_a_word_is_one() -> None:
    assert read("word[3].") == ["word", Marker((3,)), "."]


@pytest.mark.parametrize(
    "text",
    [
        "[chuckles]",
        "(3)",
        "[]",
        "[,]",
        "[1",
        "[1, two]",
        "[turned 3]",
        "[turn]",
        "[6:45]",
        "[a1]",
        "[1.5]",
        "[[",
        "[3†" + "x" * 40 + "]",
        "[" + "1, " * LONGEST + "1]",
        "[1\n]",
        "",
    ],
)
def test_other_brackets_are_text(text: str) -> None:
    assert read(text) == ([text] if text else [])


def test_ranges_backwards_or_without_end_are_not_used() -> None:
    assert read("[5-2]") == [Marker((), ("5-2",))]
    assert read("[1-400, 2]") == [Marker((2,), ("1-400",))]


def test_text_is_shown_at_once_and_a_beginning_marker_is_not() -> None:
    reader = MarkerReader()
    assert list(reader.feed("It shrank [")) == ["It shrank "]
    assert list(reader.feed("1")) == []
    assert list(reader.feed("2] to")) == [Marker((12,)), " to"]
    assert list(reader.feed(" [laughs")) == [" ", "[", "laughs"]
    assert "".join(map(str, reader.finish())) == ""


def test_what_never_closes_is_released() -> None:
    reader = MarkerReader()
    held = sum(not list(reader.feed("1")) for _ in [*reader.feed("["), *range(3 * LONGEST)])
    assert held <= LONGEST


@given(st.text(alphabet="turn [](),-^†#:123【】］\n", max_size=60), st.integers(1, 7))
def test_pieces_make_no_difference(text: str, size: int) -> None:
    assert read(text, size) == read(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It shrank [1](http://evil.example/x).", ["It shrank ", Marker((1,)), "."]),
        ("It shrank [[1]](<https://evil.example>).", ["It shrank [", Marker((1,)), "]."]),
        ("It shrank [1] (a little).", ["It shrank ", Marker((1,)), " (a little)."]),
        ("It shrank [1](a little).", ["It shrank ", Marker((1,)), "(a little)."]),
        ("It shrank [1](http://no", ["It shrank ", Marker((1,)), "(http://no"]),
        ("It shrank [1]", ["It shrank ", Marker((1,))]),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_number_links_to_nothing_else(text: str, parts: list[str | Marker], size: int) -> None:
    assert read(text, size) == parts
