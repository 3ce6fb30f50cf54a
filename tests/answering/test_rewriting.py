"""Other words to search for, written by a model where a question finds little, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod import Archive
from askpod.answering.llm_answer import FALLBACK
from askpod.answering.prompts import Prompts
from askpod.answering.refusal import SENTINEL, is_doubtful, nearness
from askpod.answering.rewriting import MOST_QUERIES, queries_in
from askpod.model import Exchange, Filters
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI, Request, failed

STRONG = "How long did the trial of the bee kit run?"
WEAK = "For what period were the gadgets of apiarists put to the test?"
REFUSED = "When was the gear vetted, and for how long?"
OTHER_WORDS = "The trial of the bee kit ran for months.\nWe tested the kit at six sites."
SHOWN = (
    "also searched for: “The trial of the bee kit ran for months.”; “We tested the kit at six "
    "sites.”"
)


def is_rewriting(request: Request) -> bool:
    return "lines to search for" in request.prompt


@pytest.fixture
def opened(indexed, model_server: FakeOpenAI, monkeypatch) -> Callable:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-tests")
    model = ModelSettings("any", base_url=model_server.base_url, timeout=60.0, patience=0.0)

    @contextmanager
    def open_with(**settings):
        with Archive.open(indexed, settings=Settings(model=model, **settings)) as archive:
            yield archive

    return open_with


def answering(words: str) -> Callable[[Request], object]:
    """A model that writes these words to search for, and an answer without citations."""
    return lambda request: words if is_rewriting(request) else "The trial ran for fourteen months."


def test_a_weak_question_is_searched_for_in_other_words(opened, model_server, archive):
    model_server.answer_with(answering(OTHER_WORDS))
    with opened() as archive_with_model:
        answer = archive_with_model.ask(WEAK)
    rewriting, request = model_server.requests
    assert is_rewriting(rewriting)
    assert WEAK in rewriting.prompt
    assert "Fourteen months" in request.prompt
    assert WEAK in request.prompt
    assert answer.question == WEAK
    assert SHOWN in answer.warnings
    without = len(request.prompt.split())
    assert answer.usage.prompt_tokens == without + len(rewriting.prompt.split())
    assert answer.usage.model_seconds > 0
    seen = [(p.episode_id, s.turn, s.offset) for p in answer.passages for s in p.spans]
    assert len(seen) == len(set(seen))
    scores = [passage.score for passage in answer.passages]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > archive.search(WEAK, top=1)[0].score


def test_a_question_that_would_be_refused_may_be_answered(opened, model_server):
    model_server.answer_with(answering(OTHER_WORDS))
    with opened(rewrite="off") as archive:
        assert archive.ask(REFUSED).refused
    assert model_server.requests == []
    with opened() as archive:
        answer = archive.ask(REFUSED)
    assert not answer.refused
    assert "fourteen months" in answer.text


def test_the_questions_that_are_put_in_one_are_searched_for(opened, model_server, archive):
    rest = "How long did the trial of the bee kit run?"
    question = "What is a restored organ and how long did the trial of the bee kit run?"
    model_server.answer_with(answering(OTHER_WORDS))
    with opened(rewrite="off") as archive_with_model:
        answer = archive_with_model.ask(question)
    best = archive.search(rest, top=1)[0]
    assert best.score > archive.search(question, top=1)[0].score
    assert best in answer.passages
    assert not any("also searched" in warning for warning in answer.warnings)


def test_asynchronous_code_gets_the_same(opened, model_server):
    model_server.answer_with(answering(OTHER_WORDS))

    async def asked(archive):
        return [item async for item in archive.astream(WEAK)][-1]

    with opened() as archive:
        assert SHOWN in asyncio.run(asked(archive)).warnings


@pytest.mark.parametrize(
    ("question", "rewrite", "requests"),
    [(STRONG, "auto", 1), (STRONG, "always", 2), (WEAK, "off", 1)],
)
def test_when_the_model_is_asked_for_other_words(opened, model_server, question, rewrite, requests):
    model_server.answer_with(answering(OTHER_WORDS))
    with opened(rewrite=rewrite) as archive:
        answer = archive.ask(question)
    assert len(model_server.requests) == requests
    assert (SHOWN in answer.warnings) is (rewrite == "always")


def test_a_name_that_is_never_mentioned_needs_no_other_words(opened, model_server):
    with opened() as archive:
        assert archive.ask("What does Ferdinand Magellan say?").refused
    assert model_server.requests == []


@pytest.mark.parametrize("opening", ["<think>\n", "<think>", ""])
def test_what_a_model_thinks_first_is_not_searched_for(opened, model_server, opening):
    thoughts = f"{opening}Apiarists are people who keep bees.\n</think>\n\n"
    model_server.answer_with(answering(thoughts + OTHER_WORDS))
    with opened() as archive:
        assert SHOWN in archive.ask(WEAK).warnings


@pytest.mark.parametrize("opening", ["<think>\n", "<think>", ""])
def test_a_follow_up_is_rewritten_without_the_thoughts(opened, model_server, opening):
    wanted = "How many sites did the trial of the bee kit have?"
    with opened() as archive:
        before = archive.ask(STRONG)
        thoughts = f"{opening}They want the sites of the trial.</think>"
        model_server.queue(f"{thoughts}\n{wanted}")
        follow_up = archive.ask("And how many sites?", history=[Exchange(STRONG, before)])
    assert follow_up.question == wanted


NONSENSE = [
    " \n \n",
    "ok",
    SENTINEL,
    "I'm sorry, but I cannot help with that.",
    "word " * 2_000,
    "\n".join(f"A line with the number {n}" for n in range(40)),
    "Here are some lines:",
    WEAK,
    "Write two or three lines to search for.",
    "Write two or three lines, each a short sentence that could stand in an answer, in everyday "
    "words. Use other words than the question: synonyms, and what people say when they talk of it.",
]


@pytest.mark.parametrize("reply", [*NONSENSE, failed(400)])
def test_what_is_no_list_of_queries_changes_nothing(opened, model_server, reply):
    model_server.answer_with(answering(reply))
    with opened() as archive:
        answer = archive.ask(WEAK)
    with opened(rewrite="off") as archive:
        plain = archive.ask(WEAK)
    assert (answer.text, answer.passages) == (plain.text, plain.passages)
    assert answer.warnings == plain.warnings


def test_a_service_that_is_down_is_waited_for_once_and_quotations_follow(opened, model_server):
    model_server.answer_with(lambda _: failed(500))
    with opened() as archive:
        answer = archive.ask(WEAK)
    assert answer.citations
    assert answer.mode == "extractive"
    assert answer.warnings[0].startswith(FALLBACK)
    assert "500" in answer.warnings[0]
    assert all(is_rewriting(request) for request in model_server.requests)


def test_numbers_bullets_and_quotes_are_left_out():
    prompt = Prompts().rewrite(WEAK)
    reply = 'Here are three:\n\n1. "It ran for months."\n- It ran  for months\n* At six sites.\n'
    assert queries_in(reply, WEAK, prompt) == ("It ran for months.", "At six sites.")


@given(st.text())
def test_any_reply_gives_a_few_short_queries(reply):
    queries = queries_in(reply, WEAK, Prompts().rewrite(WEAK))
    assert len(queries) <= MOST_QUERIES
    assert all(query == query.strip() and query.isprintable() for query in queries)


def test_the_questions_of_these_tests_are_what_they_are_for(archive):
    find = archive._retriever.find
    weak, strong = (find(question, 10, Filters()) for question in (WEAK, STRONG))
    assert is_doubtful(weak, Filters()), nearness(weak)
    assert not is_doubtful(strong, Filters()), nearness(strong)
