"""Who speaks, told by the structure of the whole file, whatever a label looks like."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.readers.cues import Cue
from askpod.readers.speakers import name_speakers
from askpod.readers.text import FaultLog
from askpod.readers.turns import turns_of

ODD_LABELS = [
    "Oskar's iPad",
    "nell - here",
    "Nell @ wick.example",
    "Nell Tansy (she/her)",
    "Tansy, Nell",
    "nell",
    "Dr. N. Tansy",
    "Nell Tansy | Wick & Sons",
    "Nell / Wick",
    "nell@wick.example",
    "+44 7700 900123",
    "№ 2",
    "Speaker №1",
    "司会者",
    "Нелл Пижма",
    "Question",
    "Host",
    "user_17",
    "iPhone (3)",
    "🎙 Nell",
]


def captions(*texts: str) -> list[Cue]:
    return [Cue(at + 1, at * 3.0, at * 3.0 + 3.0, text) for at, text in enumerate(texts)]


def spoken(cues: list[Cue], log: FaultLog | None = None) -> list[tuple[str, str]]:
    return [
        (cue.speaker, cue.text.strip())
        for cue in name_speakers(cues, log or FaultLog(Path("talk.vtt")))
    ]


@pytest.mark.parametrize("label", ODD_LABELS)
def test_a_prefix_of_many_captions_is_a_label_whatever_it_looks_like(label):
    said = [
        (who, f"We light the kiln at {hour}.")
        for hour, who in enumerate(["Ann Lee", label, "Ann Lee", "Bo", label, "Bo", label])
    ]
    assert spoken(captions(*[f"{who}: {text}" for who, text in said])) == said


@pytest.mark.parametrize("label", ["nell", "Oskar's iPad", "nell@wick.example", "A"])
def test_a_label_of_each_caption_goes_on_in_the_middle_of_a_sentence(label):
    said = [
        (who, text)
        for who in ("Ann Lee", label) * 4
        for text in ("We light it at six and", "carry the wood", "up to the kiln,", "where it is.")
    ]
    assert spoken(captions(*[f"{who}: {text}" for who, text in said])) == said


@pytest.mark.parametrize("label", ["Rev. Fr. O'Lind", "Hon. J. B. Reed (Wick, Lib.)"])
def test_a_label_with_dots_that_stands_once_where_all_captions_have_one(label):
    said = [("Ann Lee", "Is it lit?"), ("Dr. B. Lind", "It is."), ("Ann Lee", "And hot?")]
    said += [("Dr. B. Lind", "It sings."), (label, "Then open it.")]
    assert spoken(captions(*[f"{who}: {text}" for who, text in said])) == said


def test_a_mark_of_direction_before_a_label_is_none_of_it():
    said = [("מרים", "התנור כבר חם."), ("יוסף", "מאז שש."), ("מרים", "נפתח?"), ("יוסף", "לא.")]
    assert spoken(captions(*[f"\u200f{who}\u200f: {text}" for who, text in said])) == said


def test_a_name_behind_a_sign_makes_others_labels():
    said = ["ANN LEE: It is lit.", ">> BO: Since when?", "[laughter]", "Or not?", "ANN LEE: Six."]
    assert [who for who, _ in spoken(captions(*said))] == ["ANN LEE", "BO", "BO", "BO", "ANN LEE"]


def test_a_dash_before_a_label_inside_a_caption():
    cues = captions("Ann: Is it lit?", "Bo: It is.", "-Ann: And hot? -Bo: It sings.", "Ann: So.")
    assert spoken(cues)[2:4] == [("Ann", "And hot?"), ("Bo", "It sings.")]
    cues = captions("Ann: Is it lit?", "Bo: It is.", "Ann: I asked! - Bo: he lit it - then.")
    assert spoken(cues)[2:] == [("Ann", "I asked! - Bo: he lit it - then.")]


def test_an_abbreviation_before_a_colon_is_no_name():
    said = [("Ann", "Where was it made?"), ("Bo", "They print it.")] * 6
    cues = captions(*[f"{who}: {text}" for who, text in said], "Made in the U.S.A.: A good song.")
    assert "Made in the U.S.A." not in {who for who, _ in spoken(cues)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(speaker 0)", "(speaker 1)"),
        ("[Speaker 0]", "[Speaker 1]"),
        ("<Speaker 0>", "<Speaker 1>"),
        ("(SPEAKER_00)\n", "(SPEAKER_01)\n"),
        ("SPEAKER_00:", "SPEAKER_01:"),
        ("Speaker №0:", "Speaker №1:"),
        ("Speaker A:", "Speaker B:"),
        ("Sprecher 1:", "Sprecher 2:"),
        ("Спикер 1:", "Спикер 2:"),
        ("说话人1：", "说话人2："),
        ("[S1]", "[S2]"),
        ("[Ann]", "[Bo]"),
        ("Ann Lee\n", "Bo\n"),
    ],
)
def test_the_notations_of_diarisers(first, second):
    texts = ["The heron stands", "in the weir.", "Is it waiting?", "For eels.", "Or for us."]
    marks = [first, first, second, first, second]
    found = spoken(captions(*[f"{m} {text}" for m, text in zip(marks, texts, strict=True)]))
    assert [text for _, text in found] == texts
    one, two = (mark.strip(" \n:：()[]<>") for mark in (first, second))
    assert [who for who, _ in found] == [one, one, two, one, two]


@pytest.mark.parametrize(
    "label", ["(speaker ?)", "[Speaker ?]", "(Speaker_0?)\n", "Unknown Speaker:"]
)
def test_who_is_not_known_is_nobody(label):
    found = spoken(
        captions("Speaker 1: One.", "Speaker 2: Two.", "Speaker 1: Three.", f"{label} Four.")
    )
    assert found[-1] == ("", "Four.")


def test_a_label_inside_a_caption_begins_another_speaker_and_a_sound_before_it_is_hers():
    found = spoken(
        captions(
            "Mara Lind: Is it lit? Bo Sand: It is.",
            "[laughs] Mara Lind: Good. Note: it is hot.",
            "Bo Sand: One: be slow. Two: be there.",
            "Three: be warm.",
        )
    )
    assert found == [
        ("Mara Lind", "Is it lit?"),
        ("Bo Sand", "It is."),
        ("Mara Lind", "[laughs] Good. Note: it is hot."),
        ("Bo Sand", "One: be slow. Two: be there."),
        ("Bo Sand", "Three: be warm."),
    ]


@pytest.mark.parametrize("between", [" ", "\n"])
def test_a_colon_in_a_line_that_goes_on_is_speech(between):
    lines = [
        ("Mara Lind", "So welcome back to\nthe kiln, and to the lamp."),
        ("Bo's iPhone", "What he told me was\nHere is the thing: It cools."),
        ("Mara Lind", "I read him\nStar Rise: A Memoir of Ash."),
        ("Bo's iPhone", "And I wrote\nLime Kilns: How They Burn.\nand one rule: Wait."),
        ("Mara Lind", "Did you?"),
    ]
    found = spoken(captions(*(f"{who}:{between}{said}" for who, said in lines)))
    assert [(who, " ".join(said.split())) for who, said in found] == [
        (who, " ".join(said.split())) for who, said in lines
    ]


@pytest.mark.parametrize(
    "prefix", ["Look", "OK", "Luke 3", "U.S.", "Act Two", "Zweitens", "Breaking News", "Question 4"]
)
def test_what_never_names_a_person_is_speech_in_a_labelled_file_too(prefix):
    lines = [
        f"{('Mara Lind', 'Bo Sand')[n % 4 // 2]}: It is lit, {n}."
        if n % 2 == 0
        else f"It cools {n}."
        for n in range(60)
    ]
    lines[31] = f"{prefix}: It is late."
    found = spoken(captions(*lines))
    assert {who for who, _ in found} == {"Mara Lind", "Bo Sand"}
    assert f"{prefix}: It is late." in [text for _, text in found]


@pytest.mark.parametrize(
    "prefix", ["The rule is", "He said", "Pro tip", "Smoked eel", "Note", "Por ejemplo"]
)
@pytest.mark.parametrize("times", [1, 2])
def test_what_begins_a_sentence_twice_is_no_label_in_a_short_file(prefix, times):
    lines = ["Mara Lind: It is lit.", f"{prefix}: Mind the gate.", "Bo Sand: And who pays?",
             "Mara Lind: The town does.", f"{prefix}: Shut it.", "Bo Sand: I see."]  # fmt: skip
    found = spoken(captions(*lines[: 3 * times]))
    assert [who for who, _ in found] == ["Mara Lind", "Mara Lind", "Bo Sand"] * times
    assert found[1][1] == lines[1]


@pytest.mark.parametrize("label", ["Audience member", "Voz de mujer"])
def test_a_label_that_is_answered_is_one_where_it_stands_twice(label):
    lines = ["Mara Lind: Ask.", f"{label}: Who pays?", "Mara Lind: The town.", "It is theirs.",
             "Bo Sand: It is.", f"{label}: Is it high?", "Bo Sand: No."]  # fmt: skip
    found = spoken(captions(*lines))
    assert [who for who, _ in found].count(label) == 2


def test_a_colon_behind_a_label_in_brackets_is_speech():
    texts = ["It is warm.", "Is it?", "Machine Learning: it is that.", "It is.", "Rule One: wait."]
    labels = ["Nell", "Bo Wick", "Nell", "Bo Wick", "Nell"]
    found = spoken(captions(*(f"[{who}] {text}" for who, text in zip(labels, texts, strict=True))))
    assert found == list(zip(labels, texts, strict=True))


def test_a_sign_for_another_speaker_begins_another_turn():
    cues = captions("Is it lit? [SPEAKER_TURN]", "It is.", "And hot. [SPEAKER_TURN] Good.")
    log = FaultLog(Path("talk.vtt"))
    turns = turns_of(name_speakers(cues, log), log)
    assert [turn.text for turn in turns] == ["Is it lit?", "It is. And hot.", "Good."]
    assert {turn.speaker for turn in turns} == {""}


@pytest.mark.parametrize("dash", ["- ", "-", "—", "-\n"])
def test_a_dash_before_a_capital_begins_another_speaker(dash):
    lines = ["Ann: Is it lit?", f"{dash}Yes.", "Hot, too.", "Ann: Good.", f"{dash}¿Sí?", "Ann: Oh."]
    assert spoken(captions(*lines)) == [
        ("Ann", "Is it lit?"), ("", "Yes."), ("", "Hot, too."), ("Ann", "Good."), ("", "¿Sí?"),
        ("Ann", "Oh."),
    ]  # fmt: skip
    goes_on = ["Ann: It was", "— I saw it —", "- I did,", "-5 degrees.", "Ann: It is.", "Ann: So."]
    assert [who for who, _ in spoken(captions(*goes_on))] == ["Ann"] * 6
    log = FaultLog(Path("x.srt"))
    spoken(captions("- So? - No.", *["It is lit."] * 99, "- So?\n- No."), log)
    assert not log.faults()


@pytest.mark.parametrize(
    "labels",
    [
        {40: "Tidal Works", 120: "Tidal Works", 200: "Tidal Works"},
        {40: "Tidal Works", 120: "Nell Tansy", 121: "Tidal Works", 200: "Tidal Works"},
        dict.fromkeys(range(100, 330, 10), "Nell Tansy"),
    ],
)
def test_a_label_of_few_captions_names_no_others(labels):
    texts = [f"the mill turns for hours, number {at}." for at in range(900)]
    for at, label in labels.items():
        texts[at] = f"{label}: {texts[at]}"
    log = FaultLog(Path("talk.vtt"))
    found = name_speakers(captions(*texts), log)
    credited = {at for at, cue in enumerate(found) if cue.speaker}
    assert credited <= labels.keys()
    assert [fault.kind for fault in log.faults()] == ["few-labels"]
    assert f"{len(labels)} of 900 captions" in log.faults()[0].repair


def test_a_label_at_each_change_holds_until_the_next_one():
    texts = [f"So it goes, number {at}." for at in range(400)]
    for at in range(0, 400, 25):
        texts[at] = f"{'Ann Lee' if at % 50 else 'Bo Lind'}: {texts[at]}"
    found = spoken(captions(*texts))
    assert [who for who, _ in found] == [
        "Ann Lee" if at // 25 % 2 else "Bo Lind" for at in range(400)
    ]


@pytest.mark.parametrize(
    "text",
    ["budget: is too small", "two: hundred of them", "Note: the lamp was out.", "So I said: no."],
)
def test_speech_with_a_colon_stays_speech(text):
    labelled = ["Ann Lee: We begin.", "Bo: Good.", "Ann Lee: It is late.", "Bo: It is."] * 3
    found = spoken(captions(*labelled, text, *labelled))
    assert found[len(labelled)][1] == text
    ((_, alone),) = spoken(captions(f"Ann Lee: {text}", *labelled))[:1]
    assert alone == text


def test_sounds_in_brackets_are_no_speakers():
    texts = ["[Music]", "[Applause]", "[Music]", "So we begin.", "[Applause] Thank you.", "[Music]"]
    assert spoken(captions(*texts)) == [("", text) for text in texts]


def test_a_row_without_a_speaker_is_by_nobody_that_the_recogniser_knows():
    cues = [Cue(1, 0, 1, "One.", "A"), Cue(2, 1, 2, "Two."), Cue(3, 2, 3, "Three.", "UNKNOWN")]
    found = name_speakers(cues, FaultLog(Path("x.json")), recognised=True)
    assert [cue.speaker for cue in found] == ["A", "", ""]


def test_a_voice_holds_but_not_for_half_an_hour():
    cues = [Cue(at, at, at + 1, "So.", "Ann" if at == 3 else "") for at in range(300)]
    log = FaultLog(Path("x.vtt"))
    assert sum(bool(cue.speaker) for cue in name_speakers(cues, log)) == 1
    assert sum(bool(cue.speaker) for cue in name_speakers(cues[:20], log)) == 17


WORD = st.sampled_from(["kiln", "salt", "heron", "weir", "Wick", "two", "hundred", "it's"])
SPEECH = st.lists(WORD, min_size=1, max_size=8).map(" ".join)
LAYOUTS = st.sampled_from(["{}: {}", "[{}]: {}", ">> {}: {}", "- {}: {}", "{}:\n{}"])


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from([*ODD_LABELS, "Ann Lee", "Bo"]), SPEECH), max_size=30),
    LAYOUTS,
)
def test_words_keep_their_order_and_no_label_is_among_them(said, layout):
    often = [*said, *said, *said]  # each label stands three times
    cues = captions(*[layout.format(who, f"{n} {text}") for n, (who, text) in enumerate(often)])
    found = name_speakers(cues, FaultLog(Path("x.srt")))
    assert [cue.text.split() for cue in found] == [
        [str(n), *text.split()] for n, (_, text) in enumerate(often)
    ]
    assert [cue.speaker for cue in found] == [who for who, _ in often]


@settings(max_examples=150)
@given(st.lists(st.text(alphabet="Ab c:>[]()<>-\n？：.", max_size=30), max_size=12))
def test_whatever_stands_there_no_word_is_lost_or_invented(texts):
    found = name_speakers(captions(*texts), FaultLog(Path("x.srt")))
    written = "".join(letter for text in texts for letter in text if letter.isalpha())
    read = "".join(letter for cue in found for letter in cue.text if letter.isalpha())
    kept = iter(written)
    assert all(letter in kept for letter in read)  # in order; what is missing is in a label
    named = any(cue.speaker or cue.opens for cue in found)
    assert named or read == written
