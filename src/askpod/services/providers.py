"""Which provider a model's name asks for, its variables, and what its prices are found under.

`anthropic:claude-sonnet-4-5` is a model of that provider, reached with its LangChain package. Every
other name is one of the OpenAI-compatible endpoint, colons and all (`llama3:8b`, `ft:gpt-4o:org`):
only the prefixes below count, whatever is installed and whichever address is set, so that a name
means the same everywhere. A leading `openai:` is left out, and what follows it is always a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from askpod.services.http import is_vendors, where

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
