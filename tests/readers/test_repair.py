"""Each known fault of a transcript is mended and reported, and nothing else is touched."""

from __future__ import annotations

import pytest

LONG = "We counted every hive on the farm twice, and then we counted them again."
OTHER = "After that came the winter, and it was a long one for all of us."


def row(line, who=None, sec=None, **more):
    given = {"line": line, "who": who, "sec": sec, **more}
    return {key: value for key, value in given.items() if value is not None}


def speech(reading):
    return [(turn.speaker, turn.text) for turn in reading.episode.turns]


def kinds(reading):
    return [fault.kind for fault in reading.faults]


def test_a_fault_names_the_file_its_line_and_the_repair(read):
    reading = read("---\ntitle: A\ntranscript:\n- line: Hi.\n  who: Ann\n---\n")
    (fault,) = reading.faults
    assert fault.path.endswith("talk.md")
    assert (fault.line, fault.kind) == (4, "sec-missing")
    assert fault.repair == "no second: start estimated"


def test_a_missing_second_is_taken_from_the_clock(read_rows):
    reading = read_rows(row("Hi.", "Ann", time="1:15"))
    assert reading.episode.turns[0].start == 75
    assert not reading.episode.turns[0].estimated
    assert kinds(reading) == ["sec-missing"]


def test_a_missing_speaker_is_the_one_before(read_rows):
    reading = read_rows(row("Hi.", "Ann", 1), row("And more.", sec=5), row("Yes.", "Bo", 9))
    assert speech(reading) == [("Ann", "Hi."), ("Ann", "And more."), ("Bo", "Yes.")]
    assert kinds(reading) == ["who-missing"]


def test_a_copy_of_the_next_or_previous_row_is_dropped(read_rows):
    reading = read_rows(
        {"header": "Hives"},
        row(LONG),
        {"header": "Hives"},
        row(LONG, "Ann", 3),
        row(OTHER),
        row(OTHER, "Ann"),
        row("Well.", "Bo", 20),
        row("Well.", "Bo"),
    )
    assert [turn.text for turn in reading.episode.turns] == [LONG, OTHER, "Well.", "Well."]
    assert reading.episode.turns[0].start == 3
    assert kinds(reading).count("copy-dropped") == 2
    assert kinds(reading).count("header-doubled") == 1


def test_two_people_may_say_the_same(read_rows):
    reading = read_rows(row(LONG, "Ann", 3), row(LONG, "Bo"))
    assert speech(reading) == [("Ann", LONG), ("Bo", LONG)]


def test_speech_in_who_is_put_back_once(read_rows):
    reading = read_rows(
        row("What did you do?", "Ann", 2),
        row("Then we rested.", LONG, 10),
        row("That was all.", LONG, 10),
        row("I see.", "Ann", 40),
        row("Indeed it was.", "Bo", 50),
    )
    assert speech(reading)[1:4] == [
        ("Bo", LONG),
        ("Bo", "Then we rested."),
        ("Bo", "That was all."),
    ]
    assert reading.episode.turns[1].start == 10
    assert kinds(reading) == ["who-is-speech", "who-guessed", "who-is-speech"]


def test_speech_in_who_belongs_to_a_named_row_of_the_same_second(read_rows):
    reading = read_rows(
        row("Go on.", "Ann", 2), row("Then.", LONG, 10), row("So.", "Bo", 10), row(OTHER, "Ann", 30)
    )
    assert {name for name, _ in speech(reading)[1:4]} == {"Bo"}


def test_between_two_speakers_it_belongs_to_the_one_who_talks_more(read_rows):
    guest_before = (row(OTHER + OTHER, "Bo", 2), row("Then.", LONG, 20), row("Oh.", "Ann", 40))
    guest_after = (row("Oh?", "Ann", 2), row("Then.", LONG, 20), row(OTHER, "Bo", 40))
    assert speech(read_rows(*guest_before))[1] == ("Bo", LONG)
    assert speech(read_rows(*guest_after))[1] == ("Bo", LONG)


