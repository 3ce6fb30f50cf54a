"""What a user can choose: by flag, in the environment, or in `askpod.toml`, in this order.

Defaults serve everyone else. No key is ever kept here: `OPENAI_API_KEY` and
`ASKPOD_CHROMA_TOKEN` are read from the environment where the client is made, and a key written
into the file is refused.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from askpod.chunking import ChunkSettings
from askpod.errors import AskpodError
from askpod.setting_rules import KINDS, RULES, Precision, Unsupported

DEFAULT_STORE = Path("vectorstore")
FILE = "askpod.toml"

TRUSTED_WINDOW = 32_000
TRUSTED_WINDOW_REASON = (
    "practitioners see a clear dip from about 32k tokens and failure at about 64k, "
    "whatever window the model claims"
)


class SettingError(AskpodError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model writes the answers, and how it is asked.

    Raises:
        SettingError: a value cannot be used, or `context_tokens` is more than
            `effective_window`.
    """

    name: str  # as the endpoint calls it, e.g. "gpt-4o-mini"
    base_url: str | None = None  # None: OpenAI's own
    context_tokens: int = 8_000  # what is sent, at most
    effective_window: int = TRUSTED_WINDOW  # never more than this, whatever the model claims
    answer_tokens: int = 700  # the longest answer asked for
    timeout: float = 60.0  # seconds without a byte
    patience: float = 30.0  # seconds that retries may take in all

    def __post_init__(self) -> None:
        _check_fields(self, {"name": "model"})
        if self.context_tokens > self.effective_window:
            raise SettingError(
                f"context_tokens: {self.context_tokens} is more than effective_window "
                f"({self.effective_window}): {TRUSTED_WINDOW_REASON}. Ask for less, or raise "
                "effective_window too (ASKPOD_EFFECTIVE_WINDOW) if you mean it"
            )


@dataclass(frozen=True, slots=True)
class Settings:
    """How an archive is made and asked.

    An archive keeps what it was made with (precision, embedder, chunking) and opens with
    nothing else.

    Raises:
        SettingError: a value is none of those allowed.
    """

    precision: Precision = "int8"  # of the embedder's weights: int8 is fast, fp32 the reference
    chunking: ChunkSettings = field(default_factory=ChunkSettings)
    embedder: str = "minilm"  # or "openai:NAME"
    base_url: str | None = None  # the endpoint of such an embedder; None: OpenAI's own
    model: ModelSettings | None = None  # None: answers are extractive
    prompts: Path | None = None  # a folder whose files replace single prompts
    unsupported: Unsupported = "mark"  # what happens to a claim that its turn does not support
    chroma_url: str | None = None  # the server that holds the archive; None: the store's folder
    chroma_tenant: str = "default_tenant"
    chroma_database: str = "default_database"
    chroma_ca: Path | None = None  # a file of root certificates, for a server of one's own

    def __post_init__(self) -> None:
        _check_fields(self, {})

    @classmethod
    def load(
        cls, flags: Mapping[str, object | None] | None = None, folder: Path | None = None
    ) -> Settings:
        """What `flags` say, else the environment, else `askpod.toml` in `folder`, else defaults.

        Parameters:
            flags: values by the settings' names; None stands for "not given".
            folder: where the file is looked for; the working directory if None.

        Raises:
            SettingError: naming where the value stands: the flag, the variable, or file and line.
        """
        chosen = dict(_from_file((folder or Path()) / FILE))
        chosen.update(_from_environment())
        chosen.update(_from_flags(flags or {}))
        model = chosen.pop("model", None)
        model_values = {name: chosen.pop(name) for name in _MODEL_ONLY if name in chosen}
        if model is not None:
            chosen["model"] = ModelSettings(
                name=model, base_url=chosen.get("base_url"), **model_values
            )
        return cls(**chosen)

    @classmethod
    def from_environment(cls) -> Settings:
        """`load` without flags."""
        return cls.load()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed but unwise, with the reason, for people to read."""
        if self.model is None or self.model.context_tokens <= TRUSTED_WINDOW:
            return ()
        return (
            f"context_tokens is {self.model.context_tokens}, past {TRUSTED_WINDOW}: "
            f"{TRUSTED_WINDOW_REASON}",
        )


def default_store() -> Path:
    """The folder of the archive where none is named: ASKPOD_STORE, else `vectorstore`."""
    return Path(os.environ.get("ASKPOD_STORE") or DEFAULT_STORE)


_MODEL_ONLY = tuple(name for name, rule in RULES.items() if rule.model_only)
_SECRET = re.compile(
    r"key|secret|password|credential|authorization|token$",
    re.IGNORECASE,
)


def _check_fields(settings: ModelSettings | Settings, renamed: Mapping[str, str]) -> None:
    for part in fields(settings):
        name = renamed.get(part.name, part.name)
        value = getattr(settings, part.name)
        rule = RULES.get(name)
        if rule is None or value is None or isinstance(value, ModelSettings):
            continue
        if problem := rule.problem(value):
            raise SettingError(f"{name} ({rule.variable}): {problem}")


# --- Where values come from ----------------------------------------------------------------------


def _from_flags(flags: Mapping[str, object | None]) -> Iterator[tuple[str, Any]]:
    for name, value in flags.items():
        if value is not None:
            yield name, _accepted(name, value, "--" + name.replace("_", "-"))


def _from_environment() -> Iterator[tuple[str, Any]]:
    for name, rule in RULES.items():
        text = os.environ.get(rule.variable)
        if not text:
            continue
        value: object = text
        if rule.kind in (int, float):
            try:
                value = rule.kind(text)
            except ValueError:
                raise SettingError(f"{rule.variable}: must be {KINDS[rule.kind]}") from None
        yield name, _accepted(name, value, rule.variable)


def _from_file(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return
    except UnicodeDecodeError:
        raise SettingError(f"{path}: not UTF-8 text: save the file as UTF-8") from None
    except OSError as problem:
        raise SettingError(f"{path}: cannot be read: {problem.strerror}") from None
    except tomllib.TOMLDecodeError as problem:
        raise SettingError(f"{path}: not TOML: {problem}") from None
    for name, value in values.items():
        where = f"{path}:{_line_of(name, text)}: {name}"
        if name not in RULES and _SECRET.search(name):
            raise SettingError(
                f"{where}: a key is read from the environment only: remove it from the file "
                f"and set {'ASKPOD_CHROMA_TOKEN' if 'chroma' in name else 'OPENAI_API_KEY'}"
            )
        if name in RULES and RULES[name].kind is Path and isinstance(value, str):
            value = str(path.parent / Path(value).expanduser())
        yield name, _accepted(name, value, where)


def _line_of(name: str, text: str) -> int:
    """The 1-based line on which a top-level key or table stands; 1 where it cannot be found."""
    stands = re.compile(rf"""^\s*\[?\s*["']?{re.escape(name)}["']?\s*[\]=.]""", re.MULTILINE)
    found = stands.search(text)
    return text.count("\n", 0, found.end()) + 1 if found else 1


def _accepted(name: str, value: object, where: str) -> object:
    """The value as a setting holds it. Raises SettingError that begins with `where`."""
    rule = RULES.get(name)
    if rule is None:
        raise SettingError(f"{where}: no such setting. There are {', '.join(RULES)}")
    if rule.kind is Path and isinstance(value, str):
        value = Path(value).expanduser()
    problem = rule.problem(value)
    if problem:
        raise SettingError(f"{where}: {problem}")
    return value
