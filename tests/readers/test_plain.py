"""Plain text with clocks, in the shapes in which transcript editors export it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from episode_file import kinds, said
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.errors import ReadError, Unrecognised
from askpod.readers import read_episode
from askpod.readers.plain import looks_like_plain, read_plain
from askpod.readers.text import MAX_CAPTIONS, FaultLog
from askpod.times import clock

FORMATS = Path(__file__).parent / "formats"
EXPORTS = Path(__file__).parent / "exports"


@pytest.mark.parametrize(
    "text",
    [
        "[00:00:05] Ann Lee: Welcome to the hive.\n[00:12:36] Bo: Bees dance.\n",
        "00:00:05 Ann Lee: Welcome to the hive.\n00:12:36 Bo: Bees dance.\n",
        "[0:05] Ann Lee: Welcome to the hive.\r\n\r\n[12:36] Bo: Bees dance.\r\n",
        "Ann Lee (0:05): Welcome to the hive.\n\nBo (12:36): Bees dance.\n",
        "Ann Lee [00:00:05]: Welcome to the hive.\n\nBo [00:12:36]: Bees dance.\n",
        "Ann Lee: [00:00:05] Welcome to the hive.\n\nBo: [00:12:36] Bees dance.\n",
        "Ann Lee (00:05):\nWelcome to the hive.\n\nBo (12:36):\nBees dance.\n",
        "Ann Lee  0:05  \nWelcome to the hive.\n\nBo  12:36  \nBees dance.\n",
        "[Ann Lee] 00:00:05\nWelcome to the hive.\n\n[Bo] 00:12:36\nBees dance.\n",
        "**Ann Lee:** [00:00:05] Welcome to the hive.\n\n**Bo:** [00:12:36] Bees dance.\n",
        "**[00:00:05] Ann Lee:** Welcome to the hive.\n\n**[00:12:36] Bo:** Bees dance.\n",
        "`[00:05]` **Ann Lee:** Welcome to the hive.\n\n`[12:36]` **Bo:** Bees dance.\n",
        "**`0:05`** Ann Lee: Welcome to the hive.\n\n**`12:36`** Bo: Bees dance.\n",
        "**Ann Lee** *(00:05)*: Welcome to the hive.\n\n**Bo** *(12:36)*: Bees dance.\n",
        "**Ann Lee** · 00:05\n\nWelcome to the hive.\n\n**Bo** · 12:36\n\nBees dance.\n",
        "00:05 • Ann Lee: Welcome to the hive.\n\n12:36 • Bo: Bees dance.\n",
        "[00:00:05]\nAnn Lee: Welcome to the hive.\n\n[00:12:36]\nBo: Bees dance.\n",
        "[00:00:05] Ann Lee:\nWelcome to the hive.\n\n[00:12:36] Bo:\nBees dance.\n",
        "[00:00:05.0 --> 00:00:09.0] Ann Lee: Welcome to the hive.\n"
        "[00:12:36.0 --> 00:12:39.0] Bo: Bees dance.\n",
    ],
)
def test_the_shapes_of_a_line(read, text):
    turns = said(read(text, "hive.txt"))
    assert turns == [("Ann Lee", 5, "Welcome to the hive."), ("Bo", 756, "Bees dance.")]


HEARD = [
    ("Ann Lee (she/her)", 5, "Welcome to the hive."),
    ("Bo's iPad", 12, "Bees dance, and so on."),
    ("Ann Lee (she/her)", 3725, "Do they dance at night?"),
    ("Bo's iPad", 3730, "They don't, as it's dark."),
]


@pytest.mark.parametrize(
    "shape",
    [
        "{name}  {clock}\n{text}\n",
        "{name}\n({clock}) {text}",
        "{name}\n{clock}\n{text}\n",
        "{clock}\n{name}\n{text}\n",
        "@{clock} - {name}\n{text}\n",
        "**{name}** [{clock}](https://tube.example/watch?t=5): {text}\n",
        "[{clock}] **{name}:** {text}\n",
        "- [{clock}] {name}: {text}",
        "### {name} [{clock}]\n\n{text}\n",
        "{name}, {spelled}\n{text}\n",
        "{name}\n{spelled}\n{text}\n",
        "{name}\n{spelled}\n{clock}\n{name} {spelled}\n{text}\n",
    ],
)
def test_where_names_and_clocks_stand_is_told_by_all_of_the_file(read, shape):
    text = "\n".join(
        shape.format(name=name, clock=clock(second), spelled=spelled(second), text=text)
        for name, second, text in HEARD
    )
    assert said(read(text, "hive.txt")) == HEARD


def spelled(second: int) -> str:
    hours, rest = divmod(second, 3600)
    hour = f"{hours} hours " if hours else ""
    return f"{hour}{rest // 60} minutes {rest % 60} seconds"


@pytest.mark.parametrize(
    "aloud", ["{} minutes, {} seconds", "{} Minuten und {} Sekunden", "{} minutos {} segundos"]
)
def test_a_clock_that_is_read_aloud_is_no_speech(read, aloud):
    seconds = [63, 72, 81, 90]
    text = "".join(
        f"{s // 60}:{s % 60:02}\n{aloud.format(s // 60, s % 60)}\nthe bees dance once they have"
        f" found a tree and so on until the kettle boils in the kitchen by the lake {s}\n"
        for s in seconds
    )
    turns = read(text, "panel.txt").episode.turns
    assert " ".join(turn.text for turn in turns).count("bees dance") == 4
    assert not any(unit in turn.text.lower() for turn in turns for unit in ("minut", "sekunden"))


def test_paragraphs_with_names_need_a_clock_only_now_and_then():
    episode = read_episode(EXPORTS / "charcoal-clamp.md").episode
    assert [(turn.speaker, turn.start, turn.estimated) for turn in episode.turns][2:4] == [
        ("Ulla Ember", 200.05, False),
        ("Rasmus Turf", 300.0, False),
    ]
    assert episode.turns[0].marks == ((17, 3.1),)
    assert episode.turns[3].text.endswith("It rained once. We had ash.")
    assert {turn.speaker for turn in episode.turns} == {"Ulla Ember", "Rasmus Turf"}


NAMES_ALONE = "Ann Lee: Is it hot?\n\nBo: It is.\n\nAnn Lee: Then we wait.\n\nBo: We do.\n"


@pytest.mark.parametrize("name", ["talk.txt", "talk.md", "talk.html"])
def test_names_without_times_are_refused_unless_asked_for(read, tmp_path, name):
    text = NAMES_ALONE
    if name.endswith("html"):
        text = "".join(f"<p>{line}</p>" for line in text.split("\n\n"))
    with pytest.raises(ReadError, match="has names but no times: export it with timestamps"):
        read(text, name)
    episode = read_episode(tmp_path / name, untimed=True).episode
    assert episode.untimed
    assert [(turn.speaker, turn.text, turn.estimated) for turn in episode.turns] == [
        ("Ann Lee", "Is it hot?", True),
        ("Bo", "It is.", True),
        ("Ann Lee", "Then we wait.", True),
        ("Bo", "We do.", True),
    ]


def test_prose_without_times_is_read_where_it_is_asked_for(tmp_path):
    path = tmp_path / "talk.html"
    path.write_text("<p>The chimney leans. It has leaned.</p><p>Nobody knows why.</p>")
    episode = read_episode(path, untimed=True).episode
    assert " ".join(turn.text for turn in episode.turns).endswith("Nobody knows why.")
    assert episode.untimed


def test_a_page_about_transcripts_is_none(read):
    about = "Our player shows a transcript beside the sound, and marks what is said. " * 12
    page = f"# Transcripts\n\n{about}\n\n    0:03 Ann: Hello there.\n    0:07 Bo: Good day.\n"
    fenced = f"# Transcripts\n\n{about}\n\n```\n0:03 Ann: Hello.\n0:07 Bo: Good day.\n```\n"
    for text in (page, fenced):
        with pytest.raises(Unrecognised):
            read(text, "about.txt")


def test_names_alone_behind_the_clock_when_they_return(read):
    text = (
        "[00:00:05.120] - Speaker 1\nWelcome.\n\n[00:00:09.500] - Speaker 2\nHello.\n\n"
        "[00:00:12.000] - Speaker 1\nTea?\n"
    )
    assert said(read(text, "tea.txt")) == [
        ("Speaker 1", 5.12, "Welcome."),
        ("Speaker 2", 9.5, "Hello."),
        ("Speaker 1", 12, "Tea?"),
    ]


def test_clocks_alone_keep_the_second_of_each_line(read):
    text = (
        "0:00\nso today we talk about bees and how they\n0:04\ndance in the hive once they have\n"
        "0:09\nfound a linden tree near the lake\n"
    )
    (turn,) = read(text, "bees.txt").episode.turns
    assert turn.speaker == ""
    assert turn.text.startswith("so today we talk about bees and how they dance in the hive")
    assert [(turn.text[at:].split()[0], second) for at, second in turn.marks] == [
        ("dance", 4),
        ("found", 9),
    ]


def test_lines_below_and_paragraphs_belong_to_the_one_who_spoke(read):
    text = "Ann (0:05): One.\nTwo.\n\nThree.\n\nBo (12:36): Four.\n"
    turns = read(text, "count.txt").episode.turns
    assert [(turn.speaker, turn.text) for turn in turns] == [
        ("Ann", "One. Two. Three."),
        ("Bo", "Four."),
    ]


def test_what_stands_above_is_title_and_description(read):
    text = "# Hives and homes\n\nRecorded in May.\nBy nobody.\n\n[0:05] Hm. Bees.\n[0:09] Yes.\n"
    episode = read(text, "x.txt").episode
    assert (episode.title, episode.description) == (
        "Hives and homes",
        "Recorded in May. By nobody.",
    )
    assert episode.turns[0].text == "Hm. Bees. Yes."


def test_speech_above_the_first_clock_is_kept(read):
    text = (
        "Hives\nHost: Ann Lee\n\nAnn: Welcome to the show, dear all.\n"
        "[0:30] Bo: Thanks.\n[0:35] Ann: Tea?\n[0:40] Bo: Please.\n"
    )
    reading = read(text, "x.txt")
    first = reading.episode.turns[0]
    assert (first.speaker, first.text) == ("Ann", "Welcome to the show, dear all.")
    assert first.estimated
    assert reading.episode.description == "Host: Ann Lee"


def test_a_clock_out_of_order_is_not_used(read):
    text = "[0:10] Ann: A.\n[59:00] Bo: B.\n[0:30] Ann: C.\n[0:40] Bo: D.\n"
    reading = read(text, "x.txt")
    assert [turn.text for turn in reading.episode.turns] == ["A.", "B.", "C.", "D."]
    assert [turn.start for turn in reading.episode.turns] == [10, 20, 30, 40]
    assert [turn.estimated for turn in reading.episode.turns] == [False, True, False, False]
    assert [(fault.line, fault.kind) for fault in reading.faults] == [(2, "time-backwards")]


def test_clocks_and_colons_in_speech_stay_speech(read):
    text = (
        "[0:05] Ann: We met at 12:36 and left.\n[0:09] Bo: Mark 4:12 says: wait (1:02) there.\n"
        "[0:12] Ann: Note: it rained.\n[0:20] Bo: Oh.\n"
    )
    assert [turn.text for turn in read(text, "x.txt").episode.turns] == [
        "We met at 12:36 and left.",
        "Mark 4:12 says: wait (1:02) there.",
        "Note: it rained.",
        "Oh.",
    ]


def test_the_exporting_tool_does_not_speak(read):
    text = "Ann  0:05\nTea?\n\nBo  0:09\nPlease.\n\nTranscribed by https://otter.ai\n"
    reading = read(text, "x.txt")
    assert reading.episode.turns[-1].text == "Please."
    assert kinds(reading) == ["footer"]


@pytest.mark.parametrize(
    "text",
    [
        "Shopping: bread, tea.\n12:36 call Bo\nMilk.\n",
        "00:00 Intro\n01:30 The bees\n12:36 The hive\n1:02:03 Goodbye\n",
        "09:00 Welcome\n09:30 Bees\n10:00 Coffee\n10:30 Panel\n11:00 Coffee\n",
        "[12:00:01] INFO started.\n[12:00:02] ERROR failed.\n[12:00:03] INFO ended.\n",
        "We met at\n12:36 and left.\n" + "It rained, and so on.\n" * 80 + "12:40 we came back.\n",
        "".join(f"{i * 37 % 60}:{i * 17 % 60:02} Row {i}.\n" for i in range(40)),
        "# Title\n\nJust prose.\n",
    ],
)
def test_what_is_no_transcript_is_not_recognised(read, text):
    assert not looks_like_plain(text)
    with pytest.raises(
        Unrecognised, match=r"holds no transcript of a known format|has clocks, but not the names"
    ):
        read(text, "notes.txt")


def test_more_lines_than_any_transcript_are_refused(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("[0:05] Ann: Hm.\n" * (MAX_CAPTIONS + 1))
    with pytest.raises(ReadError, match=r"long\.txt: holds more than 50,000 lines; split it"):
        read_episode(path)
    path.write_text(("[0:05] Ann: Hm. " * 5_001 + "\n") * 10)
    with pytest.raises(ReadError, match=r"long\.txt: holds more than 50,000 clocks; split it"):
        read_episode(path)
    path.write_text("[0:05] Ann: Hm.\n" + "[0:05] Ben: No. " * 70_000)
    with pytest.raises(ReadError, match=r"long\.txt:2: has a line of 1,120,000 characters"):
        read_episode(path)


def test_a_file_with_nothing_but_a_tools_line_is_no_transcript(tmp_path):
    path = tmp_path / "meeting.txt"
    path.write_text("Marta Flux stopped transcription\n")
    with pytest.raises(ReadError, match=r"meeting\.txt:1: has no transcript: nothing is said"):
        read_episode(path, untimed=True)


def test_the_fixture_with_clocks_first():
    reading = read_episode(FORMATS / "bell-foundry.txt")
    episode = reading.episode
    assert episode.title == "The last bell of Orrin Quay"
    assert {turn.speaker for turn in episode.turns} == {"Tamsin Breck", "Ivo Marchetti"}
    cooling = next(turn for turn in episode.turns if "nine days" in turn.text)
    assert (cooling.speaker, cooling.start, cooling.end) == ("Ivo Marchetti", 44, 62)
    assert not reading.faults


WORDS = st.lists(st.sampled_from(["bees", "dance", "often", "near", "lakes"]), min_size=1)
NAMES = st.sampled_from(["Ann", "Bo Lind", "Speaker 3", "Dr. Ute May"])
SPEECHES = st.lists(
    st.tuples(NAMES, st.integers(0, 9_000), WORDS),
    min_size=2,
    max_size=12,
    unique_by=lambda speech: (speech[1], tuple(speech[2])),  # a line given twice counts once
)
SHAPES = st.sampled_from(
    ["[{clock}] {name}: {text}", "{name} ({clock}): {text}", "{name} [{clock}]\n{text}"]
)


@settings(max_examples=60)
@given(SPEECHES, SHAPES, st.sampled_from(["\n", "\n\n", "\r\n"]))
def test_no_word_is_lost_or_invented_and_time_never_goes_back(speeches, shape, gap):
    text = gap.join(
        shape.format(clock=clock(second), name=name, text=" ".join(words) + ".")
        for name, second, words in speeches
    )
    turns = read_plain(text, FaultLog(Path("x.txt"))).turns
    spoken = [(name, word) for name, _, words in speeches for word in words]
    if "(" in shape:  # there a name is sure wherever it stands
        assert [(turn.speaker, word) for turn in turns for word in _words(turn.text)] == spoken
    starts = [turn.start for turn in turns]
    assert starts == sorted(starts)
    assert all(turn.start <= turn.end for turn in turns)
    words = [word for turn in turns for word in [*_words(turn.speaker), *_words(turn.text)]]
    assert [word for word in words if word.islower()] == [word for _, word in spoken]


@settings(max_examples=60)
@given(st.text(alphabet="[]()0123456789:.- >Ann\n*\t\u202e", max_size=200))
def test_whatever_stands_there_is_read_or_refused(text):
    looks_like_plain(text)
    turns = read_plain(text, FaultLog(Path("x.txt"))).turns
    assert [turn.start for turn in turns] == sorted(turn.start for turn in turns)
    assert not any("\u202e" in turn.text or "\n" in turn.text for turn in turns)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d]+", text)


@pytest.mark.parametrize(
    ("text", "title", "turns"),
    [
        ("0:00\n0 seconds\nwe begin\n2:10\n2 minutes, 10 seconds\nwe end\n", "talk",
         [("", 0.0, "we begin we end")]),
        ("0:00we begin here, and go on\n0:03with the oven and the kiln\n", "talk",
         [("", 0.0, "we begin here, and go on with the oven and the kiln")]),
        ("(0:04) Is it lit? (0:09) It is.\n\n(0:11) And hot. (0:19) So.\n\n"
         "[This file is longer than 30 minutes. Buy it.]\n", "talk",
         [("", 4.0, "Is it lit? It is. And hot. So.")]),
        ("Ann:\t0:04\tIs it lit?\nBo:\t0:09\tIt is.\n", "talk",
         [("Ann", 4.0, "Is it lit?"), ("Bo", 9.0, "It is.")]),
        ("00:00:04:12 , 00:00:06:02 , Is it lit?\n00:00:09:00 , 00:00:10:00 , It is.\n", "talk",
         [("", 4.0, "Is it lit? It is.")]),
        ("---\nlayout: post\ntitle: Lime\n---\n\n## [0:04] Fire\n\n**Ann:** Is it lit?\n\n"
         "**Bo:** It is.\n\n---\n\n## [0:09] Heat\n\n**Ann:** And hot.\n\n**Bo:** So.\n", "Lime",
         [("Ann", 4.0, "Is it lit?"), ("Bo", 6.5, "It is."), ("Ann", 9.0, "And hot."),
          ("Bo", 10.0, "So.")]),
    ],
)  # fmt: skip
def test_what_is_beside_speech_is_none(read, text, title, turns):
    episode = read(text, "talk.md").episode
    assert episode.title == title
    found = [(turn.speaker, turn.text) for turn in episode.turns]
    assert found == [(who, said) for who, _, said in turns]
    assert [turn.start for turn in episode.turns] == pytest.approx(
        [start for _, start, _ in turns], abs=1.0
    )
