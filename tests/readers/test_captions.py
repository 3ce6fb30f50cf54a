"""SubRip files as people have them become turns. Everybody in them is invented."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpod.errors import ReadError, Unrecognised

TWO = """1
00:00:01,000 --> 00:00:03,000
Bees dance on the comb.

2
00:00:08,000 --> 00:00:10,500
Then they sleep.
"""
SAID = [("Bees dance on the comb.", 1.0, 3.0), ("Then they sleep.", 8.0, 10.5)]


@pytest.fixture
def turns(read):
    """Reads a text as a SubRip file and gives its turns."""
    return lambda text: read(text, "talk.srt").episode.turns


@pytest.fixture
def said(turns):
    """Likewise, as (text, start, end)."""
    return lambda text: [(turn.text, turn.start, turn.end) for turn in turns(text)]


@pytest.fixture
def spoken(turns):
    """Likewise, as "speaker: text"."""
    return lambda text: [f"{turn.speaker}: {turn.text}" for turn in turns(text)]


def captions(*texts: str) -> str:
    """A file of these captions, four seconds each, with pauses of two."""
    return "\n".join(
        f"{n + 1}\n{clock(6_000 * n)} --> {clock(6_000 * n + 4_000)}\n{text}\n"
        for n, text in enumerate(texts)
    )


def clock(thousandths: int) -> str:
    seconds, rest = divmod(thousandths, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"


def test_the_example_file_is_read(formats, read):
    reading = read((formats / "globe-maker.srt").read_bytes(), "2024-03-07-globe-maker.srt")
    episode = reading.episode
    assert (episode.id, episode.title) == ("2024-03-07-globe-maker", "globe maker")
    assert episode.turns[1].text.startswith("Plaster on a paper ball. Then twelve paper gores,")
    assert (episode.turns[1].speaker, episode.turns[1].start) == ("PIET HARMSEN", 12.1)
    assert "thirty-one years" in episode.turns[0].text
    assert "an8" not in " ".join(turn.text for turn in episode.turns)
    assert reading.faults == ()


@pytest.mark.parametrize(
    "file",
    [
        TWO,
        TWO.replace("\n", "\r\n"),
        TWO.replace("\n", "\r\r\n"),
        "\ufeff" + TWO,
        TWO.rstrip(),
        "\n\n" + TWO + "\n\n\n",
        TWO.replace(",", "."),
        TWO.replace("00:00:", "00:"),
        TWO.replace("00:00:", "0:0:"),
        TWO.replace(" --> ", "-->"),
        TWO.replace("-->", "->"),
        TWO.replace("10,500", "10:500"),
        TWO.replace("1\n00", "00").replace("2\n00", "00"),
        TWO.replace("2\n00", "77\n00"),
        TWO.replace("\n\n2", "\n2"),
        TWO.replace("3,000", "3,000  X1:117 X2:600 Y1:042 Y2:428"),
        TWO.replace("3,000\nBees", "3,000 Bees"),
        TWO.replace("dance ", "dance\n\n"),
        TWO.replace("dance", "<i>dance</i>"),
        TWO.replace("dance", '<font color="#fff">dance</FONT>'),
        TWO.replace("Bees", r"{\an8}{\i1}Bees"),
        TWO.replace("dance on", "dance<br>on"),
        TWO.replace("dance", "dan&#99;e"),
    ],
)
def test_files_are_read_as_they_are_found(file, said):
    found = said(file)
    assert [text for text, _, _ in found] == [text for text, _, _ in SAID]
    assert [start for _, start, _ in found] == [1.0, 8.0]
    assert found[1][2] == 10.5


def test_what_only_looks_like_markup_is_speech(said):
    text = "If a < b {then} <laughs> it is <3 years & so --> on."
    assert said(captions(text)) == [(text, 0.0, 4.0)]


def test_a_number_that_is_said_stays(said):
    texts = [text for text, _, _ in said(captions("How many hives?", "42", "So many."))]
    assert texts == ["How many hives? 42 So many."]
    unnumbered = "00:01,000 --> 00:02,000\n42\n\n00:03,000 --> 00:04,000\nSo many."
    assert [text for text, _, _ in said(unnumbered)] == ["42 So many."]


@pytest.mark.parametrize("time", ["-00:00:08,000 --> 00:00:10,500", "00:00:--> ??", " --> "])
def test_a_caption_whose_time_cannot_be_read_keeps_its_words(time, read):
    reading = read(TWO.replace("00:00:08,000 --> 00:00:10,500", time), "talk.srt")
    (turn,) = reading.episode.turns
    assert turn.text == "Bees dance on the comb. Then they sleep."
    assert [fault.kind for fault in reading.faults] in (["cue-without-time"], ["bad-time"])


def test_windows_text_is_read_and_reported(read):
    reading = read(TWO.replace("Bees", "“Bienen” für").encode("cp1252"), "talk.srt")
    assert reading.episode.turns[0].text == "“Bienen” für dance on the comb."
    assert [(fault.line, fault.kind) for fault in reading.faults] == [(3, "encoding")]


@pytest.mark.parametrize(
    ("said", "encoding"), [("Печь тёплая.", "cp1251"), ("窯は熱い。", "cp932")]
)
def test_text_of_another_script_in_an_old_encoding_is_refused(said, encoding, read):
    with pytest.raises(ReadError, match="text of another script in an older encoding; save"):
        read(TWO.replace("Bees dance on the comb.", said * 9).encode(encoding), "talk.srt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_byte_order_mark_that_stands_twice(encoding, read):
    turns = read(f"\ufeff\ufeff{TWO}".encode(encoding), "talk.srt").episode.turns
    assert turns[0].text.startswith("Bees")


def test_utf_16_is_read(read):
    assert read(TWO.encode("utf-16"), "talk.srt").episode.turns[0].text == SAID[0][0]


@pytest.mark.parametrize(
    "file", ["1\n00:00:01,000 --> 00:00:03,000\n\n", "00:01 --> 00:02\n<i> </i>"]
)
def test_a_file_in_which_nothing_is_said_is_refused(file, read):
    with pytest.raises(ReadError, match=r"talk\.srt:1: has no transcript: nothing is said in it"):
        read(file, "talk.srt")


def test_a_file_without_a_time_is_not_recognised(read):
    with pytest.raises(Unrecognised, match="no transcript of a known format"):
        read("1\nBees dance on the comb.\n", "talk.srt")


def test_a_flood_of_captions_is_refused(read):
    with pytest.raises(ReadError, match="holds more than 50,000 captions"):
        read("00:01 --> 00:02\nNo.\n\n" * 50_001, "talk.srt")


# --- who speaks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ann: ", "Cora Lind: "),
        ("ANN: ", "CORA LIND: "),
        (">> Ann: ", ">> Cora Lind: "),
        (">>ANN: ", ">> CORA LIND:"),
        ("- Ann: ", "- Cora Lind: "),
        ("[SPEAKER_00]: ", "[SPEAKER_01]: "),
        ("Speaker 1: ", "Speaker 2: "),
        ("Ann:\n", "Cora van der Lind:\n"),
        ("アン：", "コーラ："),
    ],
)
def test_a_label_names_who_speaks_until_the_next_one(first, second, spoken):
    file = captions(first + "Do they dance?", second + " They do.", "All day.", first + "Why?")
    one, two = (label.strip(" >-[]:：\n") for label in (first, second))
    assert spoken(file) == [f"{one}: Do they dance?", f"{two}: They do. All day.", f"{one}: Why?"]


@pytest.mark.parametrize(
    "text",
    [
        "Note: this was cut.",
        "Question: why do they dance?",
        "The rule is this: never run.",
        "At 10:30 we left.",
        "See https://bees.example for more.",
    ],
)
def test_what_is_no_name_is_speech(text, spoken):
    alone = captions(text, "Bees sleep.", text)
    assert spoken(alone) == [f": {text} Bees sleep. {text}".replace(" :", ":")]
    among = captions("Ann: So.", "Cora: Yes.", "Ann: " + text, text, "Cora: Well.")
    assert f"Ann: {text} {text}" in spoken(among)


def test_a_word_with_a_colon_is_no_speaker_in_a_file_without_labels(spoken):
    file = captions("We do one thing.", "Advice: wait.", "And so on.", "Honestly: we slept.")
    assert spoken(file) == [": We do one thing. Advice: wait. And so on. Honestly: we slept."]


def test_nobody_is_credited_where_somebody_unnamed_speaks(spoken):
    file = captions(
        "Ann: So.", "Cora: Yes.", ">> Maybe.", "Or not.", "Ann: Well.", "- A?\n- B.", "Cora: So."
    )
    assert spoken(file) == [
        "Ann: So.",
        "Cora: Yes.",
        ": Maybe. Or not.",
        "Ann: Well.",
        ": A?",
        ": B.",
        "Cora: So.",
    ]


def test_a_caption_of_two_speakers_is_cut(turns):
    first, second, third = turns(captions(">> Ann: Do they? >> Cora: They do.", ">> Ann: Oh."))
    assert (first.text, second.text, third.text) == ("Do they?", "They do.", "Oh.")
    assert (first.start, first.estimated, second.estimated) == (0.0, False, True)
    assert 0.0 < second.start < second.end == 4.0


# --- captions that scroll -----------------------------------------------------------------------


def test_captions_that_scroll_are_told_once(said):
    file = """1
