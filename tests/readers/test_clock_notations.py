"""Plain text: the notations in which clocks and names stand, each told by all of a file."""

from __future__ import annotations

import pytest
from episode_file import said

from askpod.errors import Unrecognised
from askpod.readers import read_episode

HEARD = [
    ("Ann Lee", 3, "Is it lit?"),
    ("Bo", 9, "It is. We met at 12:30."),
    ("Ann Lee", 65, "And hot?"),
    ("Bo", 72, "So hot that it sings."),
]


def written(form: str) -> str:
    return "".join(
        form.format(
            n=number,
            who=who,
            said=text,
            m=f"{at // 60}:{at % 60:02}",
            c=f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}",
            e=f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60 + 3:02}",
            short=f"{at // 3600}h{at // 60 % 60}m{at % 60}s",
        )
        for number, (who, at, text) in enumerate(HEARD, 1)
    )


@pytest.mark.parametrize(
    "form",
    [
        "{who}: {c} {said}\n",
        "{who} {c} {said}\n\n",
        "{who} - {c} - {said}\n",
        "{who}: {c} - {e}: {said}\n",
        "**{who}:** {c} {said}\n\n",
        "{c}: {who}: {said}\n",
        "[{short}] {who}: {said}\n",
        "{who} ({short})\n{said}\n\n",
        "#{c}-0# {who}: {said}\n",
        "{n}. [{c}] {who}: {said}\n",
        "{n}. {who} ({c})\n{said}\n\n",
        "| {c} | {e} | {who} | {said} |\n",
        "| {n} | {who} | {c} | {said} |\n",
        "{n}\t{c}\t{who}\t{said}\n",
    ],
)
def test_clocks_and_names_in_other_notations(read, form):
    assert said(read(written(form), "kiln.txt")) == HEARD


@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("| Time | Speaker | Text |\n| --- | :-- | --- |\n", "| {c} | {who} | {said} |\n"),
        ("| # | Time | Who | Text |\n|--|--|--|--|\n", "| {n} | {c} | {who} | {said} |\n"),
        ("Timecode\tName\tDialogue\n", "{c}\t{who}\t{said}\n"),
    ],
)
def test_the_names_of_a_tables_columns_are_no_title(read, head, form):
    assert read(head + written(form), "kiln.md").episode.title == "kiln"
    episode = read(f"# The kiln\n\n{head}{written(form)}", "kiln.md").episode
    assert (episode.title, episode.description) == ("The kiln", "")
    assert [(turn.speaker, turn.start, turn.text) for turn in episode.turns] == HEARD


@pytest.mark.parametrize("form", ["{c}:12 {e}:00\n{said}\n\n", "{c}:12\t{e}:00\tV1\t{said}\n"])
def test_two_clocks_with_frames_as_avid_writes_them(read, form):
    turns = read(written(form), "kiln.txt").episode.turns
    assert " ".join(turn.text for turn in turns) == " ".join(text for *_, text in HEARD)
    seconds = [turn.start for turn in turns] + [at for turn in turns for _, at in turn.marks]
    assert {3, 9, 65, 72} <= {int(second) for second in seconds}
    assert {turn.speaker for turn in turns} == {""}


def test_what_is_counted_or_told_by_the_clock_stays_speech(tmp_path, read):
    names = "".join(f"{who}: {text}\n\n" for who, _, text in HEARD * 2)
    path = tmp_path / "kiln.txt"
    path.write_text(f"{names}Ann Lee: 12:30 is late.\n\nBo: 12:45 is.\n\nAnn Lee: 12:50 is not.\n")
    episode = read_episode(path, untimed=True).episode
    assert [turn.text for turn in episode.turns][-3:] == [
        "12:30 is late.",
        "12:45 is.",
        "12:50 is not.",
    ]
    listed = read(written("[{c}] {who}: {said}\n") + "1. Wood\n2. Lime\n3. Salt\n", "kiln.txt")
    assert listed.episode.turns[-1].text.endswith("1. Wood 2. Lime 3. Salt")


def test_a_timetable_with_clocks_between_is_no_transcript(read):
    with pytest.raises(Unrecognised):
        read(
            "Panel 9:00 in room one\nBreak 10:00 in the hall\nPanel 10:30 in room two\n"
            "Break 12:00 in the hall\nPanel 13:00 in room one\nBreak 14:00 in the hall\n",
            "day.txt",
        )


AROUND = "".join(
    f"{who}: We talk of it in full, and for the time number {n}.\n\n"
    for n in range(6)
    for who in ("Ann", "Bo")
)


@pytest.mark.parametrize(
    "told",
    [
        [f"John 3:{n} says so in other words." for n in range(16, 30)],
        [f"{book}:{n} says so." for n in range(16, 30) for book in ("Matthew 5", "John 3")],
        [f"{n}. At {n + 8}:00 we meet." for n in range(1, 9)],
        [f"{n + 8}:00: we meet at the kiln." for n in range(1, 9)],
        [f"It takes time [{n % 3 + 1}s] and more of it." for n in range(12)],
    ],
    ids=["verses", "verses of two", "numbered", "a timetable", "pauses"],
)
def test_what_is_said_with_numbers_makes_no_clocks_and_loses_none(tmp_path, told):
    path = tmp_path / "kiln.txt"
    path.write_text(AROUND + "Ann: " + "\n\n".join(told))
    turns = read_episode(path, untimed=True).episode.turns
    assert {turn.speaker for turn in turns} == {"Ann", "Bo"}
    assert " ".join(turn.text for turn in turns).endswith(" ".join(told))


@pytest.mark.parametrize("head", ["[{m}] {who}: {said}\n", "{who} ({m})\n{said}\n\n"])
def test_a_timetable_that_is_read_out_is_speech(read, head):
    told = "9:00: we meet. 10:00: we eat."
    text = written(head) + head.format(who="Ann Lee", m="1:20", said=told.replace(". ", ".\n"))
    assert said(read(text, "kiln.txt")) == [*HEARD, ("Ann Lee", 80, told)]


def test_only_the_numbers_of_lines_with_clocks_are_left_out(read):
    text = written("{n}. [{c}] {who}: {said}\n") + "1. Salt: a pinch.\n2. Water: half a litre.\n"
    spoken = read(text, "kiln.txt").episode.turns[-1]
    assert spoken.speaker == "Bo"
    assert spoken.text.endswith("1. Salt: a pinch. 2. Water: half a litre.")
