"""A misspelt name is found all the same, and the search says what it looked for."""

from __future__ import annotations

import pytest

from askpod import Archive

TALK = [
    ("Ann", "Today we speak of dams and of those who keep them from falling down."),
    (
        "Kasimira Wojtkowska",
        "The concrete of a dam is warm inside for twenty years after it is set.",
    ),
    ("Ann", "And you learnt that from old Przybylski, who built the first one here?"),
    ("Kasimira Wojtkowska", "He measured it by hand, with a thermometer on a fishing line."),
]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def dams(write_episode, tmp_path, told):
    write_episode("in/dams.md", TALK)
    with Archive.open(tmp_path / "store", create=True, notify=told.append) as archive:
        archive.index([tmp_path / "in"])
        told.clear()
        yield archive


@pytest.mark.parametrize(
    ("asked", "spelt"), [("Przybilski", "Przybylski"), ("Wojtkowskaja", "Wojtkowska")]
)
def test_a_misspelt_name_is_searched_for_as_the_archive_spells_it(dams, told, asked, spelt):
    passages = dams.search(f"How was the heat measured by {asked}?")
    assert passages == dams.search(f"How was the heat measured by {spelt}?")
    assert told == [f'"{asked}" is not in this archive: searched for "{spelt}"']


@pytest.mark.parametrize(
    "question",
    [
        "Who built the first dam?",
        "Is the concentrate of a dam warm?",  # a common word, though the talk says "concrete"
        "What did Zzyzxqua say of it?",  # like nothing that is said
        "What did Kasimira measure?",  # said by nobody, but somebody's name
    ],
)
def test_other_words_stay_as_they_were_asked(dams, told, question):
    dams.search(question)
    assert told == []


@pytest.mark.parametrize(
    ("speaker", "asked"),
    [
        ("Gwendolen Achebe-Firth", "Gwendoline Achebe-Firth"),
        ("Gwendolen Achebe-Firth", "Gwendolen Achebe-Frith"),
        ("Jon van der Meer", "John van der Meer"),
        ("Jose M. Arrieta", "Josue Arrieta"),
    ],
)
def test_one_part_of_a_long_name_that_is_almost_right_is_read_as_the_speakers(
    write_episode, tmp_path, speaker, asked
):
    ration = write_episode("ration.md", [(speaker, "Bread was rationed after the war.")])
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([ration])
        answer = archive.ask(f"What does {asked} say about bread?")
    assert [citation.speaker for citation in answer.citations] == [speaker]
