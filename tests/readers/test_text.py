"""Text is made safe and readable, and only where that is certain."""

import pytest

from askpod.readers.text import clean, mend_mojibake


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ("itâ€™s", "it’s"),
        ("waitâ€¦", "wait…"),
        ("â€œquotedâ€\x9d", "“quoted”"),
        ("cafÃ©", "café"),
        ("ZÃ¼rich", "Zürich"),
        ("ÐšÐ¸ÐµÐ²", "Киев"),
        ("ðŸ˜€", "😀"),
        ("naÃ¯veâ€”really", "naïve—really"),
    ],
)
def test_double_encoding_is_undone(broken, text):
    assert mend_mojibake(broken) == text


@pytest.mark.parametrize(
    "text",
    [
        "« c’était un café’” »",
        "Spaß“",
        "José María Sánchez",
        "Ellen König – 5 €",
        "Ärger… Übermut",
        "ÂNGELA",
        "naïve—really",
        "Привет, 你好",
        "â",
    ],
)
def test_real_text_stays(text):
    assert mend_mojibake(text) == text


def test_invisible_characters_are_removed_and_reported(read_rows):
    who = "A\u202enn"
    reading = read_rows(
        {"line": "One\x1b[31m two\u2066 three\U000e0041", "who": who, "sec": 1},
        {"header": "He\u200bre"},
        {"line": "Four.", "who": "Ann", "sec": 5},
        title="A\u200b talk",
    )
    first, last = reading.episode.turns
    assert (first.text, first.speaker) == ("One[31m two three", "Ann")
    assert last.section == "Here"
    assert reading.episode.title == "A talk"
    assert {fault.kind for fault in reading.faults} == {"control-characters"}


def test_characters_that_yaml_forbids_do_not_cost_the_file(read):
    rows = "- line: One\x07two\u2028three\x85four\n  sec: 1\n- line: Five\n  sec: never\n"
    reading = read(f"---\ntitle: A\nwho: Ann\ntranscript:\n{rows}---\n")
    assert [turn.text for turn in reading.episode.turns] == ["One two three four", "Five"]
    faults = [(fault.kind, fault.line) for fault in reading.faults]
    assert faults[0] == ("control-characters", 5)
    assert ("sec-unreadable", 8) in faults


def test_joined_emoji_and_accents_stay():
    text = "👩\u200d🌾 e\u0301"
    assert clean(text) == (text, False, False)


def test_mojibake_is_reported_by_its_line(read):
    reading = read(
        "---\ntitle: Annaâ€™s bees\ntranscript:\n- line: Itâ€™s on.\n  who: Ann\n  sec: 1\n---\n"
    )
    assert reading.episode.title == "Anna’s bees"
    assert reading.episode.turns[0].text == "It’s on."
    assert [(fault.kind, fault.line) for fault in reading.faults] == [
        ("mojibake", 2),
        ("mojibake", 4),
    ]


def test_mojibake_hidden_in_escapes_is_mended_too(read):
    reading = read(
        '---\ntitle: A\ntranscript:\n- line: "It\\xE2\\u20AC\\u2122s on."\n'
        "  who: Ann\n  sec: 1\n---\n"
    )
    assert reading.episode.turns[0].text == "It’s on."
    assert [fault.kind for fault in reading.faults] == ["mojibake"]
