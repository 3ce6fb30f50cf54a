"""What a file's name tells of its recording."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.readers.discover import FromName, name_of_recording, read_name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("2024-05-01-the-title", FromName("the title", date="2024-05-01")),
        ("2024_05_01_the_title", FromName("the title", date="2024-05-01")),
        ("20240501 The Title", FromName("The Title", date="2024-05-01")),
        ("2024-05-01 Spider-Man", FromName("Spider-Man", date="2024-05-01")),
        ("S02E05 The Title", FromName("The Title", season=2, number=5)),
        ("s2e5-the-title", FromName("the title", season=2, number=5)),
        ("S02E05 - The Title", FromName("The Title", season=2, number=5)),
        ("2024-05-01 S02E05 Tea", FromName("Tea", date="2024-05-01", season=2, number=5)),
        ("S02E05_2024-05-01_Tea", FromName("Tea", date="2024-05-01", season=2, number=5)),
        ("The Title [dQw4w9WgXcQ].en", FromName("The Title", youtube="dQw4w9WgXcQ")),
        ("The_Title_[dQw4w9WgXcQ].en-orig", FromName("The Title", youtube="dQw4w9WgXcQ")),
        ("[dQw4w9WgXcQ]", FromName("[dQw4w9WgXcQ]", youtube="dQw4w9WgXcQ")),
        ("talk", FromName("talk")),
        ("talk.transcript", FromName("talk")),
        ("talk.zh-Hans", FromName("talk")),
        ("2024-05-01", FromName("2024-05-01", date="2024-05-01")),
    ],
)
def test_what_is_taken(name, told):
    assert read_name(name) == told


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("2024-02-31-x", "2024 02 31 x"),  # no such day
        ("20241 ways", "20241 ways"),
        ("12345678-x", "12345678 x"),
        ("Tea [Interviewed]", "Tea [Interviewed]"),
        ("Tea [TRANSCRIPTS]", "Tea [TRANSCRIPTS]"),
        ("About S02E05", "About S02E05"),
        ("node.js", "node.js"),
        ("---", "---"),
        ("a\x1b[31m\u202eb", "a[31mb"),
        ("caf\udce9", "caf?"),
    ],
)
def test_what_could_as_well_be_a_word_is_left(name, title):
    assert read_name(name) == FromName(title)


def test_the_recording_has_one_name_whatever_the_language():
    names = ("talk", "talk.en", "talk.pt-BR", "talk.transcript", "talk.transcript.de")
    assert {name_of_recording(name) for name in names} == {"talk"}
    assert name_of_recording(".en") == ".en"


@settings(max_examples=100)
@given(st.text(min_size=1, max_size=60))
def test_any_name_gives_a_title_that_can_be_shown(name):
    told = read_name(name)
    assert told.title == " ".join(told.title.split())
    assert told.title


def test_a_name_that_cannot_be_seen():
    assert read_name(" \u200b").title == "Untitled"
