"""A question names the people it means, and nobody else."""

from __future__ import annotations

import pytest

from askpod.retrieval.names import named_speakers

SPEAKERS = ("Ben Taylor", "Ben Wilson", "Grad A", "Grad D", "Mark Ode", "Odalys")


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What did Ben Taylor build?", ["Ben Taylor"]),
        ("what did ben taylor build?", ["Ben Taylor"]),
        ("Did Ben Taylor and Ben Wilson agree?", ["Ben Taylor", "Ben Wilson"]),
        ("Did Ben Taylor agree with Wilson?", ["Ben Taylor", "Ben Wilson"]),
        ("What did Ben say?", ["Ben Taylor", "Ben Wilson"]),
        ("What is Odalys's view?", ["Odalys"]),
        ("Where in Oslo did they mark the trees?", []),
        ("What did Grad D propose?", ["Grad D"]),
        ("What did the grad propose?", ["Grad A", "Grad D"]),
    ],
)
def test_who_is_named(question: str, named: list[str]):
    assert list(named_speakers(question, SPEAKERS)) == named


def test_a_label_of_one_word_may_be_anybody_of_that_name():
    speakers = ["Alexey", "Alexey Grigorev", "Alexey Petrov", "Ann Lee"]
    assert named_speakers("What does Alexey say?", speakers) == tuple(speakers[:3])
    assert named_speakers("What does Alexey Grigorev say?", speakers) == (
        "Alexey",
        "Alexey Grigorev",
    )


def test_a_diarisers_letter_is_no_article():
    assert named_speakers("What is a globe for?", ["A", "B"]) == ()
    assert named_speakers("A globe is what?", ["A", "B"]) == ()
    assert named_speakers("What did A say of globes?", ["A", "B"]) == ("A",)
