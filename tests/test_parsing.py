"""YAML and JSON from outside: whatever stands there is read, or is one error with a line."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.parsing import (
    MAX_DIGITS,
    MAX_JSON_DEPTH,
    Mapping,
    ParseError,
    json_lines,
    parse_json,
    parse_yaml,
    plain,
)

HOSTILE_YAML = [
    '!!int ""',
    '!!bool "foo"',
    '!!timestamp "foo"',
    "0x" + "f" * 6_000,
    "!!float 1_",
    "!!binary é",
    "!!python/object/apply:os.system ['true']",
    "!!set {a, b}",
    "!!omap [a]",
    "190:20:30",
    "2024-99-99",
]


@pytest.mark.parametrize("value", HOSTILE_YAML)
def test_no_tag_and_no_look_of_a_value_constructs_anything(value):
    made = plain(parse_yaml(f"- id: {value}\n"))
    assert isinstance(made, list)
    assert isinstance(made[0]["id"], str | list | dict)


def test_words_that_yaml_takes_for_booleans_stay_words():
    assert plain(parse_yaml("start: yes\nend: No\nnull: ~\nb: null\nc: ''")) == {
        "start": "yes",
        "end": "No",
        "b": None,
        "c": "",
    }


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "- - "])
def test_deep_yaml_is_refused_at_once_and_with_its_line(opening):
    began = time.process_time()
    with pytest.raises(ParseError, match=r"nests values more|not valid YAML") as refused:
        parse_yaml(f"a: 1\nb:\n  {opening * 60_000}")
    assert refused.value.line == 3
    assert time.process_time() - began < 2


def test_aliases_are_refused_where_none_are_wanted():
    assert plain(parse_yaml("a: &x 1\nb: *x")) == {"a": "1", "b": "1"}
    with pytest.raises(ParseError, match="alias") as refused:
        parse_yaml("a: &x 1\nb: *x", strict=True)
    assert refused.value.line == 2


def test_what_is_left_out_is_told():
    told = []
    parse_yaml("a: 1\na: 2\n~: 3", offset=10, notice=lambda *fault: told.append(fault))
    assert [(line, kind) for line, kind, _ in told] == [(12, "duplicate-key"), (13, "bad-key")]


def test_rows_know_their_line():
    rows = parse_yaml("# a comment\n- id: a\n\n- id: b\n")
    assert [row.line for row in rows.items if isinstance(row, Mapping)] == [2, 4]


@pytest.mark.parametrize(
    "text", ["a: [1", "a: 'b", "\ta: 1", "a: b: c", "a\ud800b", "a\x00b", "%x"]
)
def test_what_is_no_yaml_is_one_error(text):
    with pytest.raises(ParseError, match="is not valid YAML"):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ('{"a":\n 1,}', "is not valid JSON", 2),
        ("", "is not valid JSON", 1),
        (b"\n\n\xff", "is not UTF-8", 3),
        ('{"a": NaN}', "no number of anything", None),
        ("[-Infinity]", "no number of anything", None),
        ("[1e999]", "no number of anything", None),
        ("1" * (MAX_DIGITS + 1), "no number of anything", None),
        ("9" * 10_000, "no number of anything", None),
        ("[" * 100_000, "nests values", None),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nests values", None),
        ("[" * 101 + "]" * 101, f"more than {MAX_JSON_DEPTH} deep", None),
    ],
)
def test_json_that_is_none_or_too_much_is_one_error(text, problem, line):
    with pytest.raises(ParseError, match=problem) as refused:
        parse_json(text)
    assert refused.value.line == line


def test_numbers_that_are_none_can_be_left_out():
    text = f"[1, NaN, -Infinity, 1e999, {'9' * 400}, 2.5]"
    assert parse_json(text, finite=False) == [1, None, None, None, None, 2.5]


def test_any_number_that_is_read_can_be_reckoned_with():
    assert float(parse_json("9" * MAX_DIGITS)) > 0


def test_json_of_the_greatest_depth_is_read():
    assert parse_json("[" * 100 + "]" * 100)
    assert parse_json("[" * 300 + "]" * 300, max_depth=None)


def test_lines_end_at_line_feeds_alone():
    texts = ["a\u2028b", "c\u2029d", "e\x85f", "g\x1ch\x0bi"]
    written = "\n".join(json.dumps(text, ensure_ascii=False) for text in texts)
    for data in (written, written.encode()):
        assert list(json_lines(data)) == list(enumerate(texts, start=1))


def test_a_bad_line_is_named():
    with pytest.raises(ParseError, match="line 3: is not valid JSON"):
        list(json_lines('{"a": 1}\n\n{"b"'))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(_VALUES)
def test_what_json_writes_is_read_as_it_was(value):
    assert parse_json(json.dumps(value)) == value


@given(st.text() | st.text("[]{}:-&*!?|>'\"%@ \n\tab1~", max_size=60))
def test_any_text_is_read_as_yaml_or_refused(text):
    with contextlib.suppress(ParseError):
        json.dumps(plain(parse_yaml(text)))