00:00:00,000 --> 00:00:02,000
so the bees

2
00:00:02,000 --> 00:00:02,010
so the bees

3
00:00:02,010 --> 00:00:04,000
so the bees
no no no they sleep

4
00:00:04,000 --> 00:00:04,010
no no no they sleep

5
00:00:04,010 --> 00:00:06,000
no no no they sleep
no no

6
00:00:06,000 --> 00:00:08,000
no no
no no
"""
    assert [text for text, _, _ in said(file)] == ["so the bees no no no they sleep no no no no"]


def test_captions_that_grow_are_told_once(said):
    lines = ["so the", "so the bees", "so the bees sleep", "so the bees sleep all day"]
    times = [f"00:00:0{n},000 --> 00:00:0{n + 1},000" for n in range(4)]
    file = "\n\n".join(f"{time}\n{line}" for time, line in zip(times, lines, strict=True))
    assert [text for text, _, _ in said(file)] == ["so the bees sleep all day"]


def test_speech_that_repeats_itself_is_all_kept(said):
    texts = ["No.", "No.", "No!\nNo!", "No!\nNo!", "No!\nNever.", "Row, row.", "Row, row.\nRow."]
    words = " ".join(
        text for text, _, _ in said(captions(*texts, *[f"Word {n}." for n in range(9)]))
    )
    assert words.startswith("No. No. No! No! No! No! No! Never. Row, row. Row, row. Row. Word 0.")


# --- whatever is in it --------------------------------------------------------------------------

WORD = st.text("abcäß日'!.", min_size=1, max_size=6)
TEXT = st.lists(st.lists(WORD, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 9_000_000), st.integers(0, 9_000), TEXT), min_size=1, max_size=12
    )
)
def test_every_word_is_read_and_time_does_not_go_back(turns, cues):
    cues = sorted(cues, key=lambda cue: cue[0])
    blocks = [
        f"{n}\n{clock(start)} --> {clock(start + lasts)}\n"
        + "\n".join(f"{n}x{line}" for line in lines)
        for n, (start, lasts, lines) in enumerate(cues, 1)
    ]  # each line is told apart, so that nothing scrolls
    found = turns("\n\n".join(blocks))
    words = [word for turn in found for word in turn.text.split()]
    assert words == [
        word
        for n, (_, _, lines) in enumerate(cues, 1)
        for line in lines
        for word in f"{n}x{line}".split()
    ]
    # from the hour, where an editor's timeline begins at one
    assert found[0].start % 3600 == pytest.approx(cues[0][0] / 1000 % 3600)
    assert all(before.end <= after.start for before, after in pairwise(found))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("0123456789:,.->\n \t<>{}\\&;A:b", max_size=200))
def test_any_text_below_a_time_is_a_transcript_or_a_clear_error(read, text):
    with suppress(ReadError):
        turns = read("1\n00:00:01,000 --> 00:00:03,000\n" + text, "talk.srt").episode.turns
        starts = [turn.start for turn in turns]
        assert starts == sorted(starts)
