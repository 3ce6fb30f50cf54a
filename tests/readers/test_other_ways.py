"""Transcripts in ways of writing that are not the usual ones, and what is said of each."""

from __future__ import annotations

import json

import pytest
from episode_file import kinds, said

from askpod.errors import ReadError

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


CAPTIONS = written("{at},000 --> {at},900\n{who}: {said}\n")


@pytest.mark.parametrize("fence", ["```srt", "```", "~~~"])
@pytest.mark.parametrize("above", ["# Looms\n\nA talk.\n\n", "---\ntitle: Looms\n---\n"])
def test_captions_in_a_fence_of_code_lose_what_stands_around_them(read, fence, above):
    reading = read(f"{above}{fence}\n{CAPTIONS}{fence[:3]}\n\nBye.\n", "looms.md")
    assert said(reading) == LINES
    assert reading.episode.title == "Looms"


@pytest.mark.parametrize("front", ["---\ntitle: Looms\n---\n", '+++\ntitle = "Looms"\n+++\n'])
@pytest.mark.parametrize("text", [CAPTIONS, written("**{who}** ({m}): {said}\n")])
def test_front_matter_is_no_speech(read, front, text):
    reading = read(front + text, "looms.md")
    assert said(reading) == LINES
    assert reading.episode.title == "Looms"


LINK = "https://media.example/w?v=q"


@pytest.mark.parametrize("name", ["looms.md", "looms.txt"])
@pytest.mark.parametrize(
    "form",
    [
        f'[{{m}}]({LINK} "jump") **{{who}}**: {{said}}\n',
        f"[{{m}}]({LINK}_(a)) {{who}}: {{said}}\n",
        f"[{{m}}](<{LINK}>) {{who}}: {{said}}\n",
        f"[{{m}}][{{s}}] {{who}}: {{said}}\n\n[{{s}}]: {LINK}&t={{s}}\n",
        f'<a href="{LINK}">{{m}}</a> **{{who}}:** {{said}}\n',
        "**{who}** `{at} – 00:00:59`\n{said}\n",
    ],
)
def test_a_clock_that_is_a_link_in_any_way(read, name, form):
    assert said(read(written(form), name)) == LINES


@pytest.mark.parametrize(
    "text",
    [
        "# Looms\n\n<details>\n<summary>Transcript</summary>\n\n"
        + written("**{who}** ({m}): {said}\n")
        + "\n</details>\n",
        written("**{who}** <sup>{m}</sup> {said}\n"),
    ],
)
def test_tags_in_markdown_are_not_said(read, text):
    assert said(read(text, "looms.md")) == LINES


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("looms.srt", CAPTIONS.replace("-->", "→")),
        ("looms.txt", written("{who}\n{at},000 --> {at},900\n{said}\n")),
        ("looms.txt", written("{who}\nat {m}\n{said}\n")),
        ("looms.txt", written("T+{m} {who}: {said}\n")),
        ("looms.txt", written("{at} {who}: {said}\n").replace("00:00:", "00.00.")),
        ("looms.txt", written("[{s}.00] {who}: {said}\n")),
        (
            "looms.html",
            "<!DOCTYPE html><html><body>"
            + written("<p><button>{m}</button> <b>{who}:</b> {said}</p>")
            + "</body></html>",
        ),
    ],
    ids=["an arrow", "names above captions", "at", "T+", "dots", "hundredths", "buttons"],
)
def test_clocks_that_are_not_usual(read, name, text):
    assert said(read(text, name)) == LINES


def test_arabic_digits_are_those_of_a_clock(read):
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    text = written("{who} ({m})\n{said}\n").translate(arabic)
    assert said(read(text, "looms.txt")) == LINES


def test_a_date_with_dots_is_no_clock(read):
    days = "\n\n".join(f"{day}.03.25 The looms ran all day. Nobody slept." for day in (10, 11, 12))
    with pytest.raises(ReadError):
        read(days, "diary.txt")


def test_a_bold_label_of_a_diariser_needs_no_colon(read):
    rows = written("{at},000 --> {at},900\n**{who}** {said}\n")
    rows = rows.replace("Greta Weft", "Speaker 0").replace("Otto Warp", "Speaker 1")
    assert {who for who, *_ in said(read(rows, "looms.srt"))} == {"Speaker 0", "Speaker 1"}


@pytest.mark.parametrize("encoding", ["mac_roman", "cp1252"])
@pytest.mark.parametrize(
    "text", ["Éloïse (0:03)\nOù est le café près de l’hôtel ?", "Jürg (0:03)\n„Schöne Grüße“, ja."]
)
def test_old_encodings_are_told_apart_by_their_letters(read, encoding, text):
    text += "\n\nBenoît (0:09)\nTout près du marché."
    reading = read(text.encode(encoding), "looms.txt")
    who, first = text.split("\n")[:2]
    assert said(reading)[0] == (who.split(" (")[0], 3, first)
    assert kinds(reading) == ["encoding"]


@pytest.mark.parametrize(
    "speakers",
    [
        "{1: Greta Weft, 2: Otto Warp}",
        "{spk_1: Greta Weft, s02: Otto Warp}",
        "{speaker 1: Greta Weft, Sprecher 2: Otto Warp}",
        "[{label: Speaker 1, name: Greta Weft}, {id: Speaker 2, name: Otto Warp}]",
        "[Speaker 1: Greta Weft, Speaker 2: Otto Warp]",
    ],
)
def test_names_for_a_diarisers_labels_in_many_ways(read, tmp_path, speakers):
    (tmp_path / "looms.yaml").write_text(f"speakers: {speakers}\n")
    text = CAPTIONS.replace("Greta Weft", "Speaker 1").replace("Otto Warp", "Speaker 2")
    for written in (text, text.replace("Speaker ", "SPEAKER_0")):
        reading = read(written, "looms.srt")
        assert said(reading) == LINES
        assert reading.faults == ()
