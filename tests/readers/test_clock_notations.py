"""Plain text: the notations in which clocks and names stand, each told by all of a file."""

from __future__ import annotations

import pytest
from episode_file import said, written

from askpod.errors import Unrecognised, Untimed
from askpod.readers import read_episode

HEARD = [
    ("Ann Lee", 3, "Is it lit?"),
    ("Bo", 9, "It is. We met at 12:30."),
    ("Ann Lee", 65, "And hot?"),
    ("Bo", 72, "So hot that it sings."),
]


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
        "{{{c}}} {who}: {said}\n",
        "{who} {{{c}}}\n{said}\n",
        "<{c}> {who}: {said}\n",
        "={m}= {who}: {said}\n",
        "[{min} min {ss} s] {who}: {said}\n",
        "{short} {who}: {said}\n",
        "{min}'{ss:02}\" {who}: {said}\n",
        "{s}s {who}: {said}\n",
        "[{s}.000] {who}: {said}\n",
        "[{c}]-[{e}] {who}: {said}\n",
        "{c} → {who}: {said}\n",
        "{n}. [{c}] {who}: {said}\n",
        "{n}. {who} ({c})\n{said}\n\n",
        "| {c} | {e} | {who} | {said} |\n",
        "| {n} | {who} | {c} | {said} |\n",
        "{n}\t{c}\t{who}\t{said}\n",
        "[{who} {c}] {said}\n",
        "[{who} - {c}]\n{said}\n\n",
        "[{c} {who}] {said}\n",
        ">> {who} [{c}]: {said}\n\n",
        "🎙 {who}  {c}\n{said}\n\n",
        "【{c}】{who}：{said}\n",
        "{who}（{m}）：{said}\n",
        "{who}\n{aloud}{m}\n{who} {aloud}\n{said}\n",
        "{who}\n{aloud}{m}\n{said}\n\n",
        "{m}{aloud}{who}: {said}\n",
        "{min}.{ss:02}\n{who}: {said}\n\n",
        "{initials}\n\n{who}\n{aloud}{m}\n{who} {aloud}\n{said}\n",
    ],
)
def test_clocks_and_names_in_other_notations(read, form):
    turns = said(read(written(form, HEARD), "kiln.txt"))
    assert [(who.removeprefix("🎙 "), at, text) for who, at, text in turns] == HEARD


@pytest.mark.parametrize(
    "form",
    [
        "2024-03-12 09:{c_in_hour} {who}: {said}\n",
        "[2024-03-12T09:{c_in_hour}.250Z] {who}: {said}\n",
        "[12/03/2024, 9:{c_in_hour} AM] {who}: {said}\n",
        "12.03.24 09:{c_in_hour}\n{who}\n{said}\n\n",
    ],
)
def test_dates_with_times_of_day_count_from_the_first(read, form):
    text = written(form.replace("{c_in_hour}", "{min:02}:{ss:02}"), HEARD)
    assert said(read(text, "kiln.txt")) == [(who, at - 3, text) for who, at, text in HEARD]


def test_a_time_of_day_without_seconds_is_hours_and_minutes(read):
    log = (
        "31/12/24, 11:59 PM - Messages are encrypted.\n"
        "31/12/24, 11:59 PM - Ann Lee: Is it lit?\n"
        "01/01/25, 12:01 AM - Bo: It is.\nAnd hot.\n"
    )
    assert said(read(log, "chat.txt"))[1:] == [
        ("Ann Lee", 0, "Is it lit?"),
        ("Bo", 120, "It is. And hot."),
    ]


@pytest.mark.parametrize("form", ["[{c}] **{who}** {said}\n\n", "- **[{m}]** **{who}** {said}\n"])
def test_bold_words_behind_most_clocks_are_names(read, form):
    assert said(read(written(form, HEARD), "kiln.md")) == HEARD


def test_bold_words_behind_few_clocks_are_speech(read):
    text = "[0:03] We saw **the kiln**.\n\n[0:10] **Nobody** lit it.\n\n[0:20] It was **cold**.\n"
    ((_, _, heard),) = said(read(text, "kiln.md"))
    assert heard == "We saw the kiln. Nobody lit it. It was cold."


