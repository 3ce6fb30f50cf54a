"""Sentences, words, characters that act, and parts that fit a token budget."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.text import (
    HIDDEN,
    asks,
    content_words,
    nearest,
    query_words,
    split_sentences,
    split_to_fit,
    visible,
    without_hidden,
    words,
)


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
    began = time.process_time()
    split_sentences(text)
    assert time.process_time() - began < 5  # seconds; minutes where each mark is tried again


# Words


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Do you weigh them? [laughs]", True),
        ("Why? (laughs) [cross-talk]", True),
        ("Do you like it (the tea)?", True),
        ("That went well, right? [chuckles]", False),
        ("We do. [laughs]", False),
    ],
)
def test_a_note_behind_a_question_changes_nothing(text, question):
    assert asks(text) is question


@pytest.mark.parametrize("text", ["[a] " * 10_000 + "x", " " * 40_000 + "x", "[a] " * 10_000])
def test_a_flood_of_notes_takes_no_time(text):
    began = time.process_time()
    assert not asks(text)
    assert time.process_time() - began < 1


def test_words_are_compared_without_case_and_possessive():
    found = words("Mara’s bees don't FLY 2,5 — ok")
    assert found == ["mara", "bees", "don't", "fly", "2", "5", "ok"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does Mara say about Mara's bees?", ["mara", "bees"]),
        ("Who are you?", ["who", "are", "you"]),  # nothing else to look for
        ("You've you're it'll queens", ["queens"]),
        ("?!", []),
    ],
)
def test_a_question_is_looked_for_by_its_content_words(question, expected):
    assert query_words(question) == expected


def test_content_words_keep_repetitions_in_order():
    assert content_words("bees and the bees of queens") == ["bees", "bees", "queens"]


# Names


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        ("hive-telemetri", "; the nearest: hive-telemetry"),
        ("Krzystof", "; the nearest: Krzysztof Nowak"),
        ("zzz", ""),
    ],
)
def test_what_is_near_is_offered(wanted, offered):
    assert nearest(wanted, ["hive-telemetry", "trains", "Krzysztof Nowak"]) == offered


# Characters that act


def test_what_acts_is_shown_as_a_code():
    assert visible("a\x1b[2J\u202eb\U000e0041\ud800\n") == r"a\x1b[2J\u202eb\U000e0041\ud800\n"
    assert visible("a\n\tb\r", kept="\n\t") == "a\n\tb\\r"


@given(st.text())
def test_visible_text_holds_nothing_that_acts(text):
    shown = visible(text)
    assert visible(shown) == shown
    assert not re.search(f"[{HIDDEN}]", shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()


def test_hidden_characters_go_and_white_space_stays():
    assert without_hidden("a\u200b b\ufeff\n\tc\x00d\u2066") == "a b\n\tcd"
    assert without_hidden("नि\u200dश 👩\u200d🚀") == "नि\u200dश 👩\u200d🚀"  # joiners are letters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ho\xadney", "Honey"),
        ("a\u034fb\u115fc\u1160d\u180ee\u3164f\uffa0g\u17b4h", "abcdefgh"),
        ("a\u200db \u200dc\u200d", "ab c"),
        ("a\u200cb", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian: two parts of one word
        (
            "❤\ufe0f\u200d🔥 👩🏽\u200d🚀 1\ufe0f\u20e3",
            "❤\ufe0f\u200d🔥 👩🏽\u200d🚀 1\ufe0f\u20e3",
        ),
        ("👩\u200d\u200d🚀", "👩\u200d🚀"),
        ("👩\u200d and", "👩 and"),
        ("😀\ufe01\ufe02\U000e0131\U000e0142", "😀\ufe01"),  # a text can be hidden in these
        ("葛\U000e0100城", "葛\U000e0100城"),  # the form of a letter
        ("\ufe0fa\ufe0f", "a"),
        ("\u1820\u180bx\u180b", "\u1820\u180bx"),
    ],
)
def test_invisible_marks_stay_only_where_they_are_meant(text, shown):
    assert without_hidden(text) == shown


@given(st.text(alphabet="a1👩🚀न\u0643\u1820\u200c\u200d\ufe0f\U000e0100\u180b\xad ") | st.text())
def test_nothing_more_is_hidden_in_what_is_left(text):
    bare = without_hidden(text)
    assert without_hidden(bare) == bare
    assert not re.search("[\u200c\u200d]{2}", bare)


# Parts that fit


def by_characters(texts):
    return [len(text) + 2 for text in texts]  # with two special tokens


@given(st.text(alphabet="ab \n") | st.text(), st.integers(min_value=3, max_value=20))
def test_parts_fit_and_lose_only_white_space(text, limit):
    parts = split_to_fit(text, 0, len(text), by_characters, limit)
    assert parts
    assert all(tokens == end - begin + 2 <= limit for begin, end, tokens in parts)
    places = [place for begin, end, _ in parts for place in (begin, end)]
    assert places == sorted(places)
    gaps = pairwise([0, *places, len(text)])
    assert not any(text[begin:end].strip() for begin, end in list(gaps)[::2])


def test_a_text_is_cut_between_words_near_its_middle():
    text = "one two three four"
    assert [text[b:e] for b, e, _ in split_to_fit(text, 0, len(text), by_characters, 14)] == [
        "one two",
        "three four",
    ]
