"""Who is asked about speaks: several people, filters by speaker, names that are almost right."""

from __future__ import annotations

import pytest

from askpod import Archive

ORGANS = "restoring-church-organs-by-measurement"


@pytest.mark.parametrize(
    ("question", "speakers"),
    [
        (
            "What do Henrike Dallaway and Amara Quillfeather say about hives?",
            {"Henrike Dallaway", "Amara Quillfeather"},
        ),
        ("What did Tobias say about organ pipes?", {"Tobias Feuerhahn", "Tobias Okonjo"}),
        (
            "Compare what Marisol and Henrike say about temperature",
            {"Marisol Vanterpool", "Henrike Dallaway"},
        ),
        (
            "Compare Tobias Okonjo and Tobias Feuerhahn on pilots",
            {"Tobias Feuerhahn", "Tobias Okonjo"},
        ),
    ],
)
def test_of_several_people_each_speaks_and_nobody_else(archive, question, speakers):
    assert {citation.speaker for citation in archive.ask(question).citations} == speakers


@pytest.mark.parametrize(
    "question",
    [
        "Compare Marisol Vanterpool and Henrike Dallaway: how do they both see temperature?",
        "Who is Marisol Vanterpool?",
        "Summarise the episode with Marisol Vanterpool",
    ],
)
def test_a_speaker_who_is_filtered_by_is_the_only_one(archive, question):
    answer = archive.ask(question, filters={"speaker": "odalys"})
    assert {citation.speaker for citation in answer.citations} <= {"Odalys"}


@pytest.mark.parametrize("filters", [{"guest": "henrike"}, {"episode": ORGANS}])
def test_nobody_answers_for_one_whom_the_filters_leave_out(archive, filters):
    answer = archive.ask("What does Marisol Vanterpool say about sensors?", filters=filters)
    assert answer.refused
    assert "Marisol Vanterpool" in answer.warnings[0]


@pytest.mark.parametrize(
    ("question", "speaker"),
    [
        ("According to Marisol Vanterpol, why did the batteries die?", "Marisol Vanterpool"),
        ("Who is Marisol Vanterpol?", "Marisol Vanterpool"),
        ("What did Tobais Okonjo say about waste?", "Tobias Okonjo"),
    ],
)
def test_a_name_that_is_almost_right_is_somebodys(archive, question, speaker):
    answer = archive.ask(question)
    assert answer.basis == "answered"
    assert "does not speak" not in answer.text
    assert "was read as" in answer.warnings[0]
    assert {citation.speaker for citation in answer.citations} == {speaker}


@pytest.mark.parametrize(
    "question",
    [
        "What did Saoirse Flannery ask for?",
        "What does Saoirse Flannery say?",
        "What is Saoirse Flannery worried about?",
    ],
)
def test_whatever_somebody_says_answers_where_no_subject_is_named(
    tmp_path, write_episode, question
):
    council = write_episode(
        "council.md",
        [
            ("Beatrix Oduya", "Let's go to the public. The young lady at the back."),
            ("Saoirse Flannery", "The last bus leaves at ten to five, before our practicals end."),
            ("Imogen Pask", "You dropped chemistry for a bus?"),
            ("Saoirse Flannery", "Three of us did. We only want it moved ten minutes."),
        ],
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([council])
        answer = archive.ask(question)
        assert archive.ask("What did Saoirse Flannery say about volcanoes?").refused
    assert answer.basis == "answered"
    assert {citation.speaker for citation in answer.citations} == {"Saoirse Flannery"}
