"""No repair invents a word, and a clean file is read word for word."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from episode_file import as_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from askpod.errors import ReadError
from askpod.readers import find_files, read_episode
from askpod.readers.datatalks_rows import is_paragraph
from askpod.readers.text import clean

SHARED = Path(__file__).parents[2].parent / "shared"

WORDS = st.sampled_from(["bee", "hive", "honey", "winter", "farm", "count", "Then", "So", "yes"])
SENTENCE = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)
NAMES = st.sampled_from(["Ann", "Bo", "Ann:", "Annn", "Ann: 7:05 Bo", "Bo."])
ODD = ["7:05 Bo", "0 4:15", "2:35 The farm", "=Then so", "itâ€™s", "A title of mine"]
MESSY = st.one_of(
    st.none(),
    SENTENCE,
    SENTENCE.map("{}.".format),
    NAMES,
    st.text(max_size=20),
    st.sampled_from(ODD),
)
ROW = st.one_of(
    st.fixed_dictionaries({"header": MESSY}),
    st.fixed_dictionaries(
        {"line": MESSY},
        optional={
            "who": st.one_of(NAMES, MESSY),
            "sec": st.one_of(st.integers(-3, 60), st.none(), st.floats(), st.text(max_size=3)),
            "time": st.sampled_from(["0:12", "x", "1:02:03"]),
        },
    ),
)
FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


@FEW
@given(rows=st.lists(ROW, min_size=1, max_size=12))
def test_no_repair_invents_a_word(read, rows):
    speech = {"line": "bee", "who": "Ann"}  # without any the file would be refused
    reading = read(as_file({"title": "A", "transcript": [*rows, speech]}))
    turns = reading.episode.turns
    fields = [str(row.get(name, "")) for row in [*rows, speech] for name in ("line", "who")]
    written = "\n".join(clean(field)[0] for field in fields)
    assert not words("\n".join(turn.text for turn in turns)) - words(written)
    assert all(turn.text and turn.end >= turn.start >= 0 for turn in turns)


@FEW
@given(texts=st.lists(SENTENCE, min_size=1, max_size=12))
def test_a_clean_file_is_read_word_for_word(read, texts):
    rows = [
        {"line": text, "who": "AB"[place % 2], "sec": 3 * place} for place, text in enumerate(texts)
    ]
    reading = read(as_file({"title": "A", "transcript": rows}))
    assert [turn.text for turn in reading.episode.turns] == texts
    assert [turn.start for turn in reading.episode.turns] == [row["sec"] for row in rows]
    assert reading.faults == ()


@pytest.fixture(scope="module")
def real_files():
    if not SHARED.is_dir():
        pytest.skip("the real episodes are not here (../shared)")
    return find_files([SHARED / "episodes", SHARED / "seed", SHARED / "qmsum-val" / "episodes"])


REFUSED = [
    "_template.md",
    "ai-for-ecology-biodiversity-and-conservation.md",
    "building-domestic-risk-assessment-tool.md",
]


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.thorough)])
def test_real_files_are_read(real_files, every):
    files = [
        path
        for number, path in enumerate(real_files)
        if number % every == 0 or path.name in REFUSED
    ]
    assert [path.name for path in files if not read_and_check(path)] == REFUSED


def read_and_check(path: Path) -> bool:
    """Whether the file can be read; checks what must hold of every real episode."""
    try:
        reading = read_episode(path)
    except ReadError:
        return False
    lines = path.read_text().count("\n") + 1
    assert all(1 <= fault.line <= lines for fault in reading.faults)
    assert not {fault.kind for fault in reading.faults} & {"wrong-type", "duplicate-key"}
    turns = reading.episode.turns
    assert all(turn.speaker and not is_paragraph(turn.speaker) for turn in turns)
    assert turns[-1].end < 4 * 3600
    return True
