"""Which texts hold which words of a question, inflections included."""

from __future__ import annotations

import pytest

from askpod.answering.relevance import held_words, shares

TEXTS = ["Forecasts are hard.", "She forecasted rain, and rain it was.", "It was cold."]


def test_words_are_found_in_every_inflection():
    assert held_words(["forecasting", "rain", "snow"], TEXTS) == [
        {"forecasting"},
        {"forecasting", "rain"},
        set(),
    ]


def test_a_rare_word_weighs_more_than_a_common_one():
    [[common, both, none]] = shares([["forecasting", "rain"]], TEXTS)
    assert none == 0
    assert both == pytest.approx(1)
    assert 0 < common < 0.5


def test_words_of_the_query_language_are_words():
    assert shares([['"', "OR", "NEAR(", "*"]], TEXTS) == [[0, 0, 0]]
    assert shares([[], ["hail"]], TEXTS) == [[0, 0, 0], [0, 0, 0]]
    assert shares([["rain"]], []) == [[]]


def test_irregular_forms_are_one_word():
    texts = ["He lost his bag.", "They lose it.", "Two children saw it.", "Nothing."]
    assert held_words(["lose", "lost", "child", "see"], texts) == [
        {"lose", "lost"},
        {"lose", "lost"},
        {"child", "see"},
        set(),
    ]
