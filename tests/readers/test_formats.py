"""A file is recognised by what it holds, read by the reader of its format, and named after it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from askpod.errors import ReadError, Unrecognised
from askpod.readers import Content, episode_id, file_digest, read_episode, recognise
from askpod.readers.text import FaultLog

SRT = "1\n00:00:01,000 --> 00:00:03,000\nBees dance.\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:03.000\nBees dance.\n"
JSON = '{"version": "1.0.0", "segments": [{"startTime": 1, "endTime": 3, "body": "Bees dance."}]}'
WHISPER = (
    '{"text": "Bees dance.", "segments": [{"id": 0, "start": 1, "end": 3, "text": " Bees dance."}]}'
)
LIST = '[{"text": "Bees dance.", "start": 1.0, "duration": 2.0}]'
JSON3 = '{"events": [{"tStartMs": 1000, "dDurationMs": 2000, "segs": [{"utf8": "Bees dance."}]}]}'
HTML = "<cite>Ann:</cite>\n<time>0:01</time>\n<p>Bees dance.</p>\n" * 2
PLAIN = "[00:00:01] Ann: Bees dance on the comb all day.\n[00:00:04] Cora: And then they sleep?\n"
FRONT = "---\ntitle: Bees\ntranscript:\n- line: Bees dance.\n  sec: 1\n---\n"

CONTENTS = {
    "subrip": SRT,
    "webvtt": VTT,
    "podcast-json": JSON,
    "whisper": WHISPER,
    "youtube-list": LIST,
    "youtube-json3": JSON3,
    "podcast-html": HTML,
    "plain": PLAIN,
    "datatalks": FRONT,
}


def format_of(name: str, text: str) -> str:
    path = Path(name)
    return recognise(Content(path, text.encode(), FaultLog(path))).name


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("ending", ["txt", "srt", "dat"])
def test_a_format_is_known_by_the_content_whatever_the_ending(name, ending, read):
    assert format_of(f"talk.{ending}", CONTENTS[name]) == name
    turn = read(CONTENTS[name], f"talk.{ending}").episode.turns[0]
    assert turn.text.startswith("Bees dance")
    assert turn.start == 1.0


def test_every_fixture_is_read_as_its_format_without_a_fault_that_costs_words(formats):
    known = {
        ".srt": {"subrip"},
        ".vtt": {"webvtt"},
        ".json": {"podcast-json", "whisper", "youtube-list", "youtube-json3"},
        ".html": {"podcast-html"},
        ".txt": {"plain"},
    }
    seen = set()
    for path in sorted(formats.iterdir()):
        if path.suffix in known:
            name = recognise(Content(path, path.read_bytes(), FaultLog(path))).name
            assert name in known[path.suffix]
            seen.add(name)
            episode = read_episode(path).episode
            assert sum(len(turn.text.split()) for turn in episode.turns) >= 20
    assert seen == set(CONTENTS) - {"datatalks"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "hive", "version": "1.0.0", "dependencies": {}}'),
        ("notes.txt", "Buy milk.\nCall Ann at 10:30.\n"),
        ("page.html", "<html><body><h1>Bees</h1><p>They dance.</p></body></html>"),
        ("talk.srt", "Bees dance."),
        ("talk.vtt", "Bees dance."),
        ("talk.txt", "\n \n"),
        ("notes.txt", "{draft} Buy milk.\n"),
        ("howto.txt", "Captions are written like this. " * 40 + "\n\n" + SRT),
        ("talk.md.txt", "---\ntitle: Bees\n---\nThey dance.\n"),
    ],
)
def test_what_holds_no_transcript_is_not_recognised(name, text, read):
    with pytest.raises(Unrecognised):
        read(text, name)


def test_broken_json_is_an_error_with_its_line(read):
    with pytest.raises(ReadError, match=r"talk\.json:2:") as error:
        read('{"segments": [\n{"start": 1,,}', "talk.json")
    assert not isinstance(error.value, Unrecognised)


def test_markdown_without_front_matter_is_told_what_it_lacks(read):
    with pytest.raises(ReadError, match="has no front matter"):
        read("# Bees\n\nThey dance.\n", "talk.md")


def test_captions_in_markdown_are_read(read):
    assert read(SRT, "talk.md").episode.turns[0].text == "Bees dance."


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("talk.json", JSON.encode("cp1252").replace(b"Bees", b"B\xe9es"), "byte 75 is 0xe9"),
        ("talk.md", b"---\n\xff", "is not UTF-8 text: byte 4 is 0xff"),
        ("talk.txt", bytes(range(256)) * 9, "is not UTF-8 text"),
        ("talk.srt", b"\xff\xfe1\x00\x00\xd8a", "begins as UTF-16 text but is not"),
    ],
)
def test_bytes_that_are_no_text_are_refused(name, data, problem, read):
    with pytest.raises(ReadError, match=problem):
        read(data, name)


def test_captions_larger_than_any_transcript_are_refused(read):
    with pytest.raises(ReadError, match="is larger than 16 MB"):
        read(SRT + "x\n" * 9_000_000, "talk.srt")


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("talk.vtt", "talk"),
        ("talk.en.vtt", "talk.en"),
        ("x.transcript.json", "x.transcript"),
        ("Talk.SRT", "Talk"),
        ("talk.htm", "talk"),
        ("talk.dat", "talk.dat"),
        (".srt", ".srt"),
    ],
)
def test_an_id_is_the_name_without_the_formats_ending(name, id_):
    assert episode_id(Path("a.md", name)) == id_


def test_the_digest_changes_with_the_metadata_beside_the_file(tmp_path):
    path = tmp_path / "talk.srt"
    path.write_text(SRT)
    alone = file_digest(path)
    assert alone == read_episode(path).digest == hashlib.sha256(SRT.encode()).hexdigest()
    (tmp_path / "talk.yaml").write_text("title: Bees\n")
    first = file_digest(path)
    (tmp_path / "talk.yaml").write_text("title: Bees and limes\n")
    second = file_digest(path)
    assert len({alone, first, second}) == 3
    reading = read_episode(path)
    assert (reading.digest, reading.episode.title) == (second, "Bees and limes")