def test_speech_and_name_that_changed_places_change_back(read_rows):
    reading = read_rows(row("Hi.", "Bo", 1), row("Bo", LONG, 5), row("Right.", "Ann", 20))
    assert speech(reading) == [("Bo", "Hi."), ("Bo", LONG), ("Ann", "Right.")]
    assert kinds(reading) == ["who-swapped"]


def test_a_lost_header_after_speech_in_who(read_rows):
    reading = read_rows(
        row(OTHER, "Bo", 2),
        row("Ann", LONG, 20),
        row("And the bees?", LONG, 20),
        row("They slept.", "Bo", 28),
        row("I see.", "Ann", 30),
    )
    assert speech(reading)[1:3] == [("Bo", LONG), ("Ann", "And the bees?")]


def test_a_formula_sign_is_removed(read_rows):
    reading = read_rows(row("=Something new.", "Ann", 1), row("=2 is not a word", "Ann", 5))
    assert [turn.text for turn in reading.episode.turns] == ["Something new.", "=2 is not a word"]
    assert kinds(reading) == ["formula-sign"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Marabe:", "Marabe"),
        ("Marabe.", "Marabe"),
        ("Marabe :", "Marabe"),
        ("Marabearabe", "Marabe"),
        ("Marabebe", "Marabe"),
        ("Marabee", "Marabe"),
        ("Ann: Marabe", "Marabe"),
    ],
)
def test_a_label_is_mended(read_rows, label, name):
    rows = [row("Hi.", "Marabe", 1), row("Yes.", "Marabe", 2), row("No.", "Ann", 3)]
    reading = read_rows(*rows, row("Well.", label, 5))
    assert reading.episode.turns[-1].speaker == name
    assert kinds(reading) == ["label"]


@pytest.mark.parametrize(
    "label",
    [
        "Anna",
        "Barr",
        "Aaisha",
        "Juan Pablo",
        "Martin Luther Jr.",
        "Professor E",
        "The Acting Chair (Mr. Bruce Stanley)",
        "Hon. Carla Qualt (Minister of Employment and Workforce Development)",
        "Speaker 2",
    ],
)
def test_a_real_name_stays(read_rows, label):
    reading = read_rows(row("Hi.", label, 1), row(LONG, "Bo", 3), row("Bye.", label, 20))
    assert [turn.speaker for turn in reading.episode.turns] == [label, "Bo", label]
    assert reading.faults == ()


def test_a_guest_called_like_a_stutter_stays(read_rows):
    rows = [row("Hi.", "Bar", 1), row("Oh.", "Bar", 2), row("Yes.", "Barr", 3)]
    reading = read_rows(*rows, guests=["barrmoss"])
    assert reading.episode.turns[-1].speaker == "Barr"


def test_a_label_with_a_clock_and_two_names(read_rows):
    reading = read_rows(row("Hi.", "Ann", 416), row("So.", "Ann: 7:05 Bo", 416))
    last = reading.episode.turns[-1]
    assert (last.speaker, last.start, last.estimated) == ("Bo", 425, False)


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        (["7:05 Bo"], 425),
        (["7:05Bo"], 425),
        (["7:05\n\nBo"], 425),
        (["7: 05", "Bo"], 425),
        (["0 7:05", "Bo:"], 425),
    ],
)
def test_a_lost_row_header_names_what_follows(read_rows, lines, start):
    reading = read_rows(
        row(LONG, "Ann", 416),
        *(row(line, "Ann", 416) for line in lines),
        row("Mine.", "Ann", 416),
        row("Mine too.", "Ann", 416),
        {"header": "Next"},
        row("Still mine.", "Ann", 416),
        row("Not mine.", "Ann", 450),
        row("Again.", "Bo", 500),
    )
    assert speech(reading) == [
        ("Ann", LONG),
        ("Bo", "Mine."),
        ("Bo", "Mine too."),
        ("Bo", "Still mine."),
        ("Ann", "Not mine."),
        ("Bo", "Again."),
    ]
    assert reading.episode.turns[1].start == start
    assert set(kinds(reading)) == {"lost-header"}


