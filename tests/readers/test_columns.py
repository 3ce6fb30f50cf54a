"""Tables whose columns are told by what they hold, whatever they are called."""

from __future__ import annotations

import pytest
from episode_file import said, written

from askpod.errors import ReadError
from askpod.readers import read_episode

HEARD = [
    ("Ann Lee", 3, "Is it lit?"),
    ("Bo", 9, "It is, and, as they say, it sings."),
    ("Ann Lee", 65, "And hot?"),
    ("Bo", 72, "So hot that nobody waits; not even she."),
]


@pytest.mark.parametrize("name", ["kiln.txt", "kiln.csv", "kiln.md"])
@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("", '{c};{who};"{said}"\n'),
        ("", "{c},{who},{said}\n"),
        ("", "{c}, {who}, {said}\n"),
        ("", "{c} ; {who} ; {said}\n"),
        ("Wann|Wer|Was\n", "[{m}](https://y.example/?t={s})|{who}|{said}\n"),
        ("", '{who},{c},{e},"{said}"\n'),
        ("", "{who}\t\t{c}.000\t{s}.0\t{e}.000\t{t}.0\t00:00:03.000\t3.0\t{said}\n"),
        ("", "{who}\t{who}\t{s}.000\t{t}.000\t3.000\t{said}\n"),
        ("", "{who}\t\t{s}000\t{t}000\t3000\t{said}\n"),
        ("Number;Wer;Von (s);Bis (s);Was gesagt wird\n", '{n};{who};{s};{t};"{said}"\n'),
        ("Speaker name,Start time (ms),Transcript text\n", '{who},{s}000,"{said}"\n'),
        ("Clip\tOn\tOff\tKind\tName\tWords\n", "{n}\t{c}\t{e}\tCue\t{who}\t{said}\n"),
        ("| Who | What |\n|---|---|\n", "| **{who}** {m} | {said} |\n"),
        ("| Who | What |\n|---|---|\n", "| {who} ({m}) | {said} |\n"),
        ("| Who | What |\n|---|---|\n", "| {who}<br>{m} | {said} |\n"),
        ("Who|When|What\n", "{who}|{c}|{said}\n"),
    ],
)
def test_what_a_column_holds_is_told_by_its_cells(read, name, head, form):
    reading = read(head + written(form, HEARD), name)
    assert said(reading) == HEARD
    assert reading.episode.title == "kiln"


def test_columns_of_which_each_row_has_one_are_the_speakers(read):
    form = "00:0{}:{:02}.000\t{}\t{}\n"
    texts = [(at, *((text, "") if who == "Bo" else ("", text))) for who, at, text in HEARD]
    rows = "".join(form.format(at // 60, at % 60, bo, ann) for at, bo, ann in texts)
    assert said(read(f"Begin\tBo\tAnn Lee\n{rows}", "kiln.txt")) == HEARD
    for n in range(16):
        rows += form.format(2, n, *((f"No, {n}.", "") if n % 2 else ("", f"Yes, {n}.")))
    both = said(read(f"Begin\tBo\tAnn Lee\n{rows}00:02:30.000\tAye.\tNot I.\n", "kiln.txt"))
    assert [(who, text) for who, _, text in both[-2:]] == [
        ("Bo", "No, 15. Aye."),
        ("Ann Lee", "Not I."),
    ]


def test_a_name_that_stands_only_where_the_speaker_changes_is_no_speech(read):
    rows = "".join(f"0:{n:02} | {'Ann Lee' if n == 3 else 'Bo' if n == 21 else ''} | It is lit.\n"
                   for n in range(3, 40, 3))  # fmt: skip
    turns = read(f"Time | Name | Text\n{rows}", "kiln.txt").episode.turns
    assert [(turn.speaker, turn.start) for turn in turns] == [("Ann Lee", 3), ("Bo", 21)]


@pytest.mark.parametrize(
    "row",
    [
        "{year};Lee;The kiln is lit, she said.\n",
        "{n}.50;Corner shop;We had coffee and cake there.\n",
        "{n},{far},bo,It is a long remark that somebody wrote.\n",
        "{n},{m}:00,Hall A,Talk number {n}\n",
        "12:{m}:03,INFO,The server starts\n",
    ],
)
def test_other_tables_are_no_transcripts(tmp_path, row):
    path = tmp_path / "other.csv"
    lines = (row.format(n=n, year=1950 + n, far=300 + 2 * n, m=f"{n:02}") for n in range(1, 30))
    path.write_text("".join(lines))
    with pytest.raises(ReadError):
        read_episode(path)


def test_a_bar_that_is_escaped_is_said(read):
    table = (
        "| Time | Speaker | Text |\n|---|---|---|\n| 0:03 | Ann | Is it on \\| off? |\n"
        "| 0:09 | Bo | It is off, as ever. |\n| 0:12 | Ann | So it is. |\n"
    )
    assert [text for *_, text in said(read(table, "kiln.md"))] == [
        "Is it on | off?",
        "It is off, as ever.",
        "So it is.",
    ]
