"""What the value of each setting may be, and where it is read from. See settings.py."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

Precision = Literal["int8", "fp32"]
Unsupported = Literal["mark", "drop"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]")  # that Chroma takes


# A check returns what is wrong with a value, or None.


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str | None]:
    return lambda value: None if value in choices else f"{value!r} is none of {', '.join(choices)}"


def _positive(value: float) -> str | None:
    return None if 0 < value < math.inf else f"{value} must be more than 0"


def _not_negative(value: float) -> str | None:
    return None if 0 <= value < math.inf else f"{value} must be 0 or more"


def _model_name(value: str) -> str | None:
    if value.strip() and value.isprintable():
        return None
    return 'must be the name of a model, such as "gpt-4o-mini"'


def _embedder_name(value: str) -> str | None:
    kind, _, name = value.partition(":")
    if value == "minilm" or (kind == "openai" and name.strip()):
        return None
    return f'{value!r} is neither "minilm" nor "openai:NAME"'


def _url(value: str) -> str | None:
    """An address may carry credentials, so it is not repeated."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        return 'must be an address such as "http://localhost:11434/v1"'
    if "@" in parts.netloc:
        return "must not hold a user or a password: put the key into OPENAI_API_KEY"
    if parts.query or parts.fragment:
        return "must end with the path, such as /v1, without ? or #"
    return None


def _server(value: str) -> str | None:
    """As `_url`: an address without anything that could be a secret."""
    if problem := _url(value):
        problem = problem.replace("localhost:11434/v1", "localhost:8000")
        problem = problem.replace(
            "the key into OPENAI_API_KEY", "the token into ASKPOD_CHROMA_TOKEN"
        )
        return problem.replace(", such as /v1,", "")
    return None


def _server_name(value: str) -> str | None:
    if _NAME.fullmatch(value):
        return None
    return f"{value!r} is none: 3 to 512 of the characters a-z A-Z 0-9 . _ -"


def _folder(value: Path) -> str | None:
    return None if value.is_dir() else f"there is no folder {value}"


def _file(value: Path) -> str | None:
    return None if value.is_file() else f"there is no file {value}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a setting is read from and what it may be."""

    kind: type
    check: Callable[[Any], str | None]
    variable: str
    model_only: bool = False

    def problem(self, value: object) -> str | None:
        """What is wrong with a value, without repeating one that may be a secret."""
        allowed = (int, float) if self.kind is float else (self.kind,)
        if isinstance(value, bool) or not isinstance(value, allowed):
            return f"must be {KINDS[self.kind]}, not {KINDS.get(type(value), 'something else')}"
        return self.check(value)


KINDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    bool: "true or false",
}

RULES: dict[str, Rule] = {
    "precision": Rule(str, _one_of(get_args(Precision)), "ASKPOD_PRECISION"),
    "embedder": Rule(str, _embedder_name, "ASKPOD_EMBEDDER"),
    "base_url": Rule(str, _url, "OPENAI_BASE_URL"),
    "model": Rule(str, _model_name, "ASKPOD_MODEL"),
    "prompts": Rule(Path, _folder, "ASKPOD_PROMPTS"),
    "unsupported": Rule(str, _one_of(get_args(Unsupported)), "ASKPOD_UNSUPPORTED"),
    "chroma_url": Rule(str, _server, "ASKPOD_CHROMA_URL"),
    "chroma_tenant": Rule(str, _server_name, "ASKPOD_CHROMA_TENANT"),
    "chroma_database": Rule(str, _server_name, "ASKPOD_CHROMA_DATABASE"),
    "chroma_ca": Rule(Path, _file, "ASKPOD_CHROMA_CA"),
    "context_tokens": Rule(int, _positive, "ASKPOD_CONTEXT_TOKENS", model_only=True),
    "effective_window": Rule(int, _positive, "ASKPOD_EFFECTIVE_WINDOW", model_only=True),
    "answer_tokens": Rule(int, _positive, "ASKPOD_ANSWER_TOKENS", model_only=True),
    "timeout": Rule(float, _positive, "ASKPOD_TIMEOUT", model_only=True),
    "patience": Rule(float, _not_negative, "ASKPOD_PATIENCE", model_only=True),
}
