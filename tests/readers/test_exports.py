"""Subtitles, tables and documents of other tools: SBV, TTML, LRC, ASS, TSV, CSV, docx."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from askpod.errors import ReadError
from askpod.readers import read_episode

EXPORTS = Path(__file__).parent / "exports"
MARTA, ODD = "Marta Flux (she/her)", "Odd's iPad"


@pytest.mark.parametrize(
    ("name", "title", "turns"),
    [
        ("kelp-farm.sbv", "kelp farm", [
            ("Orla", 2.0, "The kelp grows a hand a day in June."),
            ("Piet", 5.5, "And who cuts it?"),
            ("Orla", 8.2, "We do, at low water, with sickles."),
            ("Piet", 12.5, "Then I'll bring mine.")]),
        ("rope-walk.ttml", "The rope walk", [
            ("Wanda Sisal", 1.5, "How long?"),
            ("Noor Hemp", 4.5, "A quarter of a mile, and straight."),
            ("Wanda Sisal", 9.5, "All of it & under a roof?")]),
        ("tin-mine.xml", "tin mine", [("", 1.2, "the pumps ran all night & all day")]),
        ("oak-gall.tsv", "oak gall", [
            ("", 0.0, "The ink is made of oak galls. It bites the page. That is why it stays.")]),
        ("snail-purple.csv", "snail purple", [
            ("Ida Murex", 1.0, "Purple came from snails, once."),
            ("Jon Weld", 4.5, "How many?"),
            ("Ida Murex", 6.2, "Ten thousand, for a hem.")]),
        ("night-ferry.lrc", "The night ferry", [
            ("", 1.2, "The ferry has no bell. It has a lamp, and a dog. Which is enough.")]),
        ("salt-pan.ass", "The salt pan", [
            ("Elia Brack", 1.5, "The sun does the work, and the wind."),
            ("Tove Saline", 4.2, "And you? You rake?"),
            ("Elia Brack", 6.3, "I rake, and I wait.")]),
        ("lime-kiln.txt", "lime kiln", [
            (MARTA, 4.0, "The kiln is drawn from below, at night."),
            (ODD, 11.0, "And fed from above, I suppose?"),
            (MARTA, 16.0, "Stone and coal, in layers.")]),
    ],
)  # fmt: skip
def test_an_export_is_read(name, title, turns):
    episode = read_episode(EXPORTS / name).episode
    assert episode.title == title
    assert [(turn.speaker, turn.start, turn.text) for turn in episode.turns] == turns


def test_lrc_with_hours_and_tags_of_any_kind(read):
    lines = "[ti:Ferry]\n[lang:en]\n[00:01.20]No bell.\n[59:58.00]A lamp.\n[01:00:03.50]A dog.\n"
    turns = read(lines, "ferry.lrc").episode.turns
    assert [(turn.start, turn.text) for turn in turns] == [(1.2, "No bell. A lamp. A dog.")]
    assert [second for _, second in turns[0].marks] == [3598.0, 3603.5]


def test_what_ass_draws_is_no_speech(read):
    said = [r"{\an8\p1}m 0 0 l 9 0 9 9{\p0}", r"{\i1}Salt{\i0}, {\p2}m 1 1{\p0}and {\pos(1,2)}sun."]
    events = "".join(f"Dialogue: 0,0:00:03.00,0:00:06.00,Default,Elia,0,0,0,,{s}\n" for s in said)
    (turn,) = read(f"[Script Info]\n\n[Events]\n{events}", "salt.ass").episode.turns
    assert (turn.speaker, turn.start, turn.text) == ("Elia", 3.0, "Salt, and sun.")


def test_a_csv_of_whisper_is_in_milliseconds_and_one_of_seconds_is_not(read):
    for unit, name in ((1000, "a.csv"), (1, "b.csv")):
        table = "start,end,text\n" + "".join(
            f'{n * 4 * unit},{(n * 4 + 3) * unit},"Row {n}, which is said here."\n'
            for n in range(4)
        )
        episode = read(table, name).episode
        assert episode.end == pytest.approx(15.0)


def test_ttml_counts_frames_ticks_and_offsets(read):
    page = (
        '<tt xmlns="urn:tt" xmlns:ttp="p" ttp:frameRate="25" ttp:tickRate="1000">'
        '<body><p begin="00:00:01:05">One is said.</p><p begin="4000t">Two is said.</p></body></tt>'
    )
    (turn,) = read(page, "x.ttml").episode.turns
    assert (turn.start, turn.marks) == (1.2, ((13, 4.0),))


def test_entities_of_a_file_are_refused(read):
    entities = '<!DOCTYPE tt [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
    bomb = f'{entities}<tt><body><p begin="1s">&b;</p></body></tt>'
    with pytest.raises(ReadError, match="declares entities of its own"):
        read(bomb, "x.ttml")


def word(*paragraphs: str) -> bytes:
    body = "".join(
        "<w:p><w:r><w:t>" + "</w:t><w:br/><w:t>".join(text.split("\n")) + "</w:t></w:r></w:p>"
        for text in paragraphs
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>'
        )
    return file.getvalue()


def test_a_word_document_of_teams(read):
    document = word(
        "Weekly kiln",
        "Marta Flux   0:04\nThe kiln is drawn at night.",
        "Odd Clinker   0:11\nAnd fed from above?",
        "Marta Flux   0:16\nIn layers.",
        "Marta Flux stopped transcription",
    )
    episode = read(document, "kiln.docx").episode
    assert episode.title == "Weekly kiln"
    assert [(turn.speaker, turn.start, turn.text) for turn in episode.turns] == [
        ("Marta Flux", 4.0, "The kiln is drawn at night."),
        ("Odd Clinker", 11.0, "And fed from above?"),
        ("Marta Flux", 16.0, "In layers."),
    ]


def test_a_damaged_word_document_is_refused(read):
    with pytest.raises(ReadError, match="is a damaged Word document"):
        read(word("Ann 0:01", "So.")[:-40], "kiln.docx")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            b"ID3\x04" + b"\0" * 99,
            "is audio, and no transcript of it: `askpod index FILE --model small`",
        ),
        (b"\xff\xfb\x90" + b"\0" * 99, "is audio"),
        (b"RIFF\0\0\0\0WAVEfmt ", "is audio"),
        (b"\0\0\0 ftypM4A \0", "is audio"),
        (b"\0\0\0 ftypisom\0", "is video"),
        (b"\x1a\x45\xdf\xa3\0", "is video"),
        (b"%PDF-1.7\n", "is a PDF: save its text"),
        (b"\x89PNG\r\n\x1a\n", "is an image"),
        (b"PK\x03\x04" + b"\0" * 40, "is a zip archive: unpack it"),
        (b"\x1f\x8b\x08", "is a packed file"),
        (b"{\\rtf1 Hello}", "is rich text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "run `git lfs pull`"),
        (b"SPEAKER a 1 0.1 2.0 <NA> <NA> s0 <NA> <NA>\n", "is a diariser's RTTM"),
        (b"WEBVTT\n\n00:00.000 --> 00:09.000\na.jpg#xywh=0,0,9,9\n", "preview pictures"),
        (
            b"1\n00:00:00,000 --> 00:01:00,000\nKilns\n\n2\n00:01:00,000 --> 00:03:00,000\nLime\n",
            "a list of chapters",
        ),
        (b"<rss><channel/></rss>", "is a podcast's feed"),
        (b"<html><body><p>Hello.</p></body></html>", "is a web page without names or clocks"),
    ],
)
def test_every_refusal_says_what_the_file_is(read, data, why):
    with pytest.raises(ReadError, match=why):
        read(data, "talk.txt")
