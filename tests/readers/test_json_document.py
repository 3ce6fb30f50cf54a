"""JSON is read with the line of each row, tells its own format, and does no harm."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.errors import ReadError, Unrecognised
from askpod.readers.json_document import load_json
from askpod.readers.json_transcripts import recognise_json, speech_in

PATH = Path("talk.json")
FORMATS = Path(__file__).parent / "formats"

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("harbour-pilot", "podcast-json"),
        ("seed-library", "whisper"),
        ("cheese-cave", "whisper"),
        ("tide-mill", "youtube-list"),
        ("kite-attic", "youtube-json3"),
    ],
)
def test_a_transcript_is_recognised_by_its_names(name, known):
    value = load_json(PATH, (FORMATS / f"{name}.json").read_text(encoding="utf-8"))
    assert recognise_json(value) == known


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "a-package", "version": "1.0.0", "scripts": {"text": "lint"}}',
        '[{"id": 1, "text": "a note"}, {"id": 2}]',
        '{"type": "FeatureCollection", "features": [{"start": 1}]}',
        '{"segments": 12}',
        '{"segments": ["a", "b"]}',
        "[]",
        "{}",
        "null",
        "12",
        '"text"',
    ],
)
def test_other_json_is_no_transcript(text):
    value = load_json(PATH, text)
    assert recognise_json(value) is None
    assert not speech_in(value)


@settings(max_examples=60)
@given(VALUES, st.sampled_from([None, 1]))
def test_any_json_is_read_as_the_standard_library_reads_it(value, indent):
    text = json.dumps(value, indent=indent)
    assert load_json(PATH, text) == json.loads(text)


@settings(max_examples=100)
@given(st.text(alphabet=' {}[]",:\\\n1eu"at', max_size=30))
def test_what_the_standard_library_refuses_is_refused(text):
    try:
        expected = json.loads(text, object_pairs_hook=lambda pairs: pairs)
    except ValueError:
        with pytest.raises(ReadError):
            load_json(PATH, text)
    else:
        names = [name for name, _ in expected] if text.strip().startswith("{") else []
        if len(names) == len(set(names)):
            load_json(PATH, text)


def test_each_row_knows_its_line():
    value = load_json(
        PATH, '{\n "segments": [\n  {"body": "a"},\n\n  {"body":\n "b"}, {"body": 3}]}'
    )
    assert value["segments"].lines == [3, 5, 6]


def test_damaged_json_is_refused_with_its_place():
    with pytest.raises(ReadError, match="not valid JSON") as caught:
        load_json(PATH, '{"segments": [\n {"body": "a"},\n {"body" "b"}]}')
    assert (caught.value.line, caught.value.column) == (3, 10)
    assert not isinstance(caught.value, Unrecognised)  # it claims to be a transcript


def test_other_damaged_json_is_no_transcript():
    with pytest.raises(Unrecognised):
        load_json(PATH, '{// settings\n "compilerOptions": {}}')


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"segments":[{"words":[', '[{"a":'])
def test_deep_nesting_is_refused(opening):
    with pytest.raises(ReadError, match="nests values") as caught:
        load_json(PATH, opening * 100_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1e999", "0." + "1" * 5000])
def test_a_number_of_any_length_is_read(number):
    assert isinstance(load_json(PATH, f'[{{"start": {number}}}]')[0]["start"], float)


def test_a_name_with_two_meanings_is_refused():
    row = '{"body": "We left.", "startTime": 1}'
    with pytest.raises(ReadError, match="“body” twice") as caught:
        load_json(PATH, f'{{"segments": [\n{row},\n{{"body": "a", "body": "b"}}]}}')
    assert caught.value.line == 3
    with pytest.raises(ReadError, match="“segments” twice"):
        load_json(PATH, f'{{"segments": [{row}], "segments": []}}')
    assert load_json(PATH, '{"a": [1], "a": [1]}') == {"a": [1]}


def test_half_a_character_in_a_name_does_not_reach_the_message():
    with pytest.raises(ReadError) as caught:
        load_json(PATH, '{"\\ud800": 1, "\\ud800": 2}')
    assert str(caught.value).encode()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" + "[]," * 600_001 + "[]]", "objects and lists"),
        ("[" + "1," * 1_500_001 + "1]", "values"),
        ('[{"a":1}' + ",{}" * 150_001 + "]", "150,000 rows"),
        ('{"a":{' + ",".join(f'"{n}":1' for n in range(10_001)) + "}}", "names in one object"),
        ("{" + ",".join(f'"{n}":1' for n in range(10_001)) + "}", "names in one object"),
        ('["' + "a" * 50_331_648 + '"]', "48 MB"),
    ],
)
def test_too_much_is_refused_before_it_costs(text, problem):
    with pytest.raises(ReadError, match=problem):
        load_json(PATH, text)


def test_thousands_of_wrong_rows_are_told_in_few_words(read):
    rows = ",".join(['{"startTime": "never", "body": "word"}'] * 3_000)
    reading = read(f'{{"segments": [{rows}]}}', "talk.json")
    bad = [fault.repair for fault in reading.faults if fault.kind == "bad-time"]
    assert len(bad) == 1_001
    assert bad[-1] == "and 2,000 more of this kind"


@pytest.mark.parametrize("seed", range(40))
def test_values_of_wrong_types_do_not_break_a_reader(read, seed):
    """Whatever stands where a list, a text or a number is meant: an episode or a clear refusal."""
    rng = random.Random(seed)
    name = rng.choice(["harbour-pilot", "seed-library", "cheese-cave", "tide-mill", "kite-attic"])
    value = json.loads((FORMATS / f"{name}.json").read_text(encoding="utf-8"))
    rows = value if isinstance(value, list) else value.get("segments") or value["events"]
    wrong = [None, True, "12:34", [], {}, [["a"]], -1, 1e308, float("nan"), "\ud800", {"from": {}}]
    for row in rng.sample(rows, len(rows) // 2):
        for key in list(row):
            if rng.random() < 0.5:
                row[key] = rng.choice(wrong)
    for place in rng.sample(range(len(rows)), 3):
        rows[place] = rng.choice(wrong)
    with suppress(ReadError):
        turns = read(json.dumps(value), f"{name}.json").episode.turns
        starts = [turn.start for turn in turns]
        assert starts == sorted(starts)
        assert all(turn.text.encode() for turn in turns)