def test_a_bare_name_between_turns_changes_the_speaker(read_rows):
    reading = read_rows(
        row(LONG, "Ann", 10), row("Bo", "Ann", 10), row("Yes.", "Ann", 10), row("Oh.", "Bo", 60)
    )
    assert speech(reading) == [("Ann", LONG), ("Bo", "Yes."), ("Bo", "Oh.")]
    assert reading.episode.turns[1].estimated
    assert 10 < reading.episode.turns[1].start < 60


def test_a_name_or_a_clock_may_be_an_answer(read_rows):
    rows = [row("Who, and when?", "Ann", 1), row("Ann", "Bo", 4), row("7:05", "Bo", 9)]
    assert speech(read_rows(*rows))[1:] == [("Bo", "Ann"), ("Bo", "7:05")]
    assert read_rows(*rows).faults == ()


def test_a_second_that_goes_backwards_is_reported_with_both_values(read_rows):
    rows = [row("One.", "Ann", 10), row("Two.", "Bo", 5), row("Three.", "Ann", 30)]
    reading = read_rows(*rows, row("Four.", "Bo", 25), row("Five.", "Ann", 26))
    assert [fault.repair for fault in reading.faults] == [
        "5 s after 10 s: not used, start estimated",
        "30 s before 25 s: not used, start estimated",
    ]
    assert [turn.estimated for turn in reading.episode.turns] == [False, True, True, False, False]


def test_a_run_with_one_wrong_second_is_reported_once(read_rows):
    rows = [row("One.", "Ann", 10), row("Two.", "Bo", 5), row("Three.", "Bo", 5)]
    reading = read_rows(*rows, row("Four.", "Ann", 20), row("Five.", "Ann", 21))
    assert kinds(reading) == ["sec-backwards"]


def test_doubled_headers_are_dropped(read_rows):
    headers = [{"header": "A"}, {"header": "B"}]
    reading = read_rows(
        *headers, *headers, row("One.", "Ann", 1), {"header": "B"}, row("Two.", "Ann", 5)
    )
    assert [turn.section for turn in reading.episode.turns] == ["B", "B"]
    assert kinds(reading) == ["header-doubled"] * 3


def test_a_section_may_come_again(read_rows):
    reading = read_rows(
        {"header": "A"},
        row("One.", "Ann", 1),
        {"header": "B"},
        row("Two.", "Ann", 5),
        {"header": "A"},
        row("Three.", "Ann", 9),
    )
    assert [turn.section for turn in reading.episode.turns] == ["A", "B", "A"]
    assert reading.faults == ()


def test_a_header_that_stands_as_speech_is_dropped(read_rows):
    header = {"header": "How to count bees"}
    reading = read_rows(header, row("How to count bees", "Ann", 1), row(LONG, "Ann", 1))
    assert speech(reading) == [("Ann", LONG)]
    assert kinds(reading) == ["header-as-speech"]


def test_a_table_of_contents_is_no_speech(read_rows):
    contents = ["2:35 First steps", "7:02 The farm", "1:09:19 Farewell"]
    reading = read_rows(row(LONG, "Ann", 90), *(row(line, "Ann", 90) for line in contents))
    assert speech(reading) == [("Ann", LONG)]
    assert kinds(reading) == ["contents-dropped"] * 3


def test_two_lines_with_clocks_are_speech(read_rows):
    rows = [row("2:35 is when it starts", "Ann", 90), row("7:02 is when it ends", "Ann", 90)]
    assert len(read_rows(*rows).episode.turns) == 2


def test_empty_rows_are_dropped(read_rows):
    reading = read_rows(row(" \u200b", "Ann", 1), row("Hi.", "Ann", 2), {}, {"sec": 4})
    assert speech(reading) == [("Ann", "Hi.")]
    assert kinds(reading).count("empty-line") == 3


def test_white_space_is_folded_silently(read_rows):
    reading = read_rows(row("One\n\n two\u00a0\u00a0three\t", " Ann ", 1))
    assert speech(reading) == [("Ann", "One two three")]
    assert reading.faults == ()
