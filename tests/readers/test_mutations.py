"""A small part of `make fuzz`: spoiled files of all formats end in an episode or a refusal."""

from __future__ import annotations

from fuzz.extremes import EXTREMES
from fuzz.mutations import LARGEST
from fuzz.reading import examine, write_case
from fuzz.starts import starts

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
        (folder / start.name).write_bytes(start.data)
        for name, data in start.beside:
            (folder / name).write_bytes(data)
        path = folder / (start.beside[0][0] if start.beside else start.name)
        outcome = examine(0, start.format, path)
        assert outcome.episode, start.name
        assert not outcome.findings
