"""WebVTT files as people have them become turns. Everybody in them is invented."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpod.chunking import cut_span
from askpod.errors import ReadError


@pytest.fixture
def turns(read):
    """Reads what stands below the header of a WebVTT file and gives its turns."""
    return lambda text: read("WEBVTT\n\n" + text, "talk.vtt").episode.turns


@pytest.fixture
def spoken(turns):
    """Likewise, as "speaker: text"."""
    return lambda text: [f"{turn.speaker}: {turn.text}" for turn in turns(text)]


BEES = "00:01.000 --> 00:03.000\nBees dance on the comb.\n\n00:04.000 --> 00:06.500\nThey sleep.\n"
ONE = [": Bees dance on the comb. They sleep."]


def test_the_example_file_is_read(formats, read):
    reading = read((formats / "reed-organ.vtt").read_bytes(), "reed-organ.vtt")
    assert reading.faults == ()
    assert [(turn.speaker, turn.text.split()[0], turn.start) for turn in reading.episode.turns] == [
        ("Ilse Brandt", "Today", 0.5),
        ("Tomas Reyl", "Mice", 8.5),
        ("Tomas Reyl", "New", 62.0),
        ("Ilse Brandt", "And", 67.9),
        ("Tomas Reyl", "I", pytest.approx(69, abs=0.1)),
    ]
    bench = reading.episode.turns[2]
    assert bench.text == "New sheepskin, hot glue, and one night under a board."
    begin = bench.text.index("and one")
    assert cut_span(bench, 0, begin, begin + 3).start == 65.0
    assert reading.episode.turns[1].text.startswith("Mice & moths. They ate the leather")


@pytest.mark.parametrize(
    "text",
    [
        BEES,
        BEES.replace("\n", "\r\n"),
        BEES.replace("\n", "\r"),
        BEES.replace("00:0", "00:00:0"),
        BEES.replace("3.000", "3.000 align:start position:0% line:90%,end"),
        BEES.replace("\n\n", "\n"),
        "first\n" + BEES.replace("\n\n", "\n\nthe second one\n"),
        "1\n" + BEES.replace("\n\n", "\n2\n"),
        BEES.replace("dance ", "dance\n\n"),
        "NOTE about this\nover two lines\n\n" + BEES.replace("\n\n", "\n\nNOTE\nand this\n\n"),
        "STYLE\n::cue { color: lime }\n\nREGION\nid:fred width:40%\n\n" + BEES,
        "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n" + BEES,
        "Kind: captions\nLanguage: en\n\n" + BEES,
        BEES.replace("dance", "<c.yellow.bg_blue><b>dance</b></c>"),
        BEES.replace("dance", "<ruby><lang en-GB>dance</lang></ruby>"),
        BEES.replace("dance", "d<00:02.000>an<00:02.500>ce"),
        BEES.replace("dance on", "dance&nbsp;&lrm;on"),
    ],
)
def test_files_are_read_as_they_are_found(text, turns):
    (turn,) = turns(text)
    assert f": {turn.text}" == ONE[0]
    assert (turn.start, turn.end, turn.marks[-1][1]) == (1.0, 6.5, 4.0)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "WEBVTT\n",
        "WEBVTT - a talk\nKind: captions\n\n",
        "\ufeffWEBVTT\tx\n\n",
        "\n\nWEBVTT\n\n",
    ],
)
def test_a_header_is_no_speech_and_may_be_missing(head, read):
    (turn,) = read(head + BEES, "talk.vtt").episode.turns
    assert f": {turn.text}" == ONE[0]


def test_a_number_above_the_first_time_is_no_speech_without_a_header(read):
    (turn,) = read("1\n" + BEES.replace("\n\n", "\n\n2\n"), "talk.vtt").episode.turns
    assert f": {turn.text}" == ONE[0]


def test_text_that_looks_like_a_comment_or_markup_is_speech(turns):
    (turn,) = turns("00:01.000 --> 00:03.000\nNOTE that &lt;i&gt; is\nSTYLE\n<applause> a < b & c")
    assert turn.text == "NOTE that <i> is STYLE <applause> a < b & c"


def test_a_voice_speaks_until_the_next_one(spoken):
    file = """00:01.000 --> 00:02.000
<v.loud.first Ann>Do they dance?</v>

00:02.000 --> 00:03.000
<v Cora &amp; Mia>They do,