def test_the_clocks_of_a_page_of_teams_are_those_of_each_paragraph(read):
    page = (
        "Transcript. Use arrow keys to navigate between transcript entries.\n\nSearch\n\n"
        "AI-generated content may be incorrect\n\nAnn Lee started transcription\n"
        "AL\n\nLee, Ann\n0 minutes 3 seconds0:03\nLee, Ann 0 minutes 3 seconds\nIs it lit?\n"
        "Lee, Ann 0 minutes 31 seconds\nSince when?\n\n"
        "Speaker 1\n1 minute 5 seconds1:05\nSpeaker 1 1 minute 5 seconds\n"
        "It was lit 5 minutes 10 seconds ago.\n"
        "LA\nLee, Ann\n1 minute 9 seconds1:09\nLee, Ann 1 minute 9 seconds\nGood.\n"
    )
    reading = read(page, "kiln.txt")
    assert said(reading) == [
        ("Lee, Ann", 3, "Is it lit? Since when?"),
        ("Speaker 1", 65, "It was lit 5 minutes 10 seconds ago."),
        ("Lee, Ann", 69, "Good."),
    ]
    assert reading.episode.turns[0].marks == ((11, 31.0),)
    assert (reading.episode.title, reading.episode.description) == ("kiln", "")


def test_letters_above_a_name_that_are_not_its_initials_are_speech(read):
    text = written("{who}  {m}\n{said}\nOK\n", HEARD)
    assert [words for *_, words in said(read(text, "kiln.txt"))] == [f"{it} OK" for *_, it in HEARD]


@pytest.mark.parametrize(
    "numbers", [["1.01", "1.02", "1.03"], ["0.50", "3.10", "2.00"], ["1.20", "2.50", "4.75"]]
)
def test_numbers_with_dots_that_are_no_clocks(tmp_path, numbers):
    path = tmp_path / "kiln.txt"
    said = "It was built of brick and clay, and it was fired with peat from the bog. " * 3
    path.write_text("".join(f"{number}\n{said}\n\n" for number in numbers))
    with pytest.raises(Unrecognised):
        read_episode(path)


def test_verses_in_brackets_are_no_clocks_of_speakers(read):
    verses = ["John 13:16", "Luke 4:12", "John 15:17", "Mark 6:20", "Luke 3:10", "Mark 1:12"]
    with pytest.raises(Unrecognised):
        read("".join(f"[{verse}] It is said, and we read it.\n" for verse in verses), "day.txt")


def test_two_clocks_in_one_column(read):
    text = "0:03-0:08 | Ann Lee | Is it lit?\n0:09-0:14 | Bo | It is.\n0:15-0:20 | Ann Lee | So.\n"
    assert said(read(text, "kiln.txt")) == [
        ("Ann Lee", 3, "Is it lit?"),
        ("Bo", 9, "It is."),
        ("Ann Lee", 15, "So."),
    ]


def test_sounds_with_their_clock_are_no_speakers(read):
    text = written("[crosstalk {c}] {said}\n\n[inaudible {c}] So.\n\n", HEARD) + written(
        "{who} ({m}):\nSo.\n", HEARD
    )
    assert {who for who, *_ in said(read(text, "kiln.txt"))} >= {"Ann Lee", "Bo"}
    assert not {"crosstalk", "inaudible"} & {who for who, *_ in said(read(text, "kiln.txt"))}


def test_clocks_of_a_day_with_am_and_pm(read):
    reading = read(written("{day} {who}: {said}\n", HEARD), "kiln.txt")
    assert [(who, text) for who, _, text in said(reading)] == [(who, it) for who, _, it in HEARD]
    assert [at for _, at, _ in said(reading)] == [39903, 39909, 43565, 43572]


@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("| Time | Speaker | Text |\n| --- | :-- | --- |\n", "| {c} | {who} | {said} |\n"),
        ("| # | Time | Who | Text |\n|--|--|--|--|\n", "| {n} | {c} | {who} | {said} |\n"),
        ("Timecode\tName\tDialogue\n", "{c}\t{who}\t{said}\n"),
    ],
)
def test_the_names_of_a_tables_columns_are_no_title(read, head, form):
    assert read(head + written(form, HEARD), "kiln.md").episode.title == "kiln"
    episode = read(f"# The kiln\n\n{head}{written(form, HEARD)}", "kiln.md").episode
    assert (episode.title, episode.description) == ("The kiln", "")
    assert [(turn.speaker, turn.start, turn.text) for turn in episode.turns] == HEARD


