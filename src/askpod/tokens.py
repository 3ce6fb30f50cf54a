"""Counts tokens as a model does, and says what they cost, with files that are on this machine.

tiktoken would download a vocabulary that it does not find, and delete one that is damaged: it is
looked for, and its digest checked, before. The package `litellm` carries the common ones as files,
and a table of prices in US dollars, for orientation; it is never imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from askpod.errors import AskpodError
from askpod.services.endpoints import split_name

if TYPE_CHECKING:
    import tiktoken

Message = tuple[Literal["system", "user", "assistant"], str]  # role and text
Schema = Mapping[str, Any]  # of a structured reply: a `response_format` of Chat Completions

DEFAULT = "o200k_base"  # of models that tiktoken does not know
TOKENS_PER_MESSAGE = 3  # besides the role and the text
TOKENS_BEFORE_REPLY = 3
MOST_REPORTED = 10**9  # tokens; no request takes as many

# Where each encoding's vocabulary comes from, and its SHA-256 (tiktoken_ext/openai_public.py).
# tiktoken's cache names a file by the SHA-1 of that address.
_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
_DIGESTS = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "p50k_base": "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
    "r50k_base": "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
}
_SAME_VOCABULARY = {"o200k_harmony": "o200k_base", "p50k_edit": "p50k_base", "gpt2": "r50k_base"}

PRICES = "model_prices_and_context_window_backup.json"

_DATE = re.compile(r"-(?:\d{4}-\d\d-\d\d|\d{8})$")
_ABOVE = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")

_CACHE_SETTINGS = ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")
_loading = threading.Lock()


class VocabularyMissing(AskpodError):
    """No vocabulary to count tokens with is on this machine."""


class TokenCounter:
    """Counts the tokens of texts as one model's encoding does. Safe for several threads."""

    encoding: str
    """The encoding that counts: the model's own, unless only another one's vocabulary is here."""

    def __init__(self, model: str) -> None:
        """Loads the encoding of `model`, o200k_base for one that tiktoken does not know.

        Raises VocabularyMissing: neither its vocabulary nor a common one is on this machine.
        """
        self.encoding = _available(encoding_of(model))
        self._encode = _load(self.encoding).encode_ordinary

    def count(self, text: str) -> int:
        """The tokens of `text`. "<|endoftext|>" and its like are text as any other."""
        return len(self._encode(text))

    def count_messages(self, messages: Sequence[Message]) -> int:
        """The prompt tokens of a chat: each text, its role and what frames them.

        The frame is OpenAI's ("How to count tokens with tiktoken", OpenAI cookbook): three
        tokens for each message and three that open the reply. Other services use a little more
        or less, by a few tokens for each message.
        """
        texts = sum(self.count(role) + self.count(text) for role, text in messages)
        return texts + TOKENS_PER_MESSAGE * len(messages) + TOKENS_BEFORE_REPLY


def encoding_of(model: str) -> str:
    """The name of a model's encoding: "openai/gpt-4-0613" -> "cl100k_base"."""
    from tiktoken.model import encoding_name_for_model

    name = split_name(model)[1].strip().lower().rpartition("/")[2]
    # "gpt-oss:20b" is how Ollama writes "gpt-oss-20b"; "ft:gpt-4o:…" begins with what counts.
    spelling = name if name.startswith("ft:") else name.replace(":", "-")
    try:
        found = encoding_name_for_model(spelling)
    except KeyError:
        return DEFAULT
    # They differ from the ones named here in special tokens only, which are never counted.
    return _SAME_VOCABULARY.get(found, found)


def litellm_folder() -> Path | None:
    """Where the package litellm lies, found without running its code; None without it."""
    spec = importlib.util.find_spec("litellm")
    locations = (spec and spec.submodule_search_locations) or ()
    return next(map(Path, locations), None)


def _available(wanted: str) -> str:
    """The first of the wanted and the two common encodings whose vocabulary is here."""
    for name in dict.fromkeys((wanted, DEFAULT, "cl100k_base")):
        if name in _DIGESTS and _cache_with(name) is not None:
            return name
    raise VocabularyMissing(
        f"tokens cannot be counted: the vocabulary of {wanted} is not on this machine, nor a "
        "common one, and nothing is downloaded. Run: pip install --no-deps 'litellm<1.83.8' "
        "(its files are read), or name a folder that holds it in TIKTOKEN_CACHE_DIR"
    )


@cache
def _cache_with(name: str) -> Path | None:
    """The first folder, as tiktoken lays out its cache, that holds a vocabulary undamaged."""
    file = hashlib.sha1(_ADDRESS.format(name).encode(), usedforsecurity=False).hexdigest()
    for folder in _caches():
        try:
            content = (folder / file).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == _DIGESTS[name]:
            return folder
    return None


def _caches() -> Iterator[Path]:
    """The user's own folder first, then litellm's, then the one tiktoken fills by itself."""
    for setting in _CACHE_SETTINGS:
        if folder := os.environ.get(setting):
            yield Path(folder)
    if package := litellm_folder():
        yield package / "litellm_core_utils" / "tokenizers"
    yield Path(tempfile.gettempdir(), "data-gym-cache")


@cache
def _load(name: str) -> tiktoken.Encoding:
    """An encoding whose vocabulary is here. Takes a quarter of a second, once in a process."""
    import tiktoken

    # tiktoken takes the folder from the environment only. What the user has set is put back:
    # the process may use tiktoken for itself.
    variable = _CACHE_SETTINGS[0]
    with _loading:
        before = os.environ.get(variable)
        os.environ[variable] = str(_cache_with(name))
        try:
            return tiktoken.get_encoding(name)
        finally:
            del os.environ[variable]
            os.environ.update({} if before is None else {variable: before})


def reported(tokens: object) -> int | None:
    """The tokens that a service says one request took; None where that can be no count."""
    return tokens if type(tokens) is int and 0 <= tokens < MOST_REPORTED else None


# --- Prices ---------------------------------------------------------------------------------------


def cost(model: str | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """US dollars for one reply; None where the price is not known.

    A model is looked up by its name as given, then without a leading "openai/", then without a
    trailing date. Other providers' prefixes stay, since their prices differ. None stands for a
    service that is not the vendor's own.
    """
    bare = (model or "").removeprefix("openai/")
    known = (_prices().get(name) for name in (model, bare, _DATE.sub("", bare)) if name)
    prices = next(filter(None, known), None)
    if prices is None:
        return None
    tier = _tier(prices, prompt_tokens)
    into, out = (prices.get(f"{way}_cost_per_token{tier}") for way in ("input", "output"))
    if not isinstance(into, int | float) or not isinstance(out, int | float):
        return None
    return float(prompt_tokens * into + completion_tokens * out)


def _tier(prices: dict[str, Any], prompt_tokens: int) -> str:
    """The ending of the keys that hold for so long a prompt; long ones may cost more."""
    bounds = [int(match[1]) for key in prices if (match := _ABOVE.fullmatch(key))]
    passed = [bound for bound in bounds if prompt_tokens > bound * 1000]
    return f"_above_{max(passed)}k_tokens" if passed else ""


@cache
def _prices() -> dict[str, dict[str, Any]]:
    """Prices by model; empty where litellm's file is not here or cannot be read."""
    try:
        table = json.loads(((litellm_folder() or Path()) / PRICES).read_text(encoding="utf-8"))
        # The first entry explains the others.
        return {
            name: {key: value for key, value in entry.items() if "_cost_per_token" in key}
            for name, entry in table.items()
            if isinstance(entry, dict) and name != "sample_spec"
        }
    except (OSError, ValueError, AttributeError):
        return {}
