"""Transcripts as people have them: exports and pastes that once lost a name, a second or a word."""

from __future__ import annotations

import json

import pytest
from episode_file import kinds, said

from askpod.errors import ReadError

LINES = [
    ("Petra Holm", 3, "Welcome back to the dye works."),
    ("Yusuf Adeyemi", 9, "It took three summers."),
    ("Petra Holm", 21, "For one coat?"),
]


def written(form: str, between: str = "\n") -> str:
    return between.join(
        form.format(who=who, at=f"00:00:{at:02}", m=f"0:{at:02}", s=at, said=text)
        for who, at, text in LINES
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("woad.txt", written("{at} - {who} - {said}")),
        ("woad.md", written("> [{m}] **{who}**: {said}\n>\n")),
        ("woad.txt", written("{s}.000000\t{s}.900000\t{who}: {said}")),
        ("woad.srt", written("{at},000 --> {at},900\n<v {who}>{said}</v>\n")),
        ("woad.csv", "Time,Speaker,Text\n" + written('{m} - 0:59,{who},"{said}"')),
        ("woad.txt", written("[{at}] {who}: {said}", "\v")),
        ("woad.txt", written("[{at}] {who}: {said}", "\u2028")),
        ("woad.srt", written("{at},000 --> {at},900\n{who}: {said}\n").replace(":", " : ")),
        ("woad.txt", written("Time: {at}\nSpeaker: {who}\nText: {said}\n")),
        ("woad.txt", written("{who}  {m}\n{said}\n") + "\n\nPage 1 of 1\n"),
        ("woad.srt", written("{who}\n{at},000 - {at},900\n{said}\n")),
        ("woad.lrc", "[ti:woad]\n" + written("[01:{m}]{who}: {said}").replace(":0:", ":00:")),
    ],
    ids=["dashes, one name once", "a quotation in Markdown", "Audacity's labels",
         "voice tags in SRT", "a range in one column", "Word's line ends", "Unicode's line ends",
         "SRT that was translated", "fields", "the number of the only page", "a dash in SRT",
         "LRC with hours"],
)  # fmt: skip
def test_who_says_what_at_which_second(read, name, text):
    assert said(read(text, name)) == LINES


def test_a_table_whose_times_cannot_be_read_is_not_read_without_them(read):
    with pytest.raises(ReadError, match="holds none of a recording"):
        read("Time,Speaker,Text\nTuesday,Petra Holm,Welcome back.\n", "woad.csv")


def test_podcasting_json_with_text_for_body(read):
    rows = [{"speaker": who, "startTime": at, "text": text} for who, at, text in LINES]
    value = {"version": "1.0.0", "segments": rows}
    assert said(read(json.dumps(value), "woad.json")) == LINES


def test_tokens_that_are_parts_of_words(read):
    tokens = [("Wel", 400, "1"), ("come", 500, "1"), (" back.", 700, "1"), (" Hm.", 2400, "2")]
    value = {
        "text": "Welcome back. Hm.",
        "tokens": [{"text": text, "start_ms": at, "speaker": who} for text, at, who in tokens],
    }
    assert said(read(json.dumps(value), "woad.json")) == [
        ("1", 0.4, "Welcome back."),
        ("2", 2.4, "Hm."),
    ]


def test_the_words_of_an_utterance_say_when(read):
    text = "Welcome back to the dye works, and mind the vats. They are hot."
    words = [
        {"text": word, "start": 3000 + 400 * n, "speaker": "A"}
        for n, word in enumerate(text.split())
    ]
    rows = [{"speaker": "A", "start": 3000, "end": 9000, "text": text, "words": words}]
    (turn,) = read(json.dumps({"utterances": rows}), "woad.json").episode.turns
    assert (text.index("They"), 7.0) in turn.marks


def test_what_google_puts_above_and_below_is_no_speech(read):
    reading = read(
        "# 📖 Transcript\n\nMar 5, 2024\n\n## Woad - Transcript\n\n### 00:00:00\n\n"
        "**Petra Holm:** Welcome back.\n**Yusuf Adeyemi:** It took three summers.\n\n"
        "### 00:05:00\n\n**Petra Holm:** For one coat?\n**Yusuf Adeyemi:** A small one.\n\n"
        "*This editable transcript was computer generated and might contain errors.*\n",
        "meeting.md",
    )
    assert reading.episode.title == "Woad - Transcript"
    assert reading.episode.turns[-1].text == "A small one."
    assert "footer" in kinds(reading)


def test_the_names_of_columns_are_no_title(read):
    head = "<tr><th>Time</th><th>Speaker</th><th>Text</th></tr>"
    rows = written("<tr><td>{at}</td><td>{who}</td><td>{said}</td></tr>")
    reading = read(f"<html><body><table>{head}{rows}</table></body></html>", "woad.html")
    assert reading.episode.title == "woad"
    assert said(reading) == LINES


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark(read, encoding):
    text = written("{at},000 --> {at},900\n{who}: {said}\n")
    assert said(read(text.encode(encoding), "woad.srt")) == LINES


