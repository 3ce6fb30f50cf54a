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
