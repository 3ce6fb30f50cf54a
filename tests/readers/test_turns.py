"""Cues become turns: cleaned, in the order of time, joined into paragraphs, nothing lost."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.chunking import cut_span
from askpod.errors import ReadError
from askpod.model import Turn
from askpod.readers.cues import Cue
from askpod.readers.text import MAX_CUES, FaultLog
from askpod.readers.turns import turns_of


def joined(*cues: Cue) -> tuple[Turn, ...]:
    return turns_of(cues, FaultLog(Path("talk.srt")))


def faults(*cues: Cue) -> list[str]:
    log = FaultLog(Path("talk.srt"))
    turns_of(cues, log)
    return [fault.kind for fault in log.faults()]


def captions(*texts: str, every: float = 4.0, speaker: str = "") -> list[Cue]:
    """Captions without a pause between them."""
    return [
        Cue(3 * place + 1, place * every, (place + 1) * every, text, speaker)
        for place, text in enumerate(texts)
    ]


def said_at(turn: Turn, words: str) -> float:
    begin = turn.text.index(words)
    return cut_span(turn, 0, begin, begin + len(words)).start


SENTENCE = "The bees leave the hive when the lime trees are in flower. "


def test_captions_of_a_sentence_are_one_turn_and_keep_their_seconds():
    (turn,) = joined(*captions("Bees dance", "on the comb.", "Then they sleep."))
    assert turn == Turn(
        "", "Bees dance on the comb. Then they sleep.", 0.0, 12.0, marks=((11, 4.0), (24, 8.0))
    )
    assert said_at(turn, "on the comb") == 4.0
    assert said_at(turn, "Then they") == 8.0


def test_a_turn_ends_with_the_first_sentence_after_four_hundred_characters():
    halves = [SENTENCE[:30], SENTENCE[30:]] * 20
    turns = joined(*captions(*halves))
    assert all(400 <= len(turn.text) < 400 + len(SENTENCE) for turn in turns[:-1])
    assert all(turn.text.endswith("flower.") for turn in turns)


def test_a_turn_ends_at_a_pause_after_a_sentence_but_not_within_one():
    pausing = [
        Cue(1, 0, 2, "We counted the bees"),
        Cue(2, 6, 8, "twice a day."),
        Cue(3, 12, 14, "Then it rained."),
    ]
    assert [turn.text for turn in joined(*pausing)] == [
        "We counted the bees twice a day.",
        "Then it rained.",
    ]


def test_the_silence_inside_a_turn_belongs_to_no_word():
    (turn,) = joined(Cue(1, 0, 2, "We counted the bees"), Cue(2, 9, 11, "twice a day. And so on."))
    counted = cut_span(turn, 0, 0, len("We counted the bees"))
    assert (counted.start, counted.end) == (0.0, 2.0)
    assert said_at(turn, "twice") == 9.0


def test_a_turn_ends_where_another_speaks():
    cues = [Cue(1, 0, 1, "How?", "Ann"), Cue(2, 1, 2, "So.", "Cora"), Cue(3, 2, 3, "Yes.", "Cora")]
    assert [(turn.speaker, turn.text) for turn in joined(*cues)] == [
        ("Ann", "How?"),
        ("Cora", "So. Yes."),
    ]


def test_a_turn_ends_where_another_speaks_whom_nobody_names():
    cues = [Cue(1, 0, 1, "How?"), Cue(2, 1, 2, "So.", opens=True), Cue(3, 2, 3, "Yes.")]
    assert [turn.text for turn in joined(*cues)] == ["How?", "So. Yes."]


def test_speech_without_sentences_is_cut_into_short_turns_at_pauses():
    words = "and the bees then leave the hive"  # 32 characters
    cues = [Cue(i, i * 3, i * 3 + 3, words) for i in range(60)]
    turns = joined(*cues)
    assert all(len(turn.text) <= 240 for turn in turns)
    breath = [Cue(c.line, c.start, c.end - (1.2 if c.line == 4 else 0), c.text) for c in cues]
    assert len(joined(*breath)[0].text.split()) == 5 * len(words.split())


@pytest.mark.parametrize("text", ["A dot here. and then", "no dots at all", "A. " + "x" * 300])
def test_no_turn_grows_without_end(text):
    turns = joined(*captions(*[text] * 500))
    assert max(len(turn.text) for turn in turns) < 2_000


def test_words_have_a_mark_every_two_seconds_and_at_each_sentence():
    words = [Cue(i, i / 2, i / 2 + 0.4, word) for i, word in enumerate(SENTENCE.split() * 4)]
    (turn,) = joined(*words)
    seconds = [turn.start, *(second for _, second in turn.marks)]
    assert max(later - before for before, later in pairwise(seconds)) <= 2.0
    assert len(turn.marks) < len(words) / 2
    for begin in [place for place in range(len(turn.text)) if turn.text.startswith("The", place)]:
        place = turn.text[:begin].count(" ")
        assert cut_span(turn, 0, begin, begin + 3).start == words[place].start


def test_what_says_nothing_is_dropped_and_what_is_not_clean_is_cleaned():
    cues = [
        Cue(1, 0, 1, " \n\t"),
        Cue(4, 1, 2, "caf\u00c3\u00a9 \u202eand\u200b\n so", "A\u2066nn "),
        Cue(8, 2, 3, "\u200b"),
    ]
    (turn,) = joined(*cues)
    assert (turn.text, turn.speaker, turn.start) == ("café and so", "Ann", 1.0)
    assert set(faults(*cues)) == {"mojibake", "control-characters"}


def test_nothing_said_makes_no_turn():
    assert joined() == joined(Cue(1, 0, 1, "")) == ()


def test_speech_that_overlaps_stays_in_the_order_of_the_file():
    cues = [
        Cue(1, 0, 5, "I think we", "Ann"),
        Cue(2, 6, 8, "No!", "Cora"),
        Cue(3, 5, 9, "so", "Ann"),
    ]
    assert [(turn.text, turn.start, turn.end) for turn in joined(*cues)] == [
        ("I think we", 0, 5),
        ("No!", 6, 6),
        ("so", 6, 9),
    ]
    assert faults(*cues) == ["time-backwards"]


def parts(*starts: float) -> list[Cue]:
    return [Cue(at, start, start + 4, f"Sentence {at}.") for at, start in enumerate(starts, 1)]


@pytest.mark.parametrize(
    ("stated", "starts", "fault"),
    [
        ([0, 5, 10, 15, 20, 0, 5, 10], [0, 5, 10, 15, 20, 24, 29, 34], "clock-restarts"),
        ([0, 9, 18, 27, 2, 9, 20, 1, 9], [0, 9, 18, 27, 33, 40, 51, 56, 64], "clock-restarts"),
        ([3590, 3595, 1, 5, 9], [3590, 3595, 3601, 3605, 3609], "hour-forgotten"),
        ([7190, 7195, 3, 9], [7190, 7195, 7203, 7209], "hour-forgotten"),
    ],
)
def test_a_clock_that_starts_again_goes_on_after_what_stands_above(stated, starts, fault):
    turns = joined(*parts(*stated))
    assert [second for turn in turns for second in (turn.start, *(s for _, s in sparse(turn)))] == [
        pytest.approx(start) for start in starts
    ]
    assert " ".join(turn.text for turn in turns) == " ".join(cue.text for cue in parts(*stated))
    assert set(faults(*parts(*stated))) == {fault}


def sparse(turn: Turn) -> list[tuple[int, float]]:
    """The seconds at which sentences begin, without those at which silence does."""
    return [
        mark for mark in turn.marks if turn.text[mark[0] - 1] == " " and turn.text[mark[0]] == "S"
    ]


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("wrong", [0.0, 9_000.0])
def test_one_time_far_out_is_mended_in_a_short_file_too(place, wrong):
    stated = [100.0, 110, 120, 130, 140]
    stated[place] = wrong
    turns = joined(*parts(*stated))
    assert " ".join(turn.text for turn in turns) == " ".join(f"Sentence {n}." for n in range(1, 6))
    if wrong or place:
        assert turns[-1].end < 150
        assert faults(*parts(*stated)) == ["time-backwards"]


def test_a_time_far_out_of_place_is_a_slip_and_moves_no_words():
    cues = captions(*[f"This is sentence {number}." for number in range(30)], speaker="")
    cues[12] = Cue(cues[12].line, 9_000.0, 9_004.0, cues[12].text)
    turns = joined(*cues)
    words = " ".join(turn.text for turn in turns)
    assert words == " ".join(cue.text for cue in cues)
    assert max(turn.end for turn in turns) == 120.0
    assert faults(*cues) == ["time-backwards"]


def test_a_cue_without_a_time_is_placed_between_its_neighbours():
    cues = [
        Cue(1, 10, 12, "How?", "Ann"),
        Cue(2, None, None, "Well.", "Cora"),
        Cue(3, None, 20, "So it is.", "Ann"),
        Cue(4, 60, 61, "Yes.", "Cora"),
    ]
    turns = joined(*cues)
    assert [turn.estimated for turn in turns] == [False, True, True, False]
    assert turns[1].start == 12.0  # when the one before has ended
    assert turns[2].start == pytest.approx(12 + 8 * 5 / 14)
    assert turns[2].end == 20.0  # as stated, and not when the next one speaks


def test_a_file_without_times_runs_at_the_pace_of_speech():
    turns = joined(*[Cue(1, None, None, "x" * 150, name) for name in ("Ann", "Cora")])
    assert [(turn.start, turn.end, turn.estimated) for turn in turns] == [
        (0.0, 10.0, True),
        (10.0, 20.0, True),
    ]


@pytest.mark.parametrize("second", [-1.0, math.inf, -math.inf, math.nan, 1e9])
def test_what_is_no_second_is_not_used(second):
    cues = [Cue(1, 5, second, "One.", "Ann"), Cue(2, second, 20, "Two.", "Cora")]
    turns = joined(*cues)
    assert turns[0].start == 5
    assert all(5 <= turn.start <= turn.end <= 20 for turn in turns)
    assert faults(*cues) == ["bad-time"]


def test_more_than_any_recording_holds_is_refused():
    with pytest.raises(ReadError, match=r"talk\.srt:7: holds a cue of 2,000,000 characters"):
        joined(Cue(7, 0, 1, "x" * 2_000_000))
    with pytest.raises(ReadError, match=f"more than {MAX_CUES:,} cues"):
        joined(*[Cue(1, 0, 1, "x")] * (MAX_CUES + 1))


SECOND = st.none() | st.floats(0, 5_000) | st.sampled_from([0.0, 1.5, 60.0, 1e6, 1e7, math.nan, -3])
WORDS = st.lists(st.text("ab.?!é-'\u200b", min_size=1, max_size=9), max_size=12).map(" ".join)
WILD = st.lists(
    st.builds(
        Cue, st.just(1), SECOND, SECOND, WORDS, st.sampled_from(["", "Ann", "Cora"]), st.booleans()
    ),
    max_size=40,
)


def check(turns: tuple[Turn, ...]) -> None:
    """What holds for the turns of any cues."""
    for turn in turns:
        assert turn.text == " ".join(turn.text.split()) != ""
        places = [place for place, _ in turn.marks]
        assert places == sorted(set(places))
        assert all(0 < place < len(turn.text) for place in places)
        seconds = [turn.start, *(second for _, second in turn.marks), turn.end]
        assert seconds == sorted(seconds)
        assert all(math.isfinite(second) and second >= 0 for second in seconds)
    for before, after in pairwise(turns):
        assert before.end <= after.start


@settings(max_examples=150)
@given(WILD)
def test_times_never_go_backwards_and_words_keep_the_order_of_the_file(cues):
    cues = [cue._replace(text=f"{place} {cue.text}") for place, cue in enumerate(cues)]
    turns = joined(*cues)
    check(turns)
    said = [(cue.speaker, word) for cue in cues for word in clean_words(cue.text)]
    assert [(turn.speaker, word) for turn in turns for word in turn.text.split()] == said


# --- repeats and joins --------------------------------------------------------------------------


def test_captions_that_are_given_twice_count_once():
    lines = ["The kiln is hot.", "Who locked the door?", "Nobody did.", "Then we wait here."]
    twice = [
        Cue(place, place + shift, place + shift + 0.5, line)
        for place, line in enumerate(lines)
        for shift in (0.0, 0.4)
    ]
    (turn,) = joined(*twice)
    assert (turn.text, turn.start) == (" ".join(lines), 0.0)
    assert [second for _, second in turn.marks] == [1.0, 2.0, 3.0]
    assert faults(*twice) == ["repeated-captions"]


def test_a_file_that_is_given_twice_counts_once():
    cues = parts(0, 5, 10, 15)
    (turn,) = joined(*cues, *cues)
    assert turn.text == "Sentence 1. Sentence 2. Sentence 3. Sentence 4."


def test_what_people_say_twice_stays():
    cues = [Cue(at, at, at + 1, "No.") for at in range(4)]
    refrain = [Cue(at, at, at + 1, "Row the boat.") for at in (5, 6)]
    other = [Cue(at, at, at + 1, f"Line number {at}.") for at in range(7, 12)]
    (turn,) = joined(*cues, *refrain, *other)
    assert turn.text.startswith("No. No. No. No. Row the boat. Row the boat. Line number 7.")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["今日は窯の話を", "します。火は白樺の", "皮です。"],
            "今日は窯の話をします。火は白樺の皮です。",
        ),
        (["今天我们谈\n窑炉", "的事"], "今天我们谈窑炉的事"),
        (["วันนี้เราพูด", "ถึงเตา"], "วันนี้เราพูดถึงเตา"),
        (["오늘은 가마", "이야기"], "오늘은 가마 이야기"),
        (["我们用", "AWS", "的服务"], "我们用 AWS 的服务"),
    ],
)
def test_no_space_comes_into_scripts_that_write_none(lines, text):
    (turn,) = joined(*[Cue(at, at, at + 1, line) for at, line in enumerate(lines)])
    assert turn.text == text


def clean_words(text: str) -> list[str]:
    return text.replace("\u200b", "").split()


def from_second(begin: float) -> list[Cue]:
    said = captions("It is lit.", "Since when?", "Since six.")
    return [each._replace(start=each.start + begin, end=each.end + begin) for each in said]


@pytest.mark.parametrize(("begin", "first"), [(3_600, 0), (3_607, 7), (36_000, 0), (39_659, 59)])
def test_a_clock_that_begins_at_an_hour_is_that_of_an_editors_timeline(begin, first):
    cues = from_second(begin)
    assert [turn.start for turn in joined(*cues)] == [first]
    assert faults(*cues) == ["timeline-hour"]


@pytest.mark.parametrize("begin", [3_661, 39_723, 86_400, 90_003])
def test_a_clock_that_begins_late_is_told_and_kept(begin):
    cues = from_second(begin)
    assert [turn.start for turn in joined(*cues)] == [begin]
    assert faults(*cues) == ["late-start"]


@pytest.mark.parametrize("begin", [0, 3_590])
def test_a_clock_that_goes_on_over_an_hour_is_kept(begin):
    cues = [*from_second(begin), *from_second(3_601)]
    assert joined(*cues)[0].start == begin
    assert not faults(*cues)