00:03.000 --> 00:04.000
all day. <v Ann>And at night? </v><v Cora &amp; Mia>No.
"""
    assert spoken(file) == [
        "Ann: Do they dance?",
        "Cora & Mia: They do, all day.",
        "Ann: And at night?",
        "Cora & Mia: No.",
    ]


def test_captions_that_are_json_of_teams(spoken):
    said = '{"speakerName":"Ann Lee","spokenText":"Is it \\"lit\\"?","spokenLanguage":"en-us"}'
    assert spoken(f"00:00:01.000 --> 00:00:02.000\n{said}\n") == ['Ann Lee: Is it "lit"?']
    odd = '{"speakerName":null,"spokenText":"Hi \\ud83d there"}'
    nothing = '{"speakerName":"Ann Lee","spokenText":null}'
    cues = f"00:01.000 --> 00:02.000\n{odd}\n\n00:03.000 --> 00:04.000\n{nothing}\n"
    assert spoken(cues) == [": Hi \ufffd there"]


def test_two_voices_in_one_caption_share_its_time(turns):
    first, second = turns("00:10.000 --> 00:20.000\n- <v Ann>Yes?</v>\n- <v Cora>No!!\n")
    assert [turn.speaker for turn in (first, second)] == ["Ann", "Cora"]
    assert (first.start, second.end) == (10.0, 20.0)
    assert 10.0 < second.start < 20.0
    assert (first.estimated, second.estimated) == (False, True)


def test_names_in_the_text_are_speakers_where_no_voice_is_tagged(spoken):
    file = "00:01.000 --> 00:02.000\nAnn Lind: So?\n\n00:02.000 --> 00:03.000\nCora: Yes.\n"
    assert spoken(file) == ["Ann Lind: So?", "Cora: Yes."]


def test_scrolling_captions_are_told_once_with_the_seconds_of_their_words(formats, read):
    reading = read((formats / "fog-signal.vtt").read_bytes(), "fog-signal.vtt")
    turn, music = reading.episode.turns
    assert turn.text == (
        "so the fog signal on skerry rock was a diaphone driven by air"
        " no no no you could hear it twenty miles out at sea"
    )
    begin = turn.text.index("twenty")
    assert cut_span(turn, 0, begin, len(turn.text)).start == 7.44
    assert (turn.start, turn.end) == (0.16, 9.9)
    assert (music.text, music.start) == ("[Music]", 14.08)
    assert [fault.kind for fault in reading.faults] == ["rolling-captions"]


@pytest.mark.parametrize("second", ["00:99.000", "99:00:00.000", "00:00.000", "9" * 50])
def test_a_word_with_a_second_outside_its_caption_is_not_cut_off(second, turns):
    (turn,) = turns(f"00:10.000 --> 00:12.000\nBees <{second}>dance.\n")
    assert (turn.text, turn.start, turn.end, turn.marks) == ("Bees dance.", 10.0, 12.0, ())


def test_a_flood_of_tags_is_refused(read):
    with pytest.raises(ReadError, match="tags; split it or leave it out"):
        read("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v A>b " * 400_000, "talk.vtt")


def clock(second: int) -> str:
    return f"00:{second // 60:02}:{second % 60:02}"


WORD = st.text("abcäß日'!.", min_size=1, max_size=6)
PIECE = st.tuples(
    st.sampled_from(["", "<v Ann>", "<v.x Cora>", "<i>", "<00:00:05.000>", "</v>", "<c.red>"]),
    st.lists(WORD, min_size=1, max_size=4).map(" ".join),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.lists(PIECE, min_size=1, max_size=4)),
        min_size=1,
        max_size=10,
    )
)
def test_every_word_is_read_and_time_does_not_go_back(turns, cues):
    cues = sorted(cues, key=lambda cue: cue[0])
    file = "".join(
        f"{clock(start)}.000 --> {clock(start)}.900\n{n}x "
        + " ".join(tag + words for tag, words in pieces)
        + "\n\n"
        for n, (start, pieces) in enumerate(cues)
    )
    found = turns(file)
    words = " ".join(
        f"{n}x " + " ".join(words for _, words in pieces) for n, (_, pieces) in enumerate(cues)
    )
    assert "".join("".join(turn.text for turn in found).split()) == "".join(words.split())
    assert found[0].start == cues[0][0]
    assert all(before.end <= after.start for before, after in pairwise(found))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("0123456789:.-> \n<>/vci&;NOTE%A", max_size=200))
def test_any_text_below_a_header_is_a_transcript_or_a_clear_error(turns, text):
    with suppress(ReadError):
        starts = [turn.start for turn in turns("00:01.000 --> 00:03.000\n" + text)]
        assert starts == sorted(starts)
