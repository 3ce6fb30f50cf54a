"""What a reply costs, by the table in litellm's package."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from askpod import tokens
from askpod.tokens import cost, litellm_folder

Write = Callable[[str], None]

PRICES = {
    "sample_spec": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
    "gpt-x": {"input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06, "mode": "chat"},
    "azure/gpt-x": {"input_cost_per_token": 3e-06, "output_cost_per_token": 9e-06},
    "long": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 4e-06,
        "input_cost_per_token_above_20k_tokens": 2e-06,
        "output_cost_per_token_above_20k_tokens": 6e-06,
    },
    "embedder": {"input_cost_per_token": 2e-08, "output_cost_per_token": 0.0},
    "painter": {"output_cost_per_image": 0.04},
    "odd": {"input_cost_per_token": "free", "output_cost_per_token": None},
}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Write]:
    """Writes the table that is then read; at first there is none."""
    monkeypatch.setattr(tokens, "litellm_folder", lambda: tmp_path)
    tokens._prices.cache_clear()
    yield lambda text: (tmp_path / tokens.PRICES).write_text(text) and None
    tokens._prices.cache_clear()


@pytest.mark.parametrize(
    ("model", "prompt", "completion", "dollars"),
    [
        ("gpt-x", 1_000, 100, 0.0028),
        ("openai/gpt-x", 1_000, 100, 0.0028),
        ("gpt-x-2030-01-31", 1_000, 100, 0.0028),
        ("gpt-x", 0, 0, 0.0),
        ("azure/gpt-x", 1_000, 100, 0.0039),
        ("long", 20_000, 100, 0.0204),
        ("long", 20_001, 100, 0.040602),
        ("embedder", 1_000_000, 0, 0.02),
    ],
)
def test_tokens_in_and_out_have_their_prices(
    table: Write, model: str, prompt: int, completion: int, dollars: float
):
    table(json.dumps(PRICES))
    assert cost(model, prompt, completion) == pytest.approx(dollars)


@pytest.mark.parametrize("model", [None, "", "llama3.2:3b", "elsewhere/gpt-x", "painter", "odd"])
def test_what_is_not_known_is_not_guessed(table: Write, model: str | None):
    table(json.dumps(PRICES))
    assert cost(model, 1, 1) is None


def test_the_entry_that_explains_the_table_is_no_model(table: Write):
    table(json.dumps(PRICES))
    assert cost("sample_spec", 1, 1) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"gpt-x": 3}', '{"gpt-x": {}}'])
def test_a_table_that_cannot_be_read_knows_no_price(table: Write, text: str):
    table(text)
    assert cost("gpt-x", 1, 1) is None


@pytest.mark.usefixtures("table")
def test_without_litellm_no_price_is_known(monkeypatch: pytest.MonkeyPatch):
    assert cost("gpt-x", 1, 1) is None
    monkeypatch.setattr(tokens, "litellm_folder", lambda: None)
    tokens._prices.cache_clear()
    assert cost("gpt-x", 1, 1) is None


@pytest.mark.skipif(litellm_folder() is None, reason="litellm is not installed")
def test_the_real_table_knows_common_models_and_runs_no_code():
    tokens._prices.cache_clear()
    for model in ("gpt-4o-mini", "openai/gpt-4.1", "gpt-4o-2024-08-06"):
        dollars = cost(model, 1_000_000, 1_000_000)
        assert dollars is not None
        assert 0.1 < dollars < 100
    assert "litellm" not in sys.modules
