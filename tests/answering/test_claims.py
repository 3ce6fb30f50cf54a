"""Which sentences of an answer state something, and what of them is judged."""

from __future__ import annotations

import pytest

from askpod.answering.claims import needs_source, plain_claim, stated_numbers


@pytest.mark.parametrize(
    ("sentence", "claim"),
    [
        ("- It rained in **three** towns", "It rained in three towns"),
        ("1. The first of them failed.", "The first of them failed."),
        ("It was put up in 1968.", "It was put up in 1968."),
        ("They counted to 19.", "They counted to 19."),
    ],
)
def test_list_marks_go_and_numbers_stay(sentence, claim):
    assert plain_claim(sentence) == claim


@pytest.mark.parametrize(
    "sentence",
    [
        "The count was 19.",
        "It turns out that it is not the wind.",
        "1. Rain stopped the harvest.",
        "Ida married Ole.",
        "About 300 kilos.",
        "Yes, Ida.",
        "Forty people.",
        "Thanks to the heater, ninety percent of them survived.",
        "Please note that the kit costs four million euros.",
        "**The trial ran for forty months.**",
        "**The trial ran for forty months**.",
        "The episodes do not say when it began, but she sold it for five million euros.",
        'The pupils are then asked things like "How did you come to this?',
    ],
)
def test_what_states_something_needs_a_source(sentence):
    assert needs_source(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "I hope this helps.",
        "Yes.",
        "In short.",
        "It depends.",
        "Two answers:",
        "Thanks for the question.",
        "The sources do not say why.",
        "These turns give no reason.",
        "The episodes do not name a price, but they do not rule it out.",
        "The evidence speaks of the trial, but does not say how long it ran.",
        "Please note that the sources do not say why.",
        "**Key points.**",
        "Here is what they said:",
        "Or would you ask Ida about the bees?",
    ],
)
def test_courtesies_and_what_the_evidence_lacks_need_none(sentence):
    assert not needs_source(sentence)


def test_a_superscript_is_no_figure():
    assert stated_numbers("² of 3") == {3.0}
