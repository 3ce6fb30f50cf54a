"""What a user can choose: by flag, in the environment, or in `askpod.toml`, in this order.

Defaults serve everyone else. No key is ever kept here: `OPENAI_API_KEY` and
`ASKPOD_CHROMA_TOKEN` are read from the environment where the client is made, and a key written
into the file is refused.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, ValidationError, create_model
from pydantic.dataclasses import dataclass

from askpod.chunking import ChunkSettings
from askpod.errors import AskpodError
from askpod.files import read_bounded

DEFAULT_STORE = Path("vectorstore")
FILE = "askpod.toml"
MOST_BYTES = 1_000_000  # of the file

TRUSTED_WINDOW = 32_000
TRUSTED_WINDOW_REASON = (
    "practitioners see a clear dip from about 32k tokens and failure at about 64k, "
    "whatever window the model claims"
)


class SettingError(AskpodError):
    """A setting has a value that cannot be used."""


# --- What a value may be -------------------------------------------------------------------------


def _unless(fine: Callable[[Any], bool], problem: str) -> AfterValidator:
    """Refuses a value that is not `fine`; {} in the problem stands for the value."""

    def check(value: Any) -> Any:  # noqa: ANN401 (whatever the setting holds)
        try:
            taken = fine(value)
        except OSError as error:  # of a path: too long, or in a folder that may not be entered
            raise ValueError(f"{value}: {error.strerror}") from None
        if not taken:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            raise ValueError(problem.replace("{}", shown))
        return value

    return AfterValidator(check)


def _check_url(example: str, secret: str) -> AfterValidator:
    """Checks an address, which may carry credentials and so is not repeated."""

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f'must be an address such as "{example}"')
        if "@" in parts.netloc:
            raise ValueError(f"must not hold a user or a password: put the {secret}")
        if parts.query or parts.fragment:
            raise ValueError("must end with the path, without ? or #")
        return value

    return AfterValidator(check)


Precision = Literal["int8", "fp32"]
Unsupported = Literal["auto", "mark", "drop"]
Rewrite = Literal["auto", "off", "always"]
_Count = Annotated[int, _unless(lambda value: value > 0, "{} must be more than 0")]
_Seconds = Annotated[float, _unless(lambda value: 0 < value < math.inf, "{} must be more than 0")]
_Patience = Annotated[float, _unless(lambda value: 0 <= value < math.inf, "{} must be 0 or more")]
_ModelName = Annotated[
    str,
    _unless(
        lambda value: value.strip() and value.isprintable(),
        'must be the name of a model, such as "gpt-4o-mini"',
    ),
]
_EmbedderName = Annotated[
    str,
    _unless(
        re.compile(r"minilm|openai:.*\S.*", re.DOTALL).fullmatch,
        '\'{}\' is neither "minilm" nor "openai:NAME"',
    ),
]
_Endpoint = Annotated[str, _check_url("http://localhost:11434/v1", "key into OPENAI_API_KEY")]
_Server = Annotated[str, _check_url("http://localhost:8000", "token into ASKPOD_CHROMA_TOKEN")]
_ServerName = Annotated[
    str,
    _unless(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]").fullmatch,  # as Chroma has it
        "'{}' is none: 3 to 512 of the characters a-z A-Z 0-9 . _ -",
    ),
]
_Path = Annotated[
    Path, BeforeValidator(lambda each: Path(each).expanduser() if isinstance(each, str) else each)
]
_Folder = Annotated[_Path, _unless(Path.is_dir, "there is no folder {}")]
_File = Annotated[_Path, _unless(Path.is_file, "there is no file {}")]

_STRICT = ConfigDict(strict=True, extra="forbid")

_KINDS = {"int": "a whole number", "float": "a number", "string": "a text", "path": "a path"}
_KINDS_OF = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def _problem(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, without repeating one that may be a secret."""
    kind, value = error["type"], error["input"]
    if kind == "literal_error" and isinstance(value, str):
        choices = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f"{value!r} is none of {choices}"
    kind = {"literal_error": "string_type", "is_instance_of": "path_type"}.get(kind, kind)
    for name, must_be in _KINDS.items():
        if kind == f"{name}_type":
            return f"must be {must_be}, not {_KINDS_OF.get(type(value), 'something else')}"
        if kind.startswith(f"{name}_"):
            return f"must be {must_be}"
    return str(error.get("ctx", {}).get("error", error["msg"]))


