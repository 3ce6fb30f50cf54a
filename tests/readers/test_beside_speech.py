"""What stands beside the speech in plain text: titles above it, notes and tools' lines below."""

from __future__ import annotations

import pytest
from episode_file import kinds

SAID = ["Is it lit?", "It is.", "And hot?", "So hot that it sings."]
TIMED = "".join(
    f"[0:{9 * n + 3:02}] {('Ann', 'Bo')[n % 2]}: {text}\n\n" for n, text in enumerate(SAID)
)
NAMED = "".join(
    f"**{('Ann', 'Bo')[n % 2]}** (0:{9 * n + 3:02})\n{text}\n\n" for n, text in enumerate(SAID)
)
PANEL = "".join(f"0:{9 * n + 3:02}\n{text}\n" for n, text in enumerate(SAID))


def words(reading) -> str:
    return " ".join(turn.text for turn in reading.episode.turns)


@pytest.mark.parametrize("speech", [TIMED, NAMED])
@pytest.mark.parametrize(
    "notes",
    [
        "Links:\n- Kiln: https://kiln.example\n\nFollow us on Sound: @kiln\n",
        "---\nShow notes\nhttps://kiln.example\nSound: @a\nSound: @b\n",
        "## Links and resources\n\n- [Kiln](https://kiln.example)\n\n## Credits\n\nMade by Ulla.\n",
        "**Mentioned in this episode:**\n\n* The kiln book\n",
        "### About the show\n\nWe talk about kilns.\n",
        "Chapters:\n0:00 Wood\n0:21 Heat\n",
    ],
)
def test_notes_below_the_speech_are_none(read, speech, notes):
    reading = read(speech + notes, "kiln.md")
    assert words(reading) == " ".join(SAID)
    assert {turn.speaker for turn in reading.episode.turns} == {"Ann", "Bo"}
    assert kinds(reading) == ["notes"]


@pytest.mark.parametrize("tag", ["h2", "h4"])
def test_notes_below_the_speech_of_a_page(read, tag):
    body = "".join(f"<p>{line}</p>" for line in TIMED.split("\n\n") if line)
    notes = f"<{tag}>Links</{tag}><ul><li><a href='https://kiln.example'>Kiln</a></li></ul>"
    reading = read(f"<html><body><h1>Kilns</h1>{body}{notes}</body></html>", "kiln.html")
    assert words(reading) == " ".join(SAID)
    assert kinds(reading) == ["notes"]


@pytest.mark.parametrize(
    "last",
    ["[0:50] Ann: Sources?", "Subscribe to us wherever you listen.", "Links\n\n[0:50] Bo: So."],
)
def test_speech_that_sounds_like_notes_is_kept(read, last):
    reading = read(f"{TIMED}{last}\n", "kiln.txt")
    said = last.replace("[0:50] Ann: ", "").replace("\n\n[0:50] Bo:", "")
    assert words(reading).endswith(said)
    assert "notes" not in kinds(reading)


LECTURE = "[0:00] Welcome to the talk.\n\n[0:30] We begin.\n\n" + "It goes on.\n\n" * 8


@pytest.mark.parametrize(
    "heading", ["Resources", "References", "More on lime", "About our kiln", "Get the ash out"]
)
def test_sections_of_a_talk_with_few_clocks_are_speech(read, heading):
    reading = read(f"{LECTURE}## {heading}\n\nOf these there are few.\n", "kiln.md")
    assert words(reading).endswith("Of these there are few.")
    assert kinds(reading) == ["heading"]
    listed = "- [The kiln](https://kiln.example)\n- Follow @kiln\n"
    reading = read(f"{LECTURE}## {heading}\n\n{listed}", "kiln.md")
    assert words(reading).endswith("It goes on.")
    assert kinds(reading) == ["notes"]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("https://meet.example/abc-defg\n\n", "kiln"),
        ("# tactiq.io free youtube transcript\n# Lime\n# https://tube.example/watch\n\n", "Lime"),
        ("@ This file written with the Avid Caption plugin, version 1\n\n", "kiln"),
        ("Title: Lime\n\n", "Lime"),
        ("Links\n\nhttps://kiln.example\n\n", "kiln"),
        ("Sync to video time\n", "kiln"),
        ("Chapter 1: Wood\n", "kiln"),
        ("Chapter 1: Wood\n\n", "Chapter 1: Wood"),
    ],
)
def test_what_is_a_title_and_what_is_none(read, head, title):
    reading = read(f"{head}{PANEL}English (auto-generated)\n", "kiln.txt")
    assert reading.episode.title == title
    assert words(reading) == " ".join(SAID)


def test_the_chapters_of_a_copied_panel_are_headings(read):
    first, second = PANEL[: PANEL.index("0:21")], PANEL[PANEL.index("0:21") :]
    reading = read(f"Chapter 1: Wood\n{first}Chapter 2: Heat\n{second}", "kiln.txt")
    assert words(reading) == " ".join(SAID)
    assert kinds(reading) == ["heading"]


def test_a_chapter_that_is_read_out_is_speech(read):
    reading = read(f"0:00\nChapter 1: Wood\n{PANEL}0:50\nChapter 2: Heat\n0:55\nHot.\n", "kiln.txt")
    assert words(reading) == " ".join(["Chapter 1: Wood", *SAID, "Chapter 2: Heat", "Hot."])


def test_heads_of_pages_are_no_speech(read):
    pages = TIMED.split("\n\n")
    text = "Kiln talk   page 1 of 3\n" + "".join(
        f"{said}\n\n" + (f"Kiln talk   page {n + 2} of 3\n" if n < 2 else "")
        for n, said in enumerate(pages)
    )
    reading = read(text, "kiln.txt")
    assert words(reading) == " ".join(SAID)
    assert reading.episode.title == "Kiln talk"
    assert kinds(reading) == ["page"] * 3


def test_pages_that_are_spoken_of_stay_speech(read):
    text = TIMED.replace("It is.", "It is.\nLook at page 4").replace("And hot?", "See page 9")
    assert "Look at page 4" in words(read(text, "kiln.txt"))


def test_a_heading_that_is_the_title_too(read):
    first, rest = TIMED.split("\n\n", 1)
    reading = read(f"# The kiln\n\n{first}\n\n## The kiln\n\n{rest}", "kiln.md")
    assert (reading.episode.title, words(reading)) == ("The kiln", " ".join(SAID))
