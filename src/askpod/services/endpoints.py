"""Where a service is, whose it is, whether on this machine, and with which key it is asked.

The key is read from OPENAI_API_KEY and kept nowhere; other providers' keys are read where they are
asked (answering/provider_endpoint.py). A model's name says whose it is: `anthropic:claude-sonnet`
is reached with that provider's LangChain package. Only the prefixes below count; every other name
is one of the OpenAI-compatible endpoint, colons and all (`llama3:8b`, `ft:gpt-4o:org`).
"""

from __future__ import annotations

import ipaddress
import os
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from askpod.errors import AskpodError, ModelError

OPENAI_URL = "https://api.openai.com/v1"
VENDOR = "openai.com"  # asks for a key and for the prices that are known
SECRETS = ("OPENAI_API_KEY", "ASKPOD_CHROMA_TOKEN")  # variables
KEY_VARIABLES = ("_API_KEY", "_API_TOKEN", "_AUTH_TOKEN", "_ACCESS_KEY")  # how others' names end
SHORTEST_KEY = 8  # characters; a shorter one may be a word that stands for "none"
SHORTEST_SECRET = 4  # characters; a shorter header is a version or a switch
EXCERPT = 200  # characters of what a service says
NO_KEY = "no-key"  # the client insists on a key; servers of one's own mostly ask for none

_KEY_LIKE = re.compile(r"\b(sk|gsk|pk|api|key)-[\w*.-]{6,}|\b(Bearer|Basic)\s+\S+", re.IGNORECASE)


def where(base_url: str | None) -> str:
    """The service's address without credentials and closing slash, fit to be shown."""
    parts = urlsplit(base_url or OPENAI_URL)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def is_vendors(base_url: str | None) -> bool:
    """Whether OpenAI itself is asked: elsewhere its models' names say nothing of a price."""
    return f".{_host(base_url)}".endswith(f".{VENDOR}")