_Settings = TypeVar("_Settings")


def _raising_setting_errors(cls: type[_Settings]) -> type[_Settings]:
    """Has a class of settings raise SettingError where pydantic would raise its own error."""
    validate = cls.__init__

    @wraps(validate)
    def init(self: _Settings, *values: Any, **named: Any) -> None:  # noqa: ANN401 (its fields)
        try:
            validate(self, *values, **named)
        except ValidationError as refused:
            error = refused.errors()[0]
            name = str(error["loc"][0]) if error["loc"] else ""
            name = "model" if name == "name" else name
            if name not in VARIABLES:
                raise TypeError(str(refused)) from None  # no value, but a call, is wrong
            raise SettingError(f"{name} ({VARIABLES[name]}): {_problem(error)}") from None

    cls.__init__ = init  # type: ignore[assignment]
    return cls


# --- The settings --------------------------------------------------------------------------------


@_raising_setting_errors
@dataclass(frozen=True, slots=True, config=_STRICT)
class ModelSettings:
    """Which model writes the answers, and how it is asked.

    Raises SettingError: a value cannot be used, or `context_tokens` is more than
    `effective_window`.
    """

    name: _ModelName  # as the endpoint calls it, e.g. "gpt-4o-mini"
    base_url: _Endpoint | None = None  # None: OpenAI's own
    context_tokens: _Count = 8_000  # what is sent, at most
    effective_window: _Count = TRUSTED_WINDOW  # never more than this, whatever the model claims
    answer_tokens: _Count = 700  # the longest answer asked for
    timeout: _Seconds = 60.0  # seconds without a byte
    patience: _Patience = 30.0  # seconds that retries may take in all

    def __post_init__(self) -> None:
        if self.context_tokens > self.effective_window:
            raise SettingError(
                f"context_tokens: {self.context_tokens} is more than effective_window "
                f"({self.effective_window}): {TRUSTED_WINDOW_REASON}. Ask for less, or raise "
                "effective_window too (ASKPOD_EFFECTIVE_WINDOW) if you mean it"
            )


@_raising_setting_errors
@dataclass(frozen=True, slots=True, config=_STRICT)
class Settings:
    """How an archive is made and asked.

    An archive keeps what it was made with (precision, embedder, chunking) and opens with nothing
    else. Raises SettingError: a value is none of those allowed.
    """

    precision: Precision = "int8"  # of the embedder's weights: int8 is fast, fp32 the reference
    chunking: ChunkSettings = field(default_factory=ChunkSettings)
    embedder: _EmbedderName = "minilm"  # or "openai:NAME"
    base_url: _Endpoint | None = None  # of such an embedder; None: OpenAI's own
    model: ModelSettings | None = None  # None: answers are extractive
    prompts: _Folder | None = None  # a folder whose files replace single prompts
    # What happens to a claim that nothing supports; "auto": a small model's is left out.
    unsupported: Unsupported = "auto"
    rewrite: Rewrite = "auto"  # when a model writes other words to search for: little is found
    chroma_url: _Server | None = None  # the server that holds the archive; None: the store's folder
    chroma_tenant: _ServerName = "default_tenant"
    chroma_database: _ServerName = "default_database"
    chroma_ca: _File | None = None  # a file of root certificates, for a server of one's own

    @classmethod
    def load(
        cls, flags: Mapping[str, object | None] | None = None, folder: Path | None = None
    ) -> Settings:
        """What `flags` say, else the environment, else `askpod.toml` in `folder`, else defaults.

        Of flags, by the settings' names, None stands for "not given". Raises SettingError that
        names where the value stands: the flag, the variable, or file and line.
        """
        chosen = _from_file((folder or Path()) / FILE)
        named = {name: os.environ.get(variable) for name, variable in VARIABLES.items()}
        named = {name: text for name, text in named.items() if text}
        given = {name: value for name, value in (flags or {}).items() if value is not None}
        chosen |= _accepted(named, VARIABLES.__getitem__, strict=False)
        chosen |= _accepted(given, lambda name: "--" + name.replace("_", "-"))
        model, url = chosen.pop("model", None), chosen.get("base_url")
        model_values = {name: chosen.pop(name) for name in _MODEL_ONLY if name in chosen}
        if model is not None:
            chosen["model"] = ModelSettings(name=model, base_url=url, **model_values)
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
        sent = f"context_tokens is {self.model.context_tokens}, past {TRUSTED_WINDOW}"
        return (f"{sent}: {TRUSTED_WINDOW_REASON}",)


