"""A small part of `make fuzz`: spoiled files of all formats end in an episode or a refusal."""

from __future__ import annotations

import pytest

import fuzz.reading
from askpod.errors import ReadError
from askpod.model import Episode, Turn
from askpod.readers import Reading
from fuzz.extremes import EXTREMES
from fuzz.mutations import LARGEST
from fuzz.reading import examine, write_case
from fuzz.starts import starts, word_document

FILES = 150


def test_spoiled_files_end_in_an_episode_or_a_clear_refusal(tmp_path):
    sound = starts()
    outcomes = []
    for index in range(len(EXTREMES), len(EXTREMES) + FILES):
        kind, path = write_case(tmp_path, 0, index, sound)
        outcomes.append(examine(index, kind, path))
    assert [(o.index, o.name, o.findings) for o in outcomes if o.findings] == []
    assert 10 < sum(outcome.episode for outcome in outcomes) < FILES - 10  # both are seen
    assert all(outcome.memory < 20 * LARGEST for outcome in outcomes)


def test_sound_files_are_read(tmp_path):
    for start in starts():
        folder = tmp_path / start.format
        folder.mkdir(exist_ok=True)
        body = start.format == "docx body"
        (folder / start.name).write_bytes(word_document(start.data) if body else start.data)
        for name, data in start.beside:
            (folder / name).write_bytes(data)
        path = folder / (start.beside[0][0] if start.beside else start.name)
        outcome = examine(0, start.format, path)
        assert outcome.episode, start.name
        assert not outcome.findings


@pytest.mark.parametrize(
    ("turns", "finding"),
    [
        ([], "no turns"),
        ([Turn("Ann", "A\u202eb", 0, 1)], "not clean"),
        ([Turn("Ann", "One.", 5, 9), Turn("Ann", "Two.", 4, 9)], "from 4"),
        ([Turn("Ann", "One.", 5, float("inf"))], "to inf"),
        ([Turn("Ann", "One two.", 5, 9, marks=((4, 7), (8, 8)))], "marks"),
    ],
)
def test_an_unsound_episode_is_a_finding(tmp_path, monkeypatch, turns, finding):
    episode = Episode("talk", "A talk", tuple(turns))
    monkeypatch.setattr(
        fuzz.reading, "read_episode", lambda path, **_: Reading(episode, (), path, "")
    )
    (found,) = examine(0, "", tmp_path).findings
    assert finding in found


@pytest.mark.parametrize(
    ("raised", "finding"),
    [
        (ValueError("a surprise"), "raised ValueError: a surprise"),
        (MemoryError(), "wanted more than"),
        (ReadError("talk.md", "is\x1b[2J no transcript at all"), "message not clean"),
        (ReadError("talk.md", "wrong " * 1000), "message of 6000"),
    ],
)
def test_any_other_end_is_a_finding(tmp_path, monkeypatch, raised, finding):
    def read(*_, **__):
        raise raised

    monkeypatch.setattr(fuzz.reading, "read_episode", read)
    (found,) = examine(0, "", tmp_path).findings
    assert finding in found
