"""Podcasting 2.0's JSON: segments of any length become turns that keep their seconds."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.readers.json_document import load_json
from askpod.readers.json_transcripts import read_podcast_json
from askpod.readers.text import FaultLog

PATH = Path("talk.json")


def turns(*segments, log=None):
    """The turns of segments, each (start, body) or (start, body, speaker)."""
    rows = [
        {"startTime": start, "endTime": start, "body": body, **({"speaker": who[0]} if who else {})}
        for start, body, *who in segments
    ]
    text = json.dumps({"version": "1.0.0", "segments": rows})
    return read_podcast_json(load_json(PATH, text), log or FaultLog(PATH)).turns


def test_words_become_turns_of_one_speaker(read, formats):
    episode = read((formats / "harbour-pilot.json").read_bytes(), "harbour-pilot.json").episode
    assert [turn.speaker for turn in episode.turns] == ["Ines Morrow", "Tobin Hale"] * 2
    first, second, *_ = episode.turns
    assert first.text.startswith("Welcome to Slack Water. Tobin Hale brings ships")
    assert (first.start, second.start) == (0.5, 11.151)
    tower = second.text.index("When the grey tower")
    assert (tower, 15.765) in second.marks
    assert not any(turn.estimated for turn in episode.turns)


def test_a_segment_without_a_speaker_is_by_the_one_before():
    said = turns(
        (0, "Hello there.", "Ann"), (2, "Still me."), (4, "Now I.", "Ben"), (6, "Who?", "")
    )
    assert [(turn.speaker, turn.text) for turn in said] == [
        ("Ann", "Hello there. Still me."),
        ("Ben", "Now I."),
        ("", "Who?"),
    ]


def test_parts_of_a_word_are_put_together():
    bodies = [" We", " don", "'t", " count", " eels", ",", " we", " weigh", " them", "."]
    (turn,) = turns(*((place, body) for place, body in enumerate(bodies)))
    assert turn.text == "We don't count eels, we weigh them."


def test_words_without_spaces_stay_apart():
    (turn,) = turns((0, "three"), (1, "two"), (2, "one"), (3, "go"))
    assert turn.text == "three two one go"


def test_times_may_be_clocks():
    first, second = turns(("00:00:07.500", "One.", "Ann"), ("1:02:03", "Two.", "Ben"))
    assert (first.start, second.start) == (7.5, 3723.0)


def test_times_that_cannot_be_are_worked_out_and_reported():
    log = FaultLog(PATH)
    said = turns(
        (0, "One.", "A"),
        (-5, "Two.", "B"),
        (float("nan"), "Three.", "A"),
        (9, "Four.", "B"),
        log=log,
    )
    assert [turn.text for turn in said] == ["One.", "Two.", "Three.", "Four."]
    assert [turn.estimated for turn in said] == [False, True, True, False]
    assert said[0].start < said[1].start < said[2].start < 9
    assert {fault.kind for fault in log.faults()} == {"bad-time"}


def test_a_number_is_a_word_too():
    (turn,) = turns((0, "In"), (1, 1984), (2, "it rained"))
    assert turn.text == "In 1984 it rained"


def test_half_a_character_is_replaced_and_reported():
    log = FaultLog(PATH)
    (turn,) = turns((0, "Bees \ud83d dance \ud83d\udc1d"), log=log)
    assert turn.text == "Bees \ufffd dance 🐝"
    assert [fault.kind for fault in log.faults()] == ["half-character"]


WORDS = st.text(alphabet="abcé'1,.?漢 ", min_size=1, max_size=12)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 9_000), WORDS, st.sampled_from(["Ann", "Ben", ""]))))
def test_no_word_is_lost_or_invented_and_time_runs_forward(segments):
    ordered = sorted(segments, key=lambda segment: segment[0])
    ordered = [(start, f"{at}{body}", who) for at, (start, body, who) in enumerate(ordered)]
    said = turns(*ordered)
    written = "".join(body for _, body, _ in ordered)
    assert "".join("".join(turn.text for turn in said).split()) == "".join(written.split())
    starts = [turn.start for turn in said]
    assert starts == sorted(starts)
    assert all(turn.start <= turn.end for turn in said)