def test_speakers_that_are_only_named_late(read):
    said_first = [{"start": n, "end": n + 1, "text": f"Sound {n}."} for n in range(60)]
    named = {"start": 70, "end": 72, "text": "Here we are.", "speaker": "SPEAKER_00"}
    last = read(json.dumps({"segments": [*said_first, named]}), "woad.json").episode.turns[-1]
    assert (last.speaker, last.text) == ("SPEAKER_00", "Here we are.")


def test_the_name_of_a_recording_is_nobodys(read):
    words = [{"word": word, "start": n} for n, word in enumerate(["Welcome", "back."])]
    value = {"name": "Episode 12", "text": "Welcome back.", "words": words}
    assert said(read(json.dumps({"result": value}), "woad.json")) == [("", 0.0, "Welcome back.")]
    assert said(read(json.dumps(value), "woad.json")) == [("", 0.0, "Welcome back.")]


def test_numbers_above_the_clocks_are_no_speech(read):
    lines = (f"{n}\n00:00:{at:02},000 - 00:00:{at + 2:02},000\n{text}\n"
             for n, (_, at, text) in enumerate(LINES, 1))  # fmt: skip
    reading = read("\n".join(lines), "woad.srt")
    assert " ".join(text for *_, text in said(reading)) == " ".join(text for *_, text in LINES)


@pytest.mark.parametrize("cut", ["00:00:2", "00:00:21,0", "00:00:21,000 -", "00:00:21,000 --"])
def test_a_line_of_time_that_is_not_all_there_is_no_speech(read, cut):
    whole = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nWe dye.\n\n" for n in (1, 2))
    ((_, _, text),) = said(read(f"{whole}3\n{cut}", "woad.srt"))
    assert text == "We dye. We dye."


@pytest.mark.parametrize("form", ["**{}:** {}", "**{}**\n{}"])
@pytest.mark.parametrize("heading", ["## {} {}", "## {} ({})"])
def test_headings_with_clocks_are_no_speakers(read, heading, form):
    text = "# Woad\n\n"
    for topic, at, (who, _, what) in zip(
        ("Vats", "Heat", "Coats"), (0, 20, 40), LINES, strict=True
    ):
        text += heading.format(topic, f"0:{at:02}") + "\n\n" + form.format(who, what) + "\n\n"
    reading = read(text, "woad.md")
    assert said(reading)[0] == ("Petra Holm", 0, "Welcome back to the dye works.")
    assert {who for who, *_ in said(reading)} == {"Petra Holm", "Yusuf Adeyemi"}
    assert kinds(reading) == ["heading"] * 3


@pytest.mark.parametrize(
    "text",
    [
        "<?xml version='1.0'?><ANNOTATION_DOCUMENT><TIER/></ANNOTATION_DOCUMENT>",
        'File type = "ooTextFile"\nObject class = "TextGrid"\n',
        "<!DOCTYPE Trans SYSTEM 'trans-14.dtd'><Trans><Turn startTime='3'>Welcome.</Turn></Trans>",
    ],
)
def test_the_own_files_of_annotation_tools_are_named(read, text):
    with pytest.raises(ReadError, match="export it from there as SRT"):
        read(text, "woad.xml")


@pytest.mark.parametrize("name", ["woad.ttml", "woad.ass", "woad.vtt"])
def test_captions_that_scroll_are_told_once_in_every_format(read, name):
    texts = [text for *_, text in LINES]
    shown = [(3, "{0}"), (9, "{0}|{1}"), (21, "{1}|{2}")]
    if name == "woad.ttml":
        rows = "".join(
            f"<p begin='{at}s' end='{at + 2}s'>{form.format(*texts).replace('|', '<br/>')}</p>"
            for at, form in shown
        )
        text = f"<tt xmlns='http://www.w3.org/ns/ttml'><body><div>{rows}</div></body></tt>"
    elif name == "woad.ass":
        text = "[Script Info]\n[Events]\nFormat: Start, End, Text\n" + "".join(
            f"Dialogue: 0:00:{at:02}.00,0:00:{at + 2:02}.00,{form.format(*texts)}\n"
            for at, form in shown
        ).replace("|", "\\N")
    else:
        text = "WEBVTT\n\n" + "".join(
            f"00:{at:02}.000 --> 00:{at + 2:02}.000\n{form.format(*texts)}\n\n"
            for at, form in shown
        ).replace("|", "\n")
    reading = read(text, name)
    assert " ".join(turn.text for turn in reading.episode.turns) == " ".join(texts)
    assert kinds(reading) == ["rolling-captions"]
