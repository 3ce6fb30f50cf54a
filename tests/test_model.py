"""The plain values that everything else is made of."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest

from askpod.model import Answer, Chunk, Citation, Episode, Passage, Span, Turn, join_spans

SPAN = Span(turn=3, offset=0, speaker="Ann", text="Bees dance.", start=10.0, end=12.0)
CITATION = Citation(1, "bees", "Bees", "Ann", 10.0, 12.0, "Bees dance.", "", supported=True)
PASSAGE = Passage(
    episode_id="bees",
    title="Bees",
    start=10.0,
    end=12.0,
    speakers=("Ann",),
    section="",
    text="Bees dance.",
    score=0.5,
    url="",
    spans=(SPAN,),
)


def part(text: str, offset: int, start: float, end: float, turn: int = 3) -> Span:
    return Span(turn, offset, "Ann", text, start, end)


def test_values_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        CITATION.quote = "Bees sing."


@pytest.mark.parametrize(
    "value",
    [
        PASSAGE,
        CITATION,
        Answer("Why?", "Since [1]", (CITATION,), (PASSAGE,), refused=False, mode="extractive"),
    ],
)
def test_to_dict_holds_what_json_can_carry(value):
    as_dict = value.to_dict()
    again = json.loads(json.dumps(as_dict, allow_nan=False))
    assert again == json.loads(json.dumps(as_dict))
    assert set(again) == {*type(value).__dataclass_fields__}


def test_an_episode_ends_with_its_last_turn():
    turns = (Turn("Ann", "Bees dance.", 0.0, 4.0), Turn("Bea", "Do they?", 4.0, 6.5))
    assert Episode("bees", "Bees", turns).end == 6.5
    assert Episode("bees", "Bees", ()).end == 0.0


def test_a_chunk_is_embedded_with_its_lead_but_shows_speech_alone():
    other = Span(4, 0, "Bea", "Do they?", 12.0, 13.0)
    chunk = Chunk("About bees", "Dances", (SPAN, other), lead="What do bees do?")
    assert chunk.text == "Bees dance.\nDo they?"
    assert chunk.embedded_text == "What do bees do?\nBees dance.\nDo they?"
    assert (chunk.start, chunk.end) == (10.0, 13.0)
    assert chunk.speakers == ("Ann", "Bea")


def test_a_chunk_names_each_speaker_once_and_nobody_where_there_is_no_name():
    spans = (SPAN, Span(4, 0, "", "Yes.", 12.0, 13.0), Span(5, 0, "Ann", "Yes.", 13.0, 14.0))
    assert Chunk("", "", spans).speakers == ("Ann",)
    assert Chunk("", "", spans).embedded_text == "Bees dance.\nYes.\nYes."


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        # "Bees dance. They sing." cut in two: the parts touch, or share words, or repeat.
        ((part("Bees dance.", 0, 1, 2), part("They sing.", 12, 2, 3)), "Bees dance. They sing."),
        ((part("Bees dance.", 0, 1, 2), part("dance. They", 5, 1.5, 3)), "Bees dance. They"),
        ((part("Bees dance.", 0, 1, 3), part("dance.", 5, 2, 3)), "Bees dance."),
    ],
)
def test_parts_of_one_turn_are_joined(parts, joined):
    (span,) = join_spans(parts)
    assert span.text == joined
    assert (span.start, span.end, span.offset) == (1, 3, 0)


def test_spans_of_different_turns_stay_apart():
    spans = (part("Bees dance.", 0, 1, 2), part("Do they?", 0, 2, 3, turn=4))
    assert join_spans(spans) == spans
    assert join_spans([]) == ()


def test_the_basis_of_a_refusal_is_none_and_only_of_a_refusal():
    refusal = Answer("Why?", "Nothing.", (), (), refused=True, mode="extractive")
    assert refusal.to_dict()["basis"] == "none"
    near = replace(refusal, refused=False, basis="nearest")
    assert (near.basis, near.refused) == ("nearest", False)
    with pytest.raises(ValueError, match="refusal"):
        replace(near, basis="none")
