"""YouTube's captions in both JSON forms."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.readers.json_document import load_json
from askpod.readers.json_transcripts import read_youtube_json3, read_youtube_list, recognise_json
from askpod.readers.text import FaultLog

PATH = Path("talk.json")
READERS = {"youtube-list": read_youtube_list, "youtube-json3": read_youtube_json3}


def draft(value):
    """What the reader makes of a value that stands in a file."""
    loaded = load_json(PATH, json.dumps(value))
    return READERS[recognise_json(loaded)](loaded, FaultLog(PATH))


def test_a_list_becomes_turns_that_know_the_second_of_each_caption(read, formats):
    episode = read((formats / "tide-mill.json").read_bytes(), "tide-mill.json").episode
    text = " ".join(turn.text for turn in episode.turns)
    assert text.startswith("[Music] this is the last tide mill on the river that still grinds")
    first = episode.turns[0]
    assert (first.text.index("turns for about"), 6.757) in first.marks
    assert all(turn.end <= after.start for turn, after in pairwise(episode.turns))


def test_a_list_in_an_object_brings_the_video_along():
    rows = [{"text": "AT&amp;T isn&#39;t\nhere", "start": 1.5, "duration": 3}]
    made = draft({"video_id": "dQw4w9WgXcQ", "language_code": "en", "snippets": rows})
    assert [(turn.start, turn.end, turn.text) for turn in made.turns] == [
        (1.5, 4.5, "AT&T isn't here")
    ]
    assert made.youtube == "dQw4w9WgXcQ"
    assert draft({"video_id": "../../x", "snippets": rows}).youtube is None


def test_speakers_named_in_the_text_are_found():
    rows = [
        {"text": text, "start": 5.0 * place, "duration": 5}
        for place, text in enumerate([">> ANN: Hello.", "Are you there?", ">> BEN: I am."])
    ]
    assert [(turn.speaker, turn.text) for turn in draft(rows).turns] == [
        ("ANN", "Hello. Are you there?"),
        ("BEN", "I am."),
    ]


def test_json3_keeps_the_offsets_of_its_words(read, formats):
    episode = read((formats / "kite-attic.json").read_bytes(), "kite-attic.json").episode
    text = " ".join(turn.text for turn in episode.turns)
    assert text.startswith("we keep nine hundred kites in this attic and every one of them has")
    assert text.count("in this attic") == 1
    first = episode.turns[0]
    assert (first.start, first.marks[0]) == (0.08, (first.text.index("in this"), 2.194))


def test_json3_of_written_captions():
    events = [
        {"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "First line\nsecond line."}]},
        {"tStartMs": 3000, "dDurationMs": 2000, "segs": [{"utf8": "Sty"}, {"utf8": "led text."}]},
    ]
    (turn,) = draft({"wireMagic": "pb3", "events": events}).turns
    assert turn.text == "First line second line. Styled text."
    assert turn.marks == ((24, 3.0),)


def test_repeated_words_are_speech():
    events = [
        {"tStartMs": 1000 * n, "dDurationMs": 9000, "segs": [{"utf8": "no"}]} for n in range(3)
    ]
    assert [turn.text for turn in draft({"events": events}).turns] == ["no no no"]


@pytest.mark.parametrize("segs", [None, "text", [None, 5, []], [{"utf8": None}], {"utf8": "no"}])
def test_events_of_another_shape_are_passed_over(segs):
    events = [{"tStartMs": 0, "segs": segs}, {"tStartMs": 5, "segs": [{"utf8": "yes"}]}, 7]
    assert [turn.text for turn in draft({"events": events}).turns] == ["yes"]


WORD = st.text(alphabet="abcé.漢", min_size=1, max_size=8)
EVENTS = st.lists(
    st.tuples(st.integers(0, 900_000), st.lists(st.tuples(WORD, st.integers(0, 5_000)), min_size=1))
)


@settings(max_examples=60)
@given(EVENTS)
def test_no_word_is_lost_or_invented_and_time_runs_forward(events):
    events = [
        (start, [(f"{at}{word}", offset) for word, offset in words])
        for at, (start, words) in enumerate(events)
    ]
    value = [{"tStartMs": 0, "segs": []}]
    for start, words in sorted(events, key=lambda event: event[0]):
        segs = [{"utf8": f" {word}", "tOffsetMs": offset} for word, offset in words]
        value.append({"tStartMs": start, "dDurationMs": 8000, "segs": segs})
        value.append({"tStartMs": start, "aAppend": 1, "segs": [{"utf8": "\n"}]})
    turns = draft({"events": value}).turns
    written = "".join(word for _, words in events for word, _ in words)
    assert sorted("".join("".join(turn.text.split()) for turn in turns)) == sorted(written)
    starts = [turn.start for turn in turns]
    assert starts == sorted(starts)
