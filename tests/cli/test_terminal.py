"""What a person sees at a terminal: colour, links, lines that fit, a progress bar."""

from __future__ import annotations

import re

import pytest

QUESTION = "What killed the beekeeper's first colonies?"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_longer_than_the_terminal_and_no_word_is_broken(
    terminal, askpod, indexed, width
):
    screen = terminal("search", QUESTION, "--store", indexed, "--top", "3", width=width)
    assert screen.code == 0
    assert max(len(line) for line in screen.text.splitlines()) <= width
    piped = askpod("search", QUESTION, "--store", indexed, "--top", "3").out
    spoken = [word for word in piped.split() if not word.startswith("https://")]
    assert screen.text.split() == spoken


def test_what_goes_on_in_a_second_line_stands_below_its_beginning(terminal, indexed):
    screen = terminal("episodes", "--store", indexed)
    lines = [line.rstrip() for line in screen.text.splitlines()]
    at = next(i for i, line in enumerate(lines) if line.startswith("2024-10-08  s1e3    Hive"))
    assert lines[at + 1 : at + 4] == [
        " " * 20 + "Thousand Bees",
        " " * 20 + "Marisol Vanterpool",
        " " * 20 + "hive-telemetry-for-small-apiaries",
    ]


def test_times_are_links_to_the_second(terminal, indexed):
    screen = terminal("search", QUESTION, "--store", indexed, "--top", "1")
    links = re.findall(r"\x1b\]8;[^;]*;(https://[^\x1b]+)\x1b\\", screen.raw)
    assert links
    assert re.fullmatch(r"https://www\.youtube\.com/watch\?v=xmpl0bees01&t=\d+s", links[0])


def test_an_address_is_never_cut(terminal, indexed):
    screen = terminal("ask", "Who won the world cup?", "--store", indexed, width=40)
    assert re.search(
        r"^ +https://www\.youtube\.com/watch\?v=\w+&t=\d+s$", screen.text, re.MULTILINE
    )


def test_json_on_a_terminal_is_plain(terminal, indexed):
    assert "\x1b" not in terminal("search", QUESTION, "--store", indexed, "--json").raw


def test_indexing_shows_a_bar_that_leaves_the_summary_behind(terminal, examples, tmp_path):
    screen = terminal("index", examples, "--store", tmp_path / "store")
    assert screen.code == 0
    assert "/6 files" in screen.text
    assert re.search(r"\d:\d\d:\d\d", screen.text), "the time left"
    assert "\x1b[?25h" in screen.raw, "the cursor is shown again"
    assert re.search(r"episodes added +6\n", screen.text)


def test_notes_are_wrapped_between_words(terminal, tmp_path):
    path = tmp_path / ("long-" * 20 + "name.md")
    path.write_text("nothing")
    screen = terminal("index", path, "--store", tmp_path / "store", width=60)
    assert screen.code == 1
    assert str(path) in screen.text, "a path can be copied whole"
    shown = screen.text.split(str(path))[1].splitlines()
    assert max(map(len, shown)) < 60


def test_colour_can_be_turned_off(terminal, indexed, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    screen = terminal("ask", QUESTION, "--store", indexed)
    assert "Marisol Vanterpool" in screen.text
    assert not re.search(r"\x1b\[[0-9;]*m", screen.raw)
