"""Transcripts in ways of writing that are not the usual ones, and what is said of each."""

from __future__ import annotations

import json

import pytest
from episode_file import kinds, said

LINES = [
    ("Greta Weft", 3, "The shed was built before the war."),
    ("Otto Warp", 12, "And who paid for the looms?"),
    ("Greta Weft", 21, "The weavers did, all of them."),
    ("Otto Warp", 34, "Then I take it back."),
]


def written(form: str, between: str = "\n") -> str:
    return between.join(
        form.format(who=who, at=f"00:00:{at:02}", m=f"0:{at:02}", s=at, said=text)
        for who, at, text in LINES
    )


IDS = {"Greta Weft": 7, "Otto Warp": 9}
OTTER = {
    "speech": {
        "title": "Looms",
        "speakers": [{"id": each, "speaker_name": name} for name, each in IDS.items()],
        "transcripts": [
            {
                "transcript": text,
                "start_offset": at * 16_000,
                "end_offset": (at + 3) * 16_000,
                "speaker_id": IDS[who],
            }
            for who, at, text in LINES
        ],
    }
}


def test_otter_counts_samples_of_sound_and_names_speakers_elsewhere(read):
    assert said(read(json.dumps(OTTER), "looms.json")) == LINES


@pytest.mark.parametrize(
    ("key", "second"),
    [
        ("startTime", lambda at: f"2025-03-01T23:59:{40 + at - 3:02}.500Z"),
        ("startTime", lambda at: f"2025-03-01T10:00:{at:02}"),
        ("timestamp", lambda at: 1_740_823_200_000 + at * 1000),
    ],
    ids=["Symbl", "without a zone", "milliseconds since 1970"],
)
def test_times_of_day_are_counted_from_the_first_words(read, key, second):
    rows = [
        {key: second(at), "from": {"name": who}, "text": text} for who, at, text in LINES if at < 23
    ]
    reading = read(json.dumps({"messages": rows}), "looms.json")
    assert said(reading) == [(who, at - 3, text) for who, at, text in LINES if at < 23]
    assert kinds(reading) == ["time-of-day"]


def test_a_time_from_the_beginning_is_believed_before_one_of_day(read):
    rows = [
        {"startTime": "2025-03-01T10:00:00Z", "timeOffset": at, "speaker": who, "text": text}
        for who, at, text in LINES
    ]
    assert said(read(json.dumps({"messages": rows}), "looms.json")) == LINES


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("looms.csv", "start,speaker,text,German\n" + written('{s},{who},"{said}",Satz {s}.')),
        ("looms.txt", "Time | Who | What | German\n" + written("{m} | {who} | {said} | Ja {s}.")),
    ],
)
def test_a_second_column_of_sentences_is_told(read, name, text):
    reading = read(text, name)
    assert said(reading) == LINES
    assert [fault.repair for fault in reading.faults] == [
        "the column “German” holds sentences too: only one column is taken"
    ]
