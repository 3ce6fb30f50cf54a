"""Plain text with headings, spoken clocks, brackets and markup beside names and clocks."""

from __future__ import annotations

import pytest
from episode_file import kinds, said

from askpod.times import clock


@pytest.mark.parametrize("line", ["{who} ({at}): {said}\n\n", "{who} [{at}] {said}\n"])
@pytest.mark.parametrize("sound", ["So it is (laughs)", "(laughs)", "We go. [crosstalk 00:14]"])
def test_words_that_end_with_a_bracket_have_their_own_clock_and_name(read, line, sound):
    spoken = [("Ann Lee", "Bo Sand")[n % 2] for n in range(24)]
    heard = [(who, 10.0 * n, sound if n == 13 else f"Line {n}.") for n, who in enumerate(spoken)]
    text = "".join(line.format(who=who, at=clock(at), said=text) for who, at, text in heard)
    assert said(read(text, "x.txt")) == heard


@pytest.mark.parametrize(
    "heading", ["## {} [{}]", "### {} ({})", "{} {}", "**{}** ({})", "<h2>{} ({})</h2>"]
)
def test_a_heading_with_a_clock_above_labelled_paragraphs_is_nobody(read, heading):
    form = "<p>{}: {}</p>\n" if heading.startswith("<") else "**{}:** {}\n\n"
    text = "".join(
        heading.format(title, at) + "\n\n" + "".join(form.format(*each) for each in paragraphs)
        for title, at, paragraphs in [
            ("Introduction", "0:05", [("Ann", "Is it lit?"), ("Bo", "It is."), ("Ann", "Yes?")]),
            ("The Kiln", "2:30", [("Bo", "Yes."), ("Ann", "And hot?")]),
            ("Goodbye", "5:00", [("Bo", "Very hot."), ("Ann", "Bye.")]),
        ]
    )
    reading = read(text, "talk.html" if heading.startswith("<") else "talk.md")
    assert [(who, text) for who, _, text in said(reading)] == [
        ("Ann", "Is it lit?"), ("Bo", "It is."), ("Ann", "Yes?"), ("Bo", "Yes."),
        ("Ann", "And hot?"), ("Bo", "Very hot."), ("Ann", "Bye."),
    ]  # fmt: skip
    assert [reading.episode.turns[at].start for at in (0, 3, 5)] == [5, 150, 300]
    assert kinds(reading) == ["heading"] * 3


def test_a_heading_with_a_colon_is_no_speech_and_a_hashtag_is(read):
    text = (
        "**Ann** (0:05):\nIs it lit?\n\n## Part 2: The kiln\n\n**Bo** (0:20):\n#kiln is what it\n"
        "#1 is called.\n\n## Q&A: [heat](https://kiln.example/a)\n\n**Ann** (0:30):\nSo.\n"
    )
    reading = read(text)
    assert said(reading) == [
        ("Ann", 5, "Is it lit?"),
        ("Bo", 20, "#kiln is what it #1 is called."),
        ("Ann", 30, "So."),
    ]
    assert kinds(reading) == ["heading"] * 2


@pytest.mark.parametrize("spoken", ["See you at 12:15", "The train goes at 7:00", "John 3:16"])
@pytest.mark.parametrize("line", ["{}  {}\n{}\n\n", "[{}] {}\n{}\n\n", "{}: {}\n{}\n\n"])
def test_a_clock_that_is_said_at_the_end_of_a_line_is_no_name(read, spoken, line):
    heard = [
        (("Ann Lee", "Bo Sand")[n % 2], 10.0 * n + 70, f"Oh.\n{spoken}" if n == 7 else "So.")
        for n in range(20)
    ]
    text = "".join(line.format(who, clock(at), text) for who, at, text in heard)
    assert said(read(text, "x.txt")) == [(who, at, " ".join(t.split())) for who, at, t in heard]


def test_stars_inside_a_word_are_said_and_bold_type_is_not(read):
    text = "**Ann** (0:05): It's f**ked, and 2**8 **is** 256.\n\n**Bo** (0:09): F*** **off**, no?\n"
    for name in ("x.md", "x.txt"):
        assert said(read(text, name)) == [
            ("Ann", 5, "It's f**ked, and 2**8 is 256."),
            ("Bo", 9, "F*** off, no?"),
        ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('See [the kiln](https://k.example/a_(b) "Kiln") &amp; go.', "See the kiln & go."),
        ("A *very* hot, ~~cold~~ `red` **big** _one_.[^1]", "A very hot, cold red big one."),
        ("![a kiln](kiln.png) At <https://k.example>.<!-- cut -->", "At https://k.example."),
        ("We\\\ngo to a_b_c, 2 * 3 * 4.", "We go to a_b_c, 2 * 3 * 4."),
        ("So [we](think) go.\n\n[^1]: A note.", "So [we](think) go."),
    ],
)
def test_the_markup_of_markdown_is_not_said(read, written, shown):
    text = f"**Ann:** [0:05] Is it lit?\n\n**Bo:** [0:09] {written}\n\n_Ann_: [0:30] *So.*\n"
    assert said(read(text, "kiln.md")) == [
        ("Ann", 5, "Is it lit?"),
        ("Bo", 9, shown),
        ("Ann", 30, "So."),
    ]
    assert said(read(text.replace(written, "`x`"), "kiln.txt"))[1][2] == "`x`"


@pytest.mark.parametrize("stamp", ["({})", "[{}]", r"\[{}\]"])
@pytest.mark.parametrize("shift", [0, 1])
def test_a_clock_at_the_end_of_each_paragraph_is_of_its_beginning_or_its_end(read, stamp, shift):
    words = [3, 20, 1, 9, 30, 2, 12, 5]
    starts = [2 * sum(words[:n]) for n in range(len(words) + 1)]
    heard = [(("Ann", "Bo")[n % 2], f"Line {n} is{' long' * w}.") for n, w in enumerate(words)]
    text = "\n\n".join(
        f"**{who}:** {line} {stamp.format(clock(starts[n + shift]))}"
        for n, (who, line) in enumerate(heard)
    )
    found = said(read(text, "talk.md"))
    assert [(who, line) for who, _, line in found] == heard
    assert [at for _, at, _ in found][shift:] == starts[shift:-1]
