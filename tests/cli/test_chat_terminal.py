"""`askpod chat` as a person sees it: driven through a real terminal."""

from __future__ import annotations

import os
import re
import sys
import time

import pexpect
import pytest

from chatting import COLONIES, ENDLESS, FOLLOW_UP, PILOT, Expert
from fake_openai import FakeOpenAI

PASTED = "\x1b[200~{}\x1b[201~"
CTRL_C, CTRL_D = "\x03", "\x04"
OWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^;\x1b]*;(?:https?://[!-~]*)?\x1b\\")


class Person:
    """Somebody at a terminal of 80 columns."""

    def __init__(self, store, *options, columns=80, **environment):
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "askpod", "chat", "--store", str(store), *options],
            env={**kept, "TERM": "xterm-256color", **environment},
            dimensions=(50, columns),
            encoding="utf-8",
            timeout=60,
        )
        self.greeting = self.until_prompt()

    def until_prompt(self) -> str:
        """What a person reads up to where the next question can be typed."""
        self.process.expect(r"\x1b\[\?2004h")  # the terminal is told to mark pasted text
        shown = self.process.before
        self.process.expect(r"1m[^\x1b]*>")
        self.process.expect(r"\x1b\[\?25h")
        return OWN.sub("", shown).replace("\r", "").strip("\n")

    def type(self, text: str, enter: str = "\r") -> None:
        self.process.send(text + enter)

    def ask(self, line: str) -> str:
        """Types a line; gives what is shown below it."""
        self.type(line)
        self.process.expect(r"\x1b\[\?2004l")
        return self.until_prompt()

    def leave(self) -> int:
        self.type(CTRL_D, enter="")
        self.process.expect(pexpect.EOF)
        self.process.close()
        return self.process.exitstatus


@pytest.fixture
def at_terminal(indexed):
    """Sits somebody down at a terminal; they get up when the test ends."""
    people = []

    def sit(*options, **environment):
        people.append(Person(indexed, *options, **environment))
        return people[-1]

    yield sit
    for person in people:
        person.process.close(force=True)


@pytest.fixture
def server(monkeypatch):
    """A model on this machine; `askpod` is told of it."""
    with FakeOpenAI() as server:
        server.answer_with(Expert())
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("ASKPOD_MODEL", "expert")
        yield server


TITLE = ["Hive Telemetry for Small Apiaries: Scales, Bricks", "    and Sixty Thousand Bees"]


def source(number, when, second):
    return [
        f"[{number}] {when}  Marisol Vanterpool  {TITLE[0]}",
        TITLE[1],
        f"    https://www.youtube.com/watch?v=xmpl0bees01&t={second}s",
    ]


def lines(shown):
    """Lines without the blanks at their ends; the sign of waiting is no part of them."""
    return [line.rstrip() for line in shown.replace("…", "").strip("\n").split("\n")]


def test_a_whole_chat(at_terminal, server):
    person = at_terminal()
    assert lines(person.ask(COLONIES)) == [
        "They had starved in February, not frozen in January as I'd assumed. [1]",
        "",
        *source(1, "1:35", 95),
    ]
    assert lines(person.ask(PILOT)) == [
        "Fourteen months, with twenty-two hives at six sites. [1]",
        "",
        *source(1, "6:45", 405),
    ]
    assert lines(person.ask(FOLLOW_UP)) == [
        "Because the batteries died in January. [1] On paper they lasted two years. [2]",
        "",
        *source(1, "7:09", 429),
        *source(2, "7:11", 431),
    ]
    assert lines(person.ask("/sources")) == [*source(1, "7:09", 429), *source(2, "7:11", 431)]
    person.type(ENDLESS)
    person.process.expect("lasted two")
    assert not server.requests[-1].hung_up.is_set()
    person.type(CTRL_C, enter="")
    assert lines(person.until_prompt())[-1] == "(stopped)"
    assert server.requests[-1].hung_up.wait(30), "stopping the answer closes the request"
    assert person.ask("/sources") == "askpod: the last answer has no sources"
    assert person.leave() == 0
    again = at_terminal("--continue")
    assert f"Going on after 4 questions, the last one: “{ENDLESS}”" in again.greeting


def test_the_prompt_is_there_before_anything_heavy_is_loaded(at_terminal):
    person = at_terminal()
    stat = f"/proc/{person.process.pid}/stat"
    if os.path.exists(stat):  # noqa: PTH110
        with open(stat) as file:  # noqa: PTH123
            fields = file.read().rsplit(")", 1)[1].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        assert seconds < 1.0, "of the processor, about half of it on the machines measured"


def test_a_pasted_text_of_several_lines_is_one_question(at_terminal):
    person = at_terminal()
    person.type(PASTED.format("What killed the\nbeekeeper's first\ncolonies?"), enter="")
    time.sleep(0.2)
    shown = person.ask("")
    assert re.search(r"\[1\] \d+:\d\d  Marisol Vanterpool", shown)
    assert person.ask("/sources").count("[1]") == 1


def test_ctrl_c_clears_the_line_and_says_how_to_leave(at_terminal):
    person = at_terminal()
    person.type("a question that is given up", enter="")
    person.type(CTRL_C, enter="")
    time.sleep(0.2)
    assert person.ask("/new") == "a new conversation"
    person.type(CTRL_C, enter="")
    assert "(Ctrl-D or /quit leaves)" in person.until_prompt()
    assert person.leave() == 0


def test_earlier_questions_come_back_in_the_next_chat(at_terminal):
    first = at_terminal()
    first.ask("/filter season=1")
    assert first.leave() == 0
    second = at_terminal()
    assert second.ask("\x1b[A").startswith("only season=1 (3 episodes)")
    assert "no filters" in second.ask("/filter off")


def test_tab_completes_a_command(at_terminal):
    person = at_terminal()
    person.type("/so\t", enter="")
    person.process.expect("urces")
    assert person.ask("") == "askpod: there is no answer yet"


def test_tab_completes_a_filter(at_terminal):
    person = at_terminal()
    person.type("/filter sea\t", enter="")
    person.process.expect("son=")
    assert person.ask("2").startswith("only season=2 (3 episodes)")


def test_words_are_not_broken_at_the_edge(at_terminal):
    shown = at_terminal(columns=40).ask(COLONIES)
    text = re.split(r"\n\[1\] +\d+:\d\d", shown)[0].replace("…", "")
    assert max(map(len, text.split("\n"))) < 40
    assert "Marisol Vanterpool (" in text
    assert ".” [1]" in " ".join(text.split())


def test_an_archive_that_is_not_there_is_said_at_once(tmp_path):
    process = pexpect.spawn(
        sys.executable, ["-m", "askpod", "chat", "--store", str(tmp_path / "none")], timeout=60
    )
    process.expect("or name\\s+the folder of an existing one")
    process.expect(pexpect.EOF)
    process.close()
    assert process.exitstatus == 2
