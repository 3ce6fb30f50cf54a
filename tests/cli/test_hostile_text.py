"""A transcript may hold anything; on a terminal, in a pipe and in JSON it stays text."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest

RED = "\x1b[31m"
LINK = "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07"
CLEAR = "\x1b[2J\x1b[H\x9b2J"
BIDI = "\u202egnp.exe\u202c\u2066\u200f"
MARKUP = "[bold red]free[/] [link=http://evil.example]soup[/link] :bomb: [/]"
HTML = "<script>alert(1)</script> <b>cold</b> &amp; {x} {{y}} %s ${HOME}"
HOSTILE = " ".join([RED, LINK, CLEAR, BIDI, MARKUP, HTML, "\x07\x00\x08\r"])

# By Unicode: controls, and what reorders or hides. Two of those are part of Persian and of emoji.
ACTS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
WRITING = "\n\t\u200c\u200d"


def acting(text: str) -> set[str]:
    """The characters of a text that could act on a terminal."""
    return {c for c in text if unicodedata.category(c) in ACTS and c not in WRITING}


@pytest.fixture
def path(write_episode):
    return write_episode(
        "hostile.md",
        [
            f"# {HOSTILE}",
            (f"Ann {HOSTILE}", f"The soup {HOSTILE} was cold in the kitchen of the old station."),
            (f"Bea {HOSTILE}", "Nobody wanted the soup, since the soup was cold."),
            ("Ann", "word " * 2_000),
        ],
        title=f"Soup {HOSTILE}",
        short=HOSTILE,
        description=HOSTILE * 50,
        topics=[HOSTILE],
        guests=[HOSTILE],
        links={"evil": "javascript:alert(1)", "worse": f"http://e.example/{LINK}", HOSTILE: "x"},
        ids={"youtube": f"'{HOSTILE}"},
    )


@pytest.fixture
def soup(askpod, path, tmp_path):
    """An archive of the hostile episode."""
    assert askpod("index", path, "--store", tmp_path / "soup").code == 0
    return tmp_path / "soup"


QUESTIONS = (("search", "Was the soup cold?"), ("ask", "Was the soup cold?"), ("episodes",))


@pytest.mark.parametrize("command", QUESTIONS)
def test_piped(askpod, soup, command):
    run = askpod(*command, "--store", soup)
    assert run.code == 0
    assert acting(run.out + run.err) == set()
    assert "[bold red]free[/] [link=http://evil.example]soup[/link] :bomb: [/]" in run.out
    assert "javascript:" not in run.out
    assert "\n    http" not in run.out, "there is no link that can be used"


@pytest.mark.parametrize("command", QUESTIONS)
def test_on_a_terminal(terminal, soup, command):
    screen = terminal(*command, "--store", soup, width=4000)
    assert screen.code == 0
    assert acting(screen.text) == set()
    assert "[bold red]free[/]" in screen.text
    assert "\x1b]8" not in screen.raw, "no link is opened"
    assert "\x1b[31m\x1b" not in screen.raw
    assert "\x1b[2J" not in screen.raw


@pytest.mark.parametrize("command", QUESTIONS)
def test_in_json(askpod, soup, command):
    run = askpod(*command, "--store", soup, "--json")
    assert run.out.isascii()
    text = json.dumps(run.json, ensure_ascii=False)
    assert "{x} {{y}} %s ${HOME}" in text
    assert acting(text) == set()
    assert "javascript:alert" not in text


def test_speech_is_quoted_as_it_was_written(askpod, soup):
    """HTML and braces are what somebody said; a web page escapes them, a terminal need not."""
    answer = askpod("ask", "Was the soup cold?", "--store", soup, "--json").json
    assert not answer["refused"]
    text = " ".join(passage["text"] for passage in answer["passages"])
    assert "<script>alert(1)</script> <b>cold</b> & {x}" in text.replace("&amp;", "&")


def test_check_shows_what_was_mended(askpod, terminal, path):
    run = askpod("check", path)
    assert run.code == 0
    assert acting(run.out + run.err) == set()
    assert "control-characters" in run.out
    assert json.loads(askpod("check", path, "--json").out)
    screen = terminal("check", path)
    assert acting(screen.text) == set()


NAMES = ["\x1b[31m.md", "\u202edm.md", "a\nb\tc\x07.md", "[red]x[red].md"]


@pytest.mark.parametrize("name", NAMES)
def test_file_names(askpod, write_episode, tmp_path, name):
    """A name is shown as id, as title where the file has none, and in faults."""
    path = write_episode(f"in/{name}", ["The soup was cold."], title="")
    (tmp_path / "in" / f"bad-{name}").write_text("nothing")
    store = tmp_path / "store"
    runs = [
        askpod("index", tmp_path / "in", "--store", store),
        askpod("check", tmp_path / "in"),
        askpod("search", "Was the soup cold?", "--store", store),
        askpod("ask", "Was the soup cold?", "--store", store),
        askpod("episodes", "--store", store),
        askpod("index", f"{path}.none", "--store", store),
    ]
    assert [run.code for run in runs] == [1, 1, 0, 0, 0, 2]
    for run in runs:
        assert acting(run.out + run.err) == set()
    assert runs[4].out.count("\n") == 1, "one line for one episode"


def test_file_names_on_a_terminal(askpod, terminal, write_episode, tmp_path):
    for number, name in enumerate(NAMES):
        write_episode(f"in/{name}", [f"The soup of day {number} was cold."], title="")
        (tmp_path / "in" / f"bad-{name}").write_text("nothing")
    store = tmp_path / "store"
    indexed = askpod("index", tmp_path / "in", "--store", store, "--json")
    assert len(indexed.json["added"]) == 4
    assert acting(terminal("check", tmp_path / "in").text) == set()
    assert acting(terminal("episodes", "--store", store).text) == set()


def test_a_hostile_question_and_filter(askpod, terminal, indexed):
    run = askpod("ask", HOSTILE.replace("\x00", ""), "--store", indexed, "--since", f"{RED}2024")
    assert run.code == 2
    assert acting(run.err) == set()
    screen = terminal("ask", f"{RED}{LINK}", "--store", indexed)
    assert "evil" not in screen.raw
    assert re.search("I found nothing|“", screen.text)
