"""Replies as models send them: JSON of the asked form, prose, or a copy of the prompt."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.answering.refusal import SENTINEL
from askpod.answering.replies import ReplyReader, answer_schema, is_copied, writes_prose
from askpod.model import EvidenceTurn, Span


def read(reply: str, size: int = 0) -> str:
    reader = ReplyReader()
    pieces = [reply[i : i + size] for i in range(0, len(reply), size)] if size else [reply]
    return "".join(map(reader.feed, pieces)) + reader.finish()


def structured(*sentences: object, missing: object = "") -> str:
    return json.dumps({"sentences": list(sentences), "missing": missing})


BEES = {"text": "Bees dance\n in circles.", "turns": [3, 5, 3]}


@pytest.mark.parametrize(
    ("reply", "prose"),
    [
        (structured(BEES), "Bees dance in circles. [3][5]"),
        (structured(BEES, BEES), "Bees dance in circles. [3][5] Bees dance in circles. [3][5]"),
        (f"```json\n{structured(BEES)}\n```", "Bees dance in circles. [3][5]"),
        (structured(BEES, missing="Not why."), "Bees dance in circles. [3][5] Not why."),
        (structured(BEES, missing=f"{SENTINEL}."), "Bees dance in circles. [3][5]"),
        (structured(BEES, missing="None"), "Bees dance in circles. [3][5]"),
        (structured(BEES, missing=" N/A. "), "Bees dance in circles. [3][5]"),
        (structured(BEES, missing="Nothing is missing."), "Bees dance in circles. [3][5]"),
        (structured({"text": "It ran a year", "turns": [1]}, {"text": "Six sites", "turns": [2]}),
         "It ran a year. [1] Six sites. [2]"),
        (structured("It ran a year [1]", "“Six sites!”", "Two reasons:"),
         "It ran a year [1]. “Six sites!” Two reasons:"),
        (structured({"text": "Do bees dance?", "turns": [1]}, BEES, missing="Why?"),
         "Bees dance in circles. [3][5]"),
        (structured(missing="Nothing is said of bees."), SENTINEL),
        (structured({"text": "So."}, {"turns": [1]}, 7, BEES), "So. Bees dance in circles. [3][5]"),
        (structured({"text": "Odd.", "turns": [True, "2", 1.5, 4]}), "Odd. [4]"),
        (structured(BEES)[:-17], "Bees dance in circles. [3][5]"),  # cut at the longest answer
        ("Bees dance [3].", "Bees dance [3]."),
        ("[3] says that bees dance.", "[3] says that bees dance."),
        (f"Sure! Here is the answer:\n{structured(BEES)}", "Bees dance in circles. [3][5]"),
        (f"Here is the answer:\n\n```json\n{structured(BEES, missing='Not why.')}\n```",
         "Bees dance in circles. [3][5] Not why."),
        (json.dumps([BEES]), "Bees dance in circles. [3][5]"),
        (structured("Bees dance [3].", BEES), "Bees dance [3]. Bees dance in circles. [3][5]"),
        (f"<think>\nTurn [7]? {{No}}.\n</think>\n\n{structured(BEES)}",
         "Bees dance in circles. [3][5]"),
        ("<think>Hm.</think>Bees dance [3].", "Bees dance [3]."),
        ("Here is where bees dance [3].", "Here is where bees dance [3]."),
        ("<b>Bees</b> dance [3].", "<b>Bees</b> dance [3]."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_reply_becomes_prose_with_markers(reply, prose):
    assert read(reply) == prose


@given(
    st.lists(st.text(max_size=20).map(lambda text: {"text": text, "turns": [1]}), max_size=10),
    st.text(max_size=20),
    st.integers(1, 9),
)
def test_what_is_read_does_not_depend_on_the_pieces(sentences, missing, size):
    reply = structured(*sentences, missing=missing)
    assert read(reply, size) == read(reply)
    read(reply).encode("utf-8")


@given(st.text(max_size=60))
def test_any_text_is_read(reply):
    prose = read(reply)
    assert prose == reply or reply.lstrip().startswith(("{", "`", "["))


@pytest.mark.parametrize(
    "reply",
    [
        '{"sentences": 1}',
        '{"sentences": [7]}',
        '{"answer": "x"}',
        "{" * 2000,
        '{"a": [[[[',
        "<think>It may",
    ],
)
def test_json_of_another_form_is_broken(reply):
    reader = ReplyReader()
    assert reader.feed(reply) + reader.finish() == ""
    assert reader.broken


def test_numbers_that_a_structured_reply_may_cite_are_those_of_the_evidence():
    schema = answer_schema(3)["json_schema"]["schema"]
    assert schema["properties"]["sentences"]["items"]["properties"]["turns"]["items"]["enum"] == [
        1,
        2,
        3,
    ]
    assert schema["properties"]["sentences"]["minItems"] == 1


SAID = "The trial ran for fourteen months, with twenty-two hives at six sites, over one winter."
TURN = EvidenceTurn(1, "bees", "Bees", Span(0, 0, "Mara", SAID, 0.0, 9.0), "")
PROMPT = [
    ("system", "You answer questions about podcast episodes from what was said in them, briefly."),
    ("user", f"[1] Mara, 0:00 — Bees\n> {SAID}\n\nHow long did the trial of the bee kit run for?"),
]


@pytest.mark.parametrize(
    "reply",
    [
        PROMPT[0][1],
        "You answer questions about podcast episodes from what was said in them [1].",
        "How long did the trial of the bee kit run for?",
    ],
)
def test_a_copy_of_the_prompt_is_known(reply):
    assert is_copied(reply, PROMPT, [TURN])


def test_an_answer_may_say_a_long_question_again():
    said = "the trial ran for fourteen months, with twenty-two hives at six sites"
    question = f"Is it true that {said}?"
    prompt = [*PROMPT[:1], ("user", f"[1] Mara, 0:00 — Bees\n> {SAID}\n\nQuestion: {question}")]
    assert not is_copied(f"Yes, {said} [1].", prompt, [TURN], question)
    assert is_copied(question, prompt, [TURN], question)


@pytest.mark.parametrize("reply", [SAID, "It ran for fourteen months at six sites, with 22 hives."])
def test_an_answer_in_the_words_of_the_evidence_is_no_copy(reply):
    assert not is_copied(reply, PROMPT, [TURN])


@pytest.mark.parametrize(
    ("model", "window", "prose"),
    [
        ("qwen2.5:1.5b", 8_000, True),
        ("Llama-3.2-3B-Instruct", 8_000, True),
        ("smollm2-135m", 8_000, True),
        ("anything", 2_000, True),
        ("gpt-4o-mini", 8_000, False),
        ("llama3.1:70b", 8_000, False),
        ("mixtral-8x7b", 8_000, False),
        ("Qwen3-30B-A3B", 8_000, False),
        ("claude-4-1m", 8_000, False),
        ("qwen2.5_1.5b", 8_000, True),
        ("OLMoE-1B-7B-0924", 8_000, False),
        ("Llama-4-Scout-17B-16E-10M", 8_000, False),
        ("Llama-3-8B-ctx-100m", 8_000, False),
    ],
)
def test_small_models_write_prose(model, window, prose):
    assert writes_prose(model, window) is prose
