"""Refusals in the right place, and replies of a model that are of no use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod import Answer, Archive
from askpod.evals.measures.citations import malformed, refusals
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI, Scripted, failed, said

QUESTION = "What killed the beekeeper's first colonies?"
ELSEWHERE = "Which goalkeeper saved the last penalty of the football final?"


@pytest.mark.parametrize(
    ("answerable", "refused", "expected"),
    [
        (True, False, {}),
        (True, True, {"refusal_precision": (0, 1)}),
        (False, True, {"refusal_precision": (1, 1), "refusal_recall": (1, 1)}),
        (False, False, {"refusal_recall": (0, 1)}),
    ],
)
def test_a_questions_part_in_both(answerable, refused, expected):
    assert refusals(answerable=answerable, refused=refused) == expected


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_together_they_are_the_precision_and_recall_of_a_class(questions):
    """Against the plain counts of right, wrong and missed refusals."""
    scores = [refusals(answerable=answerable, refused=refused) for answerable, refused in questions]
    right = questions.count((False, True))
    wrong = questions.count((True, True))
    missed = questions.count((False, False))
    for name, whole in (("refusal_precision", right + wrong), ("refusal_recall", right + missed)):
        parts = [each[name] for each in scores if name in each]
        assert sum(part.weight for part in parts) == whole
        assert sum(part.value for part in parts) == right


# Malformed, through a model's service and the whole of an archive


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="module")
def modelled(indexed, server) -> Iterator[Archive]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASKPOD_PRECISION", raising=False)
        model = ModelSettings("scripted", base_url=server.base_url, patience=0.1)
        with Archive.open(indexed, settings=Settings(model=model)) as opened:
            yield opened


@pytest.mark.parametrize(
    "reply",
    [
        "They starved in February [1].",
        "They starved in February [1, 99].",  # a citation too many is for other measures to count
        "They starved in February 【2†source】.",
        "They starved in February.",  # its source is found
        "They starved in February [99].",
        "They starved in February [see above].",
        "NOT IN THE EPISODES",
        "**Not in the episodes.** [1]",
    ],
)
def test_a_reply_of_use(modelled, server, reply):
    server.queue(reply)
    assert malformed(modelled.ask(QUESTION)) == {"malformed": (0, 1)}


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("They fly to Mars each winter.", id="prose that nothing supports"),
        pytest.param("They fly to Mars [99].", id="only numbers nobody was shown"),
        pytest.param("[99]", id="nothing but a number nobody was shown"),
        pytest.param("They fly to Mars [see above].", id="brackets that are no citation"),
        pytest.param("The episodes do not say so.", id="a refusal in other words"),
        pytest.param(said("They starved [1] in", finish="length"), id="cut at the token limit"),
        pytest.param(said("They starved [1]", finish="content_filter"), id="filtered"),
        pytest.param("", id="empty"),
        pytest.param(said("They starved [1] in", cut=True), id="broken off"),
        pytest.param(failed(400), id="refused by the service"),
        pytest.param(Scripted(body="<html>", content_type="text/html"), id="no completion"),
    ],
)
def test_a_reply_of_no_use(modelled, server, reply):
    server.answer_with(lambda _: reply)  # also to the attempts that follow
    assert malformed(modelled.ask(QUESTION)) == {"malformed": (1, 1)}


def test_there_is_none_where_no_model_is_asked(archive, modelled, server):
    assert malformed(archive.ask(QUESTION)) == {}
    asked = len(server.requests)
    assert malformed(modelled.ask(ELSEWHERE)) == {}  # too little is near for an answer
    assert len(server.requests) == asked + 1  # for other words to search for


@pytest.mark.parametrize("reply", [None, "", "  "])
def test_an_answer_that_never_came_is_malformed(reply):
    answer = Answer(QUESTION, "", (), (), False, "llm", reply=reply)
    assert malformed(answer) == {"malformed": (1, 1)}