@pytest.mark.parametrize("form", ["{c}:12 {e}:00\n{said}\n\n", "{c}:12\t{e}:00\tV1\t{said}\n"])
def test_two_clocks_with_frames_as_avid_writes_them(read, form):
    turns = read(written(form, HEARD), "kiln.txt").episode.turns
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
    listed = read(
        written("[{c}] {who}: {said}\n", HEARD) + "1. Wood\n2. Lime\n3. Salt\n", "kiln.txt"
    )
    assert listed.episode.turns[-1].text.endswith("1. Wood 2. Lime 3. Salt")


def test_a_file_of_few_clocks_whose_speakers_talk_at_length(read):
    speakers = ["Ann Lee", "Bo", "Ann Lee", "Bo"]
    text = "".join(
        f"**{who}:** We lit kiln {kiln} at {hour} and it burned. [0:{kiln}{hour}]\n\n"
        if hour == 0
        else f"**{who}:** We fed kiln {kiln} at {hour} with wood.\n\n"
        for kiln, who in enumerate(speakers)
        for hour in range(9)
    )
    turns = read(text, "kiln.md").episode.turns
    assert [turn.speaker for turn in turns if turn.text.startswith("We lit")] == speakers


def test_labels_in_brackets_without_a_clock(tmp_path):
    path = tmp_path / "kiln.txt"
    path.write_text("".join(f"[SPEAKER_0{n % 2}]: It is lit, I say.\n\n" for n in range(6)))
    with pytest.raises(Untimed):
        read_episode(path)
    turns = read_episode(path, untimed=True).episode.turns
    assert [turn.speaker for turn in turns] == ["SPEAKER_00", "SPEAKER_01"] * 3


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
    text = written(head, HEARD) + head.format(
        who="Ann Lee", m="1:20", said=told.replace(". ", ".\n")
    )
    assert said(read(text, "kiln.txt")) == [*HEARD, ("Ann Lee", 80, told)]


def test_only_the_numbers_of_lines_with_clocks_are_left_out(read):
    text = (
        written("{n}. [{c}] {who}: {said}\n", HEARD)
        + "1. Salt: a pinch.\n2. Water: half a litre.\n"
    )
    spoken = read(text, "kiln.txt").episode.turns[-1]
    assert spoken.speaker == "Bo"
    assert spoken.text.endswith("1. Salt: a pinch. 2. Water: half a litre.")


@pytest.mark.parametrize(
    ("marked", "between"),
    [
        ("[{}]", " "),
        ("({})", " "),
        ("{}", " "),
        ("{{{}}}", " "),
        ("[{}]", "\n"),
        ("{}", "\n"),
        ("[{0} - {0}]", " "),
    ],
    ids=["square", "round", "bare", "braces", "wrapped", "bare, wrapped", "range"],
)
def test_clocks_within_one_paragraph(read, marked, between):
    said = [f"it is lit {n} times and it sings, they say, or so we told you." for n in range(12)]
    said[4] = "who told you at 12:15 that we would wait, and what did they say?"
    parts = [f"{marked.format(f'{n}:03')} {text}" for n, text in enumerate(said)]
    turns = read(" ".join(parts).replace(" they", f"{between}they"), "kiln.txt").episode.turns
    assert " ".join(turn.text for turn in turns) == " ".join(said)
    assert {turn.speaker for turn in turns} == {""}
    known = {second for turn in turns for second in (turn.start, *(m for _, m in turn.marks))}
    assert {60.0 * n + 3 for n in range(12)} <= known


def test_what_stands_before_the_first_clock_of_a_paragraph_is_said(read):
    reading = read(
        "Kilns\n\nGood morning. [0:04] Is it lit?\nIt is. [0:09] And hot. [0:12] So.", "k.txt"
    )
    assert reading.episode.title == "Kilns"
    assert " ".join(turn.text for turn in reading.episode.turns) == (
        "Good morning. Is it lit? It is. And hot. So."
    )
    assert {turn.speaker for turn in reading.episode.turns} == {""}


def test_a_paragraph_of_times_that_run_no_clock_is_no_transcript(tmp_path):
    path = tmp_path / "trains.txt"
    path.write_text(
        "9:15 is the first one, 8:40 was cancelled, 9:05 too. 7:30 runs on Sundays only."
    )
    with pytest.raises(Unrecognised):
        read_episode(path)
