"""A DataTalks.Club file becomes an episode."""

import hashlib
from pathlib import Path

import pytest

from askpod.errors import ReadError
from askpod.indexing.file_check import transcript_key
from askpod.model import Turn
from askpod.readers import episode_id, file_digest, read_episode

FILE = """\
---
title: 'Bees and Budgets: Small Data on a Large Farm'
short: Bees and Budgets
season: 3
episode: 12
guests:
- marabelind
image: images/bees.jpg
ids:
  anchor: Bees-and-Budgets---Mara-Lind-e1
  youtube: beesAndBud1
links:
  anchor: https://anchor.example/Bees-and-Budgets---Marabe-Lind-e1
  youtube: https://www.youtube.com/watch?v=beesAndBud1
description: How a farm counts its bees.
topics: [bees, budgets]
dateadded: 2021-05-22
date: 2025-11-07
duration: PT01H01M30S
transcript:
- header: Introduction --- who is who
- line: Welcome. Our guest counts
    bees.
  sec: 12
  time: 0:12
  who: Ann
- line: "Thanks, \\u201CAnn\\u201D."
  sec: 20
  time: 0:20
  who: Marabe
- header: Counting
- line: 'No'
  sec: 75
  time: '1:15'
  who: Ann
---
Links: everything here is ignored.
"""


def test_a_clean_file_is_read_as_it_stands(read):
    reading = read(FILE, "bees.md")
    episode = reading.episode
    assert reading.faults == ()
    assert episode.id == "bees"
    assert episode.title == "Bees and Budgets: Small Data on a Large Farm"
    assert episode.short == "Bees and Budgets"
    assert (episode.season, episode.number) == (3, 12)
    assert episode.duration == 3690
    assert episode.description == "How a farm counts its bees."
    assert episode.topics == ("bees", "budgets")
    assert episode.youtube == "beesAndBud1"
    assert list(episode.links) == ["anchor", "youtube"]
    opening = "Introduction --- who is who"
    assert episode.turns == (
        Turn("Ann", "Welcome. Our guest counts bees.", 12, 20, False, opening),
        Turn("Marabe", "Thanks, “Ann”.", 20, 75, False, opening),
        Turn("Ann", "No", 75, 75 + 2 / 15, False, "Counting"),
    )


def test_the_reading_names_the_file_and_its_digest(read, tmp_path):
    reading = read(FILE)
    path = tmp_path / "talk.md"
    assert reading.path == path
    assert reading.digest == file_digest(path) == hashlib.sha256(FILE.encode()).hexdigest()


def test_the_date_is_the_earlier_one(read):
    assert read(FILE).episode.date == "2021-05-22"
    assert read(FILE.replace("dateadded", "edited")).episode.date == "2025-11-07"


def test_the_intro_serves_as_description_without_html(read):
    text = FILE.replace("description: How", "intro: <b>How</b> &amp; why<br>")
    assert read(text).episode.description == "How & why a farm counts its bees."


def test_words_of_yaml_stay_words(read_rows):
    reading = read_rows({"line": "Yes", "who": "No", "sec": 3}, title="1984")
    turn = reading.episode.turns[0]
    assert (turn.speaker, turn.text, reading.episode.title) == ("No", "Yes", "1984")


def test_an_id_is_the_name_without_one_ending():
    names = ["crisp-dm.md", "x.md.md", "notes", "Talk.MD"]
    assert [episode_id(Path("a.md", name)) for name in names] == [
        "crisp-dm",
        "x.md",
        "notes",
        "Talk",
    ]


def test_twins_share_a_key_whatever_their_titles(read):
    first = read(FILE, "one.md").episode
    second = read(FILE.replace("Bees and", "Hives and").replace("Thanks,", "thanks"), "two.md")
    other = read(FILE.replace("'No'", "'Yes'"), "three.md").episode
    assert transcript_key(first) == transcript_key(second.episode) != transcript_key(other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n \n", "is empty"),
        ("# Notes\n\nJust a page of Markdown.\n", "has no front matter"),
        ("---\ntitle: A\n---\n", "has no transcript"),
        ("---\ntitle: A\ntranscript:\n---\n", "has no transcript"),
        ("---\ntitle: A\ntranscript: []\n---\n", "has no transcript"),
        ("---\ntitle: A\ntranscript:\n- header: Only\n- line:\n---\n", "has no transcript"),
        ("---\ntitle: A\ntranscript: {a: b}\n---\n", "is not a list"),
        ("---\n- a\n- b\n---\n", "does not name its values"),
        ("---\njust text\n---\n", "does not name its values"),
        ("---\n---\n", "does not name its values"),
    ],
)
def test_a_file_without_a_transcript_is_refused(read, text, message):
    with pytest.raises(ReadError, match=message) as error:
        read(text)
    assert error.value.line is not None
    assert "talk.md" in str(error.value)


def test_broken_yaml_is_named_by_its_line_in_the_file(read):
    text = "---\ntitle: A\ntranscript:\n- line: one: two\n---\n"
    with pytest.raises(ReadError, match=r"talk\.md:4:12: is not valid YAML") as error:
        read(text)
    assert (error.value.line, error.value.column) == (4, 12)


def test_an_unfilled_template_is_refused(read):
    with pytest.raises(ReadError, match="unfilled template") as error:
        read('---\ntitle: "{{ title }}"\nguests: [{{ guest }}]\nseason: {{ season }}\n---\n')
    assert error.value.line == 3


def test_text_that_is_not_utf8_is_named_by_its_line(read):
    with pytest.raises(ReadError, match="byte 20 is 0xe9; save the file as UTF-8") as error:
        read(b"---\ntitle: A\nshort: \xe9\n---\n")
    assert error.value.line == 3


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing.md"):
        with pytest.raises(ReadError, match=r"is not a file|cannot be read"):
            read_episode(path)
