"""What a model's tokens cost, from the table that the package litellm carries.

The table is read as a file, and only when a price is asked for; litellm is never imported. Prices
are those of its release, in US dollars: a figure for orientation, not a bill.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from askpod.tokens import litellm_folder

TABLE = "model_prices_and_context_window_backup.json"

_DATE = re.compile(r"-(?:\d{4}-\d\d-\d\d|\d{8})$")
_TIER = "_above_{}k_tokens"


def cost(model: str | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """US dollars for one reply; None where the price is not known, and where no model is named.

    No name is to be given for a service that is not the vendor's own: it asks for what it likes.
    A model is looked up by its name as given, then without a leading "openai/", then without a
    trailing date. Other providers' prefixes stay, since their prices differ.
    """
    if model is None:
        return None
    prices = next(
        (entry for name in _spellings(model) if (entry := _table().get(name)) is not None), None
    )
    if prices is None:
        return None
    tier = _tier(prices, prompt_tokens)
    into = prices.get(f"input_cost_per_token{tier}")
    out = prices.get(f"output_cost_per_token{tier}")
    if not isinstance(into, int | float) or not isinstance(out, int | float):
        return None
    return float(prompt_tokens * into + completion_tokens * out)


def _spellings(model: str) -> Iterator[str]:
    bare = model.removeprefix("openai/")
    yield from dict.fromkeys((model, bare, _DATE.sub("", bare)))


def _tier(prices: dict[str, Any], prompt_tokens: int) -> str:
    """The ending of the keys that hold for so long a prompt; long ones may cost more."""
    above = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
    bounds = [int(match[1]) for key in prices if (match := above.fullmatch(key))]
    passed = [bound for bound in bounds if prompt_tokens > bound * 1000]
    return _TIER.format(max(passed)) if passed else ""


@cache
def _table() -> dict[str, dict[str, Any]]:
    """Prices by model; empty where litellm's file is not here or cannot be read."""
    folder = litellm_folder()
    if folder is None:
        return {}
    try:
        table = json.loads((folder / TABLE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(table, dict):
        return {}
    # The first entry explains the others.
    return {
        name: {key: value for key, value in entry.items() if "_cost_per_token" in key}
        for name, entry in table.items()
        if isinstance(entry, dict) and name != "sample_spec"
    }
