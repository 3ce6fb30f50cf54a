"""What engines invent: words in silence, marks of music, one line over and over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.transcription import Segment, Word
from askpod.transcription.transcribe import without_inventions


def lines(*texts, seconds=2.0):
    return [Segment(n * seconds, (n + 1) * seconds, text) for n, text in enumerate(texts)]


def weighed(segments, loudness=None):
    end = int(segments[-1].end) if segments else 10
    kept, unheard = without_inventions(segments, loudness or [0.1] * end, float(end))
    return [each.text for each in kept], [(each.kind, each.start, each.end) for each in unheard]


def test_a_line_over_and_over_is_taken_once():
    said = lines("So we lift the chain.", *["Thanks for watching this."] * 9, "And then it thaws.")
    kept, unheard = weighed(said)
    assert kept == ["So we lift the chain.", "Thanks for watching this.", "And then it thaws."]
    assert unheard == [("loop", 2.0, 20.0)]


@pytest.mark.parametrize(
    "texts",
    [
        ["No, it was not so.", "No, it was not so.", "No, it was not so."],
        ["Yes.", "Yes.", "Yes.", "Yes.", "Yes."],
        ["It was very, very, very, very, very cold."],
    ],
)
def test_what_people_say_twice_or_thrice_stays(texts):
    assert weighed(lines(*texts)) == (texts, [])


def test_a_phrase_over_and_over_within_a_line_is_taken_once():
    text = "Then it froze. " + "the river and " * 20 + "nobody crossed."
    [kept], [(kind, *_)] = weighed([Segment(0, 30, text, (Word("Then", 0.1),))])
    assert kept == "Then it froze. the river and nobody crossed."
    assert kind == "loop"


@pytest.mark.parametrize("mark", ["[Music]", "(upbeat music playing)", "♪", "♪ ♪ ♪", "[applause]"])
def test_marks_of_music_are_no_speech(mark):
    said = [Segment(0, 2, "Hello."), Segment(3, 30, mark), Segment(31, 33, "Back again.")]
    assert weighed(said) == (["Hello.", "Back again."], [("music", 2, 31)])


def test_words_in_silence_are_invented():
    said = [Segment(0, 2, "Hello."), Segment(10, 14, "Thank you."), Segment(20, 22, "Back.")]
    loud = [0.1] * 2 + [0.0001] * 18 + [0.1] * 2
    assert weighed(said, loud) == (["Hello.", "Back."], [("silence", 2, 20)])


@given(
    st.lists(st.tuples(st.floats(0, 90), st.floats(0, 5), st.text(max_size=40)), max_size=12),
    st.lists(st.floats(0, 1), max_size=120),
)
def test_whatever_is_heard_nothing_is_made_up(rows, loudness):
    segments = [Segment(start, start + length, text) for start, length, text in sorted(rows)]
    kept, unheard = without_inventions(segments, loudness, 100.0)
    assert {each.text for each in kept} <= {each.text for each in segments} or unheard
    assert all(0 <= each.start <= each.end <= 100.0 for each in unheard)
