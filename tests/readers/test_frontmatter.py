"""The front matter is found in untidy files, and hostile YAML does nothing."""

from __future__ import annotations

import time

import pytest

from askpod.errors import ReadError
from askpod.readers import text

BODY = "title: A\ntranscript:\n- line: Hi --- there.\n  who: Ann\n  sec: 1\n"


@pytest.mark.parametrize("before", ["_\n", "\ufeff", "\n\n", "_", "  ", "x\n\n"])
def test_stray_characters_before_the_front_matter_are_ignored(read, before):
    reading = read(f"{before}---\n{BODY}---\n")
    assert reading.episode.turns[0].text == "Hi --- there."
    stray = {fault.kind for fault in reading.faults}
    assert stray == ({"stray-before-front-matter"} if before.strip("\ufeff \n") else set())


def test_a_page_with_rules_in_it_is_no_front_matter(read):
    with pytest.raises(ReadError, match="no front matter"):
        read(f"# A page of notes about bees\n---\n{BODY}---\n")


@pytest.mark.parametrize("ending", ["---", "---  ", "...", "---\n\nNotes: [unclosed\n---\n"])
def test_the_front_matter_ends_at_a_line_of_its_own(read, ending):
    assert read(f"---\n{BODY}{ending}").faults == ()


def test_windows_line_ends_are_read(read):
    text = f"---\n{BODY}- line:\n---\n".replace("\n", "\r\n")
    reading = read(text)
    assert [fault.line for fault in reading.faults] == [7]


def test_a_missing_closing_line_is_reported(read):
    reading = read(f"---\n{BODY}")
    assert [fault.kind for fault in reading.faults] == ["front-matter-open"]


def test_a_key_that_comes_twice_is_reported(read):
    reading = read(f"---\ntitle: B\n{BODY}---\n")
    assert reading.episode.title == "A"
    assert [(fault.kind, fault.line) for fault in reading.faults] == [("duplicate-key", 3)]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_at_once(read, opening):
    began = time.process_time()
    with pytest.raises(ReadError, match=r"nests values more than|not valid YAML"):
        read(f"---\ntitle: A\ndeep:\n  {opening * 100_000}\n---\n")
    assert time.process_time() - began < 2


def test_an_alias_bomb_is_refused(read):
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    with pytest.raises(ReadError, match="YAML aliases") as error:
        read(f"---\nl0: &l0 [haha, haha]\n{levels}{BODY}---\n")
    assert error.value.line is not None


@pytest.mark.parametrize("bad", ["x: *nobody", "x: &a [*a]", "x: &a {b: *a}"])
def test_an_alias_to_nothing_or_itself_is_refused(read, bad):
    with pytest.raises(ReadError, match="stands for nothing"):
        read(f"---\n{bad}\n{BODY}---\n")


def test_plain_aliases_are_followed(read):
    text = BODY.replace("title: A", "title: &t A talk\nshort: *t\ntopics: &x [a]\nmore: *x")
    assert read(f"---\n{text}---\n").episode.short == "A talk"


def test_tags_do_nothing(read, tmp_path):
    made = tmp_path / "made"
    tag = f"!!python/object/apply:os.system ['touch {made}']"
    reading = read(f"---\nextra: {tag}\n{BODY}- line: {tag}\n  who: Ann\n  sec: 3\n---\n")
    assert reading.episode.turns[1].text == f"[touch {made}]"
    assert not made.exists()


@pytest.mark.parametrize(
    "sec",
    ["-5", ".nan", ".inf", "1e300", "true", "twelve", "[1]", "{a: 1}", "'12:99'", "1_0", "0x10"],
)
def test_a_second_that_is_none_is_not_used(read, sec):
    reading = read(f"---\n{BODY}- line: More.\n  who: Ann\n  sec: {sec}\n---\n")
    assert reading.episode.turns[1].estimated
    assert "sec-unreadable" in {fault.kind for fault in reading.faults}


@pytest.mark.parametrize(
    ("sec", "second"), [("12", 12), ("12.5", 12.5), ("'12'", 12), ("1:15", 75), ("1e1", 10)]
)
def test_a_second_may_be_written_in_many_ways(read, sec, second):
    reading = read(f"---\n{BODY}- line: More.\n  who: Ann\n  sec: {sec}\n---\n")
    assert reading.episode.turns[1].start == second


def test_rows_of_the_wrong_type_keep_their_words(read):
    rows = """\
- just a text
- line: [laughs, loudly]
  who: 7
  sec: 4
- line: {pause}
  who: [Ann]
  sec: 5
- line: [[deep], er]
  sec: 6
- [no, names]
- null
- 12
"""
    reading = read(f"---\n{BODY}{rows}---\n")
    texts = [turn.text for turn in reading.episode.turns]
    assert texts[1:] == ["just a text", "[laughs, loudly]", "{pause}", "[no, names]", "12"]
    assert reading.episode.turns[2].speaker == "7"
    assert "wrong-type" in {fault.kind for fault in reading.faults}


def test_a_file_that_is_too_large_is_refused(read, monkeypatch):
    monkeypatch.setattr(text, "MAX_BYTES", 1024)
    with pytest.raises(ReadError, match="is larger than"):
        read(f"---\n{BODY}---\n" + "x" * 2000)


def test_a_line_too_long_to_be_speech_is_refused(read):
    with pytest.raises(ReadError, match="a line of 2,000,008 characters") as error:
        read(f"---\n{BODY}- line: {'x' * 2_000_000}\n---\n")
    assert error.value.line == 7


def test_a_paragraph_too_long_to_be_speech_is_refused(read):
    folded = "\n   ".join(["word " * 1000] * 250)
    with pytest.raises(ReadError, match="holds a paragraph of") as error:
        read(f"---\n{BODY}- line: {folded}\n---\n")
    assert error.value.line == 7


def test_many_rows_are_read_in_time(read):
    rows = "".join(f"- line: Word {n}.\n  sec: {n % 777}\n" for n in range(20_000))
    began = time.process_time()
    assert len(read(f"---\n{BODY}{rows}---\n").episode.turns) == 20_001
    assert time.process_time() - began < 10
