"""From a model's reply to the sentences whose citations are judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.answering.citations import UNCITED_MARK, CitationWriter
from askpod.answering.support import SupportChecker
from askpod.embedding.minilm import MiniLM
from askpod.evals.measures.citations import UNREADABLE, sentences


@pytest.fixture(scope="module")
def checker() -> SupportChecker:
    return SupportChecker(MiniLM())


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Bees dance at noon [1].", [("Bees dance at noon.", (1,))]),
        ("Bees dance at noon. [1][3]", [("Bees dance at noon.", (1, 3))]),
        ("Bees [2] dance at noon [1, 2].", [("Bees dance at noon.", (2, 1))]),
        ("Bees dance at noon【1†source】. ", [("Bees dance at noon.", (1,))]),
        ("Bees dance at noon [2-4].", [("Bees dance at noon.", (2, 3, 4))]),
        ("Bees dance at noon [4-2].", [("Bees dance at noon.", (UNREADABLE,))]),
        ("Bees dance at noon [1-900].", [("Bees dance at noon.", (UNREADABLE,))]),
        (
            "Bees dance at noon. [1] They fly home after dark.",
            [("Bees dance at noon.", (1,)), ("They fly home after dark.", ())],
        ),
        (
            "## Bees\n\nWhy do they dance? There are two reasons:\n\n"
            "- **Linden** trees bloom [1]\n- rain\n\nThe rest is not said in the episodes.",
            [("Linden trees bloom", (1,))],
        ),
        ("Near Basel [2].", [("Near Basel.", (2,))]),  # too short to need a source, but it has one
        ("It rained 3.5 mm in [brackets].", [("It rained 3.5 mm in [brackets].", ())]),
        ("[1][2]", []),
        ("", []),
    ],
)
def test_sentences_of_a_reply(reply, expected):
    assert [(each.text, each.numbers) for each in sentences(reply)] == expected


pieces = st.sampled_from(
    [
        "Bees dance at noon",
        ". ",
        "! ",
        "\n",
        "\n- ",
        "Mr. Bee ",
        "e.g. ",
        "蜂は踊る。",
        "**",
        "3.5 ",
    ]
)


@given(st.lists(pieces, max_size=14).map("".join))
def test_a_reply_is_cut_as_the_answer_that_is_shown(checker, reply):
    writer = CitationWriter([], checker, lambda _, __: "")
    shown = writer.feed(reply) + writer.finish()
    assert shown.count(UNCITED_MARK) == len(sentences(reply))


def test_a_reply_without_an_end_is_read_in_reasonable_time():
    (sentence,) = sentences("so it goes on and on " * 5_000 + "[1]")
    assert sentence.numbers == (1,)
