"""Speech is cut into sentences without changing or losing a character."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[begin:end] for begin, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We train. We deploy! Do we? Yes.", ["We train.", "We deploy!", "Do we?", "Yes."]),
        ("It was 3.5 percent of v1.2 and so on", ["It was 3.5 percent of v1.2 and so on"]),
        ("Ask Dr. Lind or Mr. Abe. They know.", ["Ask Dr. Lind or Mr. Abe.", "They know."]),
        ("Tools, e.g. Airflow, help. OK.", ["Tools, e.g. Airflow, help.", "OK."]),
        ("So did I. Then we left.", ["So did I.", "Then we left."]),
        ('He said "stop." She did.', ['He said "stop."', "She did."]),
        ("Well… Maybe.", ["Well…", "Maybe."]),
        ("Really?! and then?", ["Really?!", "and then?"]),
        ("今日は晴れ。明日は雨！", ["今日は晴れ。", "明日は雨！"]),
        ("  no end mark  ", ["no end mark"]),
        (" \n\t ", []),
        ("", []),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(text, expected):
    assert sentences(text) == expected


TALK = st.text() | st.text(alphabet="ab AB.!?…\"')。 \n1") | st.text(alphabet='. !?"(A')


@given(TALK)
def test_only_white_space_lies_between_sentences(text):
    ranges = split_sentences(text)
    places = [place for pair in ranges for place in pair]
    assert places == sorted(places)
    assert all(text[begin:end].strip() == text[begin:end] != "" for begin, end in ranges)
    gaps = pairwise([0, *places, len(text)])
    assert not any(text[begin:end].strip() for begin, end in list(gaps)[::2])


@pytest.mark.parametrize("text", ["." * 200_000, "!" * 200_000, ".)" * 100_000, ". " * 100_000])
def test_a_flood_of_marks_takes_no_time(text):
    began = time.perf_counter()
    split_sentences(text)
    assert time.perf_counter() - began < 5  # seconds; minutes where each mark is tried anew
