"""Replies of a model that are no answer: refusals, failures, thoughts, echoes of the prompt."""

from __future__ import annotations

import json

import pytest

from askpod.answering.refusal import NEAREST_AFTER, NEAREST_WITHOUT_MODEL, SAID_AFTER, SENTINEL
from fake_openai import Request, Scripted, failed, said
from scripted_models import fourteen_months, numbered

QUESTION = "How long did the trial of the bee kit run?"


@pytest.mark.parametrize(
    "reply",
    [
        SENTINEL,
        f"**{SENTINEL}.**",
        '{"sentences": [], "missing": "No trial is mentioned."}',
        json.dumps({"sentences": [{"text": SENTINEL, "turns": []}], "missing": ""}),
    ],
)
def test_a_model_that_refuses_before_strong_evidence_is_not_taken_at_its_word(
    ask, model_server, reply
):
    model_server.queue(reply)
    *pieces, answer = ask.ask_stream(QUESTION)
    assert (answer.basis, answer.refused) == ("nearest", False)
    assert SENTINEL in str(answer.reply)
    assert answer.text.startswith(NEAREST_WITHOUT_MODEL)
    assert SENTINEL not in answer.text
    assert "".join(pieces) == answer.text
    assert "Fourteen months" in answer.text


@pytest.mark.parametrize(
    "reply",
    [
        "The evidence does not provide information about the length of the trial.",
        "The transcripts don't say. There is no mention of a trial.",
        "I could not find this in the episodes.",
    ],
)
def test_a_refusal_in_the_models_own_words_is_followed_by_the_nearest(ask, model_server, reply):
    model_server.queue(reply)
    *pieces, answer = ask.ask_stream(QUESTION)
    assert answer.basis == "nearest"
    assert answer.text.startswith(reply)
    assert NEAREST_AFTER in answer.text
    assert "".join(pieces) == answer.text
    assert "Fourteen months" in answer.text
    assert answer.citations


@pytest.mark.parametrize("reply", ["No mites survived.", "It never stopped. The trial was short."])
def test_what_denies_something_else_is_an_answer(ask, model_server, reply):
    model_server.queue(reply)
    assert NEAREST_AFTER not in ask.ask(QUESTION).text


def test_a_model_that_repeats_its_prompt_is_not_shown(ask, model_server):
    model_server.answer_with(lambda request: str(request.messages[0]["content"]))
    answer = ask.ask(QUESTION)
    assert answer.mode == "extractive"
    assert "repeated what it was sent" in answer.warnings[0]


@pytest.mark.parametrize(
    "reply", ['{"sentences": "none"}', '{"answer": "It ran long."}', "{" * 900]
)
def test_json_of_another_form_gives_quotations_and_says_why(ask, model_server, reply):
    model_server.queue(reply)
    answer = ask.ask(QUESTION)
    assert (answer.mode, bool(answer.citations)) == ("extractive", True)
    assert "not of the form" in answer.warnings[0]


def test_no_answer_is_asked_for_when_nothing_is_near(ask, model_server):
    answer = ask.ask("What is the boiling point of mercury?")
    assert answer.refused
    (rewriting,) = model_server.requests  # other words to search for find nothing, either
    assert "lines to search for" in rewriting.prompt
    assert answer.usage.prompt_tokens > 0


@pytest.mark.parametrize(
    "reply", [failed(401), failed(404), failed(500), Scripted(pieces=()), said("Half", cut=True)]
)
def test_a_failing_model_gives_quotations_and_says_why(ask, model_server, reply):
    model_server.default = reply
    answer = ask.ask(QUESTION)
    assert answer.mode == "extractive"
    assert answer.citations
    assert "the model could not answer" in answer.warnings[0]
    assert "sk-secret" not in repr(answer)


def test_a_reply_that_breaks_off_is_replaced(ask, model_server):
    model_server.default = said("The trial ran for quite", cut=True)
    *pieces, answer = ask.ask_stream(QUESTION)
    assert "The trial ran" in "".join(pieces)
    assert answer.mode == "extractive"


def test_too_long_a_prompt_is_tried_once_more_with_half(ask, model_server):
    model_server.queue(failed(400, "too long", code="context_length_exceeded"))
    model_server.answer_with(fourteen_months)
    answer = ask.ask(QUESTION)
    first, second = model_server.requests
    assert answer.mode == "llm"
    assert len(second.prompt) < 0.7 * len(first.prompt)


def test_a_reply_cut_at_its_length_says_so(ask, model_server):
    model_server.default = said("The trial ran for months", finish="length")
    assert any("may be cut" in warning for warning in ask.ask(QUESTION).warnings)


@pytest.mark.parametrize("reply", ["Yes.", "How long did it run?"])
def test_what_cites_nothing_is_followed_by_what_was_said(ask, model_server, reply):
    model_server.answer_with(lambda _: reply)
    *pieces, answer = ask.ask_stream(QUESTION)
    assert "".join(pieces) == answer.text
    assert SAID_AFTER in answer.text
    assert all(citation.supported for citation in answer.citations)
    assert answer.citations


@pytest.mark.parametrize(
    ("opening", "ending"),
    [
        ("<think>", "</think>"),
        ("<THINK>", "</Think>"),
        ("[THINK]", "[/THINK]"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
def test_what_a_model_thinks_is_not_shown(ask, model_server, opening, ending):
    def thinking(request: Request) -> Scripted:
        turn = numbered(request, "Fourteen months")
        thought = f"{opening}\nTurn [{turn}] says a year?\n{ending}\n\n"
        return Scripted(pieces=(thought[:1], thought[1:4], thought[4:], fourteen_months(request)))

    model_server.answer_with(thinking)
    *pieces, answer = ask.ask_stream(QUESTION)
    assert "".join(pieces) == answer.text
    assert answer.text == "The trial ran for fourteen months at six sites [1]."


def test_thoughts_that_do_not_end_give_quotations_and_say_why(ask, model_server):
    model_server.answer_with(lambda _: "<think>\nOkay, the user wants to know how long the trial")
    answer = ask.ask(QUESTION)
    assert "Okay" not in answer.text
    assert answer.mode == "extractive"
    assert any("not of the form" in warning for warning in answer.warnings)


@pytest.mark.parametrize("begun", ["<think>\nLet me see", '{"sentences": [{"text": "The trial'])
def test_a_reply_that_is_cut_before_any_answer_tells_what_to_raise(ask, model_server, begun):
    model_server.queue(said(begun, finish="length"))
    answer = ask.ask(QUESTION)
    assert "raise answer_tokens (ASKPOD_ANSWER_TOKENS)" in answer.warnings[0]
    assert answer.mode == "extractive"
