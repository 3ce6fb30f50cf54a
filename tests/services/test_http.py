"""Whose a model's service is: its key, its prices, its proxy hang on it."""

from __future__ import annotations

import pytest

from askpod.services.endpoints import is_this_machine, is_vendors


@pytest.mark.parametrize(
    ("base_url", "vendors", "here"),
    [
        (None, True, False),
        ("https://api.openai.com/v1", True, False),
        ("https://EU.api.openai.com/v1", True, False),
        ("https://notopenai.com/v1", False, False),
        ("https://openai.com.example.org/v1", False, False),
        ("https://me.openai.azure.com/openai/v1", False, False),
        ("http://localhost:11434/v1", False, True),
        ("http://[::1]:8080/v1", False, True),
        ("http://127.0.0.2:8080/v1", False, True),
        ("http://localhost.example.org/v1", False, False),
    ],
)
def test_whose_service_it_is(base_url: str | None, vendors: bool, here: bool):
    assert is_vendors(base_url) == vendors
    assert is_this_machine(base_url) == here
