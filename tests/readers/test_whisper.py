"""Whisper and its kin: the text of a segment stands, its words say when and by whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.readers.json_document import load_json
from askpod.readers.json_transcripts import read_whisper, recognise_json
from askpod.readers.text import FaultLog

PATH = Path("talk.json")


def draft(value):
    """What the reader makes of a value that stands in a file."""
    loaded = load_json(PATH, json.dumps(value))
    assert recognise_json(loaded) == "whisper"
    return read_whisper(loaded, FaultLog(PATH))


def said(value):
    return [(turn.speaker, turn.start, turn.text) for turn in draft(value).turns]


def word(text, start=None, speaker=None):
    timed = {} if start is None else {"start": start, "end": start + 0.2, "score": 0.8}
    return {"word": text, **timed, **({"speaker": speaker} if speaker else {})}


def test_whisper_gives_each_sentence_its_second(read, formats):
    episode = read((formats / "cheese-cave.json").read_bytes(), "cheese-cave.json").episode
    (turn,) = episode.turns
    assert turn.text.startswith("The cave under the dairy stays at eleven degrees")
    assert (turn.text.index("People ask"), 14.13) in turn.marks


def test_whisperx_cuts_where_the_speaker_changes(read, formats):
    episode = read((formats / "seed-library.json").read_bytes(), "seed-library.json").episode
    texts = [(turn.speaker, turn.text) for turn in episode.turns]
    assert ("SPEAKER_00", "How long does a lettuce seed last?") in texts
    answer = next(turn for turn in episode.turns if turn.text.startswith("Five years"))
    assert (answer.speaker, answer.start) == ("SPEAKER_01", 21.255)
    assert "We lend 412 kinds of beans and 30 kinds of lettuce." in texts[1][1]


def test_words_without_time_or_speaker_belong_to_the_one_before():
    words = [word("In", 1.0, "A"), word("1984,"), word("yes.", 2.0, "A"), word("No!", 3.0, "B")]
    segment = {"start": 1.0, "end": 4.0, "text": " In 1984, yes. No!", "words": words}
    assert said({"segments": [segment]}) == [("A", 1.0, "In 1984, yes."), ("B", 3.0, "No!")]


def test_half_a_character_in_a_label_is_replaced():
    segment = {"start": 1, "text": "Yes.", "words": [word("Yes.", 1.0, "A\ud800")]}
    assert said({"segments": [segment]}) == [("A\ufffd", 1.0, "Yes.")]


def test_the_text_stands_where_its_words_are_others():
    segment = {"start": 5, "end": 9, "text": "What was said.", "words": [word("Else", 6.0)]}
    assert said({"segments": [segment]}) == [("", 5.0, "What was said.")]


def test_words_make_the_text_where_there_is_none():
    spaced = {"start": 0, "words": [word(" We", 0.1), word(" don", 0.3), word("'t", 0.4)]}
    plain = {"start": 9, "words": [word("We", 9.1), word("do", 9.3)]}
    assert said({"segments": [spaced, plain]}) == [("", 0.0, "We don't We do")]


def test_text_without_spaces_is_never_cut_inside():
    words = [word(letter, float(3 * place)) for place, letter in enumerate("今日は良い天気")]
    segment = {"start": 0, "end": 21, "text": "今日は良い天気", "words": words}
    assert said({"segments": [segment]}) == [("", 0.0, "今日は良い天気")]


@pytest.mark.parametrize(
    "value",
    [
        [{"start": 2.5, "end": 4, "text": " Hello."}],
        {"segments": [{"start": 2.5, "end": 4, "text": " Hello.", "avg_logprob": float("nan")}]},
        {"transcription": [{"offsets": {"from": 2500, "to": 4000}, "text": " Hello."}]},
        {
            "transcription": [
                {
                    "timestamps": {"from": "00:00:02,500", "to": "00:00:04,000"},
                    "offsets": None,
                    "text": " Hello.",
                }
            ]
        },
        {"text": " Hello.", "chunks": [{"timestamp": [2.5, None], "text": " Hello."}]},
        {"text": "Hello.", "words": [{"word": "Hello.", "start": 2.5, "end": 3}]},
        {"segments": [{"start": "2.5", "end": "4", "text": "Hello.", "words": None}]},
    ],
)
def test_every_tool_of_the_family_is_read(value):
    ((_, start, text),) = said(value)
    assert text == "Hello."
    assert start == 2.5


def test_the_length_of_the_recording_is_taken():
    assert draft({"segments": [{"start": 1, "text": "Hi."}], "duration": 62.5}).duration == 62.5
    assert draft({"segments": [{"start": 1, "text": "Hi."}], "duration": "long"}).duration is None


WORDS = st.lists(
    st.tuples(
        st.text(alphabet="abcdé'.?漢", min_size=1, max_size=8),
        st.none() | st.floats(0, 500),
        st.sampled_from([None, "A", "B"]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=80)
@given(st.lists(WORDS, min_size=1, max_size=5), st.booleans())
def test_no_word_is_lost_or_invented_and_time_runs_forward(segments, whole):
    value = [
        {
            "start": 500 * place,
            "end": 500 * place + 500,
            **({"text": " ".join(text for text, _, _ in words)} if whole else {}),
            "words": [
                word(text, second and 500 * place + second, who) for text, second, who in words
            ],
        }
        for place, words in enumerate(segments)
    ]
    turns = draft({"segments": value}).turns
    spoken = "".join("".join(turn.text.split()) for turn in turns)
    # Words may come in another order only where their own times do.
    assert sorted(spoken) == sorted("".join(text for words in segments for text, _, _ in words))
    starts = [turn.start for turn in turns]
    assert starts == sorted(starts)