def is_this_machine(base_url: str | None) -> bool:
    """Whether nothing that is sent there leaves this machine."""
    host = _host(base_url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def key_for(base_url: str | None) -> str:
    """The key from OPENAI_API_KEY; a placeholder where a server of one's own needs none.

    Raises ModelError: OpenAI itself is asked and there is no key, or it holds what no key holds.
    """
    key = secret("OPENAI_API_KEY", "key", ModelError)
    if not key and is_vendors(base_url):
        raise ModelError(
            f"no key for {where(base_url)}: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server "
            "of your own"
        )
    return key or NO_KEY


def secret(variable: str, what: str, error: type[AskpodError]) -> str:
    """The value of a variable that holds a key or token (`what`); "" where it is not set.

    Raises `error` where it holds what no key holds.
    """
    value = os.environ.get(variable, "").strip()
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise error(f"{variable} holds characters that no {what} has: copy the {what} again")
    return value


def excerpt(text: str) -> str:
    """The beginning of what a service said, on one line, without secrets."""
    line = " ".join(struck_out(text).split())[:EXCERPT]
    return "".join(character if character.isprintable() else "?" for character in line)


def struck_out(text: str) -> str:
    """What a service says, without the secrets that it was sent: a service may repeat them."""
    return _KEY_LIKE.sub("***", StrikeOut().text(text))


class StrikeOut:
    """Strikes secrets out of a text, also of one that comes in pieces and may cut them anywhere.

    The environment is read once: a reply has hundreds of pieces.
    """

    def __init__(self) -> None:
        self._secrets = sorted(set(filter(None, _secrets())), key=len, reverse=True)
        self._held = ""  # what may be the beginning of a secret

    def piece(self, text: str) -> str:
        """The next piece, with what was held back, but for what may begin a secret."""
        text = self._held + text
        end = len(text) - max((_begun(each, text) for each in self._secrets), default=0)
        self._held = text[end:]
        return self.text(text[:end])

    def rest(self) -> str:
        """What was held back, now that nothing follows."""
        held, self._held = self._held, ""
        return self.text(held)

    def text(self, text: str) -> str:
        """A text of which nothing follows."""
        for each in self._secrets:
            text = text.replace(each, "***")
        return text


def _begun(secret: str, text: str) -> int:
    """How many characters at the end of a text begin a secret, and do not end it."""
    begin = text.find(secret[0], max(0, len(text) - len(secret) + 1))
    while begin >= 0 and not secret.startswith(text[begin:]):
        begin = text.find(secret[0], begin + 1)
    return len(text) - begin if begin >= 0 else 0


def _secrets() -> Iterator[str]:
    for variable in SECRETS:
        value = os.environ.get(variable, "").strip()
        if len(value) >= SHORTEST_KEY:
            yield value
            yield b64encode(value.encode("utf-8", "surrogateescape")).decode().rstrip("=")
    for variable, value in os.environ.items():
        if variable.endswith(KEY_VARIABLES) and len(value.strip()) >= SHORTEST_KEY:
            yield value.strip()
    # What the openai client's variable for further headers holds: a gateway's key, perhaps.
    for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines():
        value = line.partition(":")[2].strip()
        yield value if len(value) >= SHORTEST_SECRET else ""


def _host(base_url: str | None) -> str:
    return urlsplit(base_url or OPENAI_URL).hostname or ""


OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Provider:
    """How one provider is reached.

    What is empty is left to its package: credentials of several parts, say, or its own address.
    """

    package: str  # LangChain's, which has to be installed
    extra: str = ""  # of askpod, that installs it
    keys: tuple[str, ...] = ()  # variables, of which the first that is set holds the key
    address: str = ""  # variable that leads elsewhere
    prices: str | None = None  # what stands before the model's name in litellm's table


PROVIDERS = {
    "anthropic": Provider(
        "langchain-anthropic", "anthropic", ("ANTHROPIC_API_KEY",), "ANTHROPIC_BASE_URL", ""
    ),
    "google_genai": Provider(
        "langchain-google-genai",
        "google-genai",
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        prices="gemini/",
    ),
    "ollama": Provider("langchain-ollama", "ollama", address="OLLAMA_HOST"),
    "mistralai": Provider(
        "langchain-mistralai", "mistralai", ("MISTRAL_API_KEY",), "MISTRAL_BASE_URL", "mistral/"
    ),
    "anthropic_bedrock": Provider("langchain-aws"),
    "azure_ai": Provider("langchain-azure-ai"),
    "azure_openai": Provider("langchain-openai", keys=("AZURE_OPENAI_API_KEY",)),
    "baseten": Provider("langchain-baseten", keys=("BASETEN_API_KEY",)),
    "bedrock": Provider("langchain-aws"),
    "bedrock_converse": Provider("langchain-aws"),
    "cohere": Provider("langchain-cohere", keys=("COHERE_API_KEY",)),
    "deepseek": Provider("langchain-deepseek", keys=("DEEPSEEK_API_KEY",), prices="deepseek/"),
    "fireworks": Provider("langchain-fireworks", keys=("FIREWORKS_API_KEY",)),
    "google_anthropic_vertex": Provider("langchain-google-vertexai"),
    "google_vertexai": Provider("langchain-google-vertexai"),
    "groq": Provider("langchain-groq", keys=("GROQ_API_KEY",), prices="groq/"),
    "huggingface": Provider("langchain-huggingface"),
    "ibm": Provider("langchain-ibm"),
    "nvidia": Provider("langchain-nvidia-ai-endpoints", keys=("NVIDIA_API_KEY",)),
    "openrouter": Provider(
        "langchain-openrouter", keys=("OPENROUTER_API_KEY",), prices="openrouter/"
    ),
    "perplexity": Provider("langchain-perplexity", keys=("PPLX_API_KEY",), prices="perplexity/"),
    "together": Provider("langchain-together", keys=("TOGETHER_API_KEY",)),
    "upstage": Provider("langchain-upstage", keys=("UPSTAGE_API_KEY",)),
    "xai": Provider("langchain-xai", keys=("XAI_API_KEY",), prices="xai/"),
}
"""The prefixes that count, as `init_chat_model` of the package `langchain` spells them."""


def split_name(name: str) -> tuple[str, str]:
    """A model's provider, and its name there: ("openai", "llama3:8b") for "llama3:8b"."""
    prefix, colon, rest = name.strip().partition(":")
    provider = prefix.lower().replace("-", "_")
    if colon and rest.strip() and (provider == OPENAI or provider in PROVIDERS):
        return provider, rest.strip()
    return OPENAI, name


def service_of(name: str, base_url: str | None) -> str:
    """Where a model is asked: the endpoint's address, or the provider's name."""
    provider, _ = split_name(name)
    return where(base_url) if provider == OPENAI else provider


def sold_as(name: str, base_url: str | None) -> str | None:
    """The name that a model's price is found under; None where the service sets its own."""
    provider, model = split_name(name)
    if provider == OPENAI:
        return model if is_vendors(base_url) else None
    prefix = PROVIDERS[provider].prices
    return None if prefix is None else f"{prefix}{model}"


def missing_packages(provider: str) -> str:
    """The command that installs what a provider needs; "" where it is there."""
    needed = PROVIDERS[provider]
    if all(find_spec(name.replace("-", "_")) for name in ("langchain", needed.package)):
        return ""
    packages = f'"askpod[{needed.extra}]"' if needed.extra else f"langchain {needed.package}"
    return f"pip install {packages}"
