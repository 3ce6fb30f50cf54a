"""Text in pieces on a terminal: what is on the screen is the text, its words whole."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout

import pytest

from askpod.cli.output import StreamedText

TEXT = "The quick brown fox, they said, jumps.\n\nOver 兔子 the lazy-dogs again and again [1]."

SHOWN = """\
The quick brown fox,
they said, jumps.

Over 兔子 the
lazy-dogs again and
again [1].
"""


class Screen:
    """The few things a terminal does that `StreamedText` relies on."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines = [""]

    def take(self, sent: str) -> str:
        for part in re.findall(r"\x1b\[\d*[A-Za-z]|.|\n", sent):
            if part == "\n":
                self.lines.append("")
            elif part == "\r":
                self.lines[-1] = ""  # it is always erased after that
            elif back := re.fullmatch(r"\x1b\[(\d+)D", part):
                self.lines[-1] = self.lines[-1][: -int(back[1])]
            elif not part.startswith("\x1b"):
                if len(self.lines[-1]) == self.width:
                    self.lines.append("")
                self.lines[-1] += part
        return "\n".join(line.rstrip() for line in self.lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _narrow(monkeypatch):
    """A terminal of 22 columns, one of which stays free."""
    monkeypatch.setenv("COLUMNS", "22")
    monkeypatch.setenv("TERM", "xterm")


def sent(*texts: str) -> str:
    """What a terminal is sent for these pieces of a text."""
    with redirect_stdout(Terminal()) as out:
        flow = StreamedText()
        flow.wait()
        for text in texts:
            flow.write(text)
        flow.end()
    assert flow.text == "".join(texts)
    return out.getvalue()


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 99])
def test_however_it_is_cut_the_screen_shows_the_same(size):
    assert Screen(22).take(sent(*pieces(TEXT, size))) == SHOWN


def test_a_word_longer_than_the_line_is_broken_by_the_terminal():
    shown = Screen(22).take(sent(*pieces("See " + "x" * 50 + " and y.", 3)))
    assert shown.replace("\n", "").replace(" ", "") == "See" + "x" * 50 + "andy."
    assert max(map(len, shown.split("\n"))) <= 22


def test_what_acts_on_a_terminal_is_shown_as_a_code():
    assert Screen(99).take(sent("a\x1b[31m\rb\u202e")) == "a\\x1b[31m\\rb\\u202e\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_the_text_alone(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert sent(TEXT) == TEXT + "\n"


def test_a_note_stands_below_what_was_printed_before_it_in_a_log():
    code = "from askpod.cli.output import note; print('an answer'); note('a note'); print('more')"
    run = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    )
    assert run.stdout.split(b"\n") == [b"an answer", b"a note", b"more", b""]