def default_store() -> Path:
    """The folder of the archive where none is named: ASKPOD_STORE, else `vectorstore`."""
    return Path(os.environ.get("ASKPOD_STORE") or DEFAULT_STORE)


# The values of both classes, as one place gives them side by side.
_TYPES = {
    name: kind
    for cls in (Settings, ModelSettings)
    for name, kind in get_type_hints(cls, include_extras=True).items()
    if name not in ("chunking", "name", "model")
} | {"model": _ModelName}
_MODEL_ONLY = set(get_type_hints(ModelSettings)) - {"name", "base_url"}
_Given = create_model(
    "_Given",
    __config__=ConfigDict(extra="forbid"),
    **{name: (kind, None) for name, kind in _TYPES.items()},  # type: ignore[call-overload]
)

VARIABLES = {name: f"ASKPOD_{name.upper()}" for name in _TYPES} | {"base_url": "OPENAI_BASE_URL"}
"""The settings, and the environment variable that each is read from."""


# --- Where values come from ----------------------------------------------------------------------

_SECRET = re.compile(r"key|secret|password|credential|authorization|token$", re.IGNORECASE)


def _accepted(
    values: Mapping[str, object], place: Callable[[str], str], *, strict: bool = True
) -> dict[str, Any]:
    """The values as settings hold them. Raises SettingError that names the `place`."""
    order = list(values)
    try:
        given = _Given.model_validate(values, strict=strict)
    except ValidationError as refused:
        error = min(refused.errors(), key=lambda each: order.index(str(each["loc"][0])))
        name = str(error["loc"][0])
        unknown = f"no such setting. There are {', '.join(VARIABLES)}"
        problem = unknown if error["type"] == "extra_forbidden" else _problem(error)
        raise SettingError(f"{place(name)}: {problem}") from None
    return {name: getattr(given, name) for name in given.model_fields_set}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8-sig")
        values = tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingError(f"{path}: not UTF-8 text: save the file as UTF-8") from None
    except OSError as problem:
        raise SettingError(f"{path}: cannot be read: {problem.strerror}") from None
    except ValueError as problem:  # not TOML, or a number of thousands of digits
        raise SettingError(f"{path}: not TOML: {problem}") from None
    except RecursionError:
        raise SettingError(f"{path}: not TOML for settings: it nests too deep") from None

    def place(name: str) -> str:
        return f"{path}:{_line_of(name, text)}: {name}"

    for name, value in values.items():
        if name not in VARIABLES and _SECRET.search(name):
            raise SettingError(
                f"{place(name)}: a key is read from the environment only: remove it from the file "
                f"and set {'ASKPOD_CHROMA_TOKEN' if 'chroma' in name else 'OPENAI_API_KEY'}"
            )
        if name in ("prompts", "chroma_ca") and isinstance(value, str):
            values[name] = path.parent / Path(value).expanduser()
    return _accepted(values, place)


def _line_of(name: str, text: str) -> int:
    """The 1-based line on which a top-level key or table stands; 1 where it cannot be found."""
    stands = re.compile(rf"""^\s*\[?\s*["']?{re.escape(name)}["']?\s*[\]=.]""", re.MULTILINE)
    found = stands.search(text)
    return text.count("\n", 0, found.end()) + 1 if found else 1
